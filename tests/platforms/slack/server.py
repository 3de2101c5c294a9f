"""Slack on loopback: its Web API, Socket Mode, HTTP events and OAuth, for one app."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ..faults import Fault, Ordered
from .access import (
    ADMIN_SCOPES,
    ADMIN_TOKEN,
    APP_TOKEN,
    BOT_TOKEN,
    SCOPES,
    Token,
    check_kind,
    check_scope,
)
from .arguments import Refused, read_arguments, warnings_of
from .delivery import SECRET, Pusher, Sockets, envelope, outer, signed
from .interactivity import Interactivity
from .methods import METHODS
from .oauth import OAuth
from .workspace import BOT_ID, BOT_USER, CHANNEL, DESK, MEMBER, TEAM, Body, Workspace, made_id

__all__ = [
    "ADMIN_TOKEN",
    "APP_TOKEN",
    "BOT_ID",
    "BOT_TOKEN",
    "BOT_USER",
    "CHANNEL",
    "DESK",
    "MEMBER",
    "SCOPES",
    "SECRET",
    "TEAM",
    "Call",
    "SlackServer",
    "envelope",
    "signed",
    "slack_server",
]

ADMIN_USER = "UADMIN"

ACTIONS = ("chat.postMessage", "chat.delete", "reactions.add")
REMEMBERED = 5_000  # calls and effects that a test may look at
MOST_TICKETS = 1_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request that the server was sent."""

    method: str
    token: str
    arguments: Mapping[str, Any]


@dataclass(slots=True)
class SlackServer:
    """Records what it is asked, keeps messages, and fails when told to.

    ``is_whole`` makes it do what a test of one thing can do without: tell the app of its own
    posts, and refuse reactions to messages that it does not keep.
    """

    url: str = ""
    clock: Callable[[], float] | None = None
    is_whole: bool = False
    teams: dict[str, Workspace] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    effects: deque[Call] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    faults: dict[str, deque[Callable[[], web.Response] | None]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    ordered: Ordered = field(default_factory=Ordered)
    lost_answers: set[str] = field(default_factory=set)  # methods that work and never answer
    action_faults: deque[int] = field(default_factory=deque)  # statuses, for whichever comes next
    is_next_action_lost: bool = False
    silent: set[str] = field(default_factory=set)  # methods that take their time
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    scopes: str | None = SCOPES  # None: Slack does not say, and everything is allowed
    pages: dict[str, int] = field(default_factory=dict)  # the most on a page, by method
    interactivity: Interactivity = field(default_factory=Interactivity)
    oauth: OAuth = field(default_factory=OAuth)
    connections: Sockets = field(init=False)
    pusher: Pusher | None = None
    _tickets: dict[str, bool] = field(default_factory=dict)
    _told: int = 0

    def __post_init__(self) -> None:
        self.connections = Sockets(self.ordered)
        team = self.add_team(TEAM, "Acme", bot_user=BOT_USER, bot_id=BOT_ID, token=BOT_TOKEN)
        team.open(CHANNEL, "help")
        team.open(DESK, "mods")
        self.tokens[APP_TOKEN] = Token(TEAM, "app")
        self.tokens[ADMIN_TOKEN] = Token(TEAM, "user", ADMIN_USER)
        self.pages["conversations.replies"] = 2  # so that cursors are followed

    # What tests look at and set.

    @property
    def home(self) -> Workspace:
        """The workspace of a bot with a token of its own."""
        return self.teams[TEAM]

    @property
    def messages(self) -> dict[str, dict[str, Body]]:
        """By channel and ``ts``."""
        return self.home.messages

    @property
    def users(self) -> dict[str, Body]:
        """By id."""
        return self.home.users

    @property
    def acks(self) -> asyncio.Queue[str]:
        """Ids of envelopes, as they are acknowledged."""
        return self.connections.acks

    @property
    def ack_payloads(self) -> dict[str, Any]:
        """What acknowledgements show, by envelope."""
        return self.connections.ack_payloads

    @property
    def sockets(self) -> asyncio.Queue[web.WebSocketResponse]:
        """Connections, as they are opened."""
        return self.connections.opened

    def add_team(
        self,
        team_id: str,
        name: str,
        *,
        bot_user: str = "",
        bot_id: str = "",
        token: str | None = None,
    ) -> Workspace:
        """Another workspace; the app is in it once it has a ``token``."""
        user, bot = bot_user or made_id("U", team_id), bot_id or made_id("B", team_id)
        team = Workspace(team_id, name, user, bot, self.clock)
        self.teams[team_id] = team
        if token is not None:
            self.tokens[token] = Token(team_id, "bot", user)
        return team

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
        return self.home.post(channel, body)

    async def tell(self, event: Mapping[str, Any], *, team: str = TEAM) -> None:
        """Tell the app of an event, by whichever way it listens."""
        self._told += 1
        user = self.teams[team].bot_user
        payload = outer(event, team=team, user=user, number=self._told)
        if self.pusher is not None:
            await self.pusher.emit(payload)
        else:
            await self.connections.emit(payload)

    async def say(
        self,
        text: str,
        *,
        user: str = MEMBER,
        channel: str = CHANNEL,
        team: str = TEAM,
        **more: Any,
    ) -> str:
        """A member posts, and the app is told."""
        ts = self.teams[team].post(channel, {"user": user, "text": text, "team": team, **more})
        await self.tell(self._event(team, channel, ts), team=team)
        return ts

    async def edit(
        self, ts: str, text: str, *, channel: str = CHANNEL, team: str = TEAM, silent: bool = False
    ) -> str:
        """A member edits, and the app is told unless ``silent``; returns the edit's time."""
        kept = self.teams[team].messages[channel]
        before = dict(kept[ts])
        edited = self.teams[team].stamp()
        kept[ts].update(text=text, edited={"user": before.get("user"), "ts": edited})
        event = {
            "type": "message",
            "subtype": "message_changed",
            "channel": channel,
            "channel_type": "channel",
            "hidden": True,
            "message": dict(kept[ts]),
            "previous_message": before,
            "ts": edited,
            "event_ts": edited,
        }
        if not silent:
            await self.tell(event, team=team)
        return edited

    # The wire.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the Web API."""
        method = request.match_info["method"]
        try:
            arguments = await read_arguments(request)
        except Refused as refused:
            return web.json_response(refused.answer)
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        call = Call(method, given or str(arguments.get("token") or ""), arguments)
        self.calls.append(call)
        failed = await self._fault(method)
        if failed is not None:
            return failed
        is_lost = self._is_lost(method)
        answer = await self._answer(call)
        if is_lost or method in self.lost_answers:
            assert request.transport is not None
            request.transport.abort()
        return self._respond(request, call, answer)

    async def _fault(self, method: str) -> web.Response | None:
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault is not None:
            return fault()
        while method in self.silent and not self.closing.is_set():
            await asyncio.sleep(0.01)
        if method in ACTIONS and self.action_faults:
            return web.Response(status=self.action_faults.popleft(), text="<html>")
        return await self._ordered_fault()

    async def _ordered_fault(self) -> web.Response | None:
        ordered = self.ordered.next_request()
        if ordered is Fault.DELAY:
            await asyncio.sleep(self.ordered.delay_s)
        if ordered is Fault.RATE_LIMIT:
            after = {"Retry-After": str(max(1, math.ceil(self.ordered.retry_after_s)))}
            body = {"ok": False, "error": "ratelimited"}
            return web.json_response(body, status=429, headers=after)
        if ordered is Fault.SERVER_ERROR:
            return web.Response(status=500, text="<html>", content_type="text/html")
        if ordered is Fault.LOST_ANSWER:
            self.is_next_action_lost = True
        return None

    def _is_lost(self, method: str) -> bool:
        is_lost = self.is_next_action_lost and method in ACTIONS
        self.is_next_action_lost &= not is_lost
        return is_lost

    async def _answer(self, call: Call) -> dict[str, Any]:
        try:
            answer = await self._perform(call)
        except Refused as refused:
            return refused.answer
        if call.method in ACTIONS and "error" not in answer:
            self.effects.append(call)
        return answer

    async def _perform(self, call: Call) -> dict[str, Any]:
        token = self.tokens.get(call.token)
        if call.method == "oauth.v2.access":
            return self._access(call)
        way = METHODS.get(call.method)
        if way is None:
            raise Refused("unknown_method", req_method=call.method)
        check_kind(call.method, token, call.token)
        assert token is not None
        team = self.teams[token.team]
        if token.kind == "bot" and self.scopes is not None:
            check_scope(call.method, team, call.arguments, self.scopes)
        answer = way(self, team, call.arguments, token)
        if self.is_whole and "error" not in answer:
            await self._echo(team, call, answer)
        return answer

    async def _echo(self, team: Workspace, call: Call, answer: Mapping[str, Any]) -> None:
        """The app hears of what it did itself, as of everything else."""
        channel, ts = str(answer.get("channel")), str(answer.get("ts"))
        if call.method == "chat.postMessage":
            await self.tell(self._event(team.id, channel, ts), team=team.id)
        elif call.method == "chat.delete":
            gone = {"type": "message", "subtype": "message_deleted", "hidden": True}
            now = team.stamp()
            more = {"channel": channel, "deleted_ts": ts, "ts": now, "event_ts": now}
            await self.tell(gone | more, team=team.id)

    def _event(self, team: str, channel: str, ts: str) -> dict[str, Any]:
        room = self.teams[team].room(channel)
        kind = {"im": "im", "groups": "group"}.get(room.scope if room else "", "channel")
        kept = self.teams[team].messages[channel][ts]
        body = {key: value for key, value in kept.items() if key != "metadata"}
        return {**body, "channel": channel, "channel_type": kind, "event_ts": ts}

    def _respond(
        self, request: web.Request, call: Call, answer: Mapping[str, Any]
    ) -> web.StreamResponse:
        token = self.tokens.get(call.token)
        headers = {"x-slack-req-id": secrets.token_hex(8)}
        if self.scopes is not None and token is not None and token.kind != "app":
            headers["x-oauth-scopes"] = self.scopes if token.kind == "bot" else ADMIN_SCOPES
        body = {"ok": "error" not in answer, **answer}
        warnings = [*warnings_of(request), *([answer["warning"]] if "warning" in answer else [])]
        if warnings:
            metadata = {**body.get("response_metadata", {}), "warnings": warnings}
            body |= {"warning": ",".join(warnings), "response_metadata": metadata}
        return web.json_response(body, headers=headers)

    async def serve_socket(self, request: web.Request) -> web.StreamResponse:
        """A Socket Mode connection, for a ticket that is good once."""
        if self._tickets.pop(request.query.get("ticket", ""), None) is None:
            return web.Response(status=403, text="invalid ticket")
        return await self.connections.serve(request)

    def open_socket(self) -> dict[str, Any]:
        """``apps.connections.open``."""
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = True
        while len(self._tickets) > MOST_TICKETS:
            self._tickets.pop(next(iter(self._tickets)))
        return {"url": f"ws://{self.url}/link/?ticket={ticket}&app_id=A1"}

    def _access(self, call: Call) -> dict[str, Any]:
        grant = self.oauth.access(call.arguments, call.token)
        team = self.teams[grant.team]
        token, admin = f"test-bot-token-{team.id}", f"test-user-token-{team.id}"
        self.tokens[token] = Token(team.id, "bot", team.bot_user)
        installer: dict[str, Any] = {"id": ADMIN_USER}
        if grant.user_scope:
            self.tokens[admin] = Token(team.id, "user", ADMIN_USER)
            installer |= {"scope": grant.user_scope, "access_token": admin, "token_type": "user"}
        return {
            "access_token": token,
            "token_type": "bot",
            "scope": grant.scope,
            "bot_user_id": team.bot_user,
            "app_id": "A1",
            "team": {"id": team.id, "name": team.name},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": installer,
        }

    def most(self, method: str) -> int:
        """How much of a list one page may hold."""
        return self.pages.get(method, 1_000)


@asynccontextmanager
async def slack_server(**more: Any) -> AsyncIterator[SlackServer]:
    """Slack on a free port of loopback."""
    server = SlackServer(**more)
    app = web.Application()
    app.router.add_route("*", "/api/{method}", server.handle)
    app.router.add_get("/link/", server.serve_socket)
    app.router.add_get("/oauth/v2/authorize", server.oauth.authorize)
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
