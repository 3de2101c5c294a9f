"""A small Discord on loopback: its REST API and its gateway, for tests."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.platforms.discord.gateway import Gateway
from tests.platforms.discord.openapi import faults_of
from tests.platforms.discord.payloads import (
    GUILD,
    HELP,
    ME,
    MEMBER,
    SLEEPING,
    TOKEN,
    USERS,
    application,
    message,
    thread,
)

REPEATED = "X-Test-Repeated"
DIRECT = "5001"  # the channel of direct messages with anybody


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the server was sent."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    reason: str | None


@dataclass(slots=True)
class Fault:
    """What the next write gets instead of an answer; no status: it works, but nobody hears."""

    status: int | None
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class DiscordServer:
    """Records what it is asked, keeps messages, and fails when told to."""

    url: str = ""
    gateway: Gateway = field(default_factory=Gateway)
    requests: list[Request] = field(default_factory=list)
    effects: list[Request] = field(default_factory=list)  # the writes that changed something
    invalid: list[str] = field(default_factory=list)  # what Discord's API document forbids
    messages: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    nonces: dict[str, dict[str, Any]] = field(default_factory=dict)
    banned: set[str] = field(default_factory=set)
    faults: deque[Fault] = field(default_factory=deque)
    has_content_intent: bool = True
    has_members_intent: bool = True
    has_application: bool = True
    sessions_left: int = 1000

    @property
    def api(self) -> str:
        """The API's address."""
        return f"http://{self.url}/api/v10"

    def did(self, method: str, ending: str) -> list[Request]:
        """The requests of one kind."""
        return [r for r in self.requests if r.method == method and r.path.endswith(ending)]

    def fail(self, status: int, *, code: int = 0, text: str = "", **more: Any) -> None:
        """The next write is refused; ``headers`` and other fields go along."""
        headers = more.pop("headers", {})
        self.faults.append(Fault(status, {"code": code, "message": text, **more}, headers))

    def lose(self) -> None:
        """The next write works, but its answer never comes."""
        self.faults.append(Fault(None))

    async def say(
        self, text: str, *, channel: str = HELP, author: str = MEMBER, **more: Any
    ) -> dict[str, Any]:
        """A message is posted, and everyone is told."""
        posted = message(channel, author, text, **more)
        self.messages[channel][posted["id"]] = posted
        await self.gateway.dispatch("MESSAGE_CREATE", posted)
        return posted

    async def edit(self, posted: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
        """A message is edited, and everyone is told."""
        edited = {
            **posted,
            "content": text,
            "edited_timestamp": "2026-01-02T05:00:00+00:00",
            **more,
        }
        self.messages[posted["channel_id"]][posted["id"]] = edited
        await self.gateway.dispatch("MESSAGE_UPDATE", edited)
        return edited

    async def delete(self, *ids: str, channel: str = HELP) -> None:
        """Messages are deleted, and everyone is told."""
        for message_id in ids:
            self.messages[channel].pop(message_id, None)
        where = {"channel_id": channel, "guild_id": GUILD}
        if len(ids) == 1:
            await self.gateway.dispatch("MESSAGE_DELETE", {"id": ids[0], **where})
        else:
            await self.gateway.dispatch("MESSAGE_DELETE_BULK", {"ids": list(ids), **where})

    # -- the wire ----------------------------------------------------------------------

    @web.middleware
    async def check(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Record, authorise, hold against the API document, and fail when told to."""
        if request.path == "/gateway":
            return await handler(request)
        taken = await _taken(request)
        self.requests.append(taken)
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _refused(401, 0, "401: Unauthorized")
        self.invalid += faults_of(taken.method, taken.path, taken.query, taken.body)
        fault = self.faults.popleft() if self.faults and taken.method != "GET" else None
        if fault is not None and fault.status is not None:
            headers = {"Via": "1.1 test", **fault.headers}
            return _json(fault.body, status=fault.status, headers=headers)
        answer = await handler(request)
        if taken.method != "GET" and answer.status < 300 and REPEATED not in answer.headers:
            self.effects.append(taken)
        if fault is not None and request.transport is not None:
            request.transport.abort()
        return answer

    async def me(self, _: web.Request) -> web.Response:
        return _json(USERS[ME])

    async def application(self, _: web.Request) -> web.Response:
        if not self.has_application:
            return _refused(404, 0, "404: Not Found")
        return _json(
            application(
                content_intent=self.has_content_intent, members_intent=self.has_members_intent
            )
        )

    async def find_gateway(self, _: web.Request) -> web.Response:
        limit = {
            "total": 1000,
            "remaining": self.sessions_left,
            "reset_after": 3_600_000,
            "max_concurrency": 1,
        }
        return _json({"url": self.gateway.url, "shards": 1, "session_start_limit": limit})

    async def get_channel(self, request: web.Request) -> web.Response:
        if request.match_info["channel"] != SLEEPING:
            return _refused(404, 10003, "Unknown Channel")
        return _json(thread(SLEEPING, "Old news", HELP, archived=True))

    async def get_message(self, request: web.Request) -> web.Response:
        found = self.messages[request.match_info["channel"]].get(request.match_info["message"])
        return _json(found) if found else _refused(404, 10008, "Unknown Message")

    async def get_messages(self, request: web.Request) -> web.Response:
        after, limit = int(request.query["after"]), int(request.query["limit"])
        kept = sorted(
            self.messages[request.match_info["channel"]].values(), key=lambda m: int(m["id"])
        )
        page = [item for item in kept if int(item["id"]) > after][:limit]
        return _json(page[::-1])

    async def post_message(self, request: web.Request) -> web.Response:
        body, channel = await request.json(), request.match_info["channel"]
        known = self.nonces.get(str(body.get("nonce"))) if body.get("enforce_nonce") else None
        if known is not None:
            return _json(known, headers={REPEATED: "yes"})
        more: dict[str, Any] = {}
        if "message_reference" in body:
            more = {
                "type": 19,
                "message_reference": {"channel_id": channel, **body["message_reference"]},
            }
        if channel == DIRECT:
            more["guild_id"] = None
        posted = await self.say(body["content"], channel=channel, author=ME, **more)
        self.nonces[str(body.get("nonce"))] = posted
        return _json(posted)

    async def delete_message(self, request: web.Request) -> web.Response:
        channel, message_id = request.match_info["channel"], request.match_info["message"]
        if message_id not in self.messages[channel]:
            return _refused(404, 10008, "Unknown Message")
        await self.delete(message_id, channel=channel)
        return web.Response(status=204)

    async def open_direct(self, request: web.Request) -> web.Response:
        recipient = (await request.json())["recipient_id"]
        return _json({"id": DIRECT, "type": 1, "recipients": [USERS[recipient]]})

    async def patch(self, request: web.Request) -> web.Response:
        return _json(await request.json())

    async def ban(self, request: web.Request) -> web.Response:
        self.banned.add(request.match_info["user"])
        return web.Response(status=204)

    async def unban(self, request: web.Request) -> web.Response:
        if request.match_info["user"] not in self.banned:
            return _refused(404, 10026, "Unknown Ban")
        self.banned.remove(request.match_info["user"])
        return web.Response(status=204)

    async def nothing(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    def routes(self) -> list[web.RouteDef]:
        """Everything that it answers."""
        v10, one = "/api/v10", "/api/v10/channels/{channel}/messages/{message}"
        ban, who = v10 + "/guilds/{guild}/bans/{user}", v10 + "/guilds/{guild}/members/{user}"
        return [
            web.get("/gateway", self.gateway.serve),
            web.get(v10 + "/users/@me", self.me),
            web.get(v10 + "/oauth2/applications/@me", self.application),
            web.get(v10 + "/gateway/bot", self.find_gateway),
            web.post(v10 + "/users/@me/channels", self.open_direct),
            web.get(v10 + "/channels/{channel}", self.get_channel),
            web.patch(v10 + "/channels/{channel}", self.patch),
            web.get(v10 + "/channels/{channel}/messages", self.get_messages),
            web.post(v10 + "/channels/{channel}/messages", self.post_message),
            web.get(one, self.get_message),
            web.delete(one, self.delete_message),
            web.put(one + "/reactions/{emoji}/@me", self.nothing),
            web.put(ban, self.ban),
            web.delete(ban, self.unban),
            web.patch(who, self.patch),
            web.put(who + "/roles/{role}", self.nothing),
        ]


@asynccontextmanager
async def discord_server() -> AsyncIterator[DiscordServer]:
    """A Discord that listens on a free port until the block ends."""
    server = DiscordServer()
    app = web.Application(middlewares=[server.check])
    app.add_routes(server.routes())
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"{host}:{port}"
    server.gateway.url = f"ws://{server.url}/gateway"
    try:
        yield server
    finally:
        await server.gateway.close()
        await runner.cleanup()


async def _taken(request: web.Request) -> Request:
    text = await request.text()
    reason = request.headers.get("X-Audit-Log-Reason")
    return Request(
        request.method,
        request.path.removeprefix("/api/v10"),
        dict(request.query),
        json.loads(text) if text else None,
        unquote(reason) if reason else None,
    )


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON with the very header that Discord sends; discord.py knows no other."""
    exact = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=exact)


def _refused(status: int, code: int, text: str) -> web.Response:
    return _json({"code": code, "message": text}, status=status)
