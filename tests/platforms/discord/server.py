"""A small Discord on loopback: its REST API and its gateway, for tests."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from ..faults import Fault as Ordinary
from .gateway import Gateway
from .interactions import Interactions, needs_no_token, sets_up
from .limits import Limits, refusal
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
    snowflake,
    thread,
)
from .places import Places

REPEATED = "X-Test-Repeated"
KEPT = 2_000  # requests and effects
DIRECT = "5001"  # the channel of direct messages with anybody
NONCE_S = 300.0  # how long a nonce is known
LONGEST, LONGEST_NONCE = 2_000, 25


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the server was sent."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    reason: str | None

    @property
    def route(self) -> tuple[str, str]:
        """Method and path."""
        return self.method, self.path


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
    nonces: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    nonce_at_s: dict[str, float] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    unreadable: set[str] = field(default_factory=set)  # channels without View Channel
    banned: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    faults: deque[Fault] = field(default_factory=deque)
    has_content_intent: bool = True
    has_members_intent: bool = True
    refuses_pages: dict[str, list[int]] = field(default_factory=dict)  # statuses, by channel
    holds_pages: asyncio.Event | None = None  # messages are told when it is set
    has_application: bool = True
    has_bot_gateway: bool = True
    sessions_left: int = 1000
    concurrency: int = 1
    charset: str = ""  # goes behind the type of each answer; Discord's own has none
    bot_gateway: Mapping[str, Any] = field(default_factory=dict)  # in place of its own fields
    interactions: Interactions = field(init=False)
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.interactions = Interactions(self.gateway.dispatch)
        self.places = Places(self.gateway.dispatch)
        self.gateway.servers = lambda: [self.places.whole(one) for one in self.places.servers]

    @property
    def messages(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What stands in each channel."""
        return self.places.messages

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
        posted = self.places.posted(channel, author, text, **{"id": self.new_id(), **more})
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
        where = {"channel_id": channel, "guild_id": self.places.guild_of(channel) or GUILD}
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
        befallen, limits = self.gateway.ordered.next_request(), self.limits.take(*taken.route)
        if befallen is Ordinary.DELAY:
            await asyncio.sleep(self.gateway.ordered.delay_s)
        elif befallen is Ordinary.SERVER_ERROR:
            return _refused(500, 0, "500: Internal Server Error")
        elif befallen is Ordinary.RATE_LIMIT:
            return _limited(self.gateway.ordered.retry_after_s, limits[1])
        self.invalid += faults_of(taken.method, taken.path, taken.query, taken.body)
        if not limits[0]:
            return _limited(float(limits[1]["X-RateLimit-Reset-After"]), limits[1])
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
        answer.headers.update(limits[1])
        if self.charset and answer.status != 204:
            answer.headers["Content-Type"] = f"application/json{self.charset}"
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
        if not self.has_bot_gateway:
            return _refused(404, 0, "404: Not Found")
        limit = {
            "total": 1000,
            "remaining": self.sessions_left,
            "reset_after": 3_600_000,
            "max_concurrency": self.concurrency,
        }
        found = {
            "url": self.gateway.url,
            "shards": self.gateway.shards,
            "session_start_limit": limit,
            **self.bot_gateway,
        }
        return _json({key: value for key, value in found.items() if value is not None})

    async def find_open_gateway(self, _: web.Request) -> web.Response:
        return _json({"url": self.gateway.url})

    async def get_guilds(self, _: web.Request) -> web.Response:
        return _json(
            [
                {"id": one["id"], "name": one["name"], "owner": False, "features": []}
                | {"permissions": str(self.places.permissions(one["id"]))}
                for one in self.places.servers.values()
            ]
        )

    async def get_channels(self, request: web.Request) -> web.Response:
        found = self.places.servers.get(request.match_info["guild"])
        return _json(found["channels"]) if found else _refused(404, 10004, "Unknown Guild")

    async def get_roles(self, request: web.Request) -> web.Response:
        found = self.places.servers.get(request.match_info["guild"])
        return _json(found["roles"]) if found else _refused(404, 10004, "Unknown Guild")

    async def get_threads(self, request: web.Request) -> web.Response:
        if request.match_info["guild"] not in self.places.servers:
            return _refused(404, 10004, "Unknown Guild")
        found = self.places.active(request.match_info["guild"])
        return _json({"threads": found, "members": []})

    async def get_member(self, request: web.Request) -> web.Response:
        found = self.places.member(request.match_info["user"])
        return _json(found) if found else _refused(404, 10007, "Unknown Member")

    async def get_channel(self, request: web.Request) -> web.Response:
        channel_id = request.match_info["channel"]
        if channel_id == SLEEPING:
            return _json(thread(SLEEPING, "Old news", HELP, archived=True))
        found = self.places.channel(channel_id)
        return _json(found) if found else _refused(404, 10003, "Unknown Channel")

    async def get_message(self, request: web.Request) -> web.Response:
        found = self.messages[request.match_info["channel"]].get(request.match_info["message"])
        return _json(found) if found else _refused(404, 10008, "Unknown Message")

    async def get_pins(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        if channel in self.unreadable:
            return _refused(403, 50001, "Missing Access")
        pinned = sorted(self.places.pins[channel].items(), key=lambda pin: pin[1], reverse=True)
        before, limit = request.query.get("before"), int(request.query.get("limit", "50"))
        rest = [pin for pin in pinned if before is None or pin[1] < before]
        items = [
            {"pinned_at": at, "message": {**self.messages[channel][message], "pinned": True}}
            for message, at in rest[:limit]
            if message in self.messages[channel]
        ]
        return _json({"items": items, "has_more": len(rest) > limit})

    async def get_messages(self, request: web.Request) -> web.Response:
        if request.match_info["channel"] in self.unreadable:
            return _refused(403, 50001, "Missing Access")
        refused = self.refuses_pages.get(request.match_info["channel"])
        if refused:
            return _refused(refused.pop(0), 0, "not now")
        if self.holds_pages is not None:
            await self.holds_pages.wait()
        return _json(self.places.page(request.match_info["channel"], request.query))

    async def post_message(self, request: web.Request) -> web.Response:
        body, channel = await request.json(), request.match_info["channel"]
        fault = _fault_of(body)
        if fault is not None:
            return fault
        known = self._known(body) if body.get("enforce_nonce") else None
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
        nonce = str(body.get("nonce"))
        self.nonces[nonce], self.nonce_at_s[nonce] = posted, time.monotonic()
        return _json(posted)

    def _known(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """What was posted with the same nonce, some minutes ago at most."""
        until_s = time.monotonic() - NONCE_S
        for nonce in list(self.nonces):
            if len(self.nonces) <= KEPT and self.nonce_at_s[nonce] > until_s:
                break
            del self.nonces[nonce], self.nonce_at_s[nonce]
        return self.nonces.get(str(body.get("nonce")))

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
        return _json({"id": DIRECT, "type": 1, "recipients": [self.places.users[recipient]]})

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
            web.get(v10 + "/applications/@me", self.application),
            web.get(v10 + "/gateway/bot", self.find_gateway),
            web.get(v10 + "/gateway", self.find_open_gateway),
            web.get(v10 + "/users/@me/guilds", self.get_guilds),
            web.get(v10 + "/guilds/{guild}/channels", self.get_channels),
            web.get(v10 + "/guilds/{guild}/roles", self.get_roles),
            web.get(v10 + "/guilds/{guild}/threads/active", self.get_threads),
            web.post(v10 + "/users/@me/channels", self.open_direct),
            web.get(v10 + "/channels/{channel}", self.get_channel),
            web.patch(v10 + "/channels/{channel}", self.patch),
            web.get(v10 + "/channels/{channel}/messages", self.get_messages),
            web.post(v10 + "/channels/{channel}/messages", self.post_message),
            web.get(v10 + "/channels/{channel}/messages/pins", self.get_pins),
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


def _limited(retry_after_s: float, limits: Mapping[str, str]) -> web.Response:
    body, told = refusal(retry_after_s)
    return _json(body, status=429, headers={**limits, "X-RateLimit-Remaining": "0", **told})


def _fault_of(body: Mapping[str, Any]) -> web.Response | None:
    """What Discord does not post, whether or not its API document is at hand."""
    content = body.get("content") or ""
    if not content.strip() and not any(body.get(key) for key in ("embeds", "components")):
        return _refused(400, 50006, "Cannot send an empty message")
    nonce = str(body.get("nonce") or "")
    if len(content) > LONGEST or len(nonce) > LONGEST_NONCE:
        return _refused(400, 50035, "Invalid Form Body")
    return None


def _refused(status: int, code: int, text: str) -> web.Response:
    return _json({"code": code, "message": text}, status=status)
