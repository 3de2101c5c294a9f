"""One WebSocket of Socket Mode: each envelope acknowledged once it is taken in."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final

import aiohttp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from greenroom.adapters.slack.acting import is_acting
from greenroom.adapters.slack.asked import asked_by_socket
from greenroom.adapters.slack.door import Door
from greenroom.adapters.slack.web import CALL_TIMEOUT_S

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 64  # events taken in at the same time, and as many deeds of members beside them
WAITING: Final = 1_000  # events read; when full: read no more, and what waits Slack sends again
RETIRE_S: Final = 10.0  # a connection that has a successor is read for so long


class Ending(Enum):
    """Why a connection ended."""

    DISABLED = auto()
    CLOSED = auto()


class Link:
    """One WebSocket, and the envelopes that came through it."""

    def __init__(self, door: Door, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._door = door
        self._socket = socket
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._events = asyncio.Semaphore(WAITING)
        self._deeds = asyncio.Semaphore(IN_FLIGHT)  # whoever acts does not wait behind events
        self._limit = asyncio.timeout(None)  # until Slack's hello, and again when it retires
        self._changed = asyncio.Event()
        self.is_greeted = False  # Slack said hello
        self.is_leaving = False  # Slack asks for another connection, or this one retires
        self.ending: Ending | None = None

    async def run(self) -> None:
        """Read frames until the connection ends; the heartbeat bounds the wait for each."""
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    await self._read(group)
                finally:
                    self._note(ending=self.ending or Ending.CLOSED)
        finally:
            await self._socket.close()

    async def changed(self, timeout_s: float | None = None) -> None:
        """Wait until something about the connection is not what it was, or for so long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def retire(self) -> None:
        """There is a successor: what Slack still sends here is read for a while."""
        self.is_leaving = True
        if self.ending is None:
            self._limit.reschedule(asyncio.get_running_loop().time() + RETIRE_S)

    async def _read(self, group: asyncio.TaskGroup) -> None:
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S) as self._limit:
                async for frame in self._socket:
                    if frame.type is aiohttp.WSMsgType.TEXT:
                        await self._handle(_parse(frame.data), group)
                        if self.ending is not None:
                            return
        except TimeoutError:
            if not self.is_leaving:
                log.warning("Slack's Socket Mode said no hello within %s s", CALL_TIMEOUT_S)

    async def _handle(self, frame: Mapping[str, Any], group: asyncio.TaskGroup) -> None:
        kind = frame.get("type")
        if kind == "hello":
            if not self.is_leaving:
                self._limit.reschedule(None)
            self._note(is_greeted=True)
        elif kind == "disconnect":
            is_disabled = frame.get("reason") == "link_disabled"
            self._note(is_leaving=True, ending=Ending.DISABLED if is_disabled else None)
        else:
            request = _request(frame)
            if request is not None:
                await self._begin(request, group)

    def _note(
        self, *, is_greeted: bool = False, is_leaving: bool = False, ending: Ending | None = None
    ) -> None:
        self.is_greeted |= is_greeted
        self.is_leaving |= is_leaving
        self.ending = ending or self.ending
        self._changed.set()

    async def _begin(self, request: SocketModeRequest, group: asyncio.TaskGroup) -> None:
        if is_acting(request.payload):
            await self._deeds.acquire()
            group.create_task(self._take_deed(request))
        else:
            await self._events.acquire()
            group.create_task(self._take_event(request))

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
        shown = (
            json.loads(body) if body.startswith("{") and request.accepts_response_payload else None
        )
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
        return SocketModeRequest.from_dict({"accepts_response_payload": True, **frame})
    log.warning("Slack sent a frame that is no envelope: %.100r", frame)
    return None
