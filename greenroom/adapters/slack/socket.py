"""Socket Mode: one WebSocket at a time, each envelope acknowledged once it is taken in.

The SDK's own Socket Mode client is not used: its queue has no bound, its tasks outlive
``close``, and it retries a revoked token for ever. Bolt still does what it does.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

import aiohttp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from greenroom.adapters.slack.acting import is_acting
from greenroom.adapters.slack.asked import asked_by_socket
from greenroom.adapters.slack.door import Door
from greenroom.adapters.slack.web import CALL_TIMEOUT_S, SlackWeb
from greenroom.errors import ConfigError, RetryLater

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 2.0
HEARTBEAT_S = 20.0  # a ping so often; a peer that stays silent for half as long is gone
MOST_BYTES = 16 * 1024 * 1024  # of one frame; a larger one would close the connection for ever
IN_FLIGHT = 64  # events taken in at the same time, and as many deeds of members beside them
WAITING = 1_000  # events read; when full: read no more, and what Slack waits for it sends again


class Ending(Enum):
    """Why a connection ended."""

    REFRESH = auto()  # Slack moves us to another connection, as it does every few hours
    DISABLED = auto()
    CLOSED = auto()


async def serve_socket(
    door: Door,
    web: SlackWeb,
    session: aiohttp.ClientSession,
    *,
    on_connected: Callable[[bool], None],
) -> None:
    """Receive until the connection is lost; move to a new one when Slack asks.

    Raises:
        RetryLater: The connection was lost.
        ConfigError: Socket Mode is switched off, or app_token is wrong.
    """
    while True:
        ending = await _serve_one(door, web, session, on_connected)
        if ending is Ending.DISABLED:
            raise ConfigError(
                "Slack says that Socket Mode is switched off for the app",
                accepted="switch it on at api.slack.com/apps, your app, Socket Mode, "
                "or use transport: http",
            )
        if ending is Ending.CLOSED:
            raise RetryLater("Slack closed the Socket Mode connection")
        log.info("Slack asked for a new Socket Mode connection")


async def _serve_one(
    door: Door,
    web: SlackWeb,
    session: aiohttp.ClientSession,
    on_connected: Callable[[bool], None],
) -> Ending:
    socket = await _connect(web, session)
    try:
        async with asyncio.TaskGroup() as group:
            connection = _Connection(door, socket, group, on_connected)
            return await connection.receive()
    finally:
        on_connected(False)
        await socket.close()


async def _connect(
    web: SlackWeb, session: aiohttp.ClientSession
) -> aiohttp.ClientWebSocketResponse:
    address = await web.open_socket()
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            return await session.ws_connect(
                address,
                heartbeat=HEARTBEAT_S,
                max_msg_size=MOST_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            )
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise RetryLater(f"Slack's Socket Mode address cannot be reached: {error}") from error


class _Connection:
    """One WebSocket, and the envelopes that came through it."""

    def __init__(
        self,
        door: Door,
        socket: aiohttp.ClientWebSocketResponse,
        group: asyncio.TaskGroup,
        on_connected: Callable[[bool], None],
    ) -> None:
        self._door = door
        self._socket = socket
        self._group = group
        self._on_connected = on_connected
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._events = asyncio.Semaphore(WAITING)
        self._deeds = asyncio.Semaphore(IN_FLIGHT)  # whoever acts does not wait behind events
        self._hello = asyncio.timeout(None)  # the deadline for Slack's hello

    async def receive(self) -> Ending:
        """Read frames until the connection ends; the heartbeat bounds the wait for each."""
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S) as self._hello:
                async for frame in self._socket:
                    if frame.type is aiohttp.WSMsgType.TEXT:
                        ending = await self._handle(_parse(frame.data))
                        if ending is not None:
                            return ending
        except TimeoutError:
            log.warning("Slack's Socket Mode said no hello within %s s", CALL_TIMEOUT_S)
        return Ending.CLOSED

    async def _handle(self, frame: Mapping[str, Any]) -> Ending | None:
        kind = frame.get("type")
        if kind == "hello":
            self._hello.reschedule(None)
            self._on_connected(True)
        elif kind == "disconnect":
            return _ending(frame.get("reason"))
        else:
            request = _request(frame)
            if request is not None:
                await self._begin(request)
        return None

    async def _begin(self, request: SocketModeRequest) -> None:
        if is_acting(request.payload):
            await self._deeds.acquire()
            self._group.create_task(self._take_deed(request))
        else:
            await self._events.acquire()
            self._group.create_task(self._take_event(request))

    async def _take_event(self, request: SocketModeRequest) -> None:
        try:
            async with self._room:
                await self._take(request)
        finally:
            self._events.release()

    async def _take_deed(self, request: SocketModeRequest) -> None:
        try:
            await self._take(request)
        finally:
            self._deeds.release()

    async def _take(self, request: SocketModeRequest) -> None:
        async def reply(answer: BoltResponse) -> None:
            if answer.status in {200, 400}:  # what is unreadable will be so the next time
                await self._acknowledge(request, answer.body)

        await self._door.enter(asked_by_socket(request), reply)

    async def _acknowledge(self, request: SocketModeRequest, body: str) -> None:
        shown = json.loads(body) if body.startswith("{") else None
        receipt = json.dumps(SocketModeResponse(request.envelope_id, shown).to_dict())
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                await self._socket.send_str(receipt)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # It is taken in; Slack delivers it again, and the inbox knows it by its key.
            log.info("an acknowledgement was lost with its connection: %r", error)


def _parse(data: str) -> Mapping[str, Any]:
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError):
        frame = None
    if isinstance(frame, dict):
        return frame
    log.warning("Slack sent a frame that is no JSON object: %.100r", data)
    return {}


def _request(frame: Mapping[str, Any]) -> SocketModeRequest | None:
    """An envelope; the SDK fails on a payload that is no object, so that is sorted out first."""
    if isinstance(frame.get("payload"), dict) and isinstance(frame.get("envelope_id"), str):
        return SocketModeRequest.from_dict(dict(frame))
    log.warning("Slack sent a frame that is no envelope: %.100r", frame)
    return None


def _ending(reason: Any) -> Ending | None:
    if reason == "link_disabled":
        return Ending.DISABLED
    return None if reason == "warning" else Ending.REFRESH
