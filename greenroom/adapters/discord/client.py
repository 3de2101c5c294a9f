"""discord.py for one bot: what it asks to be told, what of it is read, and its connections.

The library's own ``connect`` either sleeps its own back-off for ever, or forgets the
session at the first failed try, and gives each event a task of its own, so that nothing
keeps their order or slows the reading down. This ``connect`` resumes a session a few
times and then leaves the back-off to the supervisor; it reads the next event when the last
one has its place in a queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import discord
from discord.http import Route

from greenroom.adapters.discord.connections import Connections
from greenroom.adapters.discord.errors import (
    discord_errors,
    lacks_intents,
    refused_intents,
)
from greenroom.adapters.discord.payload import Payload, number, part, parts, text
from greenroom.adapters.discord.shards import CLOSE_S, HANDSHAKE_S, Sleep
from greenroom.adapters.discord.state import State
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.adapters.settings import DiscordSettings
from greenroom.errors import DropMessage, RetryLater

log = logging.getLogger(__name__)

INTENTS = discord.Intents(
    guilds=True,
    members=True,
    expressions=True,
    messages=True,
    message_content=True,
    reactions=True,
    auto_moderation_execution=True,
)

READ = frozenset(
    {"message", "raw_message_edit", "raw_message_delete", "raw_bulk_message_delete", "member_join"}
)
RAW: Mapping[str, str] = {  # read as they come, since the library wants more than we need
    "INTERACTION_CREATE": "interaction",
    "MESSAGE_REACTION_ADD": "reaction_add",
    "MESSAGE_REACTION_REMOVE": "reaction_remove",
    "AUTO_MODERATION_ACTION_EXECUTION": "automod",
}

_APPLICATION: Mapping[str, Any] = {
    "name": "",
    "description": "",
    "icon": None,
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
    "owner": {"id": "0", "username": "", "discriminator": "0", "avatar": None},
}

# The bot has no voice; without this the library warns that it cannot speak.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


@dataclass(frozen=True, slots=True)
class Found:
    """One event as the library gives it."""

    name: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Heard:
    """What the adapter hears."""

    take: Callable[[Found], Awaitable[None]]  # returns when the next event may be read
    connected: Callable[[bool], None]
    began: Callable[[int, frozenset[int]], None]  # a session of a shard, which lists its servers
    guild: Callable[[int], None]  # Discord has told about a server
    lost: Callable[[int], None]  # a server cannot be heard for a while
    posted: Callable[[Payload, str | None], None]  # a message as it came, and who the bot is


class DiscordClient(discord.Client):
    """A client that holds no members and no messages in memory."""

    http: DiscordWeb
    _connection: State

    def __init__(
        self,
        settings: DiscordSettings,
        heard: Heard,
        *,
        call_timeout_s: float,
        sleep: Sleep,
        jitter: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._heard = heard
        self._call_timeout_s = call_timeout_s
        self._sleep = sleep
        self._jitter = jitter
        self._found: list[Found] = []  # of one frame
        self.connections = Connections(
            self, settings.shards, heard.connected, sleep=sleep, jitter=jitter
        )
        self.application_data: Payload = {}
        super().__init__(
            intents=INTENTS,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )

    def _get_state(self, **options: Any) -> State:
        """The library's place for its parts, also used by its own sharded client."""
        self.http = DiscordWeb(self._settings.endpoints, call_timeout_s=self._call_timeout_s)
        state = State(
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )
        for event, name in RAW.items():
            state.parsers[event] = partial(self._keep, name)
        state.parsers["MESSAGE_CREATE"] = partial(self._post, state.parsers["MESSAGE_CREATE"])
        return state

    def _keep(self, name: str, payload: Any) -> None:
        if isinstance(payload, Mapping):
            self._found.append(Found(name, payload))

    def _post(self, parse: Callable[[Any], None], payload: Any) -> None:
        self._heard.posted(part(payload), str(self.user.id) if self.user else None)
        parse(payload)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Keep what the adapter reads; the rest goes the library's way."""
        if event in READ:
            self._found.append(Found(event, args[0]))
            return
        if event == "guild_available":
            self._heard.guild(args[0].id)
        elif event == "guild_unavailable":
            self._heard.lost(args[0].id)
        super().dispatch(event, *args, **kwargs)

    @property
    def is_up(self) -> bool:
        """Whether anything of Discord can be heard."""
        return self.connections.is_up

    @property
    def flags(self) -> discord.ApplicationFlags | None:
        """The application's."""
        return self.application.flags if self.application else None

    def collect(self) -> list[Found]:
        """What was found since this was asked last."""
        found, self._found = self._found, []
        return found

    async def take(self, found: Found) -> None:
        """Hand it on; returns when the next may be read."""
        await self._heard.take(found)

    def count_shards(self, count: int | None) -> None:
        """How many connections there are; None: one, which says no number."""
        self.shard_count = self._connection.shard_count = count

    def begun(self, shard: int, ready: Payload) -> None:
        """A connection has a session into which Discord replays nothing."""
        listed = [number(one, "id") for one in parts(ready, "guilds")]
        self._heard.began(shard, frozenset(one for one in listed if one is not None))

    def message(self, data: Payload) -> discord.Message:
        """A message from Discord's JSON, as an event's.

        Raises:
            KeyError: It lacks an id, the channel's or its author's.
        """
        return self._connection.message(data)

    async def before_identify_hook(
        self,
        shard_id: int | None,  # noqa: ARG002 (the library's signature)
        *,
        initial: bool = False,
    ) -> None:
        """Discord wants one to five seconds between a lost session and a new one."""
        if not initial:
            await self._sleep(1.0 + 4.0 * self._jitter())

    async def application_info(self) -> discord.AppInfo:
        """The application; compatible servers leave out what the library asks for."""
        self.application_data = data = part(await self._application_data())
        mine = str(self.user.id) if self.user else "0"
        whole: Any = {
            **_APPLICATION,
            "id": str(number(data, "id") or mine),
            "name": text(data, "name") or "",
            "flags": number(data, "flags") or 0,
            "interactions_endpoint_url": text(data, "interactions_endpoint_url"),
        }
        return discord.AppInfo(self._connection, whole)

    async def _application_data(self) -> Any:
        for path in ("/oauth2/applications/@me", "/applications/@me"):
            with suppress(discord.NotFound, discord.Forbidden):
                return await self.http.request(Route("GET", path))
        return {}

    async def serve(self) -> None:
        """Sign in and keep the session, until cancelled.

        Raises:
            RetryLater: Discord cannot be reached, or the session is lost.
            ConfigError: The token or the intents are refused.
            GiveUp: Discord refuses the bot for good.
        """
        try:
            await self.sign_in()
            if self.flags and lacks_intents(self.flags):  # none at all: the gateway decides
                raise refused_intents(self.flags)
            await self.connect()
        finally:
            self._heard.connected(False)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self.close()

    async def connect(self, *, reconnect: bool = True) -> None:  # noqa: ARG002 (the library's)
        """Keep as many connections as Discord wants."""
        await self.connections.keep()

    async def sign_in(self) -> None:
        """Find out who the bot is.

        Raises:
            RetryLater: Discord cannot be reached.
            ConfigError: The token is refused.
        """
        try:
            with discord_errors("sign in"):
                async with asyncio.timeout(HANDSHAKE_S):
                    await self.login(self._settings.token.get_secret_value())
        except DropMessage as error:
            api = self._settings.endpoints.api
            raise RetryLater(f"{error}; is endpoints.api right ({api})?") from error
