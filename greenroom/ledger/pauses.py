"""Personas that a person has paused: kept on disk, and asked for before each decision."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from greenroom.ledger import entries
from greenroom.ledger.store import Store
from greenroom.message import SPOKEN


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when a persona rests, and who had it rest."""

    persona: str
    by: str
    at: str


class Pauses:
    """Pauses personas, and lets them go on."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> Mapping[str, Pause]:
        """Who rests, by the persona's name."""
        return await self._store.read(
            lambda c: {
                row["persona"]: Pause(**dict(row)) for row in c.execute("SELECT * FROM pauses")
            }
        )

    async def pause(self, persona: str, *, by: str, at: datetime) -> bool:
        """From the next message on it says and does nothing; false if it was paused already.

        What it was about to say and is not being sent yet is taken back.
        """
        return await self._store.write(lambda c: _pause(c, persona, by, at))

    async def resume(self, persona: str, *, by: str, at: datetime) -> bool:
        """From the next message on it is on stage again; false if it was not paused."""
        return await self._store.write(lambda c: _resume(c, persona, by, at))


def paused(connection: sqlite3.Connection) -> frozenset[str]:
    """Who rests, inside the caller's transaction."""
    return frozenset(row["persona"] for row in connection.execute("SELECT persona FROM pauses"))


def _pause(connection: sqlite3.Connection, persona: str, by: str, at: datetime) -> bool:
    cursor = connection.execute(
        "INSERT INTO pauses (persona, by, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (persona, by, at.isoformat()),
    )
    if cursor.rowcount == 0:
        return False
    kinds = sorted(SPOKEN)
    cancelled = connection.execute(
        "UPDATE outbox SET state = 'cancelled', detail = 'the persona was paused'"  # noqa: S608 (only question marks are put in)
        " WHERE by = ? AND state = 'pending' AND maybe_done = 0"
        f" AND kind IN ({','.join('?' * len(kinds))})",
        (f"persona:{persona}", *kinds),
    ).rowcount
    _enter(connection, "pause", persona, by, at, {"taken_back": cancelled})
    return True


def _resume(connection: sqlite3.Connection, persona: str, by: str, at: datetime) -> bool:
    if connection.execute("DELETE FROM pauses WHERE persona = ?", (persona,)).rowcount == 0:
        return False
    _enter(connection, "resume", persona, by, at, {})
    return True


def _enter(
    connection: sqlite3.Connection,
    kind: str,
    persona: str,
    by: str,
    at: datetime,
    body: Mapping[str, int],
) -> None:
    entries.append(
        connection, kind, at=at, subject=f"persona:{persona}", by=f"moderator:{by}", body=body
    )
