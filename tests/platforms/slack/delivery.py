"""How events reach the app: Socket Mode's connections, or signed HTTP requests, with retries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import struct
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from ..faults import Fault, Ordered

SECRET = "test-signing-secret"

MOST_WAITING = 1_000  # payloads that nobody took yet
REMEMBERED = 1_000  # acknowledgements that a test may ask for
RETRIES_S = (0.0, 0.05, 0.1)  # Slack's are at once, after a minute, and after five
ANSWER_TIMEOUT_S = 3.0

Payload = Mapping[str, Any]


@dataclass(slots=True)
class Waiting:
    """A payload that was not acknowledged."""

    payload: Payload
    kind: str = "events_api"
    tries: int = 0


@dataclass(slots=True)
class Link:
    """One Socket Mode connection."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    unacknowledged: dict[str, Waiting] = field(default_factory=dict)
    is_going: bool = False  # told to make room for another

    async def send(self, envelope_id: str, waiting: Waiting) -> None:
        """Send an envelope, and keep it until it is acknowledged."""
        self.unacknowledged[envelope_id] = waiting
        again = {"retry_attempt": waiting.tries, "retry_reason": "timeout" if waiting.tries else ""}
        body = envelope(waiting.payload, envelope_id) | {"type": waiting.kind} | again
        await self.socket.send_json(body)

    def break_off(self, envelope_id: str, waiting: Waiting) -> None:
        """Send half a frame, and end the connection."""
        self.unacknowledged[envelope_id] = waiting
        whole = json.dumps(envelope(waiting.payload, envelope_id)).encode()
        header = struct.pack("!BBQ", 0x81, 127, len(whole))
        self.transport.write(header + whole[: len(whole) // 2])
        self.transport.close()


@dataclass(slots=True)
class Sockets:
    """All Socket Mode connections of the app, and what is under way on them.

    What was sent and not acknowledged is sent again on the next connection; what came up
    while there was none is lost, as on Slack, where only its history has it.
    """

    ordered: Ordered
    links: list[Link] = field(default_factory=list)
    waiting: deque[Waiting] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    acks: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(REMEMBERED))
    ack_payloads: dict[str, Any] = field(default_factory=dict)  # by envelope: what is shown
    opened: asyncio.Queue[web.WebSocketResponse] = field(
        default_factory=lambda: asyncio.Queue(REMEMBERED)
    )
    says_hello: bool = True
    lost: int = 0  # events that nobody was there to hear
    _held: Waiting | None = None
    _sent: int = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, until it ends."""
        socket = web.WebSocketResponse(heartbeat=30.0)
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        link = Link(socket, request.transport)
        self.links.append(link)
        try:
            if self.says_hello:
                await socket.send_json(self._hello())
            _put(self.opened, socket)
            await self._again(link)
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledge(link, json.loads(frame.data))
        except (ConnectionError, aiohttp.ClientError):
            pass  # cut meanwhile, as ordered
        finally:
            self.links.remove(link)
            self.waiting.extend(link.unacknowledged.values())
        return socket

    async def emit(self, payload: Payload, kind: str = "events_api") -> None:
        """Tell the app, unless a fault was ordered for it."""
        waiting = Waiting(payload, kind)
        fault = self.ordered.next_event()
        if fault is Fault.REORDER and self._held is None:
            self._held = waiting
            return
        if fault is Fault.HALF_FRAME and self.links:
            self._link().break_off(self._id(), waiting)
            return
        await self._deliver(waiting)
        if fault is Fault.DUPLICATE:
            await self._deliver(waiting)
        held, self._held = self._held, None
        if held is not None:
            await self._deliver(held)

    def cut(self) -> None:
        """End all connections without a word."""
        for link in self.links:
            link.transport.abort()

    async def disown(self) -> None:
        """End all connections, and forget what was not acknowledged on them."""
        for link in list(self.links):
            link.unacknowledged.clear()
            await self._say_goodbye(link, "refresh_requested")
            link.transport.close()

    async def refresh(self) -> None:
        """Ask the app to move to another connection, as Slack does every few hours."""
        for link in list(self.links):
            await self._say_goodbye(link, "warning")

    async def _deliver(self, waiting: Waiting) -> None:
        if not self.links:
            self.lost += 1
            return
        with suppress(ConnectionError, aiohttp.ClientError):
            # Where it fails, it is among what the connection leaves unacknowledged.
            await self._link().send(self._id(), waiting)

    async def _again(self, link: Link) -> None:
        while self.waiting:
            waiting = self.waiting.popleft()
            waiting.tries += 1
            await link.send(self._id(), waiting)

    async def _say_goodbye(self, link: Link, reason: str) -> None:
        link.is_going = True
        debug = {"host": "loopback"}
        with suppress(ConnectionError, aiohttp.ClientError):
            await link.socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": debug}
            )

    def _acknowledge(self, link: Link, receipt: Payload) -> None:
        envelope_id = str(receipt["envelope_id"])
        link.unacknowledged.pop(envelope_id, None)
        self.ack_payloads[envelope_id] = receipt.get("payload")
        while len(self.ack_payloads) > REMEMBERED:
            self.ack_payloads.pop(next(iter(self.ack_payloads)))
        _put(self.acks, envelope_id)

    def _link(self) -> Link:
        staying = [link for link in self.links if not link.is_going]
        return (staying or self.links)[-1]

    def _id(self) -> str:
        self._sent += 1
        return f"envelope-{self._sent}"

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self.links),
            "connection_info": {"app_id": "A1"},
            "debug_info": {"host": "loopback", "approximate_connection_time": 18060},
        }


class Pusher:
    """Posts events to the app's Request URL, one after another, each up to four times."""

    def __init__(self, url: str, secret: str, ordered: Ordered) -> None:
        self._url = url
        self._secret = secret
        self._ordered = ordered
        self._waiting: asyncio.Queue[Payload] = asyncio.Queue(MOST_WAITING)
        self.answers: deque[int] = deque(maxlen=REMEMBERED)
        self.given_up = 0

    async def emit(self, payload: Payload) -> None:
        """Put a payload in line."""
        await self._waiting.put(payload)
        if self._ordered.next_event() is Fault.DUPLICATE:
            await self._waiting.put(payload)

    async def run(self) -> None:
        """Post until cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                await self._post(session, await self._waiting.get())

    async def _post(self, session: aiohttp.ClientSession, payload: Payload) -> None:
        body, reason = json.dumps(payload).encode(), ""
        for tries, pause_s in enumerate((0.0, *RETRIES_S)):
            await asyncio.sleep(pause_s)
            again = {"X-Slack-Retry-Num": str(tries), "X-Slack-Retry-Reason": reason}
            headers = signed(body, secret=self._secret) | (again if tries else {})
            try:
                async with (
                    asyncio.timeout(ANSWER_TIMEOUT_S),
                    session.post(self._url, data=body, headers=headers) as answer,
                ):
                    self.answers.append(answer.status)
                    if answer.status == 200 or answer.headers.get("X-Slack-No-Retry") == "1":
                        return
                    reason = "http_error"
            except TimeoutError:
                reason = "http_timeout"
            except aiohttp.ClientError:
                reason = "connection_failed"
        self.given_up += 1


def envelope(payload: Payload, envelope_id: str) -> dict[str, Any]:
    """A payload as Socket Mode carries it."""
    return {
        "type": "events_api",
        "envelope_id": envelope_id,
        "accepts_response_payload": False,
        "payload": payload,
    }


def signed(body: bytes, *, secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    """The headers that Slack signs an HTTP request with."""
    stamp = str(int(time.time()) - age_s)
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/json",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }


def outer(
    event: Payload, *, team: str, user: str, number: int, more: Sequence[tuple[str, Any]] = ()
) -> dict[str, Any]:
    """An event in what Slack wraps it in."""
    return {
        "token": "test-verification",
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": None,
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": f"Ev{number:08}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team,
                "user_id": user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-test-{number}",
        "event": dict(event),
        **dict(more),
    }


def _put(queue: asyncio.Queue[Any], item: Any) -> None:
    """Put, and forget the oldest where nobody looks."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(item)
