"""The seam between the event loop and the encoder: threads of its own, a bounded queue."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from greenroom.errors import GiveUp
from greenroom.triage.base import Reading
from greenroom.triage.encoder import Encoder
from greenroom.triage.manifest import SHIPPED


class EncoderPool:
    """`Triage` by one encoder and as many threads as there are cores.

    The threads share one session: a run computes on its own thread only, so N threads on one
    session are as fast as N sessions, for the memory of one.

    When all threads are busy, `waiting` more texts queue; after that `read` itself waits, so
    the caller feels the load and nothing is shed. A thread cannot be cancelled: when the
    caller of `read` is, a text not yet begun is dropped, one begun is read to its end, its
    late reading is thrown away, and only then is its place free again. Both are harmless, as
    reading changes nothing.

    Use it as an async context manager, or call `close`.

    Args:
        folder: The model's folder.
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        threads: How many texts are read at once; default: the cores this process may use.
        waiting: How many more may wait for a thread.

    Raises:
        ConfigError: The model or the provider is not there; see `Encoder`.
    """

    def __init__(
        self,
        folder: Path = SHIPPED,
        *,
        provider: str = "cpu",
        threads: int | None = None,
        waiting: int = 64,
    ) -> None:
        self.threads = threads or usable_cores()
        self._encoder = Encoder(folder, provider=provider)
        self._executor = ThreadPoolExecutor(self.threads, thread_name_prefix="triage")
        self._places = asyncio.Semaphore(self.threads + waiting)
        self._is_closed = False

    @property
    def digest(self) -> str:
        return self._encoder.manifest.digest

    @property
    def model(self) -> str:
        """The model's short name, as in `Reading.model`."""
        return self._encoder.manifest.short_name

    @property
    def is_full(self) -> bool:
        """Whether the next `read` has to wait for a place."""
        return self._places.locked()

    async def read(self, text: str, *, embed: bool = True) -> Reading:
        """Read `text` on a thread of the pool.

        Raises:
            GiveUp: The pool is closed.
        """
        await self._places.acquire()
        if self._is_closed:
            self._places.release()
            raise GiveUp("triage is closed and reads nothing more")
        loop = asyncio.get_running_loop()
        reading = self._executor.submit(self._encoder.read, text, embed=embed)
        reading.add_done_callback(lambda _: loop.call_soon_threadsafe(self._places.release))
        return await asyncio.wrap_future(reading)

    async def close(self) -> None:
        """Take no more texts, read those accepted, end the threads. Twice is harmless.

        Bounded: at most `waiting` texts of at most 64 windows each.
        """
        self._is_closed = True
        await asyncio.to_thread(self._executor.shutdown, wait=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def usable_cores() -> int:
    """Cores this process may run on; a container's limit counts where the system tells it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
