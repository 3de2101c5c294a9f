"""A Slack on loopback for the demo, the soak and the benchmark: one workspace, Socket Mode."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

from ..base import Platform, Said
from ..faults import Fault
from .delivery import SECRET, Pusher
from .server import ADMIN_TOKEN, APP_TOKEN, BOT_TOKEN, SlackServer, slack_server


class SlackPlatform:
    """A workspace whose channels and members come to be as they are named."""

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        home = server.home
        home.users[home.bot_user] = {
            "id": home.bot_user,
            "name": "greenroom",
            "is_bot": True,
            "profile": {"display_name": "Greenroom"},
        }

    @property
    def bot(self) -> Mapping[str, Any]:
        """The keys of a bot's file that connects to it."""
        return {
            "adapter": "slack",
            "token": BOT_TOKEN,
            "app_token": APP_TOKEN,
            "user_token": ADMIN_TOKEN,
            "endpoints": {"api": f"http://{self.server.url}/api/"},
        }

    async def say(self, text: str, *, author: str = "ada", channel: str = "help") -> str:
        """A member posts; whoever listens is told."""
        home = self.server.home
        user, room = home.member_named(author), home.room_named(channel)
        room.members.add(user)
        encoded = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return await self.server.say(encoded, user=user, channel=room.id)

    async def order(self, fault: Fault) -> None:
        """Let something go wrong, at once or at the next request or event."""
        if fault is Fault.DROP:
            self.server.connections.cut()
        elif fault is Fault.INVALID_SESSION:
            await self.server.connections.disown()
        else:
            self.server.ordered.order(fault)

    def said_by_bot(self) -> Sequence[Said]:
        """What the bot posted and still stands, oldest first, by channel, as members read it."""
        home = self.server.home
        return [
            Said(ts, "greenroom", unescape(body["text"]), body.get("thread_ts"))
            for kept in home.messages.values()
            for ts, body in kept.items()
            if body.get("user") == home.bot_user
        ]


class SlackOverHttp(SlackPlatform):
    """The same, over HTTP events: :func:`pushing` tells it where the bot listens."""

    @property
    def bot(self) -> Mapping[str, Any]:
        """The keys of a bot's file that it connects to."""
        known = {key: value for key, value in super().bot.items() if key != "app_token"}
        listen = {"host": "127.0.0.1", "port": 0}
        return {**known, "transport": "http", "signing_secret": SECRET, "listen": listen}


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """A Slack on a free port of loopback."""
    async with slack_server(clock=time.time, is_whole=True) as server:
        server.pages.clear()
        yield SlackPlatform(server)


@asynccontextmanager
async def pushing(server: SlackServer, url: str) -> AsyncIterator[Pusher]:
    """Events go to ``url`` meanwhile, as HTTP requests."""
    async with asyncio.TaskGroup() as group:
        server.pusher = Pusher(url, SECRET, server.ordered)
        task = group.create_task(server.pusher.run())
        try:
            yield server.pusher
        finally:
            server.pusher = None
            task.cancel()
