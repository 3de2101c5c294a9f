"""Discord's gateway on loopback: sessions that can be dropped, resumed, refused."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from ..faults import Fault, Ordered
from .payloads import GUILD, ME, TOKEN, USERS, guild

REPLAYED = 5_000  # frames that a session can be given again
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11


@dataclass(slots=True)
class Wire:
    """One socket, compressed if the client asked for it."""

    socket: web.WebSocketResponse
    request: web.Request
    squeeze: Any = None

    async def send(self, frame: Mapping[str, Any] | str) -> None:
        """Send one frame; text goes as it is."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        if self.socket.closed:
            return
        if self.squeeze is None:
            await self.socket.send_str(text)
            return
        packed = self.squeeze.compress(text.encode()) + self.squeeze.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()


@dataclass(slots=True)
class Session:
    """What Discord remembers of a session, for replaying."""

    id: str
    frames: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    sequence: int = 0
    wire: Wire | None = None


@dataclass(slots=True)
class Gateway:
    """All sessions, and what happens to the next."""

    url: str = ""
    server: Callable[[], dict[str, Any]] = guild  # as GUILD_CREATE tells it
    ordered: Ordered = field(default_factory=Ordered)
    late: set[asyncio.Task[None]] = field(default_factory=set)  # events that overtake nobody
    sessions: dict[str, Session] = field(default_factory=dict)
    begun: int = 0
    received: list[dict[str, Any]] = field(default_factory=list)
    opened: asyncio.Queue[Session] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # a connection has
    codes: list[int | None] = field(default_factory=list)  # that clients closed with
    beats: asyncio.Queue[int | None] = field(default_factory=asyncio.Queue)
    close_with: int | None = None  # refuse the next IDENTIFY with this close code
    repeats: int = 0  # events before the one asked for that a RESUME replays as well
    is_forgetful: bool = False  # no session can be resumed
    holds_back: bool = False  # does not tell about the server at once
    greets_oddly: bool = False  # the next HELLO lacks what it needs
    is_away: bool = False  # refuses every connection
    is_plain: bool = False  # does not compress, whatever was asked for

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, until it ends."""
        if self.is_away:
            raise web.HTTPBadGateway
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        is_squeezed = request.query.get("compress") == "zlib-stream" and not self.is_plain
        wire = Wire(socket, request, zlib.compressobj() if is_squeezed else None)
        interval = {} if self.greets_oddly else {"heartbeat_interval": 41_250}
        self.greets_oddly = False
        await wire.send({"op": HELLO, "d": interval, "s": None})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._answer(wire, json.loads(frame.data))
        self.codes.append(socket.close_code)
        self.ended.set()
        return socket

    async def dispatch(self, name: str, payload: Mapping[str, Any]) -> None:
        """Tell every session; one that is away gets it when it resumes."""
        fault = self.ordered.next_event()
        for session in list(self.sessions.values()):
            frame = self._frame(session, name, payload)
            if session.wire is not None:
                await self._send(session, session.wire, frame, fault)

    async def _send(
        self, session: Session, wire: Wire, frame: dict[str, Any], fault: Fault | None
    ) -> None:
        if fault is Fault.HALF_FRAME:
            text = json.dumps(frame)
            await wire.send(text[: len(text) // 2])
            return
        if fault is Fault.REORDER:
            task = asyncio.create_task(self._send_late(session, frame))
            self.late.add(task)
            task.add_done_callback(self.late.discard)
            return
        await wire.send(frame)
        if fault is Fault.DUPLICATE:
            await wire.send(frame)

    async def _send_late(self, session: Session, frame: dict[str, Any]) -> None:
        await asyncio.sleep(self.ordered.delay_s)
        if session.wire is not None:
            await session.wire.send(frame)

    def forget(self) -> None:
        """Lose all connections and their sessions."""
        self.cut()
        self.sessions.clear()

    def cut(self) -> None:
        """Lose all connections; the sessions live on."""
        for session in self.sessions.values():
            if session.wire is not None:
                session.wire.cut()
                session.wire = None

    async def say(self, frame: Mapping[str, Any] | str) -> None:
        """Send a frame of one's own to every session."""
        for session in self.sessions.values():
            if session.wire is not None:
                await session.wire.send(frame)

    async def was_read(self) -> None:
        """Wait until the client has read everything that was sent."""
        (session,) = self.sessions.values()
        await self.say({"op": HEARTBEAT, "d": None, "s": None})
        while await self.beats.get() != session.sequence:
            pass

    async def close(self) -> None:
        """Close what is open."""
        for session in self.sessions.values():
            if session.wire is not None:
                await session.wire.socket.close(code=WSCloseCode.GOING_AWAY)

    def asked(self, op: int) -> list[dict[str, Any]]:
        """What clients sent with this opcode."""
        return [frame["d"] for frame in self.received if frame["op"] == op]

    async def _answer(self, wire: Wire, frame: dict[str, Any]) -> None:
        self.received.append(frame)
        del self.received[:-REPLAYED]
        if frame["op"] == HEARTBEAT:
            await self.beats.put(frame["d"])
            await wire.send({"op": ACK, "d": None, "s": None})
        elif frame["d"].get("token") != TOKEN:
            await wire.socket.close(code=4004)
        elif frame["op"] == IDENTIFY:
            await self._identify(wire)
        elif frame["op"] == RESUME:
            await self._resume(wire, frame["d"])

    async def _identify(self, wire: Wire) -> None:
        if self.close_with is not None:
            await wire.socket.close(code=self.close_with)
            return
        self.begun += 1
        session = Session(f"session-{self.begun}", wire=wire)
        self.sessions[session.id] = session
        ready = {
            "v": 10,
            "user": USERS[ME],
            "guilds": [{"id": GUILD, "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": "2001", "flags": 0},
        }
        await wire.send(self._frame(session, "READY", ready))
        if not self.holds_back:
            await wire.send(self._frame(session, "GUILD_CREATE", self.server()))
        await self.opened.put(session)

    async def _resume(self, wire: Wire, asked: dict[str, Any]) -> None:
        session = self.sessions.get(asked["session_id"])
        is_known = session is not None and asked["seq"] >= session.sequence - REPLAYED
        if session is None or not is_known or self.is_forgetful:
            self.sessions.pop(asked["session_id"], None)
            self.is_forgetful = False
            await wire.send({"op": INVALID, "d": False, "s": None})
            return
        session.wire = wire
        missed = [frame for frame in session.frames if frame["s"] > asked["seq"] - self.repeats]
        for frame in missed:
            await wire.send(frame)
        await wire.send(self._frame(session, "RESUMED", {}))
        await self.opened.put(session)

    def _frame(self, session: Session, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        session.sequence += 1
        frame = {"op": DISPATCH, "t": name, "s": session.sequence, "d": payload}
        session.frames.append(frame)
        return frame
