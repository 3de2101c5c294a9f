"""Who may call what: tokens, and the scopes that methods need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .arguments import Refused
from .workspace import Workspace

BOT_TOKEN, APP_TOKEN, ADMIN_TOKEN = "test-bot-token", "test-app-token", "test-admin-token"

SCOPES = (
    "app_mentions:read,channels:history,channels:join,channels:read,chat:write,commands,"
    "groups:history,groups:read,im:history,im:read,im:write,metadata.message:read,mpim:history,"
    "mpim:read,pins:read,reactions:read,reactions:write,users:read"
)
ADMIN_SCOPES = "chat:write"

_SCOPES: Mapping[str, str] = {
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.join": "channels:join",
    "conversations.list": "channels:read",
    "conversations.open": "im:write",
    "pins.list": "pins:read",
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "users.conversations": "channels:read",
    "users.info": "users:read",
}
_BY_CHANNEL: Mapping[str, str] = {
    "conversations.history": "history",
    "conversations.info": "read",
    "conversations.members": "read",
    "conversations.replies": "history",
}
_WITHOUT_TOKEN = frozenset({"oauth.v2.access"})
_OF_USERS = frozenset({"auth.test", "chat.delete", "users.info", "conversations.kick"})


@dataclass(frozen=True, slots=True)
class Token:
    """What a token is good for."""

    team: str
    kind: str  # bot | user | app
    user: str = ""


def check_kind(method: str, token: Token | None, given: str) -> None:
    """Refuse no token, an unknown one, and one of another kind."""
    if method in _WITHOUT_TOKEN:
        return
    if token is None:
        raise Refused("invalid_auth" if given else "not_authed")
    if (token.kind == "app") != (method == "apps.connections.open"):
        raise Refused("not_allowed_token_type")
    if token.kind == "user" and method not in _OF_USERS:
        raise Refused("not_allowed_token_type")


def check_scope(method: str, team: Workspace, asked: Mapping[str, Any], scopes: str) -> None:
    """Refuse what the bot's token has no scope for."""
    needs = _SCOPES.get(method)
    if method in _BY_CHANNEL:
        room = team.room(str(asked.get("channel")))
        needs = None if room is None else f"{room.scope}:{_BY_CHANNEL[method]}"
    if needs is not None and needs not in scopes.split(","):
        raise Refused("missing_scope", needed=needs, provided=scopes)
