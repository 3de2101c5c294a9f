"""An adapter that runs in a workspace on loopback, and both its ends, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from greenroom.adapters.settings import Listen, SlackEndpoints, SlackSettings
from greenroom.adapters.slack import SlackAdapter
from greenroom.message import Event
from tests.adapters import contract
from tests.platforms.slack.server import (
    ADMIN_TOKEN,
    APP_TOKEN,
    BOT_TOKEN,
    CHANNEL,
    MEMBER,
    SECRET,
    TEAM,
    SlackServer,
    envelope,
    signed,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[4] / "shared" / "platforms" / "slack_payloads.json"


@dataclass(slots=True)
class Inbox(contract.Inbox):
    """The conformance suite's intake, which here can also fail."""

    failure: Exception | None = None

    async def __call__(self, event: Event) -> bool:
        if self.failure is not None:
            self.entered.set()
            raise self.failure
        return await contract.Inbox.__call__(self, event)


@dataclass(slots=True)
class Running:
    """An adapter that runs, and both its ends."""

    adapter: SlackAdapter
    server: SlackServer
    inbox: Inbox
    task: asyncio.Task[None]
    http: aiohttp.ClientSession
    socket: Any = None

    async def deliver(self, payload: Mapping[str, Any], envelope_id: str = "e1") -> None:
        """Send a payload through Socket Mode."""
        await self.socket.send_json(envelope(payload, envelope_id))

    async def acknowledged(self) -> str:
        """The id of the next envelope that is acknowledged."""
        async with asyncio.timeout(5):
            return await self.server.acks.get()

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Send a body over HTTP, signed unless headers say otherwise."""
        assert self.adapter.address is not None
        host, port = self.adapter.address
        chosen = signed(body) if headers is None else headers
        url = f"http://{host}:{port}/slack/events"
        async with self.http.post(url, data=body, headers=chosen) as answer:
            return answer.status, await answer.text()


def settings(server: SlackServer, **more: Any) -> SlackSettings:
    """Settings that point at the loopback server."""
    given: dict[str, Any] = {
        "token": SecretStr(BOT_TOKEN),
        "app_token": SecretStr(APP_TOKEN),
        "signing_secret": SecretStr(SECRET),
        "endpoints": SlackEndpoints(api=f"http://{server.url}/api/"),
        "listen": Listen(port=0),
    }
    return SlackSettings(**(given | more))


ADMIN = SecretStr(ADMIN_TOKEN)


def event_body(event: Mapping[str, Any], event_id: str = "Ev1") -> dict[str, Any]:
    """An event in Slack's outer envelope."""
    return {
        "token": "test-verification",
        "team_id": TEAM,
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1700000000,
        "event": dict(event),
    }


def said(text: str, ts: str = "1700000000.000100", **more: Any) -> dict[str, Any]:
    """A message event as a channel gives it."""
    return {
        "type": "message",
        "channel": CHANNEL,
        "channel_type": "channel",
        "user": MEMBER,
        "text": text,
        "ts": ts,
        "event_ts": ts,
        "team": TEAM,
        **more,
    }


@asynccontextmanager
async def running(
    server: SlackServer, inbox: Inbox, *, desk_channel: str | None = "#mods", **more: Any
) -> AsyncIterator[Running]:
    """An adapter that runs until the block ends."""
    adapter = SlackAdapter(
        "acme", settings(server, **more), desk_channel=desk_channel, clock=lambda: NOW
    )
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        task = group.create_task(adapter.run(inbox))
        stage = Running(adapter, server, inbox, task, http)
        try:
            async with asyncio.timeout(5):
                if more.get("transport") != "http":
                    stage.socket = await server.sockets.get()
                await adapter.ready.wait()
            yield stage
        finally:
            task.cancel()
