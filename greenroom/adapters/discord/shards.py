"""One connection of one bot: kept open, resumed, and read no faster than taken in.

A bot in many servers has several, and each hears some of the servers. They live side by side: what
befalls one does not befall the others, unless Discord refuses the bot for good.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiohttp
import discord
from discord.gateway import ReconnectWebSocket
from yarl import URL

from greenroom.adapters.discord.errors import UNREADABLE, of_closing
from greenroom.adapters.discord.payload import Payload
from greenroom.adapters.discord.web import Start
from greenroom.adapters.discord.wire import Wire
from greenroom.errors import RetryLater, worst_of

if TYPE_CHECKING:
    from greenroom.adapters.discord.client import DiscordClient, Found

log = logging.getLogger(__name__)

HANDSHAKE_S: Final = 30.0
CLOSE_S: Final = 5.0
RESUMES: Final = 7  # tries in a row without an event between them: about a minute in all
LONGEST_PAUSE_S: Final = 32.0  # between two tries; a longer one is the supervisor's
IDENTIFY_S: Final = 5.0  # between two new sessions of one bucket
TOO_MANY: Final = 4011  # servers for so few connections

Sleep = Callable[[float], Awaitable[None]]


class ShardingRequired(Exception):
    """Discord wants more connections."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a RESUME needs."""

    id: str
    sequence: int | None
    gateway: URL


class Gate:
    """Lets new sessions begin no faster than Discord takes them: a few side by side, every 5 s."""

    def __init__(self, *, sleep: Sleep) -> None:
        self._sleep = sleep
        self._locks: dict[int, asyncio.Lock] = {}
        self._free_at_s: dict[int, float] = {}

    @asynccontextmanager
    async def turn(self, shard: int, concurrency: int) -> AsyncIterator[None]:
        """Inside, one shard may begin a session."""
        bucket, loop = shard % max(1, concurrency), asyncio.get_running_loop()
        async with self._locks.setdefault(bucket, asyncio.Lock()):
            wait_s = self._free_at_s.get(bucket, 0.0) - loop.time()
            if wait_s > 0:
                await self._sleep(wait_s)
            try:
                yield
            finally:
                self._free_at_s[bucket] = loop.time() + IDENTIFY_S


class Shard:
    """Keeps one session.

    Args:
        client: What it reads for.
        number: Which of several; None where there is but one.
        gate: Which all connections of the bot pass.
    """

    def __init__(
        self,
        client: DiscordClient,
        number: int | None,
        gate: Gate,
        *,
        sleep: Sleep,
        jitter: Callable[[], float],
    ) -> None:
        self.number = number or 0
        self.is_connected = False
        self._place = number
        self._client = client
        self._gate = gate
        self._sleep = sleep
        self._jitter = jitter
        self._wire: Wire | None = None
        self._found: deque[Found] = deque()  # read, and not taken yet

    async def keep(self, start: Start) -> None:
        """Open a session, and resume it wherever it is lost; ends only by an exception.

        Raises:
            RetryLater: The connection is lost, and so are all others of the bot.
            ShardingRequired: There must be more of them.
            ConfigError: The token or the intents are refused.
            GiveUp: Discord refuses the bot for good.
        """
        try:
            await self._keep(start)
        finally:
            self._set_connected(False)
            await self._hang_up(code=1000)

    async def _keep(self, start: Start) -> None:
        session: Session | None = None
        failures = 0
        first: Start | None = start
        while True:
            before, after_s = session, 0.0
            try:
                await self._converse(session, first)
            except ReconnectWebSocket as wish:
                session, failed = self._session(before, wish), repr(wish.op)
            except (OSError, aiohttp.ClientError) as error:  # TimeoutError is an OSError
                session, failed = self._session(before), repr(error)
            except RetryLater as error:
                failed, after_s = str(error), error.after_s or 0.0
                if after_s > LONGEST_PAUSE_S and not self._client.is_up:
                    raise
            self._set_connected(False)
            await self._hang_up(code=4000)
            first = None
            failures = 1 if _has_moved(before, session) else failures + 1
            if failures > RESUMES and not self._client.is_up:
                raise RetryLater(f"the connection to Discord was lost: {failed}")
            log.info("the connection to Discord was lost (%s); try %d", failed, failures)
            pause_s = min(LONGEST_PAUSE_S, 2.0 ** min(9, failures - 1))
            pause_s *= 0.5 + 0.5 * self._jitter()
            await self._sleep(max(pause_s, after_s))

    async def _converse(self, session: Session | None, first: Start | None) -> None:
        """Open the socket and read it until it ends, which it does by an exception."""
        try:
            if session is None:
                start = first or await self._client.connections.begin()
                async with self._gate.turn(self.number, start.concurrency):
                    wire = await self._open(start.gateway, None, is_first=first is not None)
            else:
                wire = await self._open(session.gateway, session, is_first=False)
            await self._listen(wire)
        except discord.ConnectionClosed as error:
            if error.code == TOO_MANY:
                raise ShardingRequired from error
            raise of_closing(error.code, self._client.flags) from error

    async def _open(self, gateway: URL, session: Session | None, *, is_first: bool) -> Wire:
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                wire = await Wire.from_client(
                    self._client,
                    initial=is_first,
                    gateway=gateway,
                    shard_id=self._place,
                    resume=session is not None,
                    session=session.id if session else None,
                    sequence=session.sequence if session else None,
                )
        except UNREADABLE as error:
            raise ReconnectWebSocket(self._place, resume=session is not None) from error
        wire.opened = self._opened
        self._wire = wire
        return wire

    async def _listen(self, wire: Wire) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(wire.keep_alive())
                while True:
                    await self._hand_over(wire)
                    await self._read(wire)
        except BaseExceptionGroup as failures:
            failure = worst_of(failures)
            raise failure from failure.__cause__

    async def _read(self, wire: Wire) -> None:
        try:
            await wire.poll_event()
        except UNREADABLE as error:
            log.warning("an event that discord.py cannot read was passed over: %r", error)
        finally:
            self._found.extend(self._client.collect())

    async def _hand_over(self, wire: Wire) -> None:
        """What is taken is forgotten only then: the connection may end in between."""
        if not self._found:
            return
        async with wire.pause():
            while self._found:
                await self._client.take(self._found[0])
                self._found.popleft()

    def _opened(self, ready: Payload | None) -> None:
        if ready is not None:
            self._client.begun(self.number, ready)
        self._set_connected(True)

    def _set_connected(self, is_connected: bool) -> None:
        self.is_connected = is_connected
        self._client.connections.changed()

    def _session(
        self, before: Session | None, wish: ReconnectWebSocket | None = None
    ) -> Session | None:
        if wish is not None and not wish.resume:
            return None
        wire = self._wire
        if wire is None or wire.session_id is None:
            return before
        gateway = self._client.http.gateway_to_resume(wire.gateway)
        return Session(wire.session_id, wire.sequence, gateway)

    async def _hang_up(self, *, code: int) -> None:
        wire, self._wire = self._wire, None
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(CLOSE_S):
                if wire is not None and wire.open:
                    await wire.close(code=code)
                await self._client.http.hang_up()  # a socket that never became a conversation


def _has_moved(before: Session | None, after: Session | None) -> bool:
    """Whether any event came in between."""
    return after is not None and (before is None or after.sequence != before.sequence)
