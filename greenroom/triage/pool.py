"""The way of a text through triage: cache, first stage, encoder; off the event loop where it takes
time, with a bounded queue."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from greenroom.errors import GiveUp
from greenroom.triage.base import EVERYTHING, Reading, Stage, Wants
from greenroom.triage.cache import ReadingCache, may_settle
from greenroom.triage.classifier import Assignment
from greenroom.triage.encoder import Encoder
from greenroom.triage.first import FirstStage
from greenroom.triage.language import detect_language
from greenroom.triage.manifest import SHIPPED
from greenroom.triage.providers import READERS, Provider
from greenroom.triage.spelling import canonical
from greenroom.triage.windows import Windows

SHORT: Final = 2_000
"""Characters up to which a text is spelled and settled on the event loop: some 0.2 ms, less than
a hop to another thread and back costs."""


@dataclass(slots=True)
class Counts:
    """What triage did since it was opened; `greenroom.desk` shows them as metrics."""

    cached: int = 0
    settled: int = 0  # by the first stage
    encoded: int = 0  # by the encoder
    waited: int = 0  # texts that found all places taken


class EncoderPool:
    """`Triage` by one encoder and as many threads as there are cores.

    The threads share one session: a run computes on its own thread only, so N threads on one
    session are as fast as N sessions, for the memory of one.

    When all threads are busy, `waiting` more texts queue; after that `read` itself waits, so
    the caller feels the load and nothing is shed. A thread cannot be cancelled: when the
    caller of `read` is, its text is read all the same, for others that wait for the same one
    and for the cache, and only then is its place free again. That is harmless, as reading
    changes nothing.

    Use it as an async context manager, or call `close`.

    Args:
        folder: The model's folder.
        provider: ``cpu``, ``cuda`` or ``tensorrt``, or a `Provider` with settings of its own.
        threads: How many texts are read at once; default: the cores this process may use, or
            `READERS` where texts that are read at once share runs.
        waiting: How many more may wait for a thread.
        cascade: Whether the first stage may settle texts.
        cache: How many readings are remembered.
        classifiers: Adopted classifiers that answer for some heads. The first stage is not
            certified for them: open the pool with `cascade` off.

    Raises:
        ConfigError: The model or the provider is not there; see `Encoder`.
    """

    def __init__(
        self,
        folder: Path = SHIPPED,
        *,
        provider: str | Provider = "cpu",
        threads: int | None = None,
        waiting: int = 64,
        cascade: bool = True,
        cache: int = 4096,
        classifiers: Sequence[Assignment] = (),
    ) -> None:
        self.counts = Counts()
        self._encoder = Encoder(folder, provider=provider, classifiers=classifiers)
        self.threads = threads or (READERS if self._encoder.batches else usable_cores())
        self._first = _first_stage(self._encoder) if cascade else None
        self._line = self._first.certificate.line if self._first else None
        self._cache = ReadingCache(cache)
        self._reading: dict[tuple[str, Wants], Future[Reading]] = {}
        self._executor = ThreadPoolExecutor(self.threads, thread_name_prefix="triage")
        self._places = asyncio.Semaphore(self.threads + waiting)
        self._is_closed = False

    @property
    def digest(self) -> str:
        return self._encoder.manifest.digest

    @property
    def model(self) -> str:
        """The encoder's short name: embeddings of the same name can be compared."""
        return self._encoder.manifest.short_name

    @property
    def is_full(self) -> bool:
        """Whether the next text for the encoder has to wait for a place."""
        return self._places.locked()

    @property
    def in_flight(self) -> int:
        """Different texts that wait for the encoder or are being read by it."""
        return len(self._reading)

    async def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        """Read `text`: remembered, settled by the first stage, or on a thread of the pool.

        Raises:
            GiveUp: The pool is closed.
        """
        if self._is_closed:
            raise GiveUp("triage is closed and reads nothing more")
        if len(text) > SHORT:
            return await self._encode(text, wants)
        said = canonical(text)
        reading = self._cache.find(said, wants, line=self._line)
        if reading is not None:
            self.counts.cached += 1
            return reading
        windows = self._encoder.windower.cut(said)
        reading = self._settle(windows, wants)
        if reading is not None:
            if wants.language:  # its classifier takes a second to load, the first time
                language = await asyncio.to_thread(detect_language, said)
                reading = replace(reading, language=language)
            self._cache.keep(said, reading)
            return reading
        return await self._encode(said, wants, windows)

    def _settle(self, windows: Windows, wants: Wants) -> Reading | None:
        if self._first is None or not may_settle(wants, self._line):
            return None
        scores = self._first.settle(windows.ids[0]) if windows.total == 1 else None
        if scores is None:
            return None
        self.counts.settled += 1
        return Reading(
            scores=scores, intent=None, intents={}, embedding=None,
            model=self._first.short_name, windows=1, windows_read=1, stage=Stage.FIRST,
        )  # fmt: skip

    async def _encode(self, text: str, wants: Wants, windows: Windows | None = None) -> Reading:
        """On a thread; who asks for a text that is being read already waits for that reading.

        Args:
            text: Canonical if it was cut already, else as it was written.
            wants: What the reading is for.
            windows: What it was cut into.
        """
        key = (text, wants)
        reading = self._reading.get(key)
        if reading is None:
            reading = await self._submit(key, windows)
        else:
            self.counts.cached += 1
        return await asyncio.shield(asyncio.wrap_future(reading))

    async def _submit(self, key: tuple[str, Wants], windows: Windows | None) -> Future[Reading]:
        self.counts.waited += self._places.locked()
        await self._places.acquire()
        if self._is_closed:
            self._places.release()
            raise GiveUp("triage is closed and reads nothing more")
        if key in self._reading:  # another one began to read it while this one waited
            self._places.release()
            return self._reading[key]
        loop = asyncio.get_running_loop()
        reading = (
            self._executor.submit(self._encoder.read, *key)
            if windows is None
            else self._executor.submit(self._encoder.read_canonical, *key, windows=windows)
        )
        is_canonical = windows is not None
        self._reading[key] = reading
        self.counts.encoded += 1
        reading.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._finish, key, done, is_canonical)
        )
        return reading

    def _finish(self, key: tuple[str, Wants], done: Future[Reading], is_canonical: bool) -> None:
        self._places.release()
        self._reading.pop(key, None)
        if is_canonical and not done.cancelled() and done.exception() is None:
            self._cache.keep(key[0], done.result())

    async def close(self) -> None:
        """Take no more texts, read those accepted, end the threads. Twice is harmless.

        Bounded: at most `waiting` texts of at most 128 windows each.
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


def _first_stage(encoder: Encoder) -> FirstStage | None:
    manifest = encoder.manifest
    if manifest.certificate is None:
        return None
    return FirstStage(manifest.folder, manifest.certificate, name=manifest.name)


def usable_cores() -> int:
    """Cores this process may run on; a container's limit counts where the system tells it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
