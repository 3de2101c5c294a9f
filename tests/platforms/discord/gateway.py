"""Discord's gateway on loopback: sessions that can be dropped, resumed, refused."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from ..faults import Fault, Ordered
from .payloads import ME, TOKEN, USERS, guild

REPLAYED = 5_000  # frames that a session can be given again
SESSIONS = 16  # remembered
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
ENDED_BY_CLIENT = (1000, 1001)  # codes after which a session cannot be resumed

_IN_GUILDS = {"MESSAGE": 1 << 9, "MESSAGE_REACTION": 1 << 10}
_DIRECT = {"MESSAGE": 1 << 12, "MESSAGE_REACTION": 1 << 13}
_INTENTS = {"GUILD_MEMBER": 1 << 1, "AUTO_MODERATION_ACTION": 1 << 21, "GUILD": 1 << 0}
_INTENTS |= {"CHANNEL": 1 << 0, "THREAD": 1 << 0}


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
        await self.socket.send_bytes(self._packed(text))

    async def send_half(self, frame: Mapping[str, Any]) -> None:
        """Send the first half of a frame, and end the connection without a word."""
        text = json.dumps(frame)
        if self.squeeze is None:
            await self.socket.send_str(text[: len(text) // 2])
        else:
            packed = self._packed(text)
            await self.socket.send_bytes(packed[: len(packed) // 2])
        if self.request.transport is not None:
            self.request.transport.close()

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    def _packed(self, text: str) -> bytes:
        return bytes(self.squeeze.compress(text.encode()) + self.squeeze.flush(zlib.Z_SYNC_FLUSH))


@dataclass(slots=True)
class Session:
    """What Discord remembers of a session, for replaying."""

    id: str
    shard: tuple[int, int] = (0, 1)
    intents: int = (1 << 32) - 1
    frames: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    sequence: int = 0
    wire: Wire | None = None
    waiting: deque[tuple[dict[str, Any], Fault | None]] = field(default_factory=deque)
    held: dict[str, Any] | None = None  # goes out after the next
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def hears(self, name: str, payload: Any) -> bool:
        """Whether an event concerns this session: its servers, and what it asked to be told."""
        if not isinstance(payload, Mapping):  # a test may send what Discord would not
            return True
        guild_id = payload.get("id") if name.startswith("GUILD_C") else payload.get("guild_id")
        number, count = self.shard
        is_id = str(guild_id).isdecimal()
        is_here = (int(guild_id or 0) >> 22 if is_id else 0) % count == number
        return is_here and bool(self.intents & _needed(name, in_guild=guild_id is not None))

    def note(self, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """One event more."""
        self.sequence += 1
        frame = {"op": DISPATCH, "t": name, "s": self.sequence, "d": payload}
        self.frames.append(frame)
        return frame

    async def flush(self) -> None:
        """Send what waits, in order, with what befalls it on its way."""
        async with self.turn:
            while self.waiting and self.wire is not None:
                frame, fault = self.waiting.popleft()
                await self._send(self.wire, frame, fault)

    async def release(self) -> None:
        """Send what was held back, if nothing came after it."""
        async with self.turn:
            if self.wire is not None and self.held is not None:
                held, self.held = self.held, None
                await self.wire.send(held)

    def lose(self, wire: Wire | None = None) -> None:
        """There is no connection any more; what follows waits for a RESUME."""
        if wire is None or self.wire is wire:
            self.wire, self.held = None, None
            self.waiting.clear()

    async def _send(self, wire: Wire, frame: dict[str, Any], fault: Fault | None) -> None:
        if fault is Fault.HALF_FRAME:
            await wire.send_half(frame)
            self.lose(wire)
            return
        if fault is Fault.REORDER and self.held is None:
            self.held = frame
            return
        await wire.send(frame)
        if fault is Fault.DUPLICATE:
            await wire.send(frame)
        if self.held is not None:
            held, self.held = self.held, None
            await wire.send(held)


@dataclass(slots=True)
class Gateway:
    """All sessions, and what happens to the next."""

    url: str = ""
    servers: Callable[[], Sequence[dict[str, Any]]] = lambda: [guild()]  # as GUILD_CREATE has them
    ordered: Ordered = field(default_factory=Ordered)
    late: set[asyncio.Task[None]] = field(default_factory=set)  # events that nothing follows
    sessions: dict[str, Session] = field(default_factory=dict)
    begun: int = 0
    received: list[dict[str, Any]] = field(default_factory=list)
    identified_at_s: list[float] = field(default_factory=list)
    opened: asyncio.Queue[Session] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # a connection has
    codes: list[int | None] = field(default_factory=list)  # that clients closed with
    beats: asyncio.Queue[int | None] = field(default_factory=asyncio.Queue)
    close_with: int | None = None  # refuse the next IDENTIFY with this close code
    shards: int = 1  # fewer are refused with 4011
    repeats: int = 0  # events before the one asked for that a RESUME replays as well
    interval_ms: float = 41_250
    is_forgetful: bool = False  # the next session cannot be resumed
    tells_resumed: bool = True
    is_deaf: bool = False  # answers no heartbeat
    is_blank: bool = False  # without Message Content: messages come without what was written
    holds_back: bool = False  # does not tell about the server at once
    greets_oddly: bool = False  # the next HELLO lacks what it needs
    is_away: bool = False  # refuses every connection
    is_plain: bool = False  # does not compress, whatever was asked for
    ready: Mapping[str, Any] = field(default_factory=dict)  # in place of READY's own fields

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, until it ends."""
        if self.is_away:
            raise web.HTTPBadGateway
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        is_squeezed = request.query.get("compress") == "zlib-stream" and not self.is_plain
        wire = Wire(socket, request, zlib.compressobj() if is_squeezed else None)
        interval = {} if self.greets_oddly else {"heartbeat_interval": self.interval_ms}
        self.greets_oddly = False
        await wire.send({"op": HELLO, "d": interval, "s": None})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._answer(wire, json.loads(frame.data))
        self._end(wire, socket.close_code)
        return socket

    async def dispatch(self, name: str, payload: Mapping[str, Any]) -> None:
        """Tell every session; one that is away gets it when it resumes."""
        fault = self.ordered.next_event()
        told = _blanked(payload) if self.is_blank and name.startswith("MESSAGE_") else payload
        for session in list(self.sessions.values()):
            if session.hears(name, payload):
                await self._tell(session, session.note(name, told), fault)

    async def _tell(self, session: Session, frame: dict[str, Any], fault: Fault | None) -> None:
        if session.wire is None:
            return
        session.waiting.append((frame, fault))
        await session.flush()
        if session.held is not None:
            task = asyncio.create_task(self._release(session))
            self.late.add(task)
            task.add_done_callback(self.late.discard)

    async def _release(self, session: Session) -> None:
        await asyncio.sleep(self.ordered.delay_s)
        await session.release()

    def forget(self) -> None:
        """Lose all connections and their sessions."""
        self.cut()
        self.sessions.clear()

    def cut(self) -> None:
        """Lose all connections; the sessions live on."""
        for session in self.sessions.values():
            if session.wire is not None:
                session.wire.cut()
                session.lose()

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
        for task in self.late:
            task.cancel()
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
            if not self.is_deaf:
                await wire.send({"op": ACK, "d": None, "s": None})
        elif frame["d"].get("token") != TOKEN:
            await wire.socket.close(code=4004)
        elif frame["op"] == IDENTIFY:
            await self._identify(wire, frame["d"])
        elif frame["op"] == RESUME:
            await self._resume(wire, frame["d"])
        else:
            await wire.socket.close(code=4001)

    async def _identify(self, wire: Wire, asked: Mapping[str, Any]) -> None:
        self.identified_at_s.append(time.monotonic())
        number, count = asked.get("shard", (0, 1))
        refused = self.close_with
        if refused is None and not 0 <= number < count:
            refused = 4010
        if refused is None and count < self.shards:
            refused = 4011
        if refused is not None:
            await wire.socket.close(code=refused)
            return
        self.begun += 1
        session = Session(f"session-{self.begun}", (number, count), asked["intents"], wire=wire)
        self._remember(session)
        servers = [one for one in self.servers() if (int(one["id"]) >> 22) % count == number]
        first = [("READY", self._ready(session, asked, servers))]
        if not self.holds_back:
            first += [("GUILD_CREATE", one) for one in servers]
        session.waiting.extend((session.note(name, payload), None) for name, payload in first)
        await session.flush()
        await self.opened.put(session)

    def _ready(
        self, session: Session, asked: Mapping[str, Any], servers: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        whole = {
            "v": 10,
            "user": USERS[ME],
            "guilds": [{"id": one["id"], "unavailable": True} for one in servers],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": "2001", "flags": 0},
            **({"shard": asked["shard"]} if "shard" in asked else {}),
            **self.ready,
        }
        return {key: value for key, value in whole.items() if value is not None}

    async def _resume(self, wire: Wire, asked: dict[str, Any]) -> None:
        session = self.sessions.get(asked["session_id"])
        is_known = session is not None and asked["seq"] >= session.sequence - REPLAYED
        if session is None or not is_known or self.is_forgetful:
            self.sessions.pop(asked["session_id"], None)
            self.is_forgetful = False
            await wire.send({"op": INVALID, "d": False, "s": None})
            return
        session.lose()
        missed = [frame for frame in session.frames if frame["s"] > asked["seq"] - self.repeats]
        session.waiting.extend((frame, None) for frame in missed)
        if self.tells_resumed:
            session.waiting.append((session.note("RESUMED", {}), None))
        session.wire = wire
        await session.flush()
        await self.opened.put(session)

    def _remember(self, session: Session) -> None:
        self.sessions[session.id] = session
        gone = [one.id for one in self.sessions.values() if one.wire is None]
        for one in gone[: max(0, len(self.sessions) - SESSIONS)]:
            del self.sessions[one]

    def _end(self, wire: Wire, code: int | None) -> None:
        self.codes.append(code)
        for session in list(self.sessions.values()):
            if session.wire is wire:
                session.lose()
                if code in ENDED_BY_CLIENT:
                    del self.sessions[session.id]
        self.ended.set()


def _needed(name: str, *, in_guild: bool) -> int:
    """The intents of which one tells about an event; all of them where any does."""
    places = _IN_GUILDS if in_guild else _DIRECT
    for start in sorted(places, key=len, reverse=True):
        if name.startswith(start):
            return places[start]
    for start, intent in _INTENTS.items():
        if name.startswith(start):
            return intent
    return -1


def _blanked(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message as it comes without Message Content; what is for the bot comes whole."""
    is_mine = (payload.get("author") or {}).get("id") == ME or "guild_id" not in payload
    is_named = any(one["id"] == ME for one in payload.get("mentions", ()))
    if is_mine or is_named or "content" not in payload:
        return payload
    nothing: dict[str, Any] = {"attachments": [], "embeds": [], "components": []}
    return {**payload, "content": "", **nothing}
