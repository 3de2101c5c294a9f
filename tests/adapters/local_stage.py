"""The conformance suite's stage for adapters that have their platform in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from greenroom.adapters.base import Adapter
from tests.adapters.contract import ITSELF, MEMBER, WAIT_S, Inbox, Sent


@dataclass(slots=True)
class LocalStage:
    """An adapter that runs here; what it did is read off what it showed."""

    adapter: Adapter
    inbox: Inbox
    run: asyncio.Task[None]
    speak: Callable[[str, int], str]  # says a text as the n-th message; returns its id
    shown: Callable[[], Sequence[Sent]]
    is_remote: bool = False
    acks: asyncio.Queue[str] | None = None
    said: int = 0

    async def say(self, text: str, *, author: str = MEMBER) -> str:
        """A member speaks; the adapter's own account has no voice here."""
        if author == ITSELF:
            return "nothing"
        self.said += 1
        return self.speak(text, self.said)

    def sent(self) -> Sequence[Sent]:
        """What took effect."""
        return self.shown()

    def fail_next(self, status: int) -> None:
        """Nothing here can be refused."""
        raise NotImplementedError

    def lose_next(self) -> None:
        """Nothing here can be lost."""
        raise NotImplementedError


@asynccontextmanager
async def local_stage(
    adapter: Adapter,
    speak: Callable[[str, int], str],
    shown: Callable[[], Sequence[Sent]],
) -> AsyncIterator[LocalStage]:
    """The adapter, running until the block ends."""
    inbox = Inbox()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(adapter.run(inbox))
        try:
            async with asyncio.timeout(WAIT_S):
                while not adapter.health().is_connected:
                    await asyncio.sleep(0)
            yield LocalStage(adapter, inbox, task, speak, shown)
        finally:
            task.cancel()
