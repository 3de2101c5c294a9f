"""Tokens that personas used of language models, by day: so that a restart does not forget them."""

from __future__ import annotations

import sqlite3
from typing import Final

from greenroom.ledger.store import Store

_ADD: Final = """
INSERT INTO tokens (day, persona, used) VALUES (?, ?, max(0, ?3))
ON CONFLICT (day, persona) DO UPDATE SET used = max(0, used + ?3)
"""
_KEPT: Final = "-90 days"


class Tokens:
    """Counts what is used; days are ISO dates in UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def reserve(
        self, persona: str, day: str, tokens: int, *, limit: int | None, whole: int | None
    ) -> bool:
        """Count ``tokens`` as used; false, and nothing is counted, if that is over a limit.

        Args:
            persona: Who uses them.
            day: On which day.
            tokens: How many.
            limit: What this persona may use on a day; None: as many as all.
            whole: What all of them together may.
        """
        return await self._store.write(lambda c: _reserve(c, persona, day, tokens, limit, whole))

    async def settle(self, persona: str, day: str, difference: int) -> None:
        """Count so many more as used, or fewer; never fewer than none."""
        await self._store.write(lambda c: c.execute(_ADD, (day, persona, difference)))

    async def used(self, day: str) -> dict[str, int]:
        """What each persona used on a day."""
        return await self._store.read(
            lambda c: {
                row["persona"]: row["used"]
                for row in c.execute("SELECT persona, used FROM tokens WHERE day = ?", (day,))
            }
        )


def _reserve(
    connection: sqlite3.Connection,
    persona: str,
    day: str,
    tokens: int,
    limit: int | None,
    whole: int | None,
) -> bool:
    theirs, everybodys = connection.execute(
        "SELECT coalesce(sum(used) FILTER (WHERE persona = ?), 0), coalesce(sum(used), 0)"
        " FROM tokens WHERE day = ?",
        (persona, day),
    ).fetchone()
    if limit is not None and theirs + tokens > limit:
        return False
    if whole is not None and everybodys + tokens > whole:
        return False
    connection.execute(_ADD, (day, persona, tokens))
    connection.execute("DELETE FROM tokens WHERE day < date(?, ?)", (day, _KEPT))
    return True
