"""Slack's part in the conformance suite: Socket Mode, or HTTP events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from greenroom.adapters.slack import SlackAdapter
from greenroom.message import ActionKind
from tests.adapters.contract import MEMBER, Sent
from tests.adapters.slack.stage import ADMIN, Inbox, Running, event_body, running, said
from tests.platforms.slack import server as wire
from tests.platforms.slack.server import CHANNEL, DESK, Call, slack_server


@dataclass(slots=True)
class SlackStage:
    """An adapter in a workspace on loopback, as the suite sees it."""

    running: Running
    acks: asyncio.Queue[str] | None
    posts: asyncio.Queue[tuple[str, bytes]] = field(default_factory=asyncio.Queue)
    said: int = 0
    is_remote: bool = True

    @property
    def adapter(self) -> SlackAdapter:
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
        """Slack encodes three characters, and tells of a message by its channel and time."""
        self.said += 1
        ts = f"169000{self.said:04}.000100"
        encoded = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        user = wire.MEMBER if author == MEMBER else wire.BOT_USER
        event = said(encoded, ts=ts, user=user)
        self.running.server.messages[CHANNEL][ts] = event
        if self.running.socket is not None:
            await self.running.deliver(event_body(event), ts)
        else:
            await self.posts.put((ts, json.dumps(event_body(event)).encode()))
        return ts

    async def post_events(self) -> None:
        """Posts what was said over HTTP, one at a time, until cancelled."""
        while True:
            ts, body = await self.posts.get()
            status, _ = await self.running.post(body)
            if status == 200 and self.acks is not None:
                await self.acks.put(ts)

    def sent(self) -> Sequence[Sent]:
        """What took effect."""
        return [_sent(call) for call in self.running.server.effects]

    def fail_next(self, status: int) -> None:
        """The next action is refused."""
        self.running.server.action_faults.append(status)

    def lose_next(self) -> None:
        """The next action works, unheard."""
        self.running.server.is_next_action_lost = True


def _sent(call: Call) -> Sent:
    asked = call.arguments
    if call.method == "chat.delete":
        return Sent(ActionKind.REMOVE, asked["ts"])
    if call.method == "reactions.add":
        return Sent(ActionKind.REACT, asked["timestamp"], asked["name"])
    if asked["channel"] == DESK:
        return Sent(ActionKind.REPORT, None, asked["text"])
    return Sent(ActionKind.REPLY, asked.get("thread_ts"), asked["text"])


@asynccontextmanager
async def contract_stage(transport: str = "socket") -> AsyncIterator[SlackStage]:
    """A workspace and an adapter in it, with an admin's token and a desk channel."""
    async with slack_server() as server:
        server.users[wire.MEMBER] = {"id": wire.MEMBER, "name": "ada", "is_bot": False}
        async with running(server, Inbox(), transport=transport, user_token=ADMIN) as found:
            acks = server.acks if transport == "socket" else asyncio.Queue()
            stage = SlackStage(found, acks)
            async with asyncio.TaskGroup() as group:
                poster = group.create_task(stage.post_events())
                try:
                    yield stage
                finally:
                    poster.cancel()
