"""What was, for trying policies on: messages with their signals, decisions and verdicts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from greenroom.ledger.cases import Verdict
from greenroom.ledger.codec import decode, decode_decisions, decode_signals
from greenroom.ledger.store import Store
from greenroom.message import Decision, Message, Signals

_PAGE: Final = 2_000

_SELECT: Final = """
SELECT m.rowid, m.body, m.recorded_at, d.decisions, d.signals, (
    SELECT c.verdict FROM cases c
    WHERE c.message = m.key AND c.verdict IS NOT NULL ORDER BY c.id DESC LIMIT 1
) AS verdict
FROM messages m LEFT JOIN decisions d
    ON d.id = (SELECT max(id) FROM decisions WHERE message = m.key AND revision = m.revision)
WHERE m.rowid > ? AND m.recorded_at >= ? AND m.state != 'deleted'
ORDER BY m.rowid LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Lived:
    """One message in its newest revision, and what came of it.

    Attributes:
        message: The message.
        signals: What its newest decision rested on; empty where nothing was asked for.
        decisions: What personas decided on it.
        verdict: A person's, if there is one: the newest.
        recorded_at: When it came.
    """

    message: Message
    signals: Signals
    decisions: tuple[Decision, ...]
    verdict: Verdict | None
    recorded_at: datetime


class Past:
    """Reads what was."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(self, since: datetime) -> int:
        """How many messages came since then and are still there."""
        return await self._store.read(lambda c: _count(c, since))

    async def lived(self, since: datetime) -> AsyncIterator[Lived]:
        """Messages that came since then, oldest first, without those that were deleted."""
        after = 0
        while True:
            last = after
            rows = await self._store.read(lambda c, last=last: _page(c, last, since))  # type: ignore[misc]
            for row in rows:
                yield _lived(row)
            if len(rows) < _PAGE:
                return
            after = rows[-1]["rowid"]


def _count(connection: sqlite3.Connection, since: datetime) -> int:
    found = connection.execute(
        "SELECT count(*) FROM messages WHERE recorded_at >= ? AND state != 'deleted'",
        (since.isoformat(),),
    ).fetchone()
    return int(found[0])


def _page(connection: sqlite3.Connection, after: int, since: datetime) -> list[Any]:
    return connection.execute(_SELECT, (after, since.isoformat(), _PAGE)).fetchall()


def _lived(row: Any) -> Lived:
    return Lived(
        message=decode(Message, row["body"]),
        signals=decode_signals(json.loads(row["signals"] or "{}")),
        decisions=decode_decisions(row["decisions"]) if row["decisions"] else (),
        verdict=None if row["verdict"] is None else Verdict(row["verdict"]),
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
    )
