"""The Web API's methods by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import chat, conversations
from .access import Token
from .workspace import Workspace

if TYPE_CHECKING:
    from .server import SlackServer

Way = Callable[["SlackServer", Workspace, Mapping[str, Any], Token], dict[str, Any]]


def _auth_test(
    _: SlackServer, team: Workspace, _asked: Mapping[str, Any], token: Token
) -> dict[str, Any]:
    known = {
        "team_id": team.id,
        "team": team.name,
        "url": f"https://{team.domain}.slack.example/",
        "user_id": token.user,
        "user": "greenroom" if token.kind == "bot" else "admin",
        "is_enterprise_install": False,
    }
    return known | ({"bot_id": team.bot_id} if token.kind == "bot" else {})


METHODS: Mapping[str, Way] = {
    "auth.test": _auth_test,
    "apps.connections.open": lambda server, *_: server.open_socket(),
    "chat.postMessage": lambda _s, team, asked, _t: chat.post(team, asked),
    "chat.postEphemeral": lambda server, _, asked, _t: server.interactivity.post_ephemeral(asked),
    "chat.update": lambda _s, team, asked, _t: chat.update(team, asked),
    "chat.delete": lambda _s, team, asked, token: chat.delete(
        team, asked, is_admin=token.kind == "user"
    ),
    "conversations.history": lambda server, team, asked, _: conversations.history(
        team, asked, server.most("conversations.history")
    ),
    "conversations.replies": lambda server, team, asked, _: conversations.replies(
        team, asked, server.most("conversations.replies")
    ),
    "conversations.info": lambda _s, team, asked, _t: conversations.info(team, asked),
    "conversations.join": lambda _s, team, asked, _t: conversations.join(team, asked),
    "conversations.list": lambda server, team, asked, _: conversations.listed(
        team, asked, server.most("conversations.list"), mine=False
    ),
    "conversations.members": lambda server, team, asked, _: conversations.members(
        team, asked, server.most("conversations.members")
    ),
    "pins.list": lambda _s, team, asked, _t: conversations.pins(team, asked),
    "conversations.open": lambda _s, team, asked, _t: conversations.opened(team, asked),
    "users.conversations": lambda server, team, asked, _: conversations.listed(
        team, asked, server.most("users.conversations"), mine=True
    ),
    "users.info": lambda _s, team, asked, _t: conversations.member(team, asked),
    "reactions.add": lambda server, team, asked, _: chat.react(
        team, asked, is_strict=server.is_whole
    ),
    "reactions.remove": lambda _s, team, asked, _t: chat.unreact(team, asked),
    "views.open": lambda server, _, asked, _t: server.interactivity.open_view(asked),
}
