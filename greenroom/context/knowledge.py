"""What a community knows: its Markdown files, indexed by section and searched by meaning."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from statistics import fmean
from typing import Final

from greenroom.context.base import VECTOR_SIZE, Found, Payload, Point, Vector, VectorStore, point_id
from greenroom.context.markdown import Chunk, read_folder
from greenroom.message import Passage

COLLECTION: Final = "knowledge"

DEFAULT_MIN_EVIDENCE: Final = 0.40
"""Score from which a passage may answer; how it was chosen is in docs/context.md."""

MAX_ASKED: Final = 12
MAX_SENTENCES: Final = 12
_MOST_POINTS: Final = 2 + MAX_ASKED + MAX_SENTENCES  # that one chunk may have
_FETCHED: Final = 50  # points that a search looks at, where there are as many
_BATCH: Final = 64  # texts that are embedded at a time, and points that are stored at once

_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_MARKUP = re.compile(r"[*`]|^[ \t]*(?:[-+]|\d{1,9}[.)])[ \t]", re.MULTILINE)

Embed = Callable[[str], Awaitable[Vector]]


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
    heading. Its score is the mean of its two nearest texts: one alone is often a chance.

    Args:
        store: Where the vectors are; not closed here.
        model: Names the model that embeds. Another one has all texts embedded again, as
            vectors of two models cannot be compared.
    """

    def __init__(self, store: VectorStore, *, model: str = "") -> None:
        self._store = store
        self._model = model
        self._is_open = False

    async def index(self, folder: Path, embed: Embed) -> Indexed:
        """Bring the store to what the ``*.md`` files in `folder` say now.

        Only texts that are new or changed are embedded. New ones are stored before old ones
        go, so a search meanwhile finds one or the other; a crash midway costs only the rest.

        Raises:
            ConfigError: A file cannot be read; nothing is changed then.
        """
        chunks = await asyncio.to_thread(read_folder, folder)
        await self._open()
        wanted = {id_: entry for chunk in chunks for id_, entry in self._entries(chunk)}
        stored = await self._store.ids(COLLECTION)
        missing = [(id_, *wanted[id_]) for id_ in wanted if id_ not in stored]
        for batch in _batches(missing):
            await self._store.upsert(COLLECTION, await _embedded(batch, embed))
        vanished = sorted(stored - wanted.keys())
        for start in range(0, len(vanished), 1_000):
            await self._store.delete(COLLECTION, ids=vanished[start : start + 1_000])
        return Indexed(len(chunks), len(missing), len(wanted) - len(missing), len(vanished))

    async def search(
        self, vector: Vector, *, sources: Sequence[str], limit: int = 5
    ) -> tuple[Passage, ...]:
        """The passages nearest to `vector`, best first, one for each chunk.

        Args:
            vector: The question's embedding.
            sources: Files, or folders with all that is in them (``faq/``; ``.`` is everything),
                relative to the indexed folder: what a persona may use.
            limit: How many at most.
        """
        await self._open()
        where = {"within": tuple(str(PurePosixPath(source)) for source in sources)}
        passages: list[Passage] = []
        for asked in (max(_FETCHED, 2 * limit), limit * _MOST_POINTS):
            found = await self._store.search(COLLECTION, vector, limit=asked, where=where)
            passages = _passages(found)
            # A few chunks' points may crowd the others out: then ask again, for enough.
            if len(passages) >= limit or len(found) < asked:
                break
        return tuple(passages[:limit])

    async def _open(self) -> None:
        if not self._is_open:
            await self._store.ensure(COLLECTION, size=VECTOR_SIZE, keys=("within",))
            self._is_open = True

    def _entries(self, chunk: Chunk) -> Iterator[tuple[str, tuple[str, Payload]]]:
        """Each of a chunk's points: its id, the text to embed, the payload.

        The id covers everything that is stored, so a change of any of it is a new point.
        """
        whole = point_id(self._model, chunk.source, *chunk.path, chunk.text)
        file = PurePosixPath(chunk.source)
        payload: Payload = {
            "chunk": whole,
            "source": chunk.source,
            "heading": chunk.heading,
            "text": chunk.text,
            "within": (str(file), *map(str, file.parents)),
        }
        for text in searchable(chunk):
            yield point_id(whole, text), (text, payload)


def searchable(chunk: Chunk) -> list[str]:
    """The texts of which one may be nearest to a question that `chunk` answers."""
    return [
        f"{chunk.heading}\n{chunk.text}",
        chunk.title,
        *chunk.also_asked[:MAX_ASKED],
        *(f"{chunk.title} {sentence}" for sentence in islice(_sentences(chunk), MAX_SENTENCES)),
    ]


def _sentences(chunk: Chunk) -> Iterator[str]:
    prose = _MARKUP.sub("", _FENCED.sub("", chunk.text)).replace("\n", " ").strip()
    return (part for part in _SENTENCE_END.split(prose) if len(part.split()) > 3)


def _batches(
    entries: list[tuple[str, str, Payload]],
) -> Iterator[list[tuple[str, str, Payload]]]:
    return (entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH))


async def _embedded(batch: list[tuple[str, str, Payload]], embed: Embed) -> list[Point]:
    """The batch's points; the model gets its texts at the same time and queues them itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_point(*entry, embed)) for entry in batch]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def _point(id_: str, text: str, payload: Payload, embed: Embed) -> Point:
    return Point(id_, await embed(text), payload)


def _passages(found: Sequence[Found]) -> list[Passage]:
    """One passage for each chunk among the points, best first.

    A chunk whose second point was not fetched counts it as good as the last one fetched: it is
    no better than that.
    """
    scores: dict[str, list[float]] = {}
    points: dict[str, Found] = {}
    for point in found:
        chunk = str(point.payload.get("chunk", point.id))
        points.setdefault(chunk, point)
        scores.setdefault(chunk, []).append(point.score)
    passages = [
        _passage(points[chunk], fmean([*best, found[-1].score][:2]))
        for chunk, best in scores.items()
    ]
    return sorted(passages, key=lambda passage: -passage.score)


def _passage(point: Found, score: float) -> Passage:
    source, heading, text = (
        str(point.payload.get(key, "")) for key in ("source", "heading", "text")
    )
    return Passage(source=source, heading=heading, text=text, score=score)
