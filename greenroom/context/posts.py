"""What members asked before: their messages, found again by likeness, so that one can be linked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from greenroom.context.base import VECTOR_SIZE, Found, Payload, Point, Vector, VectorStore, point_id
from greenroom.context.precedents import author_key
from greenroom.message import Alike, Message

COLLECTION: Final = "posts"
MAX_TEXT: Final = 300  # characters kept: enough to recognise a question by

_KEYS: Final = ("community", "author", "message", "model")
_LOOKED_AT: Final = 20  # the nearest, of which some may be too old


class Posts:
    """Questions and submissions of all communities; each sees only its own.

    Args:
        store: Where the vectors are; not closed here.
        model: Names the model that embeds. What another one embedded is not compared with.
    """

    def __init__(self, store: VectorStore, *, model: str = "") -> None:
        self._store = store
        self._model = model
        self._is_open = False

    async def keep(self, message: Message, vector: Vector, at: datetime) -> None:
        """Keep a message; a later revision replaces the earlier.

        Raises:
            RetryLater: The store is away.
        """
        await self._open()
        text = f"{message.title}: {message.text}" if message.title else message.text
        payload: Payload = {
            "message": message.key,
            "community": message.community.id,
            "author": author_key(message),
            "text": text[:MAX_TEXT],
            "permalink": message.permalink or "",
            "at": (message.posted_at or at).isoformat(),
            "model": self._model,
        }
        point = Point(point_id(COLLECTION, message.key), vector, payload)
        await self._store.upsert(COLLECTION, [point])

    async def alike(
        self, message: Message, vector: Vector, *, days: int, now: datetime, limit: int = 5
    ) -> tuple[Alike, ...]:
        """The community's earlier messages nearest to this one, best first.

        Raises:
            RetryLater: The store is away.
        """
        await self._open()
        where = {"community": message.community.id, "model": self._model}
        found = await self._store.search(COLLECTION, vector, limit=_LOOKED_AT, where=where)
        oldest = (now - timedelta(days=days)).isoformat()
        fitting = [
            _alike(one)
            for one in found
            if one.payload.get("message") != message.key and str(one.payload.get("at")) >= oldest
        ]
        return tuple(fitting[:limit])

    async def forget(self, message: str) -> None:
        """Erase one message, by its key; none is harmless."""
        if await self._delete("message", message):
            await self._store.compact(COLLECTION)

    async def forget_author(self, author: str) -> None:
        """Erase all of a member's messages, by `author_key`, whatever model embedded them."""
        await self._delete("author", author)
        # Even if nothing was found: a crash may have come between the two.
        await self._store.compact(COLLECTION)

    async def _delete(self, key: str, value: str) -> bool:
        await self._open()
        is_there = await self._store.count(COLLECTION, where={key: value}) > 0
        if is_there:
            await self._store.delete(COLLECTION, where={key: value})
        return is_there

    async def _open(self) -> None:
        if not self._is_open:
            await self._store.ensure(COLLECTION, size=VECTOR_SIZE, keys=_KEYS)
            self._is_open = True


def _alike(point: Found) -> Alike:
    key, text, permalink, at = (
        str(point.payload.get(key, "")) for key in ("message", "text", "permalink", "at")
    )
    return Alike(key, text, point.score, permalink or None, at)
