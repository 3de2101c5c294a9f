"""The contract of a vector store: points in collections, found again by likeness."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

VECTOR_SIZE: Final = 384
"""What the encoder gives; see `greenroom.triage.EMBEDDING_SIZE`."""

Vector = npt.NDArray[np.float32]

Value = str | tuple[str, ...]

Payload = Mapping[str, Value]
"""What travels with a point. No numbers and no nesting: nothing here needs them."""

Where = Mapping[str, Value]
"""Which points: each key must match. A tuple matches if any of its texts does, so an empty one
never; a payload's tuple matches if any of *its* texts does."""

_OURS: Final = uuid.UUID("6f1d3b52-5f0e-5c7e-9d3c-0a4b7e21c8aa")


@dataclass(frozen=True, slots=True)
class Words:
    """A text's words as a sparse vector: which ones, and how much each counts.

    Made by `greenroom.context.words`; how rare a word is, the store weighs at each search.
    """

    indices: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A vector with its payload. The same `id` again replaces the point."""

    id: str  # from `point_id`
    vector: Vector
    payload: Payload
    words: Words | None = None  # only in a collection that was made for words


@dataclass(frozen=True, slots=True)
class Found:
    """A point that a search found.

    Attributes:
        id: The point's.
        score: The cosine, −1 to 1.
        payload: What travels with it.
        words: How well its words match those asked for (BM25, from 0 up); 0 where none were
            asked for, or where `limit` points match better.
    """

    id: str
    score: float
    payload: Payload
    words: float = 0.0


class VectorStore(Protocol):
    """Holds points. All writes are durable when they return, and repeating one is harmless.

    Vectors have unit length or are brought to it. Every method raises ``RetryLater`` when the
    store is away, ``ConfigError`` when a person must change something (a key, a damaged
    folder), and ``GiveUp`` after `close`.
    """

    async def ensure(
        self, collection: str, *, size: int, keys: Sequence[str] = (), words: bool = False
    ) -> None:
        """Open `collection`, made for vectors of `size` if it is new, with `keys` filterable.

        With `words` its points may have words too. A collection that was made without gets
        them; it may be empty then, so only what can be stored anew asks for them.

        Raises:
            ConfigError: It exists and holds vectors of another size.
        """

    async def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Store `points`, replacing those with the same id."""

    async def search(
        self,
        collection: str,
        vector: Vector,
        *,
        limit: int,
        where: Where | None = None,
        words: Words | None = None,
    ) -> list[Found]:
        """The nearest points, best first.

        With `words` a hybrid: the `limit` nearest points and the `limit` whose words match
        best, all of them with both scores, the nearest first.
        """

    async def ids(self, collection: str) -> frozenset[str]:
        """Every point's id."""

    async def count(self, collection: str, *, where: Where | None = None) -> int:
        """How many points there are."""

    async def delete(
        self, collection: str, *, ids: Collection[str] = (), where: Where | None = None
    ) -> None:
        """Delete the points with these `ids`, or those that match `where`; one of the two."""

    async def optimize(self, collection: str) -> None:
        """Make searches fast after many writes; where there is nothing to gain, do nothing."""

    async def compact(self, collection: str) -> None:
        """Leave nothing of deleted points behind on disk, as far as the engine lets us."""

    async def close(self) -> None:
        """Finish what was begun and let go of files and connections. Twice is harmless."""


def point_id(*parts: str) -> str:
    """A point's id, the same for the same `parts`."""
    lengths = "".join(f"{len(part)}:{part}" for part in map(clean, parts))
    return str(uuid.uuid5(_OURS, lengths))


def clean(text: str) -> str:
    """`text` as UTF-8 can carry it: engines refuse a lone surrogate, it becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def cleaned(values: Payload) -> dict[str, str | list[str]]:
    """A payload or filter as JSON can carry it."""
    return {
        key: clean(value) if isinstance(value, str) else [clean(text) for text in value]
        for key, value in values.items()
    }


def as_payload(raw: object) -> Payload:
    """A payload as an engine gave it back; what is not ours is left out."""
    if not isinstance(raw, Mapping):
        return {}
    texts = {key: value for key, value in raw.items() if isinstance(value, str)}
    lists = {key: tuple(map(str, value)) for key, value in raw.items() if isinstance(value, list)}
    return texts | lists


def as_floats(vector: Vector) -> list[float]:
    """A vector as engines want it.

    Raises:
        ValueError: It is not one finite direction; an engine would store it and answer nonsense.
    """
    norm = float(np.linalg.norm(vector))
    if vector.ndim != 1 or not np.isfinite(norm) or norm == 0:
        raise ValueError(f"not a direction: shape {vector.shape}, length {norm}")
    floats: list[float] = vector.tolist()
    return floats


def check_one_target(ids: Collection[str], where: Where | None) -> None:
    """Refuse a deletion that names nothing: an empty filter means every point."""
    if bool(ids) == bool(where):
        raise ValueError("give ids or where, and not both")


def matches_nothing(where: Where | None) -> bool:
    """True if `where` asks for any of no values."""
    return any(value == () for value in (where or {}).values())
