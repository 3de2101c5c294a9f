"""A Discord on loopback for the demo, the soak and the benchmark: servers, channels, members."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ..base import Platform, Said
from ..faults import Fault
from .limits import NARROW
from .payloads import EPOCH_MS, GUILD, ME, TOKEN
from .server import DiscordServer, discord_server


class DiscordPlatform:
    """Discord, whose members, channels, threads and servers come to be by name.

    A channel is ``help``, a thread in it ``help/A question``, and a channel of another server
    ``Other server:help``.
    """

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self._ids = 0
        server.new_id = self._snowflake

    @property
    def bot(self) -> Mapping[str, Any]:
        """The keys of a bot's file that connects to it."""
        return {
            "adapter": "discord",
            "token": TOKEN,
            "desk_channel": "#mods",
            "endpoints": {"api": self.server.api},
        }

    async def say(self, text: str, *, author: str = "ada", channel: str = "help") -> str:
        """A member posts in a channel; both come to be by name."""
        place = await self._place(channel)
        member = self.server.places.member_named(author)
        posted = await self.server.say(text, channel=place, author=member)
        return str(posted["id"])

    async def order(self, fault: Fault) -> None:
        """Let something go wrong, at once or at the next request or event."""
        if fault is Fault.DROP:
            self.server.gateway.cut()
        elif fault is Fault.INVALID_SESSION:
            self.server.gateway.forget()
        else:
            self.server.gateway.ordered.order(fault)

    def said_by_bot(self) -> Sequence[Said]:
        """What the bot posted and still stands, oldest first."""
        mine = [
            posted
            for kept in list(self.server.messages.values())
            for posted in kept.values()
            if posted["author"]["id"] == ME
        ]
        return [_said(posted) for posted in sorted(mine, key=lambda one: int(one["id"]))]

    async def _place(self, named: str) -> str:
        where, _, rest = named.rpartition(":")
        guild_id = await self.server.places.server_named(where) if where else GUILD
        name, _, topic = rest.removeprefix("#").partition("/")
        channel = await self.server.places.channel_named(name, guild_id=guild_id)
        return await self.server.places.thread_named(topic, parent=channel) if topic else channel

    def _snowflake(self) -> str:
        """An id of now; two of one millisecond differ."""
        self._ids += 1
        return str(((int(time.time() * 1000) - EPOCH_MS) << 22) + self._ids % (1 << 22))


def _said(posted: Mapping[str, Any]) -> Said:
    answers = (posted.get("message_reference") or {}).get("message_id")
    titles = [embed.get("title") or "" for embed in posted.get("embeds") or []]
    return Said(posted["id"], ME, posted["content"] or " ".join(titles), answers)


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """A Discord on a free port of loopback, which limits how often it is asked."""
    async with discord_server() as server:
        server.limits.limit = NARROW
        yield DiscordPlatform(server)
