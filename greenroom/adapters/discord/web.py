"""Discord's REST API: the requests that Greenroom sends, at the address that a bot's file names.

discord.py holds its address in a class attribute, which two bots in one process would
share. Its ``HTTPClient`` sends everything through two methods, ``request`` and
``ws_connect``; this subclass gives them an address of its own, and keeps the library's
rate limiting. Bodies are built here instead of by the library's models, because
the models send ids as numbers and a ban's options in the query, where Discord's API
document wants strings and a body.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient, Route
from discord.webhook.async_ import AsyncWebhookAdapter
from yarl import URL

from greenroom.adapters.discord import whole
from greenroom.adapters.discord.errors import discord_errors
from greenroom.adapters.discord.payload import Payload, number, part, text
from greenroom.adapters.settings import DiscordEndpoints
from greenroom.errors import DropMessage, RetryLater

LONGEST_REASON = 512  # characters that an audit log entry holds
MOST_SHARDS = 4_096  # whatever is answered
LONGEST_WAIT_S = 30.0  # for a rate limit to end; past it the outbox waits instead of a request
MENTION_NOBODY: Mapping[str, Any] = {"parse": [], "replied_user": False}


@dataclass(frozen=True, slots=True)
class Start:
    """What Discord says of opening sessions.

    Attributes:
        gateway: Where.
        shards: How many connections the bot should have.
        concurrency: How many may begin within five seconds.
        left: How many more may begin before the count is reset; None: it was not said.
        reset_s: When that is.
    """

    gateway: URL
    shards: int = 1
    concurrency: int = 1
    left: int | None = None
    reset_s: float = 0.0


class DiscordWeb(HTTPClient):
    """discord.py's HTTP client with an address of its own; each call has a deadline."""

    def __init__(self, endpoints: DiscordEndpoints, *, call_timeout_s: float) -> None:
        super().__init__(asyncio.get_running_loop(), max_ratelimit_timeout=LONGEST_WAIT_S)
        self._api = endpoints.api.rstrip("/")
        self._gateway = URL(endpoints.gateway) if endpoints.gateway else None
        self._call_timeout_s = call_timeout_s
        self._sockets: dict[asyncio.Task[Any] | None, aiohttp.ClientWebSocketResponse] = {}
        self.before_close: Callable[[], Awaitable[None]] | None = None  # what still needs it
        self._hooks = AsyncWebhookAdapter()  # type: ignore[no-untyped-call]  # the library's

    async def request(self, route: Route, **kwargs: Any) -> Any:
        """Send a request to this bot's address; waits out short rate limits."""
        route.url = self._api + route.url.removeprefix(Route.BASE)
        try:
            with _codes_told():
                return _read(await super().request(route, **kwargs))
        except asyncio.CancelledError:
            # Cancelled while it waits for the global rate limit, the library would leave
            # its gate shut for ever; the next request may ask Discord again.
            self._global_over.set()
            raise

    async def static_login(self, token: str) -> Any:
        """Who the bot is; compatible servers leave out what the library asks for."""
        return whole.user(part(await super().static_login(token)))

    async def close(self) -> None:
        """End the library's session, once what still needs it is done."""
        if self.before_close is not None:
            await self.before_close()
        await super().close()

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Open the gateway's socket, and keep hold of it until its task hangs up."""
        socket = await super().ws_connect(url, compress=compress)
        self._sockets[asyncio.current_task()] = socket
        return socket

    async def hang_up(self) -> None:
        """Drop this task's socket so that its session can still be resumed."""
        socket = self._sockets.pop(asyncio.current_task(), None)
        if socket is not None and not socket.closed:
            await socket.close(code=4000)

    async def start(self, *, is_told: bool = False) -> Start:
        """Where to open sessions, and how many: the bot's file says where, or the API does.

        Args:
            is_told: Discord is asked for the number although the file says where.

        Raises:
            RetryLater: Discord is not there.
        """
        if self._gateway is not None and not is_told:
            return Start(self._gateway)
        try:
            found = part(await self.call("find the gateway", "GET", "/gateway/bot"))
        except DropMessage:  # a compatible server may know the open address only
            found = await self._open_gateway()
        address = text(found, "url")
        if self._gateway is None and address is None:
            raise RetryLater(
                "Discord tells no gateway; name it in the bot's file: endpoints.gateway"
            )
        limit = part(found, "session_start_limit")
        return Start(
            self._gateway or URL(address or ""),
            shards=min(MOST_SHARDS, max(1, number(found, "shards") or 1)),
            concurrency=max(1, number(limit, "max_concurrency") or 1),
            left=number(limit, "remaining"),
            reset_s=(number(limit, "reset_after") or 0) / 1_000,
        )

    async def _open_gateway(self) -> Payload:
        try:
            return part(await self.call("find the gateway", "GET", "/gateway"))
        except DropMessage as error:
            raise RetryLater(
                f"{error}; is endpoints.api right ({self._api})? endpoints.gateway may name it"
            ) from error

    def gateway_to_resume(self, found: URL) -> URL:
        """Where to resume: where Discord said, unless the bot's file names an address."""
        return self._gateway or found

    async def call(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        reason: str | None = None,
        needs: str | None = None,
        sends: bool = False,
        **parameters: Any,
    ) -> Any:
        """Send one request of ours; the errors are Greenroom's.

        ``parameters`` fill the path, or for GET, with ``body``, the query.
        """
        more: dict[str, Any] = {"reason": _audit_reason(reason)}
        if body is not None:
            more["params" if method == "GET" else "json"] = body
        with discord_errors(doing, sends=sends, needs=needs):
            route = Route(method, path, **parameters)
            async with asyncio.timeout(self._call_timeout_s):
                return await self.request(route, **more)

    async def respond(
        self, doing: str, route: Route, body: Mapping[str, Any], *, sends: bool = False
    ) -> Any:
        """Answer an interaction: its token opens the door, no bot's token and no global limit."""
        route.url = self._api + route.url.removeprefix(Route.BASE)
        session: aiohttp.ClientSession = getattr(self, "_HTTPClient__session")  # noqa: B009
        with discord_errors(doing, sends=sends):
            async with asyncio.timeout(self._call_timeout_s):
                with _codes_told():
                    answer = await self._hooks.request(route, session, payload=dict(body))
                return _read(answer)

    async def post(self, channel: str, body: Mapping[str, Any], *, needs: str) -> str:
        """Post a message once per nonce, mentioning nobody; returns its id."""
        sent = await self.call(
            "post",
            "POST",
            "/channels/{channel_id}/messages",
            channel_id=channel,
            body={**body, "enforce_nonce": True, "allowed_mentions": MENTION_NOBODY},
            needs=needs,
            sends=True,
        )
        with discord_errors("post", sends=True):
            return str(sent["id"])

    async def delete(self, channel: str, message: str, *, reason: str | None = None) -> None:
        """Delete a message, ours or a member's."""
        with discord_errors("delete the message", needs="Manage Messages"):
            async with asyncio.timeout(self._call_timeout_s):
                await self.delete_message(channel, message, reason=_audit_reason(reason))

    async def before(self, channel: str, message: str | None, *, limit: int) -> list[Payload]:
        """The messages that precede one, or the channel's last ones; newest first."""
        query = {"limit": limit} if message is None else {"before": message, "limit": limit}
        found = await self.call(
            "look for an earlier try's post",
            "GET",
            "/channels/{channel_id}/messages",
            channel_id=channel,
            body=query,
            needs="Read Message History",
        )
        listed = [part(item) for item in found] if isinstance(found, list) else []
        known = [item for item in listed if number(item, "id") is not None]
        return sorted(known, key=lambda item: number(item, "id") or 0, reverse=True)

    async def direct(self, user: str) -> str:
        """The id of the channel for direct messages with somebody."""
        body = {"recipient_id": user}
        found = await self.call("open a direct message", "POST", "/users/@me/channels", body=body)
        with discord_errors("open a direct message"):
            return str(found["id"])


def clean(text: str) -> str:
    """Text that can be sent: half a character (a lone surrogate) becomes a question mark."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read(answer: Any) -> Any:
    """Where Discord says ``application/json``, others add a charset, and the library gives text."""
    if not isinstance(answer, str) or not answer:
        return answer
    try:
        return json.loads(answer)
    except ValueError:
        return answer


@contextmanager
def _codes_told() -> Iterator[None]:
    """The same for refusals, of which the library then knows no code."""
    try:
        yield
    except discord.HTTPException as error:
        said = part(_read(error.text))
        error.code = error.code or number(said, "code") or 0
        error.text = text(said, "message") or error.text
        raise


def _audit_reason(reason: str | None) -> str | None:
    if reason is None:
        return None
    return " ".join(clean(reason).split())[:LONGEST_REASON]
