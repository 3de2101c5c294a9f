"""Events stored before the platform is acknowledged, each processed once.

A crash leaves them pending and the next start goes on with them; a redelivery meets its
own key and is dropped.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from greenroom.ledger.codec import decode, encode, scrub
from greenroom.ledger.store import Store
from greenroom.message import Event


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that waits to be processed."""

    seq: int
    event: Event


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when; what is being decided just now waits, too."""

    depth: int
    oldest_at: datetime | None


class Inbox:
    """The durable queue at the front."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, event: Event) -> bool:
        """Store an event durably; true if it is new, false if it was delivered before."""
        row = (
            scrub(event.key),
            event.bot,
            event.kind,
            encode(event),
            event.received_at.isoformat(),
        )
        return await self._store.write(lambda c: _insert(c, row))

    async def pending(self, *, after: int, limit: int) -> Sequence[Pending]:
        """The next events in order of arrival, from sequence number ``after`` on."""
        rows = await self._store.read(
            lambda c: c.execute(
                "SELECT seq, event FROM inbox WHERE state = 'pending' AND seq > ? "
                "ORDER BY seq LIMIT ?",
                (after, limit),
            ).fetchall()
        )
        return [Pending(row["seq"], decode(Event, row["event"])) for row in rows]

    async def last_received_at(self, bot: str) -> datetime | None:
        """When the bot's newest event came, so that an adapter can ask what it missed since."""
        found = await self._store.read(
            lambda c: c.execute(
                "SELECT received_at FROM inbox WHERE bot = ? ORDER BY seq DESC LIMIT 1", (bot,)
            ).fetchone()
        )
        return None if found is None else datetime.fromisoformat(found["received_at"])

    async def backlog(self) -> Backlog:
        """How much waits, and since when; the oldest is the first in order of arrival."""
        row = await self._store.read(
            lambda c: c.execute(
                "SELECT (SELECT count(*) FROM inbox WHERE state = 'pending') AS depth,"
                " (SELECT received_at FROM inbox WHERE state = 'pending' ORDER BY seq LIMIT 1)"
                " AS oldest_at"
            ).fetchone()
        )
        oldest_at = row["oldest_at"]
        return Backlog(row["depth"], oldest_at and datetime.fromisoformat(oldest_at))

    async def depth(self) -> int:
        """How many events wait."""
        return await self._store.read(
            lambda c: int(
                c.execute("SELECT count(*) FROM inbox WHERE state = 'pending'").fetchone()[0]
            )
        )


def finish(connection: sqlite3.Connection, seq: int, *, dead: str | None = None) -> bool:
    """Mark an event processed inside the caller's transaction; false if it already was.

    A dead one (``dead`` says why) keeps its payload, so that it can be looked into.
    """
    cursor = connection.execute(
        "UPDATE inbox SET state = ?1, detail = ?2, event = CASE ?1 WHEN 'dead' THEN event END "
        "WHERE seq = ?3 AND state = 'pending'",
        ("done" if dead is None else "dead", dead, seq),
    )
    return cursor.rowcount == 1


def _insert(connection: sqlite3.Connection, row: tuple[str, ...]) -> bool:
    cursor = connection.execute(
        "INSERT INTO inbox (key, bot, kind, event, received_at, state) "
        "VALUES (?, ?, ?, ?, ?, 'pending') ON CONFLICT (key) DO NOTHING",
        row,
    )
    return cursor.rowcount == 1
