"""Steps 3 and 4 of a message's way: triage and context, no more than is needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from greenroom.archive import Archive
from greenroom.context import Knowledge, MemoryIndex, Posts, Precedents
from greenroom.counting import Counting
from greenroom.errors import RetryLater
from greenroom.message import Message, Passage, Signals
from greenroom.personas.base import Cue, Needs, Performer, merge_needs
from greenroom.personas.following import whole_question
from greenroom.personas.gate import HARM
from greenroom.personas.occasions import Job, Occasion
from greenroom.policies import hurried
from greenroom.recollection import Recollection
from greenroom.triage.base import EMBEDDING_ONLY, SCORES_ONLY, Reading, Triage, Vector, Wants
from greenroom.triage.language import detect_language

CueOf = Callable[[Signals], Cue]

log = logging.getLogger(__name__)

QUOTABLE = 0.3
"""What a persona repeats of members' words scores less than this on every head of harm: well
below what it may say itself, since quotations stand together in one text."""


@dataclass(frozen=True, slots=True)
class Senses:
    """What messages are read with."""

    triage: Triage
    knowledge: Knowledge
    precedents: Precedents
    counting: Counting | None = None  # without one, rates and history are unknown
    posts: Posts | None = None  # what was asked before
    archive: Archive | None = None  # what was said and posted, for occasions
    memory: MemoryIndex | None = None  # facts by likeness
    recollection: Recollection | None = None  # without one, nothing is recalled

    async def sense(
        self,
        message: Message,
        performers: Sequence[Performer],
        cue: CueOf,
        *,
        besides: Needs | None = None,
    ) -> Cue:
        """Everything that these performers need to decide on a message, and no more.

        Args:
            message: What was written.
            performers: Who decides.
            cue: Makes a cue of signals; the knowledge is searched only if, given what is
                known by then, one of the performers wants to answer.
            besides: What others want to know of it.
        """
        bare = cue(Signals())
        needs = await hurried(lambda: merge_needs(performers, bare))
        asking = await self._asking(performers, bare, needs)
        if asking is None or not await asking.recollection.has_any(message, asking.names):
            needs = replace(needs, memories=False)
        signals = await self._read(message, needs if besides is None else needs | besides)
        if needs.alike_days and self.posts is not None:
            signals = await self._with_alike(message, signals, needs.alike_days, bare.now)
        if asking is not None:
            signals = await asking.recollection.tell(message, asking.turns, asking.names, signals)
        if needs.counts and self.counting is not None:
            counts = await self.counting.tell(message, needs.counts, bare.now)
            signals = replace(signals, counts=counts)
        if needs.said and self.archive is not None:
            signals = await self._with_said(message, signals, bare.now)
        first = cue(signals)
        seekers = await hurried(lambda: [one for one in performers if one.seeks_knowledge(first)])
        if not seekers or first.signals.embedding is None:
            return first
        sources = (await hurried(lambda: merge_needs(seekers, bare))).knowledge
        return cue(await self._with_answers(message, first.signals, sources))

    async def _asking(
        self, performers: Sequence[Performer], bare: Cue, needs: Needs
    ) -> _Asking | None:
        """Who asks for turns and memories; None: nobody, or nothing can be recalled."""
        if self.recollection is None or not (needs.conversation or needs.memories):
            return None
        each = await hurried(lambda: {one.name: one.needs(bare) for one in performers})
        turns = {name: one.conversation for name, one in each.items() if one.conversation}
        names = tuple(name for name, one in each.items() if one.memories)
        return _Asking(self.recollection, turns, names)

    async def _read(self, message: Message, needs: Needs) -> Signals:
        has_precedents = needs.precedents and await self._has_precedents(message)
        embedding = has_precedents or bool(needs.knowledge) or needs.likeness or needs.memories
        embedding = embedding or (bool(needs.alike_days) and self.posts is not None)
        if not needs.scores and not embedding:
            return await self._language(message) if needs.language else Signals()
        wants = Wants(
            intent=needs.intent,
            embedding=embedding,
            language=needs.language,
            floor=needs.floor,
        )
        signals = signals_of(await self.triage.read(text_of(message), wants))
        if needs.likeness:
            signals = await self._with_likeness(message, signals)
        return await self._with_precedents(message, signals) if has_precedents else signals

    async def _language(self, message: Message) -> Signals:
        """The language alone needs no model of ours; its own takes a second to load."""
        return Signals(language=await asyncio.to_thread(detect_language, text_of(message)))

    async def scores(self, text: str) -> Mapping[str, float]:
        """Triage's scores of a text that is about to go out."""
        return (await self.triage.read(text, SCORES_ONLY)).scores

    async def keep(self, message: Message, signals: Signals, at: datetime) -> None:
        """Keep a question for who asks it again; if Qdrant is away, this one is not found."""
        if self.posts is None or signals.alike is None or signals.embedding is None:
            return
        try:
            await self.posts.keep(message, signals.embedding, at)
        except RetryLater as error:
            log.warning("%s is not kept for later: %s", message.key, error)

    async def forget(self, message: str) -> None:
        """Forget a question that is gone, by its message's key."""
        if self.posts is None:
            return
        try:
            await self.posts.forget(message)
        except RetryLater as error:
            log.warning("%s is not forgotten yet: %s", message, error)

    async def occasion(
        self, bot: str, job: Job, message: Message, *, persona: str, now: datetime
    ) -> Occasion:
        """Everything that a persona needs to speak first."""
        assert self.archive is not None, "who speaks first has a ledger"
        said, vectors = await self._quotable(await self.archive.said(bot, message, job))
        posted = await self.archive.posted(persona, now)
        responses = {job.name: await self.archive.responses(persona, job)}
        return Occasion(job, message, now, said, vectors, posted, responses)

    async def embed(self, text: str) -> Vector:
        """The encoder's embedding of a text."""
        vector = (await self.triage.read(text, EMBEDDING_ONLY)).embedding
        assert vector is not None, "it was asked for"
        return vector

    async def _quotable(self, messages: Sequence[Message]) -> tuple[list[Message], list[Vector]]:
        """The messages that a persona may repeat, with their embeddings."""
        found, vectors = [], []
        for message in messages:
            reading = await self.triage.read(text_of(message), EMBEDDING_ONLY)
            assert reading.embedding is not None, "it was asked for"
            if max(reading.scores[head] for head in HARM) < QUOTABLE:
                found.append(message)
                vectors.append(reading.embedding)
        return found, vectors

    async def likeness(self, one: Message, other: Message) -> float:
        """How similar two messages are, -1 to 1."""
        first = await self.triage.read(text_of(one), EMBEDDING_ONLY)
        second = await self.triage.read(text_of(other), EMBEDDING_ONLY)
        assert first.embedding is not None, "it was asked for"
        assert second.embedding is not None, "it was asked for"
        return float(first.embedding @ second.embedding)

    async def search(self, query: str, sources: Sequence[str]) -> Sequence[Passage]:
        """Passages of these sources that may answer, best first; none while Qdrant is away."""
        try:
            vector = await self.embed(query)
            return await self.knowledge.search(vector, sources=sources, text=query)
        except RetryLater as error:
            log.warning("no knowledge: %s", error)
            return ()

    async def remember(self, message: Message, verdict: str, *, case: int) -> None:
        """Make a judged message a precedent.

        Raises:
            RetryLater: Qdrant is away.
        """
        reading = await self.triage.read(text_of(message))
        assert reading.embedding is not None, "it was asked for"
        await self.precedents.remember(message, verdict, reading.embedding, case=str(case))

    async def _has_precedents(self, message: Message) -> bool:
        """Whether anything was judged here; if not, no embedding need be computed for it."""
        try:
            return await self.precedents.has_any(message.community.id)
        except RetryLater as error:
            # Qdrant is away: rules that ask for precedents do not hold.
            log.warning("no precedents for %s: %s", message.key, error)
            return False

    async def _with_precedents(self, message: Message, signals: Signals) -> Signals:
        assert signals.embedding is not None, "it was asked for"
        try:
            alike = await self.precedents.similar(signals.embedding, community=message.community.id)
        except RetryLater as error:
            # Qdrant is away: rules that ask for precedents do not hold.
            log.warning("no precedents for %s: %s", message.key, error)
            return signals
        return replace(signals, precedents=tuple(alike))

    async def _with_alike(
        self, message: Message, signals: Signals, days: int, now: datetime
    ) -> Signals:
        """With what was asked before, where this is a question."""
        if signals.embedding is None or not is_question(message, signals):
            return signals
        assert self.posts is not None, "it was asked"
        try:
            alike = await self.posts.alike(message, signals.embedding, days=days, now=now)
        except RetryLater as error:
            log.warning("no earlier questions for %s: %s", message.key, error)
            return signals
        return replace(signals, alike=alike)

    async def _with_said(self, message: Message, signals: Signals, now: datetime) -> Signals:
        """With what was said before the message where it stands."""
        assert self.archive is not None, "it was asked"
        said, vectors = await self._quotable(await self.archive.around(message, now))
        return replace(signals, said=tuple(said), said_embeddings=tuple(vectors))

    async def _with_likeness(self, message: Message, signals: Signals) -> Signals:
        """With the similarity to the nearest passage; where nothing is known, it stays unknown."""
        whole = await self._with_knowledge(message, signals, ["."])
        scores = [passage.score for passage in whole.knowledge]
        return replace(signals, knowledge_score=max(scores, default=None))

    async def _with_answers(
        self, message: Message, signals: Signals, sources: Sequence[str]
    ) -> Signals:
        """With what may answer the message; a question that goes on is asked as a whole."""
        whole = whole_question(message.text, signals.conversation)
        if whole is None:
            return await self._with_knowledge(message, signals, sources)
        return replace(signals, knowledge=tuple(await self.search(whole, sources)))

    async def _with_knowledge(
        self, message: Message, signals: Signals, sources: Sequence[str]
    ) -> Signals:
        assert signals.embedding is not None, "it was asked for"
        try:
            found = await self.knowledge.search(
                signals.embedding, sources=sources, text=text_of(message)
            )
        except RetryLater as error:
            # Qdrant is away: an assistant without evidence hands over.
            log.warning("no knowledge for %s: %s", message.key, error)
            return signals
        return replace(signals, knowledge=tuple(found))


def is_question(message: Message, signals: Signals) -> bool:
    """Whether it asks something, or is a submission: what others may ask again."""
    return signals.intent in ("question", "help") or message.kind.is_submission


@dataclass(frozen=True, slots=True)
class _Asking:
    recollection: Recollection
    turns: Mapping[str, int]
    names: tuple[str, ...]


def signals_of(reading: Reading) -> Signals:
    """What triage found, as decisions rest on it."""
    return Signals(
        scores=reading.scores,
        intent=reading.intent,
        intents=reading.intents,
        embedding=reading.embedding,
        language=reading.language,
        model=reading.model,
        stage=reading.stage,
        windows=reading.windows,
        windows_read=reading.windows_read,
    )


def text_of(message: Message) -> str:
    """What triage reads of a message: its title and its text."""
    return f"{message.title}\n{message.text}" if message.title else message.text
