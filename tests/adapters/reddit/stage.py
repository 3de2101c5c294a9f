"""An adapter that runs on a Reddit on loopback, and both its ends, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from greenroom.adapters.reddit import RedditAdapter
from greenroom.adapters.settings import RedditEndpoints, RedditSettings
from greenroom.message import Event
from tests.adapters import contract
from tests.platforms.reddit.access import CLIENT_ID, CLIENT_SECRET, PASSWORD
from tests.platforms.reddit.server import ME, START, SUBREDDIT, RedditServer

NOW = datetime.fromtimestamp(START, UTC) + timedelta(hours=1)
WAIT_S = 10.0


@dataclass(slots=True)
class Inbox(contract.Inbox):
    """The conformance suite's intake, which here can also fail once."""

    failure: Exception | None = None

    async def __call__(self, event: Event) -> bool:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return await contract.Inbox.__call__(self, event)


@dataclass(slots=True)
class Looks:
    """The adapter's sleep: each look waits until the test asks for it."""

    asleep: asyncio.Queue[float] = field(default_factory=asyncio.Queue)
    wake: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    async def __call__(self, seconds: float) -> None:
        await self.asleep.put(seconds)
        await self.wake.get()


@dataclass(slots=True)
class Running:
    """An adapter that runs, and what a test does to it."""

    adapter: RedditAdapter
    server: RedditServer
    inbox: Inbox
    looks: Looks
    task: asyncio.Task[None]

    async def look(self) -> list[Event]:
        """Let the adapter look once more; what it found."""
        await self.looks.wake.put(None)
        async with asyncio.timeout(WAIT_S):
            await self.looks.asleep.get()
        return self.found()

    async def ids(self) -> list[str]:
        """Let it look once more; the ids of the messages in what it found."""
        return [event.message.id for event in await self.look() if event.message]

    def found(self) -> list[Event]:
        """What came in since the last call."""
        return [self.inbox.events.get_nowait() for _ in range(self.inbox.events.qsize())]


def settings(server: RedditServer, **more: Any) -> RedditSettings:
    """Settings that point at the loopback server."""
    given: dict[str, Any] = {
        "client_id": SecretStr(CLIENT_ID),
        "client_secret": SecretStr(CLIENT_SECRET),
        "username": ME,
        "password": SecretStr(PASSWORD),
        "subreddits": (SUBREDDIT,),
        "endpoints": RedditEndpoints(oauth=server.url, www=server.url),
    }
    return RedditSettings(**(given | more))


@asynccontextmanager
async def running(
    server: RedditServer,
    *,
    since: datetime | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    **more: Any,
) -> AsyncIterator[Running]:
    """An adapter that has looked once, and runs until the block ends."""
    adapter = RedditAdapter("garden", settings(server, **more), since=since, clock=clock)
    async with rerunning(adapter, server) as found:
        yield found


@asynccontextmanager
async def rerunning(adapter: RedditAdapter, server: RedditServer) -> AsyncIterator[Running]:
    """An adapter that ran before perhaps, has looked once in this run, and runs on."""
    looks, inbox = Looks(), Inbox()
    adapter._sleep = looks
    async with asyncio.TaskGroup() as group:
        task = group.create_task(adapter.run(inbox))
        try:
            async with asyncio.timeout(WAIT_S):
                await looks.asleep.get()
            yield Running(adapter, server, inbox, looks, task)
        finally:
            task.cancel()
