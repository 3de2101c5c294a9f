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
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from discord.http import HTTPClient, Route
from discord.webhook.async_ import AsyncWebhookAdapter
from yarl import URL

from greenroom.adapters.discord.errors import discord_errors
from greenroom.adapters.settings import DiscordEndpoints
from greenroom.errors import RetryLater

LONGEST_REASON = 512  # characters that an audit log entry holds
LONGEST_WAIT_S = 30.0  # for a rate limit to end; past it the outbox waits instead of a request
MENTION_NOBODY: Mapping[str, Any] = {"parse": [], "replied_user": False}


class DiscordWeb(HTTPClient):
    """discord.py's HTTP client with an address of its own; each call has a deadline."""

    def __init__(self, endpoints: DiscordEndpoints, *, call_timeout_s: float) -> None:
        super().__init__(asyncio.get_running_loop(), max_ratelimit_timeout=LONGEST_WAIT_S)
        self._api = endpoints.api.rstrip("/")
        self._gateway = URL(endpoints.gateway) if endpoints.gateway else None
        self._call_timeout_s = call_timeout_s
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._hooks = AsyncWebhookAdapter()  # type: ignore[no-untyped-call]  # the library's

    async def request(self, route: Route, **kwargs: Any) -> Any:
        """Send a request to this bot's address; waits out short rate limits."""
        route.url = self._api + route.url.removeprefix(Route.BASE)
        try:
            return await super().request(route, **kwargs)
        except asyncio.CancelledError:
            # Cancelled while it waits for the global rate limit, the library would leave
            # its gate shut for ever; the next request may ask Discord again.
            self._global_over.set()
            raise

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Open the gateway's socket, and keep hold of it until :meth:`hang_up`."""
        self._socket = await super().ws_connect(url, compress=compress)
        return self._socket

    async def hang_up(self) -> None:
        """Drop the gateway's socket so that the session can still be resumed."""
        if self._socket is not None and not self._socket.closed:
            await self._socket.close(code=4000)

    async def gateway(self) -> URL:
        """Where to open a session: the bot's file says, or the API does.

        Raises:
            RetryLater: Discord is not there, or allows no further session today.
        """
        if self._gateway is not None:
            return self._gateway
        found = await self.call("find the gateway", "GET", "/gateway/bot")
        with discord_errors("find the gateway"):
            limit = found.get("session_start_limit") or {}
            if limit.get("remaining") == 0:  # one more would make Discord reset the token
                wait_s = limit["reset_after"] / 1000
                raise RetryLater("Discord allows the bot no further session", after_s=wait_s)
            return URL(found["url"])

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
        route = Route(method, path, **parameters)
        more: dict[str, Any] = {"reason": _audit_reason(reason)}
        if body is not None:
            more["params" if method == "GET" else "json"] = body
        with discord_errors(doing, sends=sends, needs=needs):
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
                return await self._hooks.request(route, session, payload=dict(body))

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

    async def after(self, channel: str, message: str, *, limit: int) -> list[dict[str, Any]]:
        """The messages that follow one, oldest first."""
        found = await self.call(
            "look for an earlier try's post",
            "GET",
            "/channels/{channel_id}/messages",
            channel_id=channel,
            body={"after": message, "limit": limit},
            needs="Read Message History",
        )
        with discord_errors("look for an earlier try's post"):
            return sorted(found, key=lambda item: int(item["id"]))

    async def direct(self, user: str) -> str:
        """The id of the channel for direct messages with somebody."""
        body = {"recipient_id": user}
        found = await self.call("open a direct message", "POST", "/users/@me/channels", body=body)
        with discord_errors("open a direct message"):
            return str(found["id"])


def clean(text: str) -> str:
    """Text that can be sent: half a character (a lone surrogate) becomes a question mark."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _audit_reason(reason: str | None) -> str | None:
    if reason is None:
        return None
    return " ".join(clean(reason).split())[:LONGEST_REASON]
