"""Who may ask a Reddit on loopback for what: tokens, scopes, moderators' permissions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

CLIENT_ID, CLIENT_SECRET = "test-id", "test-secret"
PASSWORD, REFRESH_TOKEN = "test-password", "test-refresh"
LONGEST_LIFE_S = 3_600

_SCOPES: Final[tuple[tuple[str, str, str], ...]] = (  # method, start of the path, scope
    ("POST", "api/comment", "submit"),
    ("POST", "api/compose", "privatemessages"),
    ("GET", "message/", "privatemessages"),
    ("POST", "api/del", "edit"),
    ("POST", "api/report", "report"),
    ("POST", "api/v1/modactions/", "modposts"),
    ("*", "api/mod/conversations", "modmail"),
    ("*", "api/mod/notes", "modnote"),
    ("GET", "api/v1/me", "identity"),
)
_MODERATION: Final[Mapping[str, str]] = {  # a path's action: the moderators' permission
    "api/approve": "posts", "api/remove": "posts", "api/lock": "posts", "api/unlock": "posts",
    "api/distinguish": "posts", "api/v1/modactions/removal_reasons": "posts",
    "api/mod/notes": "access", "api/friend": "access", "api/unfriend": "access",
    "api/flair": "flair", "api/mod/conversations": "mail", "about/edited": "posts",
    "about/reports": "posts", "about/modqueue": "posts", "about/banned": "access",
}  # fmt: skip


@dataclass(slots=True)
class Tokens:
    """The access tokens that are good, and what they are good for."""

    username: str
    scope: str = "*"
    issued: int = 0
    good: set[str] = field(default_factory=set)

    def forget(self) -> None:
        """All of them run out at once."""
        self.good.clear()

    def issue(self, request: web.Request, form: Mapping[str, Any]) -> web.Response:
        """``api/v1/access_token``: errors of the sign-in itself come with status 200."""
        if _basic(request) != (CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        if not self._is_granted(form):
            return web.json_response({"error": "invalid_grant"})
        self.issued += 1
        token = f"test-access-{self.issued}"
        self.good = {token}
        return web.json_response({
            "access_token": token, "expires_in": LONGEST_LIFE_S, "scope": self.scope,
            "token_type": "bearer",
        })  # fmt: skip

    def _is_granted(self, form: Mapping[str, Any]) -> bool:
        if form.get("grant_type") == "password":
            name = str(form.get("username")).lower()
            return name == self.username.lower() and form.get("password") == PASSWORD
        if form.get("grant_type") == "refresh_token":
            return form.get("refresh_token") == REFRESH_TOKEN
        return False

    def refusal(self, request: web.Request, path: str) -> web.Response | None:
        """What keeps a request out, if anything does."""
        agent = request.headers.get("User-Agent", "")
        if len(agent) < 8 or agent.startswith(("Python/", "python-requests", "curl")):
            return web.json_response({"message": "Too Many Requests", "error": 429}, status=429)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.good:
            return _unauthorized("invalid_token", 401)
        wanted = _scope_of(request.method, path)
        if wanted and self.scope != "*" and wanted not in self.scope.split():
            return _unauthorized("insufficient_scope", 403)
        return None


def permission_for(method: str, path: str) -> str | None:
    """The moderators' permission that a request needs."""
    rest = path.split("/", 2)[2] if path.startswith("r/") and path.count("/") > 1 else path
    rest = "api/mod/conversations" if rest.startswith("api/mod/conversations") else rest
    return _MODERATION.get(rest)


def _scope_of(method: str, path: str) -> str | None:
    for verb, start, scope in _SCOPES:
        if verb in ("*", method) and path.startswith(start):
            return scope
    return None


def _basic(request: web.Request) -> tuple[str, str] | None:
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret


def _unauthorized(error: str, status: int) -> web.Response:
    said = {"message": "Unauthorized" if status == 401 else "Forbidden", "error": status}
    headers = {"WWW-Authenticate": f'Bearer realm="reddit", error="{error}"'}
    return web.json_response(said, status=status, headers=headers)
