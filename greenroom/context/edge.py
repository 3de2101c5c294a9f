"""The embedded vector store: Qdrant's engine inside this process, files in one folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from greenroom.context.base import (
    Found,
    Point,
    Vector,
    Where,
    Words,
    check_one_target,
    matches_nothing,
)
from greenroom.context.shard import Shard, finish_compacting, is_shard
from greenroom.errors import ConfigError, GiveUp

T = TypeVar("T")


class EdgeStore:
    """`VectorStore` in `folder`: one sub-folder a collection, one process at a time.

    The engine is synchronous, so calls cross to one thread of its own. `waiting` calls may
    queue for it; when they do, further callers wait and nothing is shed. A thread cannot be
    cancelled: when a caller is, a call already begun runs to its end; a write then counts, and
    a late result is thrown away.

    Args:
        folder: Made if missing. Collections in it are opened at once, so that a damaged one
            shows before anything connects.
        waiting: How many calls may wait for the thread.

    Raises:
        ConfigError: Another process uses the folder, or it is damaged or not writable.
    """

    def __init__(self, folder: Path, *, waiting: int = 64) -> None:
        self._folder = folder
        self._lock = _lock(folder)
        self._sizes: dict[str, int] = {}
        try:
            self._shards = {path.name: Shard(path) for path in _collections(folder)}
        except BaseException:
            self._lock.release()
            raise
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="qdrant")
        self._places = asyncio.Semaphore(1 + waiting)
        self._is_closed = False

    @staticmethod
    def is_free(folder: Path) -> bool:
        """Whether no process uses `folder` just now."""
        try:
            _lock(folder).release()
        except ConfigError:
            return False
        return True

    async def ensure(
        self, collection: str, *, size: int, keys: Sequence[str] = (), words: bool = False
    ) -> None:
        """See `VectorStore.ensure`; a collection that gets words keeps its points."""
        await self._run(lambda: self._ensure(collection, size, keys, words))

    async def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """See `VectorStore.upsert`."""
        if points:
            await self._run(lambda: self._opened(collection).upsert(points))

    async def search(
        self,
        collection: str,
        vector: Vector,
        *,
        limit: int,
        where: Where | None = None,
        words: Words | None = None,
    ) -> list[Found]:
        """See `VectorStore.search`."""
        if limit < 1 or matches_nothing(where):
            return []
        shard = self._opened(collection)
        if words is None or not words.indices:
            return await self._run(lambda: shard.search(vector, limit, where))
        return await self._run(lambda: shard.search_hybrid(vector, words, limit, where))

    async def ids(self, collection: str) -> frozenset[str]:
        """See `VectorStore.ids`."""
        return await self._run(lambda: self._opened(collection).ids())

    async def count(self, collection: str, *, where: Where | None = None) -> int:
        """See `VectorStore.count`."""
        if matches_nothing(where):
            return 0
        return await self._run(lambda: self._opened(collection).count(where))

    async def delete(
        self, collection: str, *, ids: Collection[str] = (), where: Where | None = None
    ) -> None:
        """See `VectorStore.delete`."""
        check_one_target(ids, where)
        if not matches_nothing(where):
            await self._run(lambda: self._opened(collection).delete(ids, where))

    async def optimize(self, collection: str) -> None:
        """See `VectorStore.optimize`; 4 s at 100,000 new points, during which calls wait."""
        await self._run(lambda: self._opened(collection).optimize())

    async def compact(self, collection: str) -> None:
        """See `VectorStore.compact`; a second at 20,000 points, during which searches wait."""
        await self._run(lambda: self._opened(collection).compact(self._sizes[collection]))

    async def close(self) -> None:
        """See `VectorStore.close`. Bounded by the calls that already wait."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._executor.shutdown(wait=True)
        for shard in self._shards.values():
            shard.close()
        self._lock.release()

    def _ensure(self, collection: str, size: int, keys: Sequence[str], words: bool) -> None:
        if collection not in self._shards:
            self._shards[collection] = Shard(self._folder / collection, size=size, keys=keys)
        self._shards[collection].expect(size, keys)
        if words:
            self._shards[collection].add_words()
        self._sizes[collection] = size

    def _opened(self, collection: str) -> Shard:
        assert collection in self._shards, f"ensure {collection} first"
        return self._shards[collection]

    async def _run(self, work: Callable[[], T]) -> T:
        await self._places.acquire()
        if self._is_closed:
            self._places.release()
            raise GiveUp("the vector store is closed")
        loop = asyncio.get_running_loop()
        done = self._executor.submit(work)
        done.add_done_callback(lambda _: loop.call_soon_threadsafe(self._places.release))
        return await asyncio.wrap_future(done)


def _lock(folder: Path) -> FileLock:
    # thread_local: it is taken on one thread and let go of on another.
    lock = FileLock(folder / ".lock", thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise ConfigError(
            "another Greenroom process uses this folder",
            file=folder,
            accepted="stop that process, or give context.path another folder",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"Qdrant's folder cannot be used: {error.strerror}",
            file=folder,
            accepted="give context.path a folder that Greenroom may write to",
        ) from error
    return lock


def _collections(folder: Path) -> list[Path]:
    """Folders that hold a collection, after what a crash left of compacting one is settled."""
    names = {path.name.removesuffix(".new") for path in folder.iterdir() if path.is_dir()}
    for name in names:
        finish_compacting(folder / name)
    return [folder / name for name in sorted(names) if is_shard(folder / name)]
