"""The one writer: jobs from many tasks, committed together.

SQLite takes one writer at a time and pays for durability at each commit. So all writes
cross to one thread, and whatever waits there while a commit is flushed goes into the
next one (group commit).
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from greenroom.errors import GiveUp

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]


@dataclass(slots=True)
class _Waiting:
    job: Job[Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs jobs on one thread, each in a savepoint, many to a transaction.

    Args:
        connect: Opens the writing connection; called on the writer's thread.
        queue_size: Jobs that may wait; when full, ``submit`` waits (nothing is shed,
            since what waits here is what must not be lost).
        batch_size: Most jobs in one transaction.

    A caller that is cancelled while waiting leaves its job in the queue: it still
    runs and commits, and only its result is dropped.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        *,
        queue_size: int = 1024,
        batch_size: int = 256,
    ) -> None:
        self._connect = connect
        self._batch_size = batch_size
        self._places = asyncio.Semaphore(queue_size)
        self._jobs: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self.commits = 0
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs that no transaction has taken yet."""
        return self._jobs.qsize()

    async def submit(self, job: Job[T]) -> T:
        """Run ``job`` in the next transaction; returns once that is on disk.

        Raises:
            GiveUp: The file cannot be written (disk full, no permission, damaged).
            Exception: Whatever the job raised; its savepoint was rolled back alone.
        """
        loop = asyncio.get_running_loop()
        async with self._places:
            waiting = _Waiting(job, loop.create_future(), loop)
            self._jobs.put(waiting)
            result: T = await waiting.future
            return result

    def close(self) -> None:
        """Finish what waits, then end the thread; blocks until it has."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection = self._connect()
        try:
            while batch := self._next_batch():
                self._commit(connection, batch)
                self._answer(batch)
        finally:
            connection.close()

    def _next_batch(self) -> list[_Waiting]:
        first = self._jobs.get()
        if first is None:
            return []
        batch = [first]
        while len(batch) < self._batch_size:
            try:
                waiting = self._jobs.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                self._jobs.put(None)  # closing: this batch first, then end
                break
            batch.append(waiting)
        return batch

    def _commit(self, connection: sqlite3.Connection, batch: list[_Waiting]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for waiting in batch:
                self._try(connection, waiting)
            connection.execute("COMMIT")
            self.commits += 1
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for waiting in batch:
                waiting.error = GiveUp(f"the ledger cannot be written: {error}")
                waiting.error.__cause__ = error

    def _try(self, connection: sqlite3.Connection, waiting: _Waiting) -> None:
        connection.execute("SAVEPOINT job")
        try:
            waiting.result = waiting.job(connection)
        except Exception as error:  # handed to the caller, who awaits the result
            connection.execute("ROLLBACK TO job")
            waiting.error = error
        connection.execute("RELEASE job")

    def _answer(self, batch: list[_Waiting]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        for waiting in batch:
            loops.setdefault(waiting.loop, []).append(waiting)
        for loop, waitings in loops.items():
            try:
                loop.call_soon_threadsafe(_resolve, waitings)
            except RuntimeError:  # the loop has ended; what is committed stays
                continue


def _resolve(batch: list[_Waiting]) -> None:
    for waiting in batch:
        if waiting.future.done():  # its caller was cancelled
            continue
        if waiting.error is not None:
            waiting.future.set_exception(waiting.error)
        else:
            waiting.future.set_result(waiting.result)
