"""Slack's OAuth: a workspace adds the app at ``/slack/install``, and is served from then on."""

from __future__ import annotations

import html
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.settings import SlackInstall, SlackSettings
from greenroom.adapters.slack.http import Pages
from greenroom.adapters.slack.payload import Payload, part, word
from greenroom.adapters.slack.scopes import BOT_SCOPES, USER_SCOPES
from greenroom.adapters.slack.store import Installed, InstallStore, read_keys
from greenroom.adapters.slack.web import SlackWeb, Tokens
from greenroom.errors import ConfigError, DropMessage, RetryLater

log = logging.getLogger(__name__)

INSTALL: Final = "/slack/install"
REDIRECT: Final = "/slack/oauth_redirect"
VALID: Final = timedelta(minutes=10)  # from the first page to coming back
REMEMBERED: Final = 10_000  # states that were used

Enter = Callable[[Installed], Awaitable[None]]
"""Serves a workspace from now on; raises if Slack or its token does not allow it."""

_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Greenroom</title><h1>{title}</h1><p>{text}</p></html>
"""
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",  # the address has the code in it
    "X-Content-Type-Options": "nosniff",
}


class States:
    """What travels through Slack's page and back: signed, for ten minutes, good once.

    Nobody is signed in with us, so that there is no session to which it had to be bound.
    """

    def __init__(self, keys: str, *, clock: Clock) -> None:
        self._fernet = Fernet(read_keys(keys)[0])
        self._clock = clock
        self._used: Recent[str, bool] = Recent(size=REMEMBERED, clock=clock, keep=VALID)

    def make(self) -> str:
        """A new one."""
        nonce = f"state:{secrets.token_urlsafe(16)}".encode()
        return self._fernet.encrypt_at_time(nonce, self._now_s()).decode()

    def use(self, state: str) -> bool:
        """Whether it is one of ours, fresh, and used for the first time."""
        valid_s = int(VALID.total_seconds())
        try:
            nonce = self._fernet.decrypt_at_time(state, valid_s, self._now_s()).decode()
        except (InvalidToken, ValueError, TypeError):
            return False
        if not nonce.startswith("state:") or nonce in self._used:
            return False
        self._used[nonce] = True
        return True

    def _now_s(self) -> int:
        return int(self._clock().timestamp())


class Installation:
    """The two pages, and what follows from them."""

    def __init__(
        self,
        settings: SlackSettings,
        install: SlackInstall,
        web: SlackWeb,
        store: InstallStore,
        enter: Enter,
        *,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._install = install
        self._web = web
        self._store = store
        self._enter = enter
        self._states = States(install.key.get_secret_value(), clock=clock)

    @property
    def pages(self) -> Pages:
        """What is answered, by method and path."""
        given = urlsplit(self._install.redirect or "").path
        back = given if len(given) > 1 else REDIRECT
        return {("GET", INSTALL): self.begin, ("GET", back): self.finish}

    async def begin(self, _: web.Request) -> web.StreamResponse:
        """Sends the visitor to Slack's page."""
        asked = {
            "client_id": self._install.client_id,
            "scope": ",".join(BOT_SCOPES),
            "user_scope": ",".join(USER_SCOPES) if self._install.removes else "",
            "state": self._states.make(),
            "redirect_uri": self._install.redirect or "",
        }
        given = urlencode({key: value for key, value in asked.items() if value})
        address = f"{self._settings.endpoints.authorize}?{given}"
        headers = {"Location": address, "Cache-Control": "no-store", **_HEADERS}
        return web.Response(status=302, headers=headers)

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """The visitor comes back with a code, or without."""
        asked = request.query
        if not self._states.use(asked.get("state", "")):
            return _page(400, "That took too long", f"Please begin again at {INSTALL}.")
        if "code" not in asked:
            return _page(200, "Nothing was installed", "Slack says that it was not allowed.")
        try:
            installed = await self._exchange(asked["code"])
            await self._enter(installed)
            await self._store.put(installed)
        except DropMessage as error:
            log.warning("an installation on Slack failed: %s", error)
            return _page(400, "Slack did not allow it", str(error))
        except RetryLater as error:
            log.warning("an installation on Slack failed: %s", error)
            return _page(503, "Slack does not answer", f"Please begin again at {INSTALL}.")
        except ConfigError as error:
            log.error("an installation on Slack failed: %s", error)  # noqa: TRY400 (no fault)
            return _page(500, "Greenroom is not set up for it", "Its log says why.")
        log.info("installed in the Slack workspace %a (%s)", installed.team, installed.team_id)
        where = f"Invite it to channels of {installed.team}: /invite @Greenroom."
        return _page(200, "Greenroom is installed", where)

    async def _exchange(self, code: str) -> Installed:
        client = self._web.client(None)

        async def oauth_v2_access(**asked: str | None) -> AsyncSlackResponse:
            # The SDK's own makes an aiohttp.BasicAuth, which aiohttp is about to drop.
            given = {key: value for key, value in asked.items() if value is not None}
            return await client.api_call("oauth.v2.access", data=given)

        answer = await self._web.call(
            "finish the installation",
            oauth_v2_access,
            client_id=self._install.client_id,
            client_secret=self._install.client_secret.get_secret_value(),
            code=code,
            redirect_uri=self._install.redirect,
        )
        installed = _read(answer)
        allowed = self._install.teams
        if allowed and installed.team_id not in allowed:
            raise DropMessage("this Greenroom is not meant for that workspace (install.teams)")
        return installed


def _read(answer: Payload) -> Installed:
    team, person = part(answer.get("team")), part(answer.get("authed_user"))
    team_id, bot = word(team, "id"), word(answer, "access_token")
    if team_id is None or bot is None:
        raise DropMessage("Greenroom can be installed in a workspace, not in an organisation")
    admin = word(person, "access_token")
    return Installed(
        team_id,
        word(team, "name") or team_id,
        Tokens(bot, admin),
        None if admin is None else word(person, "id"),
    )


def _page(status: int, title: str, text: str) -> web.Response:
    shown = _PAGE.format(title=html.escape(title), text=html.escape(text))
    return web.Response(status=status, text=shown, content_type="text/html", headers=_HEADERS)
