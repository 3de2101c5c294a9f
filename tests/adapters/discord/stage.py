"""An adapter that runs against a Discord on loopback, and both its ends, for tests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from greenroom.adapters.discord import DiscordAdapter
from greenroom.adapters.settings import DiscordEndpoints, DiscordSettings
from greenroom.message import Action, ActionKind, Message, Order
from tests.adapters.contract import ITSELF, WAIT_S, Inbox, Sent
from tests.platforms.discord.payloads import ME, MEMBER, MODS, TOKEN
from tests.platforms.discord.server import DiscordServer

NOW = datetime(2026, 1, 2, 6, 0, 0, tzinfo=UTC)


@dataclass(slots=True)
class Sleeps:
    """A sleep that takes no time and keeps what it was asked."""

    asked: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(0)


@dataclass(slots=True)
class Running:
    """An adapter that runs, and both its ends."""

    adapter: DiscordAdapter
    server: DiscordServer
    inbox: Inbox
    run: asyncio.Task[None]
    sleeps: Sleeps
    acks: asyncio.Queue[str] | None = None  # the gateway has none
    is_remote: bool = True

    async def say(self, text: str, *, author: str = MEMBER) -> str:
        """Somebody posts in #help."""
        posted = await self.server.say(text, author={ITSELF: ME}.get(author, MEMBER))
        return str(posted["id"])

    async def received(self, text: str = "hello", **more: Any) -> Message:
        """Somebody posts, and it comes in."""
        posted = await self.server.say(text, **more)
        event = await self.inbox.next()
        assert event.message is not None
        assert event.message.id == posted["id"]
        return event.message

    def sent(self) -> Sequence[Sent]:
        """What took effect, in the contract's words."""
        effects = [r for r in self.server.effects if r.path != "/users/@me/channels"]
        return [_sent(r.method, r.path, r.body or {}) for r in effects]

    def fail_next(self, status: int) -> None:
        """The next write is refused."""
        self.server.fail(status)

    def lose_next(self) -> None:
        """The next write works, and nobody hears."""
        self.server.lose()

    async def resumed(self) -> None:
        """Wait until a session is open again."""
        async with asyncio.timeout(WAIT_S):
            await self.server.gateway.opened.get()
            await self.adapter.ready.wait()


def settings(
    server: DiscordServer, *, token: str = TOKEN, gateway: bool = False
) -> DiscordSettings:
    """Settings that point at the loopback server; its API tells the gateway's address."""
    endpoints = DiscordEndpoints(api=server.api, gateway=server.gateway.url if gateway else None)
    return DiscordSettings(token=SecretStr(token), endpoints=endpoints)


def adapter_for(
    server: DiscordServer, sleeps: Sleeps, *, bot: str = "acme", **more: Any
) -> DiscordAdapter:
    """An adapter that never waits for the clock."""
    given: dict[str, Any] = {"desk_channel": "#mods", "call_timeout_s": 5.0, **more}
    chosen = given.pop("settings", None) or settings(server)
    given.setdefault("clock", lambda: NOW)
    return DiscordAdapter(bot, chosen, sleep=sleeps, jitter=lambda: 0.0, **given)


@asynccontextmanager
async def running(server: DiscordServer, **more: Any) -> AsyncIterator[Running]:
    """An adapter that runs until the block ends."""
    inbox, sleeps = Inbox(), Sleeps()
    adapter = adapter_for(server, sleeps, **more)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(adapter.run(inbox))
        stage = Running(adapter, server, inbox, task, sleeps)
        try:
            await stage.resumed()
            yield stage
        finally:
            task.cancel()


def order(
    kind: ActionKind, message: Message, text: str | None = None, *, key: str = "k1", **more: Any
) -> Order:
    """An order about a message."""
    maybe_done = bool(more.pop("maybe_done", False))
    return Order(key, Action(kind, text=text, **more), message, maybe_done)


def _sent(method: str, path: str, body: dict[str, Any]) -> Sent:
    if method == "POST":
        is_report = path == f"/channels/{MODS}/messages"
        target = (body.get("message_reference") or {}).get("message_id")
        kind = ActionKind.REPORT if is_report else ActionKind.REPLY
        return Sent(kind, None if is_report else target, body["content"])
    deleted = re.fullmatch(r"/channels/\d+/messages/(\d+)", path)
    assert deleted is not None, f"the contract asks for nothing like {method} {path}"
    return Sent(ActionKind.REMOVE, deleted[1])
