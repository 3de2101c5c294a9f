"""What people decided before: judged messages, found again by likeness."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from greenroom.context.base import VECTOR_SIZE, Found, Payload, Point, Vector, VectorStore, point_id
from greenroom.message import Message, Precedent

COLLECTION: Final = "precedents"
MAX_TEXT: Final = 2_000  # characters kept of a message: enough to recognise it by

BELIEVED_S: Final = 10.0
"""Another process may judge the community's first message at any time."""

_KEYS: Final = ("community", "author", "message", "model")


class Precedents:
    """Judged messages of all communities; each sees only its own.

    Args:
        store: Where the vectors are; not closed here.
        model: Names the model that embeds. What another one embedded is not compared with.
        clock: Seconds, for how long "there are none" is believed.
    """

    def __init__(
        self, store: VectorStore, *, model: str = "", clock: Callable[[], float] = monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._is_open = False
        self._has_some: set[str] = set()  # communities
        self._had_none: dict[str, float] = {}  # community → when it was looked up

    async def remember(
        self, message: Message, verdict: str, vector: Vector, *, case: str | None = None
    ) -> None:
        """Keep `message` with its verdict; a later verdict on it replaces the earlier.

        Raises:
            RetryLater: The store is away.
        """
        await self._open()
        payload: Payload = {
            "message": message.key,
            "community": message.community.id,
            "author": author_key(message),
            "text": _shown(message),
            "verdict": verdict,
            "case": case or "",
            "model": self._model,
        }
        point = Point(point_id(COLLECTION, message.key), vector, payload)
        await self._store.upsert(COLLECTION, [point])
        self._has_some.add(message.community.id)

    async def similar(
        self, vector: Vector, *, community: str, limit: int = 5
    ) -> tuple[Precedent, ...]:
        """The community's precedents nearest to `vector`, best first.

        Raises:
            RetryLater: The store is away.
        """
        await self._open()
        where = {"community": community, "model": self._model}
        found = await self._store.search(COLLECTION, vector, limit=limit, where=where)
        return tuple(_precedent(point) for point in found)

    async def has_any(self, community: str) -> bool:
        """Whether anything was judged there: a yes is kept, a no is believed for some seconds.

        Raises:
            RetryLater: The store is away.
        """
        if community in self._has_some:
            return True
        now = self._clock()
        if now - self._had_none.get(community, -BELIEVED_S) < BELIEVED_S:
            return False
        await self._open()
        where = {"community": community, "model": self._model}
        if await self._store.count(COLLECTION, where=where):
            self._has_some.add(community)
            return True
        self._had_none[community] = now
        return False

    async def count(self) -> int:
        """How many precedents this model has embedded.

        Raises:
            RetryLater: The store is away.
        """
        await self._open()
        return await self._store.count(COLLECTION, where={"model": self._model})

    async def forget(self, message: str) -> None:
        """Erase one message, by its key; none is harmless."""
        await self._erase("message", message)

    async def forget_author(self, author: str) -> None:
        """Erase all of a member's messages, by `author_key`, whatever model embedded them."""
        await self._erase("author", author)

    async def _erase(self, key: str, value: str) -> None:
        await self._open()
        if await self._store.count(COLLECTION, where={key: value}):
            await self._store.delete(COLLECTION, where={key: value})
        # Even if nothing was found: a crash may have come between the two.
        await self._store.compact(COLLECTION)

    async def _open(self) -> None:
        if not self._is_open:
            await self._store.ensure(COLLECTION, size=VECTOR_SIZE, keys=_KEYS)
            self._is_open = True


def author_key(message: Message) -> str:
    """Names a message's author across platforms, for erasure: ``platform:id``."""
    return f"{message.platform}:{message.author.id}"


def _shown(message: Message) -> str:
    text = f"{message.title}\n{message.text}" if message.title else message.text
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _precedent(point: Found) -> Precedent:
    message, text, verdict, case = (
        str(point.payload.get(key, "")) for key in ("message", "text", "verdict", "case")
    )
    return Precedent(message, text, verdict, point.score, case or None)
