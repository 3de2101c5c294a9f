"""Steps 3 and 4 of a message's way: triage and context, no more than is needed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from greenroom.context import Knowledge, Precedents
from greenroom.errors import RetryLater
from greenroom.message import Message, Signals
from greenroom.personas.base import Needs
from greenroom.triage.base import Triage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Senses:
    """What messages are read with."""

    triage: Triage
    knowledge: Knowledge
    precedents: Precedents

    async def sense(self, message: Message, needs: Needs) -> Signals:
        """What triage and context find in a message; only what is needed is computed."""
        embed = needs.precedents or bool(needs.knowledge)
        if not needs.scores and not embed:
            return Signals()
        reading = await self.triage.read(text_of(message), embed=embed)
        signals = Signals(
            scores=reading.scores,
            intent=reading.intent,
            intents=reading.intents,
            embedding=reading.embedding,
            model=reading.model,
            windows=reading.windows,
            windows_read=reading.windows_read,
        )
        return await self._with_context(message, signals, needs)

    async def scores(self, text: str) -> Mapping[str, float]:
        """Triage's scores of a text that is about to go out."""
        return (await self.triage.read(text, embed=False)).scores

    async def remember(self, message: Message, verdict: str, *, case: int) -> None:
        """Make a judged message a precedent.

        Raises:
            RetryLater: Qdrant is away.
        """
        reading = await self.triage.read(text_of(message))
        assert reading.embedding is not None, "it was asked for"
        await self.precedents.remember(message, verdict, reading.embedding, case=str(case))

    async def _with_context(self, message: Message, signals: Signals, needs: Needs) -> Signals:
        if signals.embedding is None:
            return signals
        vector = signals.embedding
        try:
            if needs.knowledge:
                found = await self.knowledge.search(vector, sources=needs.knowledge)
                signals = replace(signals, knowledge=tuple(found))
            if needs.precedents:
                alike = await self.precedents.similar(vector, community=message.community.id)
                signals = replace(signals, precedents=tuple(alike))
        except RetryLater as error:
            # Qdrant is away: decide on what there is; an assistant without evidence hands over.
            log.warning("no context for %s: %s", message.key, error)
        return signals


def text_of(message: Message) -> str:
    """What triage reads of a message: its title and its text."""
    return f"{message.title}\n{message.text}" if message.title else message.text
