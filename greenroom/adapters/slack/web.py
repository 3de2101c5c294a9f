"""Slack's Web API for one bot: every call with a deadline, every error one of ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from greenroom.adapters.connection import NEEDED_SCOPES
from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack.errors import slack_errors
from greenroom.errors import ConfigError

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


class SlackWeb:
    """The bot's client, and the admin's where a ``user_token`` is given."""

    def __init__(self, settings: SlackSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self.bot = self.client(settings.token.get_secret_value())
        admin = settings.user_token
        self.admin = None if admin is None else self.client(admin.get_secret_value())

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
        self, doing: str, method: Method, *, sends: bool = False, **arguments: Any
    ) -> Mapping[str, Any]:
        """One call; ``doing`` completes the sentence "Slack refuses to …".

        Raises:
            RetryLater: Later; with ``maybe_done`` if ``sends`` and the answer never came.
            ConfigError: A token or a scope is wrong.
            DropMessage: Slack refuses for good.
        """
        with slack_errors(doing, sends=sends):
            async with asyncio.timeout(CALL_TIMEOUT_S):
                answer = await method(**arguments)
        return answer.data if isinstance(answer.data, dict) else {}

    async def workspace(self) -> Workspace:
        """Sign in.

        Raises:
            ConfigError: The token is wrong, or lacks a scope that nothing works without.
        """
        with slack_errors("sign in"):
            async with asyncio.timeout(CALL_TIMEOUT_S):
                answer = await self.bot.auth_test()
        scopes = _scopes(answer)
        missing = CORE_SCOPES - scopes if scopes is not None else frozenset()
        if missing:
            raise ConfigError(
                f"the Slack token lacks the scopes {', '.join(sorted(missing))}",
                accepted="add them at api.slack.com/apps, your app, OAuth & Permissions, "
                "then press Reinstall to Workspace (adapters/slack.yaml has them all)",
            )
        return Workspace(
            team_id=str(answer.get("team_id") or ""),
            team=answer.get("team"),
            url=str(answer.get("url") or "https://slack.com/").rstrip("/") + "/",
            user_id=str(answer.get("user_id") or ""),
            user=str(answer.get("user") or ""),
            bot_id=answer.get("bot_id"),
            scopes=scopes,
        )

    async def open_socket(self) -> str:
        """The address of a new Socket Mode connection."""
        token = self._settings.app_token
        assert token is not None
        answer = await self.call(
            "open a Socket Mode connection (app_token)",
            self.bot.apps_connections_open,
            app_token=token.get_secret_value(),
        )
        return str(answer.get("url") or "")


def _scopes(answer: AsyncSlackResponse) -> frozenset[str] | None:
    listed = answer.headers.get("x-oauth-scopes")
    if listed is None:
        return None
    return frozenset(scope.strip() for scope in listed.split(",") if scope.strip())
