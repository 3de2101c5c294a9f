"""What companions remember of members, found again by likeness.

The words stay in the ledger: a point says which fact it is, whose, from where, how sure and
until when. So words are erased in one place, and nothing erased there can be recalled.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from greenroom.context.base import VECTOR_SIZE, Point, Vector, VectorStore, point_id
from greenroom.message import Member, Remembered

COLLECTION: Final = "memory"

_KEYS: Final = ("fact", "account", "community", "persona", "model")


class MemoryIndex:
    """Facts of all members; each persona sees its own, of one member in one community.

    Every method raises ``RetryLater`` when the store is away.

    Args:
        store: Where the vectors are; not closed here.
        model: Names the model that embeds. What another one embedded is not compared with.
    """

    def __init__(self, store: VectorStore, *, model: str = "") -> None:
        self._store = store
        self._model = model
        self._is_open = False

    async def remember(self, fact: Remembered, vector: Vector) -> None:
        """Keep a fact; the same fact again replaces it."""
        await self._open()
        payload = {
            "fact": str(fact.id),
            "account": account_key(fact.member),
            "community": fact.member.community,
            "persona": fact.persona,
            "source": fact.source,
            "confidence": f"{fact.confidence:.2f}",
            "expires_at": fact.expires_at.isoformat(),
            "model": self._model,
        }
        await self._store.upsert(COLLECTION, [Point(_id(fact.id), vector, payload)])

    async def recall(
        self, vector: Vector, member: Member, persona: str, *, now: datetime, limit: int = 5
    ) -> list[tuple[int, float]]:
        """The facts nearest to ``vector`` that have not expired: id and cosine, best first."""
        await self._open()
        where = {
            "account": account_key(member),
            "community": member.community,
            "persona": persona,
            "model": self._model,
        }
        found = await self._store.search(COLLECTION, vector, limit=limit, where=where)
        return [
            (int(str(point.payload["fact"])), point.score)
            for point in found
            if str(point.payload.get("expires_at", "")) > now.isoformat()
        ]

    async def count(self) -> int:
        """How many facts this model has embedded."""
        await self._open()
        return await self._store.count(COLLECTION, where={"model": self._model})

    async def forget(self, facts: Collection[int]) -> None:
        """Erase facts by their ids, whatever model embedded them; none is harmless."""
        await self._open()
        if facts:
            await self._store.delete(COLLECTION, where={"fact": tuple(map(str, facts))})
        # Even if nothing was found: a crash may have come between the two.
        await self._store.compact(COLLECTION)

    async def forget_member(self, member: Member) -> None:
        """Erase all facts of an account."""
        await self._open()
        await self._store.delete(COLLECTION, where={"account": account_key(member)})
        await self._store.compact(COLLECTION)

    async def _open(self) -> None:
        if not self._is_open:
            await self._store.ensure(COLLECTION, size=VECTOR_SIZE, keys=_KEYS)
            self._is_open = True


def account_key(member: Member) -> str:
    """Names an account on its platform: ``platform:id``."""
    return f"{member.platform}:{member.id}"


def _id(fact: int) -> str:
    return point_id(COLLECTION, str(fact))
