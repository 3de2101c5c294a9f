"""Actions on their way out, each with an idempotency key, each performed at most once."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from greenroom.ledger import attestations, contacts, entries, messages, utterances
from greenroom.ledger.attestations import Attestations
from greenroom.ledger.codec import decode, encode, scrub
from greenroom.ledger.store import Store
from greenroom.message import (
    BACKSTAGE,
    REMOVALS,
    SPOKEN,
    Action,
    ActionKind,
    Member,
    Message,
    Order,
    Outcome,
)


@dataclass(frozen=True, slots=True)
class Planned:
    """An action to be put into the outbox. ``by`` is ``persona:NAME`` or ``moderator:NAME``."""

    action: Action
    bot: str
    by: str
    key: str
    is_shadow: bool = False
    case: int | None = None
    version: str | None = None  # of the persona


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row taken for sending."""

    id: int
    bot: str
    attempts: int  # this one included
    order: Order
    by: str = ""  # persona:NAME or moderator:NAME


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of one action, for a case's page."""

    id: int
    action: Action
    by: str
    state: str  # pending | sending | done | failed | cancelled | shadow
    detail: str | None
    ref: str | None
    created_at: str
    finished_at: str | None
    key: str = ""  # the order's


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something that a persona said, or is about to."""

    by: str
    message: Message  # that it answers; of a post: the post itself
    action: Action
    at: datetime


def order_key(bot: str, message: Message, action: Action, *, by: str, index: int = 0) -> str:
    """An idempotency key of 32 hex characters.

    A rule's comment, modmail, message or report goes out once per item, whatever its
    revision and whatever is filled into it (AutoModerator's rule); everything else once
    per revision.
    """
    is_once = action.kind in _ONCE_PER_ITEM
    parts = (
        bot,
        message.key,
        "" if is_once else message.revision,
        by,
        action.kind,
        action.rule or "",
        (action.rule or action.text or "") if is_once else str(index),
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


_ONCE_PER_ITEM = frozenset(
    {
        ActionKind.REPLY,
        ActionKind.MODMAIL,
        ActionKind.MESSAGE,
        ActionKind.NOTICE,
        ActionKind.MOD_NOTE,
        ActionKind.REPORT,
    }
)
_BACKSTAGE = tuple(sorted(BACKSTAGE))
_SAID = tuple(sorted(SPOKEN | {ActionKind.REACT}))


class Outbox:
    """Claims what is due and notes what became of it."""

    def __init__(self, store: Store, spoken: Attestations) -> None:
        self._store = store
        self._spoken = spoken

    async def recover(self) -> int:
        """At start: what was being sent when the process ended may or may not be done."""
        return await self._store.write(
            lambda c: (
                c.execute(
                    "UPDATE outbox SET state = 'pending', maybe_done = 1 WHERE state = 'sending'"
                ).rowcount
            )
        )

    async def claim(self, *, now_s: float, limit: int, bots: Sequence[str]) -> list[Claimed]:
        """Take up to ``limit`` due actions of these bots; each is marked as being sent first."""
        return await self._store.write(lambda c: _claim(c, now_s, limit, bots))

    async def posts(self, by: str, since: datetime) -> list[Spoken]:
        """What was posted since then, or is to be, newest first."""
        return await self._store.read(lambda c: _spoken(c, ("post",), since, by))

    async def replies(self, since: datetime) -> list[Spoken]:
        """What all personas answered since then, newest first."""
        return await self._store.read(lambda c: _spoken(c, ("reply",), since, None))

    async def next_due_s(self) -> float | None:
        """When the next pending action is due, in seconds since the epoch."""
        return await self._store.read(
            lambda c: c.execute(
                "SELECT min(next_at) FROM outbox WHERE state = 'pending'"
            ).fetchone()[0]
        )

    async def depth(self) -> int:
        """How many actions wait to be sent, or to be tried again."""
        return await self._store.read(
            lambda c: int(
                c.execute("SELECT count(*) FROM outbox WHERE state = 'pending'").fetchone()[0]
            )
        )

    async def done(self, claimed: Claimed, outcome: Outcome, at: datetime) -> None:
        """The platform did it; what was said gets its record in the same transaction."""
        await self._store.write(lambda c: _done(c, claimed, outcome, at, self._spoken))

    async def retry(self, claimed: Claimed, *, at_s: float, detail: str, maybe_done: bool) -> None:
        """Try again at ``at_s`` (seconds since the epoch)."""
        await self._store.write(
            lambda c: c.execute(
                "UPDATE outbox SET state = 'pending', next_at = ?, detail = ?,"
                " maybe_done = max(maybe_done, ?) WHERE id = ? AND state = 'sending'",
                (at_s, detail, int(maybe_done), claimed.id),
            )
        )

    async def about(self, message_key: str) -> list[Effect]:
        """Every action ordered for one message, oldest first; cards and answers are none."""
        return await self._store.read(lambda c: effects(c, message_key))

    async def order(self, planned: Planned, message: Message, at: datetime) -> bool:
        """Order one more action for a message that is kept; false if its key was before."""
        return await self._store.write(lambda c: add(c, planned, message, at) is not None)

    async def cards(self, case: int) -> list[Effect]:
        """What was sent of a case to the desk channel, oldest first."""
        return await self._store.read(
            lambda c: [
                _effect(row)
                for row in c.execute(
                    "SELECT * FROM outbox WHERE case_id = ? AND kind = ? ORDER BY id",
                    (case, ActionKind.CARD),
                )
            ]
        )

    async def give_up(self, claimed: Claimed, detail: str, at: datetime) -> None:
        """Note that a card or an answer cannot be sent; nobody has to look into that."""
        await self._store.write(lambda c: fail(c, claimed, detail, at))


def add(
    connection: sqlite3.Connection, planned: Planned, message: Message, at: datetime
) -> int | None:
    """Order an action inside the caller's transaction; None if its key was ordered before."""
    cursor = connection.execute(
        "INSERT INTO outbox (key, bot, message, by, action, kind, state, next_at, case_id,"
        " created_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        (
            planned.key,
            planned.bot,
            message.key,
            planned.by,
            encode(planned.action),
            planned.action.kind,
            "shadow" if planned.is_shadow else "pending",
            at.timestamp(),
            planned.case,
            at.isoformat(),
            planned.version,
        ),
    )
    return cursor.lastrowid if cursor.rowcount == 1 else None


def fail(connection: sqlite3.Connection, claimed: Claimed, detail: str, at: datetime) -> None:
    """Note inside the caller's transaction that it cannot be done; nothing more is tried."""
    _finish(connection, claimed, "failed", detail, None, at)


def cancel_pending(connection: sqlite3.Connection, message_key: str) -> int:
    """Take back what was not sent yet; returns how many."""
    return connection.execute(
        "UPDATE outbox SET state = 'cancelled' WHERE message = ? AND state = 'pending'"
        " AND maybe_done = 0 AND kind NOT IN (?, ?)",
        (message_key, *_BACKSTAGE),
    ).rowcount


def silence(connection: sqlite3.Connection, member: Member) -> int:
    """Take back what personas would still say to an account; returns how much.

    What is being sent just now is not tried again if that fails.
    """
    marks = ",".join("?" * len(_SAID))
    return connection.execute(
        f"UPDATE outbox SET state = 'cancelled' WHERE state IN ('pending', 'sending')"  # noqa: S608 (only question marks are put in)
        f" AND kind IN ({marks}) AND by LIKE 'persona:%' AND by != 'persona:backstage'"
        " AND EXISTS (SELECT 1 FROM messages m WHERE m.key = outbox.message"
        " AND m.platform = ? AND m.author = ?)",
        (*_SAID, scrub(member.platform), scrub(member.id)),
    ).rowcount


def effects(connection: sqlite3.Connection, message_key: str) -> list[Effect]:
    """Every action ordered for one message, inside the caller's transaction."""
    rows = connection.execute(
        "SELECT * FROM outbox WHERE message = ? AND kind NOT IN (?, ?) ORDER BY id",
        (message_key, *_BACKSTAGE),
    )
    return [_effect(row) for row in rows]


def _effect(row: sqlite3.Row) -> Effect:
    return Effect(
        id=row["id"],
        action=decode(Action, row["action"]),
        by=row["by"],
        state=row["state"],
        detail=row["detail"],
        ref=row["ref"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        key=row["key"],
    )


def _claim(
    connection: sqlite3.Connection, now_s: float, limit: int, bots: Sequence[str]
) -> list[Claimed]:
    marks = ",".join("?" * len(bots))
    rows = connection.execute(
        f"SELECT * FROM outbox WHERE state = 'pending' AND next_at <= ? AND bot IN ({marks})"  # noqa: S608 (only question marks are put in)
        " ORDER BY next_at, id LIMIT ?",
        (now_s, *bots, limit),
    ).fetchall()
    claimed = [_claimed(connection, row) for row in rows]
    connection.executemany(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE id = ?",
        [(row["id"],) for row in rows],
    )
    return claimed


def _claimed(connection: sqlite3.Connection, row: sqlite3.Row) -> Claimed:
    kept = messages.find(connection, row["message"])
    assert kept is not None, "an order's message is recorded in the order's own transaction"
    action = decode(Action, row["action"])
    order = Order(row["key"], action, kept.message, bool(row["maybe_done"]))
    return Claimed(row["id"], row["bot"], row["attempts"] + 1, order, row["by"])


def _spoken(
    connection: sqlite3.Connection, kinds: Sequence[str], since: datetime, by: str | None
) -> list[Spoken]:
    marks = ",".join("?" for _ in kinds)
    rows = connection.execute(
        "SELECT o.by, o.action, o.created_at, m.body FROM outbox o JOIN messages m"  # noqa: S608
        " ON m.key = o.message WHERE o.created_at >= ? AND o.by >= 'persona:'"
        " AND o.by < 'persona;' AND (? IS NULL OR o.by = ?)"
        f" AND o.kind IN ({marks}) AND o.state IN ('pending', 'sending', 'done', 'shadow')"
        " ORDER BY o.id DESC",
        (since.isoformat(), by, by, *kinds),
    )
    return [
        Spoken(
            row["by"],
            decode(Message, row["body"]),
            decode(Action, row["action"]),
            datetime.fromisoformat(row["created_at"]),
        )
        for row in rows
    ]


def _done(
    connection: sqlite3.Connection,
    claimed: Claimed,
    outcome: Outcome,
    at: datetime,
    spoken: Attestations,
) -> None:
    entry = _finish(connection, claimed, "done", outcome.detail, outcome.ref, at)
    utterances.said(connection, claimed.id, claimed.order, outcome, at)
    kind, key = claimed.order.action.kind, claimed.order.message.key
    if kind in SPOKEN and entry is not None:
        row = connection.execute("SELECT * FROM outbox WHERE id = ?", (claimed.id,)).fetchone()
        attestations.keep(connection, spoken.attest, row, claimed.order, outcome, entry, at)
    if kind in REMOVALS:
        messages.set_state(connection, key, "removed")
    elif kind is ActionKind.APPROVE:
        messages.set_state(connection, key, "visible")


def _finish(
    connection: sqlite3.Connection,
    claimed: Claimed,
    state: str,
    detail: str,
    ref: str | None,
    at: datetime,
) -> int | None:
    """Note how it ended; returns the number of its entry in the chain, if it has one."""
    connection.execute(
        "UPDATE outbox SET state = ?, detail = ?, ref = ?, finished_at = ? WHERE id = ?",
        (state, detail, ref, at.isoformat(), claimed.id),
    )
    if claimed.order.action.kind in BACKSTAGE:
        return None
    by = connection.execute("SELECT by FROM outbox WHERE id = ?", (claimed.id,)).fetchone()["by"]
    body = {"action": claimed.order.action.kind, "state": state, "order": claimed.order.key}
    if state == "failed" and claimed.order.action.kind in SPOKEN:
        contacts.take_back(connection, by.removeprefix("persona:"), claimed.order.message)
    subject = claimed.order.message.key
    return entries.append(connection, "effect", at=at, subject=subject, by=by, body=body)
