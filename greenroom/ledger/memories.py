"""What companions remember of members: facts with their source, confidence and expiry.

Erasing takes the words out at once. The row stays, empty, until Qdrant has forgotten the
fact too; so a crash between the two leaves nothing behind for good.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from greenroom.ledger import consents, entries
from greenroom.ledger.codec import scrub
from greenroom.ledger.store import Store
from greenroom.message import Fact, Member, Message, Remembered

SINGLE: Final = frozenset({"name", "pronouns", "place"})
"""Kinds of which a member has one: what is said later takes the place of what was said before."""

_LIVE: Final = "erased_at IS NULL AND expires_at > ?"


@dataclass(frozen=True, slots=True)
class Forget:
    """What a member wants forgotten: facts by their numbers, or (None) all."""

    member: Member
    numbers: tuple[int, ...] | None = None


class Memories:
    """Reads facts, and brings what changed to whoever embeds them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, member: Member, now: datetime) -> list[Remembered]:
        """Everything remembered of an account on its platform, oldest first."""
        where = f"platform = ? AND member = ? AND {_LIVE} ORDER BY number"
        values = (scrub(member.platform), scrub(member.id), now.isoformat())
        return await self._store.read(lambda c: _select(c, where, values))

    async def live(self, ids: Collection[int], now: datetime) -> list[Remembered]:
        """Those of some facts that are neither erased nor expired."""
        marks = ",".join("?" * len(ids))
        where = f"id IN ({marks}) AND {_LIVE} ORDER BY id"
        return await self._store.read(lambda c: _select(c, where, (*ids, now.isoformat())))

    async def constant(self, member: Member, persona: str, now: datetime) -> list[Remembered]:
        """The facts that are of use whatever is talked of: name, pronouns, place."""
        kinds = sorted(SINGLE)
        where = (
            "platform = ? AND member = ? AND community = ? AND persona = ?"
            f" AND kind IN ({','.join('?' * len(kinds))}) AND {_LIVE} ORDER BY id"
        )
        names = (scrub(one) for one in (member.platform, member.id, member.community))
        values = (*names, persona, *kinds, now.isoformat())
        return await self._store.read(lambda c: _select(c, where, values))

    async def has_any(self, member: Member, persona: str) -> bool:
        """Whether ``persona`` remembers anything of this member."""
        found = await self._store.read(
            lambda c: c.execute(
                "SELECT 1 FROM memories WHERE platform = ? AND member = ? AND community = ?"
                " AND persona = ? AND erased_at IS NULL LIMIT 1",
                (
                    *(scrub(one) for one in (member.platform, member.id, member.community)),
                    persona,
                ),
            ).fetchone()
        )
        return found is not None

    async def unindexed(self, *, limit: int = 100) -> list[Remembered]:
        """Facts that are not in Qdrant yet."""
        where = "is_indexed = 0 AND erased_at IS NULL ORDER BY id LIMIT ?"
        return await self._store.read(lambda c: _select(c, where, (limit,)))

    async def indexed(self, fact: int) -> None:
        """Note that a fact has reached Qdrant."""
        await self._store.write(
            lambda c: c.execute("UPDATE memories SET is_indexed = 1 WHERE id = ?", (fact,))
        )

    async def index_anew(self) -> int:
        """Every fact is to be brought to Qdrant again, as after its folder was deleted."""
        return await self._store.write(
            lambda c: c.execute("UPDATE memories SET is_indexed = 0 WHERE is_indexed = 1").rowcount
        )

    async def erased(self, *, limit: int = 1_000) -> list[int]:
        """Facts that are erased here, and that Qdrant may still hold."""
        return await self._store.read(
            lambda c: [
                int(row["id"])
                for row in c.execute(
                    "SELECT id FROM memories WHERE erased_at IS NOT NULL ORDER BY id LIMIT ?",
                    (limit,),
                )
            ]
        )

    async def forgotten(self, ids: Sequence[int]) -> None:
        """Qdrant has forgotten these too: nothing of them is left."""
        await self._store.write(
            lambda c: c.executemany(
                "DELETE FROM memories WHERE id = ? AND erased_at IS NOT NULL",
                [(one,) for one in ids],
            )
        )

    async def count(self) -> int:
        """How many facts there are, of all members."""
        return await self._store.read(
            lambda c: int(
                c.execute("SELECT count(*) FROM memories WHERE erased_at IS NULL").fetchone()[0]
            )
        )

    async def expire(self, now: datetime) -> int:
        """Erase what has had its time; returns how much that was."""
        due = await self._store.read(
            lambda c: c.execute(
                "SELECT 1 FROM memories WHERE expires_at <= ? AND erased_at IS NULL LIMIT 1",
                (now.isoformat(),),
            ).fetchone()
        )
        if due is None:
            return 0
        return await self._store.write(
            lambda c: _erase(c, "expires_at <= ?", (now.isoformat(),), now, why="expired")
        )

    async def trim(self, member: Member, persona: str, *, most: int, now: datetime) -> int:
        """Erase the oldest facts of a member that are more than ``most``."""
        return await self._store.write(lambda c: _trim(c, member, persona, most, now))


def learn(
    connection: sqlite3.Connection,
    facts: Sequence[Fact],
    message: Message,
    persona: str,
    at: datetime,
) -> int:
    """Keep what a member said inside the caller's transaction, if they agreed; returns how much.

    The same words again refresh the fact.
    """
    member = message.member
    if not facts or not consents.is_given(connection, member, persona):
        return 0
    for fact in facts:
        same = "kind = ?" if fact.kind in SINGLE else "kind = ? AND lower(text) = lower(?)"
        values = (fact.kind,) if fact.kind in SINGLE else (fact.kind, scrub(fact.text))
        where = f"platform = ? AND member = ? AND community = ? AND persona = ? AND {same}"
        _erase(connection, where, (*_account(member), persona, *values), at, why="replaced")
        _insert(connection, fact, message, persona, at)
    return len(facts)


def forget(connection: sqlite3.Connection, wanted: Forget, at: datetime) -> int:
    """Erase facts of an account inside the caller's transaction; returns how many."""
    where, numbers = "platform = ? AND member = ?", wanted.numbers or ()
    if wanted.numbers is not None:
        where = f"{where} AND number IN ({','.join('?' * len(numbers))})"
    values = (*_account(wanted.member)[:2], *numbers)
    return _erase(connection, where, values, at, why="by the member")


def forget_here(connection: sqlite3.Connection, member: Member, persona: str, at: datetime) -> int:
    """Erase what ``persona`` (``*``: anyone) remembers of a member in their community."""
    where = "platform = ? AND member = ? AND community = ? AND (persona = ?4 OR ?4 = '*')"
    return _erase(connection, where, (*_account(member), persona), at, why="by the member")


def forget_source(connection: sqlite3.Connection, message: str, at: datetime) -> int:
    """Erase what was learned from a message, by its key."""
    return _erase(connection, "source = ?", (scrub(message),), at, why="source changed")


def _insert(
    connection: sqlite3.Connection, fact: Fact, message: Message, persona: str, at: datetime
) -> None:
    account = _account(message.member)
    cursor = connection.execute(
        "INSERT INTO memories (platform, member, community, number, persona, kind, text, source,"
        " confidence, learned_at, expires_at) VALUES (?1, ?2, ?3,"
        " (SELECT coalesce(max(number), 0) + 1 FROM memories WHERE platform = ?1 AND member = ?2),"
        " ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (
            *(*account, persona, fact.kind),
            *(scrub(fact.text), scrub(message.key), fact.confidence),
            *(at.isoformat(), fact.expires_at.isoformat()),
        ),
    )
    body = {
        "fact": cursor.lastrowid,
        "kind": fact.kind,
        "persona": persona,
        "expires_at": fact.expires_at.isoformat(),
        "digest": entries.digest(scrub(f"{message.key}\x1f{fact.text}")),
    }
    by = f"persona:{persona}"
    entries.append(connection, "memory", at=at, subject=scrub(message.key), by=by, body=body)


def _trim(
    connection: sqlite3.Connection, member: Member, persona: str, most: int, now: datetime
) -> int:
    where = (
        "id IN (SELECT id FROM memories WHERE platform = ? AND member = ? AND community = ?"
        " AND persona = ? AND erased_at IS NULL ORDER BY id DESC LIMIT -1 OFFSET ?)"
    )
    return _erase(connection, where, (*_account(member), persona, most), now, why="too many")


def _erase(
    connection: sqlite3.Connection, where: str, values: Sequence[object], at: datetime, *, why: str
) -> int:
    """Take the words out, and whose they were; the number of rows that had any."""
    rows = connection.execute(
        f"SELECT id FROM memories WHERE ({where}) AND erased_at IS NULL",  # noqa: S608 (constants)
        values,
    ).fetchall()
    for row in rows:
        connection.execute(
            "UPDATE memories SET text = '', source = '', member = '', community = '',"
            " erased_at = ? WHERE id = ?",
            (at.isoformat(), row["id"]),
        )
    if rows:
        body = {"facts": [row["id"] for row in rows], "erased": why}
        entries.append(connection, "memory", at=at, subject="memory", by="memory", body=body)
    return len(rows)


def _account(member: Member) -> tuple[str, str, str]:
    return scrub(member.platform), scrub(member.id), scrub(member.community)


def _select(
    connection: sqlite3.Connection, where: str, values: Sequence[object]
) -> list[Remembered]:
    rows = connection.execute(f"SELECT * FROM memories WHERE {where}", values)  # noqa: S608 (constants)
    return [
        Remembered(
            id=row["id"],
            number=row["number"],
            member=Member(row["platform"], row["community"], row["member"]),
            persona=row["persona"],
            kind=row["kind"],
            text=row["text"],
            source=row["source"],
            confidence=row["confidence"],
            learned_at=datetime.fromisoformat(row["learned_at"]),
            expires_at=datetime.fromisoformat(row["expires_at"]),
        )
        for row in rows
    ]
