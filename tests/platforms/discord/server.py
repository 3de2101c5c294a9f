"""A small Discord on loopback: its REST API and its gateway, for tests."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from ..faults import Fault as Ordinary
from .gateway import Gateway
from .interactions import Interactions, needs_no_token, sets_up
from .openapi import faults_of
from .payloads import (
    GUILD,
    HELP,
    ME,
    MEMBER,
    SLEEPING,
    TOKEN,
    USERS,
    application,
    channel,
    guild,
    member,
    message,
    snowflake,
    thread,
)

REPEATED = "X-Test-Repeated"
KEPT = 2_000  # messages of a channel, requests and effects
RATE, WINDOW_S = 30, 1.0  # requests of one bucket in a window
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
    new_id: Callable[[], str] = snowflake
    invalid: list[str] = field(default_factory=list)  # what Discord's API document forbids
    messages: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    nonces: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)  # made by name, by id
    buckets: dict[str, tuple[float, int]] = field(default_factory=dict)  # window's start, used
    unreadable: set[str] = field(default_factory=set)  # channels without View Channel
    is_limiting: bool = False  # counts requests as Discord does; tests of other things do not
    banned: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    faults: deque[Fault] = field(default_factory=deque)
    has_content_intent: bool = True
    has_members_intent: bool = True
    has_application: bool = True
    sessions_left: int = 1000
    interactions: Interactions = field(init=False)

    def __post_init__(self) -> None:
        self.interactions = Interactions(self.gateway.dispatch)
        self.gateway.servers = lambda: [self.guild()]

    def guild(self) -> dict[str, Any]:
        """The server as it is now, each channel with its newest message."""
        whole = guild()
        whole["channels"] = [*whole["channels"], *self.channels.values()]
        for one in (*whole["channels"], *whole["threads"]):
            ids = self.messages[one["id"]]
            one["last_message_id"] = max(ids, key=int) if ids else None
        return whole

    async def channel_named(self, name: str) -> str:
        """The id of a text channel, which is made if it is not there."""
        for one in (*guild()["channels"], *self.channels.values()):
            if one["name"] == name:
                return str(one["id"])
        made = channel(str(6_000 + len(self.channels)), name)
        self.channels[made["id"]] = made
        await self.gateway.dispatch("CHANNEL_CREATE", made)
        return str(made["id"])

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
        posted = message(channel, author, text, **{"id": self.new_id(), **more})
        self.messages[channel][posted["id"]] = posted
        while len(self.messages[channel]) > KEPT:
            del self.messages[channel][next(iter(self.messages[channel]))]
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
        for log in (self.requests, self.effects):
            del log[:-KEPT]
        is_open = needs_no_token(taken.path)
        if not is_open and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _refused(401, 0, "401: Unauthorized")
        if sets_up(taken.path):
            self.invalid += faults_of(taken.method, taken.path, taken.query, taken.body)
            return await handler(request)
        befallen = self.gateway.ordered.next_request()
        if befallen is Ordinary.DELAY:
            await asyncio.sleep(self.gateway.ordered.delay_s)
        elif befallen is Ordinary.SERVER_ERROR:
            return _refused(500, 0, "500: Internal Server Error")
        elif befallen is Ordinary.RATE_LIMIT:
            return _limited(self.gateway.ordered.retry_after_s)
        self.invalid += faults_of(taken.method, taken.path, taken.query, taken.body)
        limits = self._count(taken) if self.is_limiting else {}
        if limits.get("X-RateLimit-Remaining") == "-1":
            return _limited(float(limits["X-RateLimit-Reset-After"]), limits)
        fault = self.faults.popleft() if self.faults and taken.method != "GET" else None
        if fault is not None and fault.status is not None:
            headers = {"Via": "1.1 test", **fault.headers}
            return _json(fault.body, status=fault.status, headers=headers)
        answer = await handler(request)
        if taken.method != "GET" and answer.status < 300 and REPEATED not in answer.headers:
            self.effects.append(taken)
        is_lost = fault is not None or befallen is Ordinary.LOST_ANSWER
        if is_lost and request.transport is not None:
            request.transport.abort()
        answer.headers.update(limits)
        return answer

    def _count(self, taken: Request) -> dict[str, str]:
        """A request more in its bucket, and the headers that say so."""
        bucket, now = f"{taken.method}:{taken.path.split('/')[2:3]}", time.time()
        began, used = self.buckets.get(bucket, (now, 0))
        if now - began >= WINDOW_S:
            began, used = now, 0
        self.buckets[bucket] = (began, used + 1)
        return {
            "X-RateLimit-Limit": str(RATE),
            "X-RateLimit-Remaining": str(max(-1, RATE - used - 1)),
            "X-RateLimit-Reset": f"{began + WINDOW_S:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, began + WINDOW_S - now):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:16],
        }

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

    async def get_member(self, request: web.Request) -> web.Response:
        who = request.match_info["user"]
        found = USERS.get(who)
        return _json({**member(who), "user": found}) if found else _refused(404, 10013, "Unknown")

    async def get_channel(self, request: web.Request) -> web.Response:
        if request.match_info["channel"] != SLEEPING:
            return _refused(404, 10003, "Unknown Channel")
        return _json(thread(SLEEPING, "Old news", HELP, archived=True))

    async def get_message(self, request: web.Request) -> web.Response:
        found = self.messages[request.match_info["channel"]].get(request.match_info["message"])
        return _json(found) if found else _refused(404, 10008, "Unknown Message")

    async def get_messages(self, request: web.Request) -> web.Response:
        if request.match_info["channel"] in self.unreadable:
            return _refused(403, 50001, "Missing Access")
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        kept = sorted(
            self.messages[request.match_info["channel"]].values(), key=lambda m: int(m["id"])
        )
        page = [item for item in kept if int(item["id"]) > after][:limit]
        asked = [  # of a message that is asked for, less is told
            {key: value for key, value in item.items() if key not in ("guild_id", "member")}
            for item in page[::-1]
        ]
        return _json(asked)

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
        more |= {key: body[key] for key in ("embeds", "components") if key in body}
        posted = await self.say(body.get("content") or "", channel=channel, author=ME, **more)
        self.nonces[str(body.get("nonce"))] = posted
        while len(self.nonces) > KEPT:
            del self.nonces[next(iter(self.nonces))]
        return _json(posted)

    async def edit_message(self, request: web.Request) -> web.Response:
        channel, message_id = request.match_info["channel"], request.match_info["message"]
        found = self.messages[channel].get(message_id)
        if found is None:
            return _refused(404, 10008, "Unknown Message")
        if found["author"]["id"] != ME:
            return _refused(403, 50005, "Cannot edit a message authored by another user")
        body = await request.json()
        more = {key: body[key] for key in ("embeds", "components") if key in body}
        return _json(await self.edit(found, body.get("content", found["content"]), **more))

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

    async def kick(self, request: web.Request) -> web.Response:
        who = request.match_info["user"]
        if who in self.left:
            return _refused(404, 10007, "Unknown Member")
        self.left.add(who)
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
            web.patch(one, self.edit_message),
            web.put(one + "/reactions/{emoji}/@me", self.nothing),
            web.put(ban, self.ban),
            web.delete(ban, self.unban),
            web.get(who, self.get_member),
            web.patch(who, self.patch),
            web.put(who + "/roles/{role}", self.nothing),
            web.delete(who + "/roles/{role}", self.nothing),
            web.delete(who, self.kick),
            *self.interactions.routes(),
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


def _limited(retry_after_s: float, headers: dict[str, str] | None = None) -> web.Response:
    """Too many requests, in Discord's own words; only with ``Via`` the library believes it."""
    body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": False}
    told = {"Via": "1.1 test", "Retry-After": f"{retry_after_s:.3f}", **(headers or {})}
    return _json(body, status=429, headers=told)


def _refused(status: int, code: int, text: str) -> web.Response:
    return _json({"code": code, "message": text}, status=status)
