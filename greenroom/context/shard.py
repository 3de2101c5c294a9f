"""One collection of the embedded engine: a Qdrant Edge shard in a folder, on the calling thread.

No graph is built: it takes minutes where this takes seconds. A search looks at every vector, in
a copy of one byte a number where `Shard.optimize` has made one, and the best of those again in
full: the scores are exact, and what is found nearly always is (see docs/context.md).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import qdrant_edge as edge

from greenroom.context.base import (
    Found,
    Point,
    Vector,
    Where,
    Words,
    as_floats,
    as_payload,
    cleaned,
)
from greenroom.errors import ConfigError, RetryLater

_PAGE: Final = 1_000  # points read at a time
_KEYS: Final = (
    "keys.txt"  # payload keys that have an index; written last, so it tells a whole shard
)
_WORDS: Final = "words"  # the sparse vector
_SMALL_KB: Final = 10_000  # a segment up to this is searched as it is: 6,800 vectors
_COMPLETE: Final = "complete"  # marks a copy that has everything


class Shard:
    """Opens `folder`, or makes it for vectors of `size`.

    Raises:
        ConfigError: The folder is damaged, or holds vectors of another size.
    """

    def __init__(self, folder: Path, *, size: int | None = None, keys: Sequence[str] = ()) -> None:
        self._folder = folder
        with translated(folder):
            if is_shard(folder):
                self._shard = edge.EdgeShard.load(str(folder))
                # A damaged file may show only when it is read.
                self._shard.query(edge.QueryRequest(limit=1, with_payload=True))
            else:
                assert size is not None, "only a folder that exists is opened without a size"
                self._shard = _create(folder, size, keys)

    def expect(self, size: int, keys: Sequence[str]) -> None:
        """Make further `keys` filterable, and refuse vectors of another `size`."""
        probe = edge.SearchRequest(edge.Query.Nearest([1.0] * size), 1)
        try:
            self._shard.search(probe)
        except Exception as error:
            raise ConfigError(
                f"holds vectors of another size than the model's {size}: {error}",
                file=self._folder,
                accepted="stop Greenroom and delete this folder; it is made anew",
            ) from error
        with translated(self._folder):
            _add_keys(self._shard, self._folder, keys)

    def upsert(self, points: Sequence[Point]) -> None:
        """Store and flush."""
        made = [
            edge.Point(point.id, _vectors(point), dict(cleaned(point.payload))) for point in points
        ]
        self._update(edge.UpdateOperation.upsert_points(made))

    def search(self, vector: Vector, limit: int, where: Where | None) -> list[Found]:
        """The nearest points, best first."""
        query = edge.Query.Nearest(as_floats(vector))
        request = edge.QueryRequest(
            limit, query=query, filter=_filter(where), params=_params(), with_payload=True
        )
        with translated(self._folder):
            found = self._shard.query(request)
        return [Found(str(point.id), point.score, as_payload(point.payload)) for point in found]

    def search_hybrid(
        self, vector: Vector, words: Words, limit: int, where: Where | None
    ) -> list[Found]:
        """The nearest points and those whose words match best, with both scores."""
        chosen = _filter(where)
        nearest = edge.Query.Nearest(as_floats(vector))
        matching = edge.Query.Nearest(_sparse(words), using=_WORDS)
        both = [
            edge.Prefetch(limit, query=nearest, filter=chosen, params=_params()),
            edge.Prefetch(limit, query=matching, filter=chosen),
        ]
        requests = [
            # Scored anew by the vector, those that only words found get a cosine too.
            edge.QueryRequest(2 * limit, query=nearest, prefetches=both, with_payload=True),
            edge.QueryRequest(limit, query=matching, filter=chosen),
        ]
        with translated(self._folder):
            found, matches = self._shard.query_batch(edge.QueryBatchRequest(requests))
        scores = {point.id: point.score for point in matches}
        return [
            Found(str(one.id), one.score, as_payload(one.payload), scores.get(one.id, 0.0))
            for one in found
        ]

    def ids(self) -> frozenset[str]:
        """Every point's id."""
        with translated(self._folder):
            return frozenset(str(record.id) for page in self._pages() for record in page)

    def count(self, where: Where | None) -> int:
        """How many points match."""
        with translated(self._folder):
            return self._shard.count(edge.CountRequest(exact=True, filter=_filter(where)))

    def delete(self, ids: Collection[str], where: Where | None) -> None:
        """Delete and flush."""
        if ids:
            self._update(edge.UpdateOperation.delete_points(list(ids)))
            return
        chosen = _filter(where)
        assert chosen is not None, "the store has checked"
        self._update(edge.UpdateOperation.delete_points_by_filter(chosen))

    def add_words(self) -> None:
        """Let points have words, if they may not yet."""
        if not self._has_words():
            self._update(edge.UpdateOperation.create_sparse_vector(_WORDS, edge.Modifier.Idf))

    def optimize(self) -> None:
        """Let the engine merge its segments and make the small copies of large ones."""
        with translated(self._folder):
            self._shard.optimize()
            self._shard.flush()

    def compact(self, size: int) -> None:
        """Copy what is left into a new shard and drop the old one, with its log of writes.

        The engine only marks points as deleted, and its own clean-up starts at thousands.
        """
        keys = _keys(self._folder)
        new = self._folder.with_name(self._folder.name + ".new")
        with translated(self._folder):
            copy = _create(new, size, keys)
            if self._has_words():
                copy.update(edge.UpdateOperation.create_sparse_vector(_WORDS, edge.Modifier.Idf))
            for page in self._pages(with_vector=True):
                points = [edge.Point(row.id, row.vector or [], row.payload) for row in page]
                copy.update(edge.UpdateOperation.upsert_points(points))
            copy.optimize()
            copy.flush()
            copy.close()
            self._shard.close()
            (new / _COMPLETE).touch()
            finish_compacting(self._folder)
            self._shard = edge.EdgeShard.load(str(self._folder))

    def close(self) -> None:
        """Flush and let go of the files."""
        with translated(self._folder):
            self._shard.flush()
            self._shard.close()

    def _has_words(self) -> bool:
        probe = edge.Query.Nearest(edge.SparseVector([0], [1.0]), using=_WORDS)
        try:
            self._shard.query(edge.QueryRequest(1, query=probe))
        except Exception as error:
            if "Not existing vector name" in str(error):
                return False
            raise _damaged(self._folder, error) from error
        return True

    def _update(self, operation: edge.UpdateOperation) -> None:
        with translated(self._folder):
            self._shard.update(operation)
            self._shard.flush()

    def _pages(self, *, with_vector: bool = False) -> Iterator[list[edge.Record]]:
        offset: edge.PointId | None = None
        while True:
            request = edge.ScrollRequest(
                offset=offset, limit=_PAGE, with_payload=with_vector, with_vector=with_vector
            )
            page, offset = self._shard.scroll(request)
            yield page
            if offset is None:
                return


def is_shard(folder: Path) -> bool:
    """True if `folder` holds a whole collection; what a crash left of creating one does not."""
    return (folder / _KEYS).is_file()


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """The engine's errors as ours. A panic in Rust is no ``Exception`` but leaves as one of ours.

    Raises:
        RetryLater: The disk is full.
        ConfigError: Anything else; the engine knows no finer distinction.
    """
    try:
        yield
    except (ConfigError, RetryLater):
        raise
    except BaseException as error:
        is_panic = type(error).__module__ == "pyo3_runtime"
        if not isinstance(error, Exception) and not is_panic:
            raise
        if "No space left" in str(error) or "os error 28" in str(error):
            raise RetryLater(f"no space left for Qdrant's files in {folder}") from error
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: BaseException) -> ConfigError:
    first_line = str(error).partition("\n")[0][:300]
    return ConfigError(
        f"Qdrant's files cannot be read: {first_line}",
        file=folder,
        accepted="stop Greenroom and delete this folder: knowledge is indexed again at the next "
        "start, precedents are collected anew",
    )


def _create(folder: Path, size: int, keys: Sequence[str]) -> edge.EdgeShard:
    shutil.rmtree(folder, ignore_errors=True)  # what a crash while creating may have left
    vectors = edge.EdgeVectorParams(size, edge.Distance.Cosine)
    bytes_ = edge.ScalarQuantizationConfig(edge.ScalarType.Int8, quantile=0.99, always_ram=True)
    config = edge.EdgeConfig(
        vectors=vectors,
        hnsw_config=edge.HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=_SMALL_KB),
        quantization_config=bytes_,
        optimizers=edge.EdgeOptimizersConfig(
            default_segment_number=1, indexing_threshold=_SMALL_KB
        ),
        # One search runs at a time, so more threads would only take memory.
        max_search_threads=1,
    )
    shard = edge.EdgeShard.create(str(folder), config)
    _add_keys(shard, folder, keys)
    return shard


def _vectors(point: Point) -> Any:
    vector = as_floats(point.vector)
    return vector if point.words is None else {"": vector, _WORDS: _sparse(point.words)}


def _sparse(words: Words) -> edge.SparseVector:
    return edge.SparseVector(list(words.indices), list(words.weights))


def _params() -> edge.SearchParams:
    """Twice as many as asked for are looked at in full, where bytes chose them."""
    return edge.SearchParams(
        quantization=edge.QuantizationSearchParams(rescore=True, oversampling=2.0)
    )


def _add_keys(shard: edge.EdgeShard, folder: Path, keys: Sequence[str]) -> None:
    known = _keys(folder)
    missing = [key for key in keys if key not in known]
    if is_shard(folder) and not missing:
        return
    for key in missing:
        index = edge.UpdateOperation.create_field_index(key, edge.PayloadSchemaType.Keyword)
        shard.update(index)
    shard.flush()
    (folder / _KEYS).write_text("\n".join([*known, *missing]), "utf-8")


def _keys(folder: Path) -> list[str]:
    return (folder / _KEYS).read_text("utf-8").split() if is_shard(folder) else []


def finish_compacting(folder: Path) -> None:
    """Put a finished copy in its place, and drop one that a crash left unfinished."""
    new = folder.with_name(folder.name + ".new")
    if (new / _COMPLETE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    (folder / _COMPLETE).unlink(missing_ok=True)
    shutil.rmtree(new, ignore_errors=True)


def _filter(where: Where | None) -> edge.Filter | None:
    if not where:
        return None
    return edge.Filter(must=[_condition(key, value) for key, value in cleaned(where).items()])


def _condition(key: str, value: str | list[str]) -> edge.FieldCondition:
    if isinstance(value, str):
        return edge.FieldCondition(key, edge.MatchValue(value))
    return edge.FieldCondition(key, edge.MatchAny(value))
