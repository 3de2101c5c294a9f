"""Slack's authorize page and the exchange of its codes."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from .arguments import Refused

CLIENT_ID, CLIENT_SECRET = "1.2", "test-client-secret"
REDIRECT = "http://127.0.0.1/slack/oauth_redirect"
MOST_CODES = 1_000


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed."""

    team: str
    redirect: str
    scope: str
    user_scope: str


@dataclass(slots=True)
class OAuth:
    """The app's entry in Slack's books, and the codes under way."""

    redirects: tuple[str, ...] = (REDIRECT,)
    chosen: str = "T1"  # the workspace that the person picks
    is_refused: bool = False  # the person presses Cancel
    _codes: dict[str, Grant] = field(default_factory=dict)

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """The page on which a person presses Allow; here they do so at once."""
        asked = request.query
        if asked.get("client_id") != CLIENT_ID or not asked.get("scope"):
            return web.Response(status=400, text="invalid_client_id or no_scopes")
        redirect = asked.get("redirect_uri") or self.redirects[0]
        if redirect not in self.redirects:
            return web.Response(status=400, text="bad_redirect_uri")
        answer = {"state": asked.get("state", "")}
        if self.is_refused:
            answer["error"] = "access_denied"
        else:
            answer["code"] = self._code(Grant(self.chosen, redirect, *_scopes(asked)))
        raise web.HTTPFound(f"{redirect}?{urlencode(answer)}")

    def access(self, asked: Mapping[str, Any], authorization: str) -> Grant:
        """``oauth.v2.access``: a code for a token, once."""
        client, secret = _credentials(asked, authorization)
        if client != CLIENT_ID:
            raise Refused("invalid_client_id")
        if secret != CLIENT_SECRET:
            raise Refused("bad_client_secret")
        grant = self._codes.pop(str(asked.get("code")), None)
        if grant is None:
            raise Refused("invalid_code")
        if asked.get("redirect_uri") not in (None, "", grant.redirect):
            raise Refused("bad_redirect_uri")
        return grant

    def _code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(12)
        self._codes[code] = grant
        while len(self._codes) > MOST_CODES:
            self._codes.pop(next(iter(self._codes)))
        return code


def _scopes(asked: Mapping[str, str]) -> tuple[str, str]:
    return asked.get("scope", ""), asked.get("user_scope", "")


def _credentials(asked: Mapping[str, Any], authorization: str) -> tuple[str, str]:
    if authorization.startswith("Basic "):
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        client, _, secret = given.partition(":")
        return client, secret
    return str(asked.get("client_id", "")), str(asked.get("client_secret", ""))
