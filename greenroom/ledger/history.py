"""What a member did in a community, as far as the ledger knows: for rules that ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from greenroom.ledger.store import Store

_MESSAGES: Final = """
SELECT count(*) FROM messages
WHERE community = :community AND author = :author AND recorded_at >= :since
"""
_REMOVALS: Final = """
SELECT count(*) FROM messages m
WHERE m.community = :community AND m.author = :author AND m.state = 'removed' AND EXISTS (
    SELECT 1 FROM outbox o WHERE o.message = m.key AND o.state = 'done'
    AND o.kind IN ('remove', 'spam', 'filter') AND o.finished_at >= :since
)
"""
_WARNINGS: Final = """
SELECT count(*) FROM messages m JOIN outbox o ON o.message = m.key
WHERE m.community = :community AND m.author = :author
AND o.state = 'done' AND o.kind = 'message' AND o.finished_at >= :since
"""
_STRIKES: Final = """
SELECT count(*) FROM strikes
WHERE community = :community AND author = :author AND revoked_at IS NULL
AND expires_at > :now AND given_at >= :since
"""
_TOLD: Final = """
SELECT count(*) FROM messages m JOIN outbox o ON o.message = m.key
WHERE m.community = :community AND m.author = :author AND o.kind = 'reply'
AND o.state IN ('pending', 'sending', 'done', 'shadow') AND o.created_at >= :since
AND json_extract(o.action, '$.purpose') = 'campaign'
"""
_FIRST: Final = """
SELECT min(recorded_at) FROM messages WHERE community = :community AND author = :author
"""

_COUNTS: Final[Mapping[str, str]] = {
    "messages": _MESSAGES,
    "removals": _REMOVALS,
    "warnings": _WARNINGS,
    "strikes": _STRIKES,
    "told": _TOLD,
}


class History:
    """Counts what was recorded."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(
        self, kind: str, community: str, author: str, *, since: datetime, now: datetime
    ) -> int:
        """How many ``messages``, ``removals``, ``warnings`` or ``strikes`` a member has since then.

        ``told`` counts how often they were told of a campaign.

        A removal that was undone is none. A warning is a direct message that a rule sent. A
        strike that has expired, or that a person took back, is none.
        """
        query = _COUNTS[kind]
        found = await self._store.read(lambda c: _first(c, query, community, author, since, now))
        return int(str(found))

    async def first_seen(self, community: str, author: str) -> datetime | None:
        """When the member's first message was recorded; ``None``: none was."""
        found = await self._store.read(lambda c: _first(c, _FIRST, community, author))
        return None if found is None else datetime.fromisoformat(str(found))


def _first(
    connection: sqlite3.Connection,
    query: str,
    community: str,
    author: str,
    since: datetime | None = None,
    now: datetime | None = None,
) -> object:
    values = {
        "community": community,
        "author": author,
        "since": None if since is None else since.isoformat(),
        "now": None if now is None else now.isoformat(),
    }
    used = {key: value for key, value in values.items() if f":{key}" in query}
    return connection.execute(query, used).fetchone()[0]
