"""What a community knows: its files, indexed by section, searched by meaning and by words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from greenroom.context.base import (
    VECTOR_SIZE,
    Found,
    Payload,
    Point,
    Vector,
    VectorStore,
    Words,
    point_id,
)
from greenroom.context.files import Folder
from greenroom.context.markdown import Chunk
from greenroom.context.rerank import Ranked, rank
from greenroom.context.words import words_of_passage, words_of_question
from greenroom.message import Passage

COLLECTION: Final = "knowledge"

DEFAULT_MIN_EVIDENCE: Final = 0.40
"""Score from which a passage may answer; how it was chosen is in docs/context.md."""

MAX_ASKED: Final = 12
MAX_SENTENCES: Final = 12

SENTENCES_UP_TO: Final = 10_000
"""Chunks up to which each sentence is a text of its own: beyond, time and room for three times
the points are not worth what sentences gain."""

_MOST_POINTS: Final = 2 + MAX_ASKED + MAX_SENTENCES  # that one chunk may have
_FETCHED: Final = 50  # points that each half of a search looks at, where there are as many
_RERANKED: Final = 30  # passages that are ranked anew
_BATCH: Final = 64  # texts that are embedded at a time, and points that are stored at once
_FUSION: Final = 60  # the usual constant of reciprocal rank fusion
_EVERYTHING: Final = "."

_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_MARKUP = re.compile(r"[*`]|^[ \t]*(?:[-+]|\d{1,9}[.)])[ \t]", re.MULTILINE)

Embed = Callable[[str], Awaitable[Vector]]

_Entry = tuple[str, str, Payload, str | None]  # id, text to embed, payload, text for words


@dataclass(frozen=True, slots=True)
class Indexed:
    """What an indexing did, for the log."""

    chunks: int
    embedded: int  # texts that were new or changed
    kept: int
    deleted: int


class Knowledge:
    """Passages that may answer a question.

    A chunk is stored once for each text that may be nearest to a question: the whole of it
    under its headings, the heading alone, what is also asked, and each sentence under its
    heading. The whole also carries its words. A search takes the nearest points and those with
    the rarest words in common, and ranks their passages anew (`greenroom.context.rerank`).

    Args:
        store: Where the vectors are; not closed here.
        model: Names the model that embeds. Another one has all texts embedded again, as
            vectors of two models cannot be compared.
        sentences_up_to: See `SENTENCES_UP_TO`.
    """

    def __init__(
        self, store: VectorStore, *, model: str = "", sentences_up_to: int = SENTENCES_UP_TO
    ) -> None:
        self._store = store
        self._model = model
        self._sentences_up_to = sentences_up_to
        self._is_open = False
        self._folder: Folder | None = None

    async def index(self, folder: Path, embed: Embed) -> Indexed:
        """Bring the store to what the files in `folder` say now.

        Only texts that are new or changed are embedded. New ones are stored before old ones
        go, so a search meanwhile finds one or the other; a crash midway costs only the rest.
        A file that did not change since this object read it is not read again.

        Raises:
            ConfigError: A file cannot be read; nothing is changed then.
        """
        if self._folder is None or self._folder.path != folder:
            self._folder = Folder(folder)
        chunks = await asyncio.to_thread(self._folder.read)
        await self._open()
        wanted = await asyncio.to_thread(self._wanted, chunks)
        stored = await self._store.ids(COLLECTION)
        missing = [entry for id_, entry in wanted.items() if id_ not in stored]
        for batch in _batches(missing):
            await self._store.upsert(COLLECTION, await _embedded(batch, embed))
        vanished = sorted(stored - wanted.keys())
        for start in range(0, len(vanished), 1_000):
            await self._store.delete(COLLECTION, ids=vanished[start : start + 1_000])
        if missing or vanished:
            await self._store.optimize(COLLECTION)
        return Indexed(len(chunks), len(missing), len(wanted) - len(missing), len(vanished))

    async def search(
        self, vector: Vector, *, sources: Sequence[str], text: str = "", limit: int = 5
    ) -> tuple[Passage, ...]:
        """The passages that answer best, best first, one for each chunk.

        Args:
            vector: The question's embedding.
            sources: Files, or folders with all that is in them (``faq/``; ``.`` is everything),
                relative to the indexed folder: what a persona may use.
            text: The question, for its words; without it only the meaning is searched.
            limit: How many at most.
        """
        ranked = await self.look(vector, sources=sources, text=text, limit=limit)
        return tuple(one.passage for one in ranked)

    async def look(
        self, vector: Vector, *, sources: Sequence[str], text: str = "", limit: int = 5
    ) -> tuple[Ranked, ...]:
        """Like `search`, with why each passage stands where it stands."""
        await self._open()
        words = words_of_question(text)
        chunks = await self._candidates(vector, words, sources, limit)
        if not chunks:
            return ()
        # All points of these, so that each passage's numbers are whole.
        points = await self._store.search(
            COLLECTION,
            vector,
            limit=len(chunks) * _MOST_POINTS,
            where={"chunk": tuple(chunks)},
            words=words,
        )
        return tuple(rank(points)[:limit])

    async def _candidates(
        self, vector: Vector, words: Words, sources: Sequence[str], limit: int
    ) -> list[str]:
        names = {str(PurePosixPath(source)) for source in sources}
        # Everything is no filter: to check each point against it would take longer than the search.
        where = None if _EVERYTHING in names else {"within": tuple(sorted(names))}
        chunks: list[str] = []
        for asked in (max(_FETCHED, 2 * limit), limit * _MOST_POINTS):
            found = await self._store.search(
                COLLECTION, vector, limit=asked, where=where, words=words
            )
            chunks = _fused(found)
            # A few chunks' points may crowd the others out: then ask again, for enough.
            if len(chunks) >= limit or len(found) < asked:
                break
        return chunks[: max(_RERANKED, limit)]

    async def _open(self) -> None:
        if not self._is_open:
            keys = ("within", "chunk")
            await self._store.ensure(COLLECTION, size=VECTOR_SIZE, keys=keys, words=True)
            self._is_open = True

    def _wanted(self, chunks: Sequence[Chunk]) -> dict[str, _Entry]:
        with_sentences = len(chunks) <= self._sentences_up_to
        return {
            entry[0]: entry for chunk in chunks for entry in self._entries(chunk, with_sentences)
        }

    def _entries(self, chunk: Chunk, with_sentences: bool) -> Iterator[_Entry]:
        """Each of a chunk's points. The id covers everything that is stored, so a change of any
        of it is a new point."""
        place = (chunk.source, chunk.heading, chunk.url, *chunk.path)
        whole = point_id("2", self._model, *place, chunk.text, *chunk.also_asked)
        file = PurePosixPath(chunk.source)
        within = (str(file), *map(str, file.parents))
        shared: Payload = {"chunk": whole, "within": within}
        said: Payload = {
            "source": chunk.source, "heading": chunk.heading, "text": chunk.text, "url": chunk.url
        }  # fmt: skip
        first, *others = searchable(chunk, with_sentences=with_sentences)
        words = "\n".join((first, *chunk.also_asked))
        yield point_id(whole, "whole"), first, {**shared, **said}, words
        for text in others:
            yield point_id(whole, text), text, shared, None


def searchable(chunk: Chunk, *, with_sentences: bool = True) -> list[str]:
    """The texts of which one may be nearest to a question that `chunk` answers."""
    sentences = islice(sentences_of(chunk), MAX_SENTENCES if with_sentences else 0)
    return [
        f"{chunk.headings}\n{chunk.text}",
        chunk.title,
        *chunk.also_asked[:MAX_ASKED],
        *(f"{chunk.title} {sentence}" for sentence in sentences),
    ]


def sentences_of(chunk: Chunk) -> Iterator[str]:
    """The sentences of a chunk's prose; of code and very short ones none."""
    prose = _MARKUP.sub("", _FENCED.sub("", chunk.text)).replace("\n", " ").strip()
    return (part for part in _SENTENCE_END.split(prose) if len(part.split()) > 3)


def _fused(found: Sequence[Found]) -> list[str]:
    """The chunks of these points by reciprocal rank fusion, those that both halves found first."""
    by_words = sorted((one for one in found if one.words > 0), key=lambda one: -one.words)
    votes: dict[str, float] = {}
    for half in (found, by_words):
        ranks = dict.fromkeys(str(point.payload.get("chunk", "")) for point in half)
        for place, chunk in enumerate(ranks):
            votes[chunk] = votes.get(chunk, 0.0) + 1 / (_FUSION + place)
    votes.pop("", None)
    return sorted(votes, key=lambda chunk: -votes[chunk])


def _batches(entries: Sequence[_Entry]) -> Iterator[Sequence[_Entry]]:
    return (entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH))


async def _embedded(batch: Sequence[_Entry], embed: Embed) -> list[Point]:
    """The batch's points; the model gets its texts at the same time and queues them itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_point(*entry, embed)) for entry in batch]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def _point(id_: str, text: str, payload: Payload, words: str | None, embed: Embed) -> Point:
    return Point(
        id_, await embed(text), payload, None if words is None else words_of_passage(words)
    )
