"""A Discord on loopback for the demo, the soak and the benchmark: one server, its channels."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ..base import Platform, Said
from ..faults import Fault
from .payloads import EPOCH_MS, ME, TOKEN, USERS, user
from .server import DiscordServer, discord_server

DAYS_OLD = 90  # of members' accounts


class DiscordPlatform:
    """A server whose members and channels come to be by name."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self._members: dict[str, str] = {one["username"]: key for key, one in USERS.items()}
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
        place = await self.server.channel_named(channel)
        posted = await self.server.say(text, channel=place, author=self._member(author))
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

    def _member(self, name: str) -> str:
        if name not in self._members:
            at_ms = int(time.time() * 1000) - DAYS_OLD * 86_400_000
            member_id = str(((at_ms - EPOCH_MS) << 22) + len(self._members))
            self._members[name] = member_id
            USERS[member_id] = user(member_id, name)
        return self._members[name]

    def _snowflake(self) -> str:
        """An id of now; two of one millisecond differ."""
        self._ids += 1
        return str(((int(time.time() * 1000) - EPOCH_MS) << 22) + self._ids % (1 << 22))


def _said(posted: Mapping[str, Any]) -> Said:
    answers = (posted.get("message_reference") or {}).get("message_id")
    return Said(posted["id"], ME, posted["content"], answers)


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """A Discord on a free port of loopback, which limits how often it is asked."""
    async with discord_server() as server:
        server.is_limiting = True
        yield DiscordPlatform(server)
