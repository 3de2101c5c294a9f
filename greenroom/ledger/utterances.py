"""What personas said to members, so that what members make of it finds its way back."""

from __future__ import annotations

import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from greenroom.experiments import Feedback, FeedbackKind, Share, Utterance
from greenroom.experiments.feedback import NEGATIVE
from greenroom.ledger import messages
from greenroom.ledger.assignments import assigned, digests_of
from greenroom.ledger.codec import scrub
from greenroom.ledger.entries import digest
from greenroom.ledger.pauses import paused
from greenroom.ledger.store import Store
from greenroom.message import SPOKEN, ActionKind, Message, Order, Outcome

_OURS: Final = "persona:backstage"  # answers commands; it is no persona of anybody's
_SKEW: Final = timedelta(seconds=2)  # between a platform's clock and ours
_DIRECT: Final = "@me"  # where Discord has direct messages


@dataclass(frozen=True, slots=True)
class Answered:
    """The utterance that a message answers, and what that was said to."""

    utterance: int
    question: Message | None
    is_theirs: bool  # whoever writes now wrote the question


@dataclass(frozen=True, slots=True)
class Before:
    """What must be known of a message before it is decided on."""

    answered: Answered | None = None
    assigned: dict[str, str] = field(default_factory=dict)  # variants, by persona/experiment
    paused: frozenset[str] = frozenset()


class Utterances:
    """Finds what was said."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def before(self, message: Message, at: datetime, *, within: timedelta) -> Before:
        """What the message answers, the variants of its conversation, and who is paused.

        It answers what it replies to, or else the newest utterance that its author got in the
        same conversation not longer than ``within`` ago.
        """
        return await self._store.read(
            lambda c: Before(
                _answered(c, message, at, within), dict(assigned(c, message)), paused(c)
            )
        )

    async def since(self, start: datetime, *, persona: str | None = None) -> list[Utterance]:
        """What was said since then, oldest first, each with what members made of it."""
        return await self._store.read(lambda c: list(_since(c, start, persona)))

    async def negative(
        self,
        persona: str,
        *,
        experiment: str | None = None,
        variant: str | None = None,
        since: datetime | None = None,
    ) -> Share:
        """How many of the members who answered or reacted were negative, each counted once.

        For `stops_on_negative` of what one persona says, of an experiment, or of a variant.
        """
        values = {
            "persona": persona,
            "experiment": experiment,
            "variant": variant,
            "since": None if since is None else since.isoformat(),
            "limit": NEGATIVE,
        }
        row = await self._store.read(lambda c: c.execute(_NEGATIVE, values).fetchone())
        return Share(int(row["negative"] or 0), int(row["told"]))


_NEGATIVE: Final = """
SELECT count(*) AS told, sum(is_negative) AS negative FROM (
    SELECT coalesce(min(f.value) <= :limit, 0) AS is_negative
    FROM utterances u JOIN feedback f ON f.utterance = u.id
    WHERE u.persona = :persona AND f.kind IN ('reaction', 'answer')
    AND (:experiment IS NULL OR u.experiment = :experiment)
    AND (:variant IS NULL OR u.variant = :variant)
    AND (:since IS NULL OR u.said_at >= :since)
    GROUP BY f.community, f.member
)
"""


def said(
    connection: sqlite3.Connection, order_id: int, order: Order, outcome: Outcome, at: datetime
) -> None:
    """Note what a persona said, inside the caller's transaction."""
    row = connection.execute(
        "SELECT bot, by, version FROM outbox WHERE id = ?", (order_id,)
    ).fetchone()
    role, _, persona = row["by"].partition(":")
    if order.action.kind not in SPOKEN or role != "persona" or row["by"] == _OURS:
        return
    message, keys = order.message, list(keys_of(order, outcome.ref))
    is_post = order.action.kind is ActionKind.POST  # said to nobody: each is a conversation
    conversation = digest(order.key)[:32] if is_post else digests_of(message)[0]
    connection.execute(
        "INSERT OR IGNORE INTO utterances (id, bot, persona, version, experiment, variant,"
        " community, conversation, member, message, said_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(order_id, row["bot"], persona, row["version"]),
            *(order.action.experiment, order.action.variant),
            *(scrub(community_of(message)), conversation),
            None if is_post else scrub(message.author.id),
            None if is_post else scrub(message.key),
            at.isoformat(),
        ),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO utterance_keys (key, utterance) VALUES (?, ?)",
        [(scrub(key), order_id) for key in keys],
    )


def keys_of(order: Order, ref: str | None) -> Iterator[str]:
    """What the messages that an order became may be called; ``ref`` is ``channel/id,id`` or less.

    A thread's messages are called by the channel that it hangs under, direct messages by their
    own; ids are the platform's own, so that a name too many meets nobody else's message.
    """
    channel, _, ids = (ref or "").rpartition("/")
    message = order.message
    for own in filter(None, ids.split(",")):
        for place in dict.fromkeys((message.channel.id, channel or message.channel.id)):
            yield f"{message.platform}:{message.community.id}:{place}:{own}"
        if channel and order.action.kind is ActionKind.MESSAGE:
            yield f"{message.platform}:{_DIRECT}:{channel}:{own}"


def community_of(message: Message) -> str:
    """Where members are counted: ``platform:id``."""
    return f"{message.platform}:{message.community.id}"


def forget(connection: sqlite3.Connection, community: str, member: str) -> None:
    """A member is erased, inside the caller's transaction: what they did goes.

    What was said to them still counts, as said to nobody.

    Args:
        connection: The caller's.
        community: As `community_of` says.
        member: The author's id.
    """
    who = (scrub(community), scrub(member))
    connection.execute("DELETE FROM feedback WHERE community = ? AND member = ?", who)
    rows = connection.execute(
        "SELECT DISTINCT conversation FROM utterances WHERE community = ? AND member = ?", who
    ).fetchall()
    for row in rows:
        known = row["conversation"]
        connection.execute("DELETE FROM assignments WHERE conversation = ?", (known,))
        connection.execute(
            "UPDATE utterances SET member = NULL, message = NULL, conversation = ?"
            " WHERE conversation = ? AND community = ? AND member = ?",
            (secrets.token_hex(16), known, *who),
        )


def forget_account(connection: sqlite3.Connection, platform: str, member: str) -> None:
    """The same for an account in all communities of its platform."""
    rows = connection.execute(
        "SELECT community FROM utterances WHERE member = ?1"
        " UNION SELECT community FROM feedback WHERE member = ?1",
        (scrub(member),),
    ).fetchall()
    for row in rows:
        if str(row["community"]).startswith(f"{platform}:"):
            forget(connection, row["community"], member)


def _answered(
    connection: sqlite3.Connection, message: Message, at: datetime, within: timedelta
) -> Answered | None:
    if message.author.is_self or message.author.is_bot:
        return None
    row = _replied_to(connection, message) or _last_heard(connection, message, at, within)
    if row is None:
        return None
    kept = messages.find(connection, row["message"]) if row["message"] else None
    is_theirs = kept is not None and kept.message.author.id == message.author.id
    return Answered(row["id"], None if kept is None else kept.message, is_theirs)


def _replied_to(connection: sqlite3.Connection, message: Message) -> sqlite3.Row | None:
    if message.reply_to is None:
        return None
    place = f"{message.platform}:{message.community.id}:{message.channel.id}"
    row: sqlite3.Row | None = connection.execute(
        "SELECT u.id, u.message FROM utterance_keys k JOIN utterances u ON u.id = k.utterance"
        " WHERE k.key = ?",
        (scrub(f"{place}:{message.reply_to}"),),
    ).fetchone()
    return row


def _last_heard(
    connection: sqlite3.Connection, message: Message, at: datetime, within: timedelta
) -> sqlite3.Row | None:
    """The newest utterance to the same member where they write, or where they were answered."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT id, message FROM utterances WHERE conversation IN (?, ?) AND member = ?"
        " AND said_at BETWEEN ? AND ? ORDER BY said_at DESC LIMIT 1",
        (
            digests_of(message)[0],
            _started_by(connection, message),
            scrub(message.author.id),
            (at - within).isoformat(),
            (at + _SKEW).isoformat(),
        ),
    ).fetchone()
    return row


def _started_by(connection: sqlite3.Connection, message: Message) -> str | None:
    """The conversation of the message that a thread began with, if the ledger has it."""
    if message.thread is None:
        return None
    place = f"{message.platform}:{message.community.id}:{message.channel.id}"
    first = messages.find(connection, scrub(f"{place}:{message.thread}"))
    return None if first is None else digests_of(first.message)[0]


def _since(
    connection: sqlite3.Connection, start: datetime, persona: str | None
) -> Iterator[Utterance]:
    where = (start.isoformat(), persona)
    found: dict[int, list[Feedback]] = defaultdict(list)
    for row in connection.execute(
        "SELECT f.utterance, f.kind, f.value, f.at FROM feedback f"
        " JOIN utterances u ON u.id = f.utterance"
        " WHERE u.said_at >= ?1 AND (?2 IS NULL OR u.persona = ?2) ORDER BY f.id",
        where,
    ):
        at = datetime.fromisoformat(row["at"])
        found[row["utterance"]].append(Feedback(FeedbackKind(row["kind"]), at, row["value"]))
    for row in connection.execute(
        "SELECT * FROM utterances WHERE said_at >= ?1 AND (?2 IS NULL OR persona = ?2)"
        " ORDER BY said_at, id",
        where,
    ):
        yield Utterance(
            persona=row["persona"],
            version=row["version"],
            said_at=datetime.fromisoformat(row["said_at"]),
            conversation=row["conversation"],
            experiment=row["experiment"],
            variant=row["variant"],
            feedback=tuple(found.get(row["id"], ())),
        )
