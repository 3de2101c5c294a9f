"""Reddit's part in the conformance suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from greenroom.adapters.reddit import RedditAdapter
from greenroom.message import ActionKind
from tests.adapters.contract import MEMBER, Sent
from tests.adapters.reddit.stage import Inbox, Running, running
from tests.platforms.reddit import server as wire
from tests.platforms.reddit.server import Call, reddit_server

KINDS = {
    "api/comment": ActionKind.REPLY,
    "api/submit": ActionKind.POST,
    "api/remove": ActionKind.REMOVE,
    "api/report": ActionKind.REPORT,
    "api/approve": ActionKind.APPROVE,
    "api/del": ActionKind.RETRACT,
}


@dataclass(slots=True)
class RedditStage:
    """An adapter on a Reddit on loopback, as the suite sees it."""

    running: Running
    submission: Mapping[str, Any]
    acks: asyncio.Queue[str] | None = None  # polled, so that Reddit never hears
    is_remote: bool = True

    @property
    def adapter(self) -> RedditAdapter:
        """The adapter."""
        return self.running.adapter

    @property
    def inbox(self) -> Inbox:
        """Where its events go."""
        return self.running.inbox

    @property
    def run(self) -> asyncio.Task[None]:
        """Its task."""
        return self.running.task

    async def say(self, text: str, *, author: str = MEMBER) -> str:
        """A comment, and a look at it."""
        name = wire.MEMBER if author == MEMBER else wire.ME
        made = self.running.server.comment(text, under=self.submission, author=name)
        await self.running.looks.wake.put(None)
        return str(made["name"])

    def sent(self) -> Sequence[Sent]:
        """What took effect."""
        return [_sent(call) for call in self.running.server.effects if call.path in KINDS]

    def fail_next(self, status: int) -> None:
        """The next action is refused."""
        self.running.server.action_faults.append(status)

    def lose_next(self) -> None:
        """The next action works, unheard."""
        self.running.server.is_next_action_lost = True


def _sent(call: Call) -> Sent:
    target = call.data.get("thing_id") or call.data.get("id")
    return Sent(KINDS[call.path], target, call.data.get("text"))


@asynccontextmanager
async def contract_stage() -> AsyncIterator[RedditStage]:
    """A subreddit with one submission, and an adapter that moderates it."""
    async with reddit_server() as server:
        submission = server.submit(title="Roses")
        async with running(server) as found:
            yield RedditStage(found, submission)
