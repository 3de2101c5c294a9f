"""A small workspace that speaks Slack's Web API and Socket Mode on loopback, for tests."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from .interactivity import Interactivity, refusal_of_blocks

TEAM, CHANNEL, DESK, BOT_USER, BOT_ID, MEMBER = "T1", "C1", "C9", "UBOT", "BBOT", "U1"
SCOPES = "users:read,app_mentions:read,channels:history,channels:read,chat:write"

BOT_TOKEN, APP_TOKEN, ADMIN_TOKEN, SECRET = (
    "test-bot-token",
    "test-app-token",
    "test-admin-token",
    "test-signing-secret",
)


ACTIONS = ("chat.postMessage", "chat.delete", "reactions.add")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that the server was sent."""

    method: str
    token: str
    arguments: Mapping[str, Any]


@dataclass(slots=True)
class SlackServer:
    """Records what it is asked, keeps messages, and fails when told to."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    messages: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, deque[Callable[[], web.Response] | None]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    lost_answers: set[str] = field(default_factory=set)  # methods that work and never answer
    action_faults: deque[int] = field(default_factory=deque)  # statuses, for whichever comes next
    is_next_action_lost: bool = False
    effects: list[Call] = field(default_factory=list)  # actions that worked, answered or not
    silent: set[str] = field(default_factory=set)  # methods that take their time
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    says_hello: bool = True
    scopes: str | None = SCOPES
    interactivity: Interactivity = field(default_factory=Interactivity)
    ack_payloads: dict[str, Any] = field(default_factory=dict)  # by envelope: what is shown
    acks: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    sockets: asyncio.Queue[web.WebSocketResponse] = field(default_factory=asyncio.Queue)
    posted: int = 0

    def called(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    def fail(self, method: str, *, error: str = "", status: int = 200, **more: Any) -> None:
        """The next call of ``method`` fails; ``retry_after`` and other fields go along."""
        headers = {"Retry-After": str(more.pop("retry_after"))} if "retry_after" in more else None
        body = {"ok": False, "error": error, **more}

        def answer() -> web.Response:
            if not error:
                return web.Response(status=status, text="<html>", content_type="text/html")
            return web.json_response(body, status=status, headers=headers)

        self.faults[method].append(answer)

    def succeed(self, method: str) -> None:
        """The next call of ``method`` works, before a fault that is ordered after it."""
        self.faults[method].append(None)

    def post(self, channel: str, body: Mapping[str, Any]) -> str:
        """Keep a message, and return its ts."""
        self.posted += 1
        ts = f"1700000{self.posted:03}.000100"
        self.messages[channel][ts] = {**body, "ts": ts}
        return ts

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the Web API."""
        method = request.match_info["method"]
        arguments = await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append(Call(method, token or str(arguments.get("token")), arguments))
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault is not None:
            return fault()
        if method in self.silent:
            await self.closing.wait()
        if method in ACTIONS and self.action_faults:
            return web.Response(status=self.action_faults.popleft(), text="<html>")
        answer = _METHODS[method](self, arguments, token)
        if method in ACTIONS and "error" not in answer:
            self.effects.append(self.calls[-1])
        if method in self.lost_answers or self._is_lost(method):
            assert request.transport is not None
            request.transport.abort()
        headers = {"x-oauth-scopes": self.scopes} if self.scopes is not None else None
        return web.json_response({"ok": "error" not in answer, **answer}, headers=headers)

    def _is_lost(self, method: str) -> bool:
        is_lost = self.is_next_action_lost and method in ACTIONS
        self.is_next_action_lost &= not is_lost
        return is_lost

    async def serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        """A Socket Mode connection: says hello, collects acknowledgements."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.says_hello:
            await socket.send_json({"type": "hello", "num_connections": 1})
        await self.sockets.put(socket)
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                receipt = json.loads(frame.data)
                self.ack_payloads[receipt["envelope_id"]] = receipt.get("payload")
                await self.acks.put(receipt["envelope_id"])
        return socket


def envelope(payload: Mapping[str, Any], envelope_id: str) -> dict[str, Any]:
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
    }


@asynccontextmanager
async def slack_server() -> AsyncIterator[SlackServer]:
    """A workspace on a free port of loopback."""
    server = SlackServer()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", server.handle)
    app.router.add_get("/socket", server.serve_socket)
    answer = server.interactivity.take_answer
    app.router.add_post(r"/{kind:commands|app|actions}/{team}/{hook}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"{host}:{port}"
    server.interactivity.base = f"http://{host}:{port}"
    try:
        yield server
    finally:
        server.closing.set()
        await runner.cleanup()


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return {**request.query, **await request.json()}
    return {**request.query, **await request.post()}


Answer = Callable[[SlackServer, Mapping[str, Any], str], dict[str, Any]]


def _auth_test(server: SlackServer, _: Mapping[str, Any], token: str) -> dict[str, Any]:
    if token != BOT_TOKEN:
        return {"error": "invalid_auth"}
    return {
        "team_id": TEAM,
        "team": "Acme",
        "url": "https://acme.slack.example/",
        "user_id": BOT_USER,
        "user": "greenroom",
        "bot_id": BOT_ID,
    }


def _open_socket(server: SlackServer, _: Mapping[str, Any], token: str) -> dict[str, Any]:
    if token != APP_TOKEN:
        return {"error": "invalid_auth"}
    return {"url": f"ws://{server.url}/socket"}


def _post_message(server: SlackServer, asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    refused = refusal_of_blocks(asked)
    if refused is not None:
        return refused
    body = {"user": BOT_USER, "bot_id": BOT_ID, "text": asked["text"]}
    more = {key: asked[key] for key in ("thread_ts", "metadata", "blocks") if key in asked}
    return {"channel": asked["channel"], "ts": server.post(asked["channel"], {**body, **more})}


def _update(server: SlackServer, asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    found = server.messages[asked["channel"]].get(asked["ts"])
    if found is None:
        return {"error": "message_not_found"}
    if found["user"] != BOT_USER:
        return {"error": "cant_update_message"}
    refused = refusal_of_blocks(asked)
    if refused is not None:
        return refused
    found.update({key: asked[key] for key in ("text", "blocks") if key in asked})
    return {"channel": asked["channel"], "ts": asked["ts"], "text": found["text"]}


def _delete(server: SlackServer, asked: Mapping[str, Any], token: str) -> dict[str, Any]:
    found = server.messages[asked["channel"]].get(asked["ts"])
    if found is None:
        return {"error": "message_not_found"}
    if token == BOT_TOKEN and found["user"] != BOT_USER:
        return {"error": "cant_delete_message"}
    del server.messages[asked["channel"]][asked["ts"]]
    return {}


def _history(server: SlackServer, asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    oldest = asked.get("oldest", "0")
    kept = [item for ts, item in server.messages[asked["channel"]].items() if ts >= oldest]
    return {"messages": list(reversed(kept))}


def _replies(server: SlackServer, asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    """Pages of two, so that cursors are followed."""
    root, kept = asked["ts"], server.messages[asked["channel"]]
    thread = [item for ts, item in kept.items() if ts == root or item.get("thread_ts") == root]
    if not thread:
        return {"error": "thread_not_found"}
    start = int(asked.get("cursor") or 0)
    more = {"next_cursor": str(start + 2)} if start + 2 < len(thread) else {}
    return {"messages": thread[start : start + 2], "response_metadata": more}


def _user(server: SlackServer, asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    found = server.users.get(asked["user"])
    return {"error": "user_not_found"} if found is None else {"user": found}


def _channel(server: SlackServer, asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    names = {CHANNEL: "help", DESK: "mods"}
    name = names.get(asked["channel"])
    return {"error": "channel_not_found"} if name is None else {"channel": {"name": name}}


_METHODS: Mapping[str, Answer] = {
    "auth.test": _auth_test,
    "apps.connections.open": _open_socket,
    "chat.postMessage": _post_message,
    "chat.postEphemeral": lambda server, asked, _: server.interactivity.post_ephemeral(asked),
    "chat.update": _update,
    "chat.delete": _delete,
    "views.open": lambda server, asked, _: server.interactivity.open_view(asked),
    "conversations.history": _history,
    "conversations.replies": _replies,
    "conversations.info": _channel,
    "conversations.open": lambda _server, asked, _token: {"channel": {"id": f"D{asked['users']}"}},
    "users.conversations": lambda *_: {
        "channels": [{"id": CHANNEL, "name": "help"}, {"id": DESK, "name": "mods"}]
    },
    "users.info": _user,
    "reactions.add": lambda *_: {},
}
