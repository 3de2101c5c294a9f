"""One socket to Discord's gateway: its frames, its heartbeat, and how it ends.

discord.py's own reading of a frame takes every field for granted, beats from a thread, and
closes a connection from which nothing was read for a minute, also if it was we who did not
read. Identifying, resuming and sending are the library's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from yarl import URL

from greenroom.adapters.discord.payload import Payload, part, text
from greenroom.adapters.discord.state import State

log = logging.getLogger(__name__)

SILENCE_S: Final = 60.0  # at least; a connection that is silent longer is given up
SEND_S: Final = 10.0  # for one heartbeat
PAUSE_S: Final = 1.0  # longer without reading, and an answer may lie unread
FATAL: Final = frozenset({4004, 4010, 4011, 4012, 4013, 4014})  # no later try mends these
SPENT: Final = frozenset({4007, 4009})  # a new session is needed

# RecursionError: JSON that nests deeper than anybody writes.
_BROKEN: Final = (json.JSONDecodeError, UnicodeDecodeError, zlib.error, RecursionError)


class Wire(DiscordWebSocket):
    """What :meth:`discord.gateway.DiscordWebSocket.from_client` makes, set up afterwards."""

    interval_s: float = 41.25
    opened: Callable[[Payload | None], None] = staticmethod(lambda _: None)
    """Hears of a session that is open: READY's payload, or None after a RESUME."""

    _connection: State
    _is_open = False
    _has_answered = False  # a heartbeat, ever: some servers answer none
    _is_unanswered = False  # the last heartbeat
    _paused_since_s: float | None = None
    _has_paused = False  # since the last heartbeat

    async def poll_event(self) -> None:
        """Read one frame.

        Raises:
            ReconnectWebSocket: The connection is over, and another one may go on.
            discord.ConnectionClosed: Discord refuses the bot, with a code.
        """
        try:
            frame = await self.socket.receive(timeout=self._max_heartbeat_timeout)
        except TimeoutError:
            raise ReconnectWebSocket(self.shard_id) from None
        if frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            await self.received_message(frame.data)
            return
        code = self.socket.close_code
        if code in FATAL:
            raise discord.ConnectionClosed(self.socket, shard_id=self.shard_id, code=code)
        raise ReconnectWebSocket(self.shard_id, resume=code not in SPENT)

    async def received_message(self, msg: Any, /) -> None:
        """Act on one frame; what Discord may add one day is passed over."""
        frame = self._frame(msg)
        sequence = frame.get("s")
        if type(sequence) is int:
            self.sequence = max(self.sequence or 0, sequence)
        match frame.get("op"):
            case self.DISPATCH:
                self._heard(text(frame, "t") or "", frame.get("d"))
            case self.HEARTBEAT:
                await self.send_heartbeat(self._beat())
            case self.HEARTBEAT_ACK:
                self._has_answered, self._is_unanswered = True, False
            case self.HELLO:
                await self._greet(part(frame, "d"))
            case self.RECONNECT:
                raise ReconnectWebSocket(self.shard_id)
            case self.INVALIDATE_SESSION:
                raise ReconnectWebSocket(self.shard_id, resume=frame.get("d") is True)
            case op:
                log.debug("a frame was passed over: op %r", op)

    async def keep_alive(self) -> None:
        """Beat until cancelled.

        Raises:
            ReconnectWebSocket: Discord does not answer any more.
        """
        while True:
            await asyncio.sleep(self.interval_s)
            was_paused = self._was_paused()
            if self._is_unanswered and self._has_answered and not was_paused:
                log.warning("Discord does not answer heartbeats; connecting anew")
                raise ReconnectWebSocket(self.shard_id)
            self._is_unanswered = True
            try:
                async with asyncio.timeout(SEND_S):
                    await self.send_heartbeat(self._beat())
            except (OSError, aiohttp.ClientError, discord.ConnectionClosed) as error:
                raise ReconnectWebSocket(self.shard_id) from error

    @asynccontextmanager
    async def pause(self) -> AsyncIterator[None]:
        """Nothing is read inside: an answer that does not come is our own doing."""
        loop = asyncio.get_running_loop()
        self._paused_since_s = loop.time()
        try:
            yield
        finally:
            self._has_paused |= loop.time() - self._paused_since_s > PAUSE_S
            self._paused_since_s = None

    def _frame(self, msg: Any) -> Payload:
        try:
            whole = self._decompressor.decompress(msg) if isinstance(msg, bytes) else msg
            return part(json.loads(whole)) if whole else {}  # the rest of it is yet to come
        except _BROKEN as error:  # Discord sends it again after a RESUME
            raise ReconnectWebSocket(self.shard_id) from error

    def _heard(self, name: str, data: Any) -> None:
        if name == "READY":
            self._ready(part(data))
            return
        if not self._is_open:  # RESUMED, or what it stands for
            self._is_open = True
            self.opened(None)
        if (parse := self._discord_parsers.get(name)) is not None:
            parse(data)

    def _ready(self, data: Payload) -> None:
        self.session_id = text(data, "session_id")
        address = text(data, "resume_gateway_url")
        if address is not None and address.startswith(("ws://", "wss://")):
            self.gateway = URL(address)
        self._connection.open_session(self.shard_id or 0, data)
        self._is_open = True
        self.opened(data)

    async def _greet(self, data: Payload) -> None:
        interval_ms = data.get("heartbeat_interval")
        is_number = isinstance(interval_ms, int | float) and not isinstance(interval_ms, bool)
        if not is_number or not 0 < interval_ms < 3_600_000:  # type: ignore[operator]
            raise ReconnectWebSocket(self.shard_id, resume=self.session_id is not None)
        self.interval_s = interval_ms / 1_000  # type: ignore[operator]
        self._max_heartbeat_timeout = max(SILENCE_S, 2.5 * self.interval_s)
        await self.send_heartbeat(self._beat())

    def _beat(self) -> dict[str, Any]:
        return {"op": self.HEARTBEAT, "d": self.sequence}

    def _was_paused(self) -> bool:
        since_s, self_paused = self._paused_since_s, self._has_paused
        self._has_paused = False
        is_now = since_s is not None and asyncio.get_running_loop().time() - since_s > PAUSE_S
        return is_now or self_paused
