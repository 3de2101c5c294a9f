"""The append-only, hash-chained record of what was decided and done.

Each entry's hash covers the one before it, so a changed or missing entry breaks every
later link. Bodies hold ids, verdicts and digests, never members' words.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from greenroom.ledger.codec import canonical
from greenroom.ledger.store import Store

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain."""

    seq: int
    at: str
    kind: str  # decision | case | verdict | effect | deletion | failure | consent | memory
    subject: str
    by: str
    body: Mapping[str, Any]
    previous: str
    hash: str


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def append(
    connection: sqlite3.Connection,
    kind: str,
    *,
    at: datetime,
    subject: str,
    by: str,
    body: Mapping[str, Any],
) -> int:
    """Add an entry inside the caller's transaction; returns its sequence number."""
    last = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, GENESIS)
    row = (seq, at.isoformat(), kind, subject, by, canonical(body), previous)
    connection.execute(
        "INSERT INTO entries (seq, at, kind, subject, by, body, previous, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, _hash(*row)),
    )
    return seq


def hash_of(connection: sqlite3.Connection, seq: int) -> str:
    """An entry's hash, inside the caller's transaction."""
    row = connection.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
    return str(row["hash"])


class Entries:
    """Reads the chain."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def latest(self, *, limit: int = 100, before: int | None = None) -> list[Entry]:
        """The newest entries first, for the desk's ledger page."""
        bound = before if before is not None else 2**62
        return await self._store.read(
            lambda c: [
                _entry(row)
                for row in c.execute(
                    "SELECT * FROM entries WHERE seq < ? ORDER BY seq DESC LIMIT ?", (bound, limit)
                )
            ]
        )

    async def about(self, subject: str) -> list[Entry]:
        """Everything recorded about one message, oldest first."""
        return await self._store.read(
            lambda c: [
                _entry(row)
                for row in c.execute(
                    "SELECT * FROM entries WHERE subject = ? ORDER BY seq", (subject,)
                )
            ]
        )

    async def first_broken(self) -> int | None:
        """The sequence number of the first entry that does not fit the chain, or None."""
        return await self._store.read(_first_broken)


def _first_broken(connection: sqlite3.Connection) -> int | None:
    previous, expected = GENESIS, 1
    for row in _rows(connection):
        fields = tuple(row)[:-1]
        is_whole = row["seq"] == expected and row["previous"] == previous
        if not is_whole or row["hash"] != _hash(*fields):
            return int(row["seq"])
        previous, expected = row["hash"], expected + 1
    return None


def _rows(connection: sqlite3.Connection) -> Iterator[sqlite3.Row]:
    yield from connection.execute(
        "SELECT seq, at, kind, subject, by, body, previous, hash FROM entries ORDER BY seq"
    )


def _hash(*fields: object) -> str:
    return digest(json.dumps(fields, separators=(",", ":"), ensure_ascii=True))


def _entry(row: sqlite3.Row) -> Entry:
    fields = {**dict(row), "body": json.loads(row["body"])}
    return Entry(**fields)
