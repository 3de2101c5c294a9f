"""Which personas have spoken to which members: what is told once is told at the first time."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from greenroom.ledger.codec import scrub
from greenroom.ledger.store import Store
from greenroom.message import Member, Message


class Contacts:
    """Reads who has been spoken to."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def has_spoken(self, persona: str, member: Member) -> bool:
        """Whether ``persona`` has said anything to this member."""
        found = await self._store.read(
            lambda c: c.execute(
                "SELECT 1 FROM contacts WHERE platform = ? AND community = ? AND member = ?"
                " AND persona = ?",
                (*_names(member), persona),
            ).fetchone()
        )
        return found is not None


def keep(connection: sqlite3.Connection, persona: str, message: Message, at: datetime) -> None:
    """Note inside the caller's transaction that ``persona`` answers ``message``'s author."""
    connection.execute(
        "INSERT INTO contacts (platform, community, member, persona, message, at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (*_names(message.member), persona, scrub(message.key), at.isoformat()),
    )


def take_back(connection: sqlite3.Connection, persona: str, message: Message) -> None:
    """What was said in answer to ``message`` reached nobody: it was no contact."""
    connection.execute(
        "DELETE FROM contacts WHERE platform = ? AND community = ? AND member = ?"
        " AND persona = ? AND message = ?",
        (*_names(message.member), persona, scrub(message.key)),
    )


def _names(member: Member) -> tuple[str, str, str]:
    return scrub(member.platform), scrub(member.community), scrub(member.id)
