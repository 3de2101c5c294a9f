"""Tells whoever watches (the desk, the outbox) that something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Topic = Literal["case", "effect", "message", "verdict", "files", "memory", "persona"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed; readers look it up themselves."""

    topic: Topic
    message: str | None = None
    case: int | None = None


class Feed:
    """Fans changes out to watchers on one event loop.

    A watcher that falls behind loses the oldest changes (its queue is bounded), which is
    safe: a change only says "look again".
    """

    def __init__(self, *, queue_size: int = 256) -> None:
        self._queue_size = queue_size
        self._watchers: set[asyncio.Queue[Change]] = set()

    def publish(self, change: Change) -> None:
        """Tell every watcher; never waits."""
        for watcher in self._watchers:
            if watcher.full():
                watcher.get_nowait()
            watcher.put_nowait(change)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[Change]]:
        """A queue of changes from now on."""
        watcher: asyncio.Queue[Change] = asyncio.Queue(self._queue_size)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
