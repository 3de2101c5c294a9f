"""What personas recall of a member, and why; and how facts get into Qdrant, and out of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from greenroom.context import MemoryIndex, Posts
from greenroom.context.base import Vector
from greenroom.context.memory import account_key
from greenroom.errors import RetryLater
from greenroom.ledger import Ledger
from greenroom.message import Memory, Message, Remembered, Signals, Turn
from greenroom.personas.memory import MemorySettings
from greenroom.personas.schema import Persona

log = logging.getLogger(__name__)

RECALLED: Final = 5  # facts by likeness; name, pronouns and place come besides
LEAST_LIKE: Final = 0.3  # cosine below which a fact has nothing to do with a message
TEND_EVERY_S: Final = 60.0
"""How soon after its time a fact is erased, and what Qdrant did not take is tried again."""

Embed = Callable[[str], Awaitable[Vector]]
_NONE: Final = MemorySettings()


class Recollection:
    """Recalls for the loop, and keeps Qdrant as the ledger is.

    Args:
        ledger: Consents, facts, messages.
        index: Facts by likeness.
        embed: The encoder's embedding of a text.
        personas: What their files say, by name.
        posts: Questions that members asked; those of who opts out are erased.
        clock: The time now, in UTC.
        sleep: Waits some seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        index: MemoryIndex,
        embed: Embed,
        personas: Mapping[str, Persona],
        *,
        posts: Posts | None = None,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.personas = personas
        self._ledger = ledger
        self._index = index
        self._embed = embed
        self._posts = posts
        self._clock = clock
        self._sleep = sleep

    async def has_any(self, message: Message, names: Sequence[str]) -> bool:
        """Whether one of these personas may recall something; if not, nothing is embedded."""
        for name in self._recalling(message, names):
            if await self._ledger.memories.has_any(message.member, name):
                return True
        return False

    async def tell(
        self, message: Message, turns: Mapping[str, int], names: Sequence[str], signals: Signals
    ) -> Signals:
        """``signals`` with the session's turns, the memories and the member's word on memory.

        Nothing is told of who opted out.

        Args:
            message: What was written.
            turns: How many turns each persona asks for, by name.
            names: The personas that ask for memories.
            signals: What is known; its embedding finds what is alike.
        """
        if self._ledger.consents.has_opted_out(message.member):
            return signals
        words = {name: self._ledger.consents.memory(message.member, name) for name in names}
        return replace(
            signals,
            conversation=await self._conversation(message, turns),
            memories=await self._recall(message, names, signals.embedding),
            consents={name: word for name, word in words.items() if word is not None},
        )

    async def run(self) -> None:
        """Bring Qdrant what was learned, take from it what was erased, until cancelled."""
        with self._ledger.feed.watch() as changes:
            await self._look_anew()
            while True:
                await self.tend()
                try:
                    async with asyncio.timeout(TEND_EVERY_S):
                        while (await changes.get()).topic != "memory":
                            continue
                except TimeoutError:
                    continue

    async def tend(self) -> None:
        """One round: expire, erase, embed. What Qdrant does not take now waits in the ledger."""
        await self._ledger.memories.expire(self._clock())
        try:
            await self._forget_who_opted_out()
            await self._erase()
            await self._index_new()
            await self._erase()  # what was one too many
        except RetryLater as error:
            log.warning("facts wait for Qdrant: %s", error)

    async def _look_anew(self) -> None:
        """Qdrant knows nothing (deleted, or another model): give it all facts again."""
        try:
            if await self._ledger.memories.count() and await self._index.count() == 0:
                await self._ledger.memories.index_anew()
        except RetryLater as error:
            log.warning("facts are not looked at: %s", error)

    async def _forget_who_opted_out(self) -> None:
        while opted_out := await self._ledger.consents.unsettled():
            for number, member in opted_out:
                await self._index.forget_member(member)
                if self._posts is not None:
                    await self._posts.forget_author(account_key(member))
                await self._ledger.consents.settled(number)

    async def _erase(self) -> None:
        while ids := await self._ledger.memories.erased():
            await self._index.forget(ids)
            await self._ledger.memories.forgotten(ids)

    async def _index_new(self) -> None:
        while batch := await self._ledger.memories.unindexed():
            for fact in batch:
                await self._index.remember(fact, await self._embed(fact.text))
                await self._ledger.memories.indexed(fact.id)
            for member, persona in {(fact.member, fact.persona) for fact in batch}:
                most = self._settings(persona).facts
                now = self._clock()
                await self._ledger.memories.trim(member, persona, most=most, now=now)

    def _settings(self, name: str) -> MemorySettings:
        persona = self.personas.get(name)
        return _NONE if persona is None else persona.memory

    def _recalling(self, message: Message, names: Sequence[str]) -> list[str]:
        return [
            name
            for name in names
            if self._settings(name).is_long_term
            and self._ledger.consents.may_remember(message.member, name)
        ]

    async def _conversation(self, message: Message, turns: Mapping[str, int]) -> tuple[Turn, ...]:
        found: list[Turn] = []
        for name, asked in turns.items():
            settings = self._settings(name)
            since = self._clock() - timedelta(minutes=settings.session_minutes)
            most = min(asked, settings.turns)
            lately = self._ledger.conversations.lately
            found += await lately(message, name, since=since, turns=most)
        apart = {(turn.key, turn.by, turn.at): turn for turn in found}
        return tuple(sorted(apart.values(), key=lambda turn: turn.at))

    async def _recall(
        self, message: Message, names: Sequence[str], vector: Vector | None
    ) -> tuple[Memory, ...]:
        now, found = self._clock(), list[Memory]()
        for name in self._recalling(message, names):
            alike = await self._alike(message, name, vector, now)
            constant = await self._ledger.memories.constant(message.member, name, now)
            found += [_memory(fact, alike.get(fact.id)) for fact in constant]
            others = set(alike) - {fact.id for fact in constant}
            live = await self._ledger.memories.live(others, now)
            found += [_memory(fact, alike[fact.id]) for fact in live]
        return tuple(sorted(found, key=lambda one: -one.score))

    async def _alike(
        self, message: Message, name: str, vector: Vector | None, now: datetime
    ) -> Mapping[int, float]:
        if vector is None:
            return {}
        try:
            found = await self._index.recall(vector, message.member, name, now=now, limit=RECALLED)
        except RetryLater as error:
            # Qdrant is away: what is always recalled still is.
            log.warning("little is recalled for %s: %s", message.key, error)
            return {}
        return {fact: score for fact, score in found if score >= LEAST_LIKE}


def _memory(fact: Remembered, score: float | None) -> Memory:
    said = f"you said so on {fact.learned_at:%Y-%m-%d}"
    like = "always recalled" if score is None else f"similar {score:.2f}"
    return Memory(
        text=fact.text,
        source=fact.source,
        confidence=fact.confidence,
        learned_at=fact.learned_at,
        score=0.0 if score is None else score,
        why=f"{said}; {like}",
        persona=fact.persona,
        kind=fact.kind,
        id=fact.id,
    )
