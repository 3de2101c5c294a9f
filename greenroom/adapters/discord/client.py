"""One bot's gateway session on discord.py: kept open, resumed, and read no faster than taken in.

The library's own ``connect`` either sleeps its own back-off for ever, or forgets the
session at the first failed try, and gives each event a task of its own, so that nothing
keeps their order or slows the reading down. This ``connect`` resumes a session a few
times and then leaves the back-off to the supervisor; it reads the next event when the last
one has its place in a queue.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.state import ConnectionState
from yarl import URL

from greenroom.adapters.discord.errors import UNREADABLE, discord_errors, of_closing
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.adapters.settings import DiscordSettings
from greenroom.errors import DropMessage, RetryLater

log = logging.getLogger(__name__)

HANDSHAKE_S = 30.0
CLOSE_S = 5.0
RESUMES = 7  # tries in a row without an event between them: about a minute in all

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

_BROKEN = (json.JSONDecodeError, UnicodeDecodeError, zlib.error)
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

Sleep = Callable[[float], Awaitable[None]]


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
    began: Callable[[], None]  # a session into which Discord replays nothing
    guild: Callable[[discord.Guild], None]  # Discord has told about a server


@dataclass(frozen=True, slots=True)
class _Session:
    """What a RESUME needs."""

    id: str
    sequence: int | None
    gateway: URL


class DiscordClient(discord.Client):
    """A client that holds no members and no messages in memory."""

    http: DiscordWeb

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
        self._found: deque[Found] = deque()  # of one frame: a bulk deletion at most
        super().__init__(
            intents=INTENTS,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            # Nothing here waits for "ready"; with none at all, servers told at once go unheard.
            guild_ready_timeout=0.05,
        )

    def _get_state(self, **options: Any) -> ConnectionState[Any]:
        """The library's place for its parts, also used by its own sharded client."""
        self.http = DiscordWeb(self._settings.endpoints, call_timeout_s=self._call_timeout_s)
        state = super()._get_state(**options)
        for event, name in RAW.items():
            state.parsers[event] = partial(self._keep, name)
        return state

    def _keep(self, name: str, payload: Any) -> None:
        self._found.append(Found(name, payload))

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Keep what the adapter reads; the rest goes the library's way."""
        if event in READ:
            self._found.append(Found(event, args[0]))
            return
        if event == "connect":
            self._heard.began()
        if event in ("guild_available", "guild_join"):
            self._heard.guild(args[0])
        if event == "connect" or (event == "socket_event_type" and args[0] == "RESUMED"):
            self._heard.connected(True)
        super().dispatch(event, *args, **kwargs)

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
        try:
            data: dict[str, Any] = dict(await self.http.application_info())
        except (discord.NotFound, discord.Forbidden):
            data = {}
        user_id = str(self.user.id) if self.user else "0"
        whole: Any = {"id": user_id, **_APPLICATION, **data}
        return discord.AppInfo(self._connection, whole)

    async def serve(self) -> None:
        """Sign in and keep the session, until cancelled.

        Raises:
            RetryLater: Discord cannot be reached, or the session is lost.
            ConfigError: The token or the intents are refused.
            GiveUp: Discord refuses the bot for good.
        """
        try:
            await self._sign_in()
            await self.connect()
        finally:
            self._heard.connected(False)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self.close()
            waiting = self._connection._ready_task  # the library leaves it behind
            if waiting is not None:
                waiting.cancel()

    async def connect(self, *, reconnect: bool = True) -> None:
        """Keep one session; it is resumed where it was lost."""
        session: _Session | None = None
        is_first, failures = True, 0
        while True:
            before = session
            try:
                await self._converse(session, is_first=is_first)
            except ReconnectWebSocket as wish:
                session, failed = self._session(before, wish), repr(wish.op)
            except (OSError, aiohttp.ClientError) as error:  # TimeoutError is an OSError
                session, failed = self._session(before), repr(error)
            is_first = False
            self._heard.connected(False)
            failures = 1 if _has_moved(before, session) else failures + 1
            await self._hang_up()
            if failures > RESUMES or not reconnect:
                raise RetryLater(f"the connection to Discord was lost: {failed}")
            log.info("the connection to Discord was lost (%s); try %d", failed, failures)
            await self._sleep(min(32.0, 2.0 ** (failures - 1)) * (0.5 + 0.5 * self._jitter()))

    async def _sign_in(self) -> None:
        try:
            with discord_errors("sign in"):
                async with asyncio.timeout(HANDSHAKE_S):
                    await self.login(self._settings.token.get_secret_value())
        except DropMessage as error:
            api = self._settings.endpoints.api
            raise RetryLater(f"{error}; is endpoints.api right ({api})?") from error

    async def _converse(self, session: _Session | None, *, is_first: bool) -> None:
        """Open the socket and read it until it ends, which it does by an exception."""
        gateway = session.gateway if session else await self.http.gateway()
        try:
            self.ws = await self._open(gateway, session, is_first=is_first)
            while True:
                await self._read_one()
                await self._hand_over()
        except discord.ConnectionClosed as error:
            flags = self.application.flags if self.application else None
            raise of_closing(error.code, flags) from error

    async def _open(
        self, gateway: URL, session: _Session | None, *, is_first: bool
    ) -> DiscordWebSocket:
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                return await DiscordWebSocket.from_client(
                    self,
                    initial=is_first,
                    gateway=gateway,
                    resume=session is not None,
                    session=session.id if session else None,
                    sequence=session.sequence if session else None,
                )
        except UNREADABLE as error:
            raise ReconnectWebSocket(None, resume=session is not None) from error

    async def _read_one(self) -> None:
        try:
            await self.ws.poll_event()
        except _BROKEN as error:  # half a frame: Discord sends it again after a RESUME
            raise ReconnectWebSocket(None) from error
        except UNREADABLE as error:
            log.warning("an event that discord.py cannot read was passed over: %r", error)

    async def _hand_over(self) -> None:
        while self._found:
            await self._heard.take(self._found.popleft())

    def _session(
        self, before: _Session | None, wish: ReconnectWebSocket | None = None
    ) -> _Session | None:
        if wish is not None and not wish.resume:
            return None
        ws = self.ws
        if ws is None or ws.session_id is None:
            return before
        return _Session(ws.session_id, ws.sequence, self.http.gateway_to_resume(ws.gateway))

    async def _hang_up(self) -> None:
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(CLOSE_S):
                if self.ws is not None and self.ws.open:
                    await self.ws.close(code=4000)  # ends its heartbeat too
                await self.http.hang_up()  # a socket that never became a conversation


def _has_moved(before: _Session | None, after: _Session | None) -> bool:
    """Whether any event came in between."""
    return after is not None and (before is None or after.sequence != before.sequence)
