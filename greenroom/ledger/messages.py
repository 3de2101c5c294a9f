"""The messages seen, each with its newest revision and what became of it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from greenroom.ledger.codec import decode, encode, scrub
from greenroom.ledger.store import Store
from greenroom.message import Message

MessageState = Literal["visible", "removed", "deleted"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as the ledger keeps it."""

    message: Message
    bot: str
    state: MessageState
    recorded_at: str


class Messages:
    """Reads what was seen."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> Kept | None:
        """One message by its key."""
        return await self._store.read(lambda c: find(c, key))

    async def since(
        self, bot: str, community: str, since: datetime, *, until: datetime, limit: int
    ) -> list[Kept]:
        """What a bot saw in a community in that time, oldest first; the newest ``limit``."""
        rows = await self._store.read(
            lambda c: c.execute(
                "SELECT * FROM messages WHERE community = ? AND recorded_at >= ?"
                " AND recorded_at < ? AND bot = ? ORDER BY recorded_at DESC LIMIT ?",
                (scrub(community), since.isoformat(), until.isoformat(), scrub(bot), limit),
            ).fetchall()
        )
        return [_kept(row) for row in reversed(rows)]

    async def in_channel(self, message: Message, since: datetime, *, limit: int) -> list[Kept]:
        """The newest in the message's channel since then, oldest first; of a thread, in it."""
        rows = await self._store.read(
            lambda c: c.execute(
                "SELECT * FROM messages WHERE community = ? AND channel = ? AND recorded_at >= ?"
                " AND (? IS NULL OR json_extract(body, '$.thread') = ?"
                " OR json_extract(body, '$.id') = ?) ORDER BY position DESC LIMIT ?",
                (
                    *(scrub(text) for text in (message.community.id, message.channel.id)),
                    *(since.isoformat(), message.thread, message.thread, message.thread, limit),
                ),
            ).fetchall()
        )
        return [_kept(row) for row in reversed(rows)]

    async def around(self, key: str, *, before: int = 5, after: int = 5) -> list[Kept]:
        """The message and its neighbours in the same channel, in order of arrival."""
        return await self._store.read(lambda c: _around(c, key, before, after))

    async def by(self, bot: str, author: str, *, limit: int) -> list[Kept]:
        """A member's newest messages, as one bot saw them, newest first."""
        return await self._store.read(
            lambda c: [
                _kept(row)
                for row in c.execute(
                    "SELECT * FROM messages WHERE bot = ? AND author = ?"
                    " ORDER BY recorded_at DESC LIMIT ?",
                    (scrub(bot), scrub(author), limit),
                )
            ]
        )


def keep(connection: sqlite3.Connection, message: Message, bot: str, at: datetime) -> None:
    """Store a message or its new revision inside the caller's transaction."""
    connection.execute(
        "INSERT INTO messages (key, bot, platform, community, channel, author, revision, body,"
        " state, position, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'visible',"
        " (SELECT coalesce(max(position), 0) + 1 FROM messages"
        "  WHERE community = ?4 AND channel = ?5), ?)"
        " ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, body = excluded.body",
        (
            *(scrub(text) for text in (message.key, bot, message.platform)),
            *(scrub(text) for text in (message.community.id, message.channel.id)),
            scrub(message.author.id),
            scrub(message.revision),
            encode(message),
            at.isoformat(),
        ),
    )


def find(connection: sqlite3.Connection, key: str) -> Kept | None:
    """One message by its key, inside the caller's transaction."""
    row = connection.execute("SELECT * FROM messages WHERE key = ?", (key,)).fetchone()
    return None if row is None else _kept(row)


def set_state(connection: sqlite3.Connection, key: str, state: MessageState) -> bool:
    """Note what became of a message; false if it was never seen."""
    cursor = connection.execute(
        "UPDATE messages SET state = ? WHERE key = ? AND state != 'deleted'", (state, key)
    )
    return cursor.rowcount == 1


def _around(connection: sqlite3.Connection, key: str, before: int, after: int) -> list[Kept]:
    at = connection.execute(
        "SELECT community, channel, position FROM messages WHERE key = ?", (key,)
    ).fetchone()
    if at is None:
        return []
    rows = connection.execute(
        "SELECT * FROM messages WHERE community = ? AND channel = ?"
        " AND position BETWEEN ? AND ? ORDER BY position",
        (at["community"], at["channel"], at["position"] - before, at["position"] + after),
    )
    return [_kept(row) for row in rows]


def _kept(row: sqlite3.Row) -> Kept:
    return Kept(decode(Message, row["body"]), row["bot"], row["state"], row["recorded_at"])
