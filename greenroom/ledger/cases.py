"""Cases: what people judge. Many reports and decisions about one message are one case."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenroom.errors import DropMessage
from greenroom.ledger import entries, messages, outbox
from greenroom.ledger.outbox import Planned
from greenroom.ledger.store import Store
from greenroom.message import Message, Severity


class Verdict(StrEnum):
    """A person's decision on a case."""

    UPHOLD = "uphold"  # what Greenroom did was right
    OVERTURN = "overturn"  # it was wrong: undo it
    ACT = "act"  # nothing was done yet: do something
    DISMISS = "dismiss"  # nothing needs doing


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """Why a person should look."""

    persona: str
    severity: Severity
    reason: str
    mode: str  # shadow | live
    is_report: bool = False
    appeal: str | None = None  # key of the message in which the author objects


@dataclass(frozen=True, slots=True)
class Case:
    """One thing for a person to judge."""

    id: int
    message: str
    revision: str
    bot: str
    persona: str
    mode: str
    state: str  # open | closed | withdrawn
    severity: Severity
    reason: str
    reports: int
    verdict: Verdict | None
    moderator: str | None
    note: str | None
    opened_at: str
    updated_at: str
    closed_at: str | None
    appeal: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what shall follow from it."""

    case: int
    verdict: Verdict
    moderator: str
    note: str = ""
    actions: tuple[Planned, ...] = ()


class Cases:
    """The queue and the verdicts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def queue(
        self, *, state: str = "open", limit: int = 50, offset: int = 0
    ) -> list[tuple[Case, Message]]:
        """Cases with their messages; open ones most severe first, then the longest waiting."""
        order = "severity_rank DESC, opened_at, id" if state == "open" else "updated_at DESC, id"
        return await self._store.read(lambda c: _queue(c, order, state, limit, offset))

    async def counts(self) -> dict[str, int]:
        """How many cases are in each state."""
        return await self._store.read(
            lambda c: dict(
                tuple(row) for row in c.execute("SELECT state, count(*) FROM cases GROUP BY state")
            )
        )

    async def get(self, case: int) -> Case | None:
        """One case by its number."""
        return await self._store.read(lambda c: _find(c, case))

    async def about(self, message_key: str) -> list[Case]:
        """Every case about one message, oldest first."""
        return await self._store.read(
            lambda c: [
                _case(row)
                for row in c.execute(
                    "SELECT * FROM cases WHERE message = ? ORDER BY id", (message_key,)
                )
            ]
        )

    async def beside(self, case: Case) -> tuple[int | None, int | None]:
        """The open cases before and after ``case`` in the queue, by their numbers."""
        return await self._store.read(lambda c: (_before(c, case), _after(c, case)))

    async def oldest_open(self) -> str | None:
        """When the longest waiting open case was opened."""
        return await self._store.read(
            lambda c: c.execute("SELECT min(opened_at) FROM cases WHERE state = 'open'").fetchone()[
                0
            ]
        )

    async def judge(self, judgement: Judgement, at: datetime) -> Case:
        """Close a case with a verdict and order what follows, in one transaction.

        Raises:
            DropMessage: There is no such case, or somebody else judged it first.
        """
        return await self._store.write(lambda c: _judge(c, judgement, at))

    async def unindexed(self, *, limit: int = 100) -> list[tuple[Message, str, int]]:
        """Judged messages that are not yet precedents: message, verdict, case."""
        return await self._store.read(lambda c: _unindexed(c, limit))

    async def index_anew(self) -> int:
        """Every verdict is to be brought to Qdrant again, as after its folder was deleted."""
        return await self._store.write(
            lambda c: (
                c.execute("UPDATE precedents SET is_indexed = 0 WHERE is_indexed = 1").rowcount
            )
        )

    async def indexed(self, message_key: str, verdict: str) -> None:
        """Note that a verdict has reached Qdrant."""
        await self._store.write(
            lambda c: c.execute(
                "UPDATE precedents SET is_indexed = 1 WHERE message = ? AND verdict = ?",
                (message_key, verdict),
            )
        )


def open_case(
    connection: sqlite3.Connection, message: Message, bot: str, draft: CaseDraft, at: datetime
) -> int:
    """Open a case, or add to the one already open for the message; returns its number."""
    row = connection.execute(
        "INSERT INTO cases (message, revision, bot, persona, mode, state, severity,"
        " severity_rank, reason, reports, opened_at, updated_at, appeal)"
        " VALUES (?1, ?2, ?3, ?4, ?5, 'open', ?6, ?7, ?8, ?9, ?10, ?10, ?11)"
        " ON CONFLICT (message) WHERE state = 'open' DO UPDATE SET"
        "  revision = excluded.revision, updated_at = excluded.updated_at,"
        "  reports = reports + excluded.reports, appeal = coalesce(appeal, excluded.appeal),"
        "  severity = CASE WHEN excluded.severity_rank > severity_rank"
        "             THEN excluded.severity ELSE severity END,"
        "  severity_rank = max(severity_rank, excluded.severity_rank),"
        "  reason = CASE WHEN instr(reason, excluded.reason) THEN reason"
        "           ELSE reason || '; ' || excluded.reason END"
        " RETURNING id, opened_at = ?10 AS is_new",
        (
            message.key,
            message.revision,
            bot,
            draft.persona,
            draft.mode,
            draft.severity,
            draft.severity.rank,
            draft.reason,
            int(draft.is_report),
            at.isoformat(),
            draft.appeal,
        ),
    ).fetchone()
    body = {"case": row["id"], "severity": draft.severity, "report": draft.is_report}
    if draft.appeal is not None:
        body["appeal"] = draft.appeal
    by = f"persona:{draft.persona}"
    entries.append(connection, "case", at=at, subject=message.key, by=by, body=body)
    return int(row["id"])


def withdraw(connection: sqlite3.Connection, message_key: str, at: datetime) -> None:
    """The author deleted the message: nothing is left to judge."""
    connection.execute(
        "UPDATE cases SET state = 'withdrawn', updated_at = ?1, closed_at = ?1"
        " WHERE message = ?2 AND state = 'open'",
        (at.isoformat(), message_key),
    )


def _judge(connection: sqlite3.Connection, judgement: Judgement, at: datetime) -> Case:
    case = _find(connection, judgement.case)
    if case is None:
        raise DropMessage(f"there is no case {judgement.case}")
    if case.state != "open":
        by = f" by {case.moderator}" if case.moderator else ""
        raise DropMessage(f"case {case.id} was already {case.verdict or case.state}{by}")
    if case.appeal is not None and _judged_before(connection, case, judgement.moderator):
        raise DropMessage(f"case {case.id} appeals your own verdict: a colleague decides it")
    kept = messages.find(connection, case.message)
    assert kept is not None, "a case's message is recorded in the case's own transaction"
    _close(connection, judgement, at)
    if judgement.verdict in (Verdict.OVERTURN, Verdict.ACT):
        outbox.cancel_pending(connection, case.message)
    if judgement.verdict in (Verdict.OVERTURN, Verdict.DISMISS):
        connection.execute(
            "UPDATE strikes SET revoked_at = ? WHERE message = ? AND revoked_at IS NULL",
            (at.isoformat(), case.message),
        )
    for planned in judgement.actions:
        outbox.add(connection, planned, kept.message, at)
    _remember(connection, case, judgement, at)
    closed = _find(connection, case.id)
    assert closed is not None
    return closed


def _judged_before(connection: sqlite3.Connection, case: Case, moderator: str) -> bool:
    """Whether ``moderator`` gave the verdict appealed against, and is not alone on the team."""
    before = connection.execute(
        "SELECT moderator FROM cases WHERE message = ? AND moderator IS NOT NULL AND id != ?"
        " ORDER BY closed_at DESC LIMIT 1",
        (case.message, case.id),
    ).fetchone()
    if before is None or before["moderator"] != moderator:
        return False
    others = "SELECT 1 FROM (SELECT moderator FROM cases UNION SELECT moderator FROM sessions)"
    return bool(
        connection.execute(f"{others} WHERE moderator != ? LIMIT 1", (moderator,)).fetchone()
    )


def _close(connection: sqlite3.Connection, judgement: Judgement, at: datetime) -> None:
    connection.execute(
        "UPDATE cases SET state = 'closed', verdict = ?1, moderator = ?2, note = ?3,"
        " closed_at = ?4, updated_at = ?4 WHERE id = ?5",
        (
            judgement.verdict,
            judgement.moderator,
            judgement.note or None,
            at.isoformat(),
            judgement.case,
        ),
    )


def _remember(
    connection: sqlite3.Connection, case: Case, judgement: Judgement, at: datetime
) -> None:
    body = {
        "case": case.id,
        "verdict": judgement.verdict,
        "actions": [planned.action.kind for planned in judgement.actions],
        "note": entries.digest(judgement.note) if judgement.note else None,
    }
    by = f"moderator:{judgement.moderator}"
    entries.append(connection, "verdict", at=at, subject=case.message, by=by, body=body)
    connection.execute(
        "INSERT INTO precedents (message, case_id, verdict, judged_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (message) DO UPDATE SET case_id = excluded.case_id,"
        "  verdict = excluded.verdict, judged_at = excluded.judged_at, is_indexed = 0",
        (case.message, case.id, _as_precedent(connection, case, judgement), at.isoformat()),
    )


def _as_precedent(connection: sqlite3.Connection, case: Case, judgement: Judgement) -> str:
    """``removed`` or ``approved``: what the team holds of such a message."""
    if judgement.verdict is Verdict.ACT:
        removes = {"remove", "spam", "filter", "ban", "timeout"}
        is_removal = any(planned.action.kind in removes for planned in judgement.actions)
        return "removed" if is_removal else "approved"
    if judgement.verdict is Verdict.UPHOLD:
        done = {effect.action.kind for effect in outbox.effects(connection, case.message)}
        return "removed" if done & {"remove", "spam", "filter"} else "approved"
    return "approved"


def _queue(
    connection: sqlite3.Connection, order: str, state: str, limit: int, offset: int
) -> list[tuple[Case, Message]]:
    rows = connection.execute(
        f"SELECT * FROM cases WHERE state = ? ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608 (one of two constants)
        (state, limit, offset),
    ).fetchall()
    found = []
    for row in rows:
        kept = messages.find(connection, row["message"])
        assert kept is not None, "a case's message is recorded in the case's own transaction"
        found.append((_case(row), kept.message))
    return found


def _after(connection: sqlite3.Connection, case: Case) -> int | None:
    # Two looks into the queue's index: a row value across its two directions cannot use it.
    rank, opened_at = case.severity.rank, case.opened_at
    row = (
        connection.execute(
            "SELECT id FROM cases WHERE state = 'open' AND severity_rank = ?1"
            " AND (opened_at, id) > (?2, ?3) ORDER BY opened_at, id LIMIT 1",
            (rank, opened_at, case.id),
        ).fetchone()
        or connection.execute(
            "SELECT id FROM cases WHERE state = 'open' AND severity_rank < ?"
            " ORDER BY severity_rank DESC, opened_at, id LIMIT 1",
            (rank,),
        ).fetchone()
    )
    return row["id"] if row else None


def _before(connection: sqlite3.Connection, case: Case) -> int | None:
    rank, opened_at = case.severity.rank, case.opened_at
    row = (
        connection.execute(
            "SELECT id FROM cases WHERE state = 'open' AND severity_rank = ?1"
            " AND (opened_at, id) < (?2, ?3) ORDER BY opened_at DESC, id DESC LIMIT 1",
            (rank, opened_at, case.id),
        ).fetchone()
        or connection.execute(
            "SELECT id FROM cases WHERE state = 'open' AND severity_rank > ?"
            " ORDER BY severity_rank, opened_at DESC, id DESC LIMIT 1",
            (rank,),
        ).fetchone()
    )
    return row["id"] if row else None


def _unindexed(connection: sqlite3.Connection, limit: int) -> list[tuple[Message, str, int]]:
    rows: Sequence[sqlite3.Row] = connection.execute(
        "SELECT * FROM precedents WHERE is_indexed = 0 LIMIT ?", (limit,)
    ).fetchall()
    pairs = [(messages.find(connection, row["message"]), row) for row in rows]
    return [(kept.message, row["verdict"], row["case_id"]) for kept, row in pairs if kept]


def _find(connection: sqlite3.Connection, case: int) -> Case | None:
    row = connection.execute("SELECT * FROM cases WHERE id = ?", (case,)).fetchone()
    return None if row is None else _case(row)


def _case(row: sqlite3.Row) -> Case:
    fields = {name: row[name] for name in row.keys() if name != "severity_rank"}  # noqa: SIM118
    fields["severity"] = Severity(row["severity"])
    fields["verdict"] = Verdict(row["verdict"]) if row["verdict"] else None
    return Case(**fields)
