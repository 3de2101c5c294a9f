"""Slack's Web API for one bot: every call with a deadline, every error one of ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from greenroom.adapters.connection import NEEDED_SCOPES
from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack.errors import slack_errors
from greenroom.adapters.slack.limits import MOST_WAIT_S, Pace
from greenroom.adapters.slack.payload import Payload, part, word
from greenroom.errors import ConfigError, RetryLater

CALL_TIMEOUT_S = 10.0

CORE_SCOPES = frozenset(NEEDED_SCOPES)

# The SDK and Bolt log whole requests, members' text included; only their errors pass.
quiet = logging.getLogger("greenroom.adapters.slack.sdk")
quiet.setLevel(logging.ERROR)

Method = Callable[..., Awaitable[AsyncSlackResponse]]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where we are and who we are there, as ``auth.test`` tells it."""

    team_id: str
    team: str | None
    url: str  # https://acme.slack.com/
    user_id: str
    user: str
    bot_id: str | None
    scopes: frozenset[str] | None  # None: the server did not say

    def permalink(self, channel: str, ts: str, thread: str | None = None) -> str:
        """Where a person finds a message; built, since asking costs a call a message."""
        link = f"{self.url}archives/{channel}/p{ts.replace('.', '')}"
        return link if thread in {None, ts} else f"{link}?thread_ts={thread}&cid={channel}"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the bot signs in with in one workspace; ``admin`` is a person's."""

    bot: str = field(repr=False)
    admin: str | None = field(default=None, repr=False)


class SlackWeb:
    """One workspace's client, and the admin's where there is a ``user_token``."""

    def __init__(
        self,
        settings: SlackSettings,
        session: aiohttp.ClientSession,
        *,
        tokens: Tokens | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._pace = pace or Pace()
        self.tokens = tokens or tokens_of(settings)
        self.bot = self.client(self.tokens.bot or None)
        self.admin = None if self.tokens.admin is None else self.client(self.tokens.admin)

    def forget_admin(self) -> None:
        """The ``user_token`` was revoked."""
        self.admin = None

    def client(self, token: str | None) -> AsyncWebClient:
        """A client of the SDK as we want it; Bolt's has no token of its own."""
        client = AsyncWebClient(
            token=token,
            base_url=self._settings.endpoints.api,
            session=self._session,
            logger=quiet,
            # None of the SDK's own: repeating a post after a lost connection doubles it.
            retry_handlers=[],
        )
        client.proxy = None  # the session reads the environment, NO_PROXY included
        return client

    async def call(
        self,
        doing: str,
        method: Method,
        *,
        sends: bool = False,
        patience_s: float = MOST_WAIT_S,
        **arguments: Any,
    ) -> Payload:
        """One call, in its turn; ``doing`` completes the sentence "Slack refuses to …".

        Raises:
            RetryLater: Later, as Slack is busy or the turn is further away than
                ``patience_s``; with ``maybe_done`` if ``sends`` and the answer never came.
            ConfigError: A token or a scope is wrong.
            DropMessage: Slack refuses for good.
        """
        answer = await self._call(doing, method, sends, patience_s, arguments)
        return answer.data if isinstance(answer.data, dict) else {}

    async def pages(
        self, doing: str, method: Method, *, most: int, **arguments: Any
    ) -> AsyncGenerator[Payload, None]:
        """The pages of a list, ``most`` of them; they raise what ``call`` raises."""
        cursor: str | None = None
        for _ in range(most):
            answer = await self.call(doing, method, cursor=cursor, **arguments)
            yield answer
            cursor = next_cursor(answer)
            if cursor is None:
                return

    async def sign_in(self) -> Workspace:
        """Where and who we are.

        Raises:
            ConfigError: The token is wrong.
        """
        return await self._sign_in(self.bot)

    async def admin_account(self) -> Workspace | None:
        """Who the ``user_token`` is; ``None`` without one.

        Raises:
            ConfigError: The token is wrong.
        """
        return None if self.admin is None else await self._sign_in(self.admin)

    async def workspace(self, *, needs: frozenset[str] = frozenset()) -> Workspace:
        """Sign in with what nothing works without, and with ``needs``.

        Raises:
            ConfigError: The token is wrong, or lacks such a scope.
        """
        workspace = await self.sign_in()
        scopes = workspace.scopes
        missing = (CORE_SCOPES | needs) - scopes if scopes is not None else frozenset()
        if missing:
            raise ConfigError(
                f"the Slack token lacks the scopes {', '.join(sorted(missing))}",
                accepted="add them at api.slack.com/apps, your app, OAuth & Permissions, "
                "then press Reinstall to Workspace (adapters/slack.yaml has them all)",
            )
        return workspace

    async def open_socket(self) -> str:
        """The address of a new Socket Mode connection."""
        token = self._settings.app_token
        assert token is not None
        answer = await self.call(
            "open a Socket Mode connection (app_token)",
            self.client(None).apps_connections_open,
            app_token=token.get_secret_value(),
        )
        return str(answer.get("url") or "")

    async def _call(
        self, doing: str, method: Method, sends: bool, patience_s: float, arguments: Payload
    ) -> AsyncSlackResponse:
        name, channel = _name(method), arguments.get("channel")
        await self._pace.turn(name, channel, patience_s=patience_s)
        try:
            with slack_errors(doing, sends=sends):
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    return await method(**arguments)
        except RetryLater as error:
            if error.after_s is not None:
                self._pace.pause(name, error.after_s)
            raise

    async def _sign_in(self, client: AsyncWebClient) -> Workspace:
        answer = await self._call("sign in", client.auth_test, False, MOST_WAIT_S, {})
        known = answer.data if isinstance(answer.data, dict) else {}
        return Workspace(
            team_id=word(known, "team_id") or "",
            team=word(known, "team"),
            url=(word(known, "url") or "https://slack.com/").rstrip("/") + "/",
            user_id=word(known, "user_id") or "",
            user=word(known, "user") or "",
            bot_id=word(known, "bot_id"),
            scopes=_scopes(answer),
        )


def tokens_of(settings: SlackSettings) -> Tokens:
    """What the bot's file gives; an empty one where it gives none."""
    bot, admin = settings.token, settings.user_token
    return Tokens(
        "" if bot is None else bot.get_secret_value(),
        None if admin is None else admin.get_secret_value(),
    )


def next_cursor(answer: Payload) -> str | None:
    """Where a list goes on; ``None`` at its end."""
    return word(part(answer.get("response_metadata")), "next_cursor")


def _name(method: Method) -> str:
    """Slack's name for one of the SDK's methods: ``chat.postMessage``."""
    return method.__name__.replace("_", ".")


def _scopes(answer: AsyncSlackResponse) -> frozenset[str] | None:
    listed = answer.headers.get("x-oauth-scopes")
    if listed is None:
        return None
    return frozenset(scope.strip() for scope in listed.split(",") if scope.strip())
