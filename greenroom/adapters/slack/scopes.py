"""What the app's tokens may do, and which action needs what of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from greenroom.adapters.slack.refusals import TOKENS_PAGE
from greenroom.adapters.slack.web import CORE_SCOPES
from greenroom.errors import ConfigError
from greenroom.message import REMOVALS, ActionKind

BOT_SCOPES: Final = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "metadata.message:read",
    "mpim:history",
    "mpim:read",
    "pins:read",
    "reactions:read",
    "reactions:write",
    "users:read",
)
"""What the app asks of a workspace; ``adapters/slack.yaml`` has the same."""

USER_SCOPES: Final = ("chat:write",)
"""What it asks of an admin, to remove messages in their name."""

HEARING: Final[Mapping[str, str]] = {
    "channels:read": "know channels by their names, by which personas are placed",
    "metadata.message:read": "find a reply of its own again, so as not to send it twice",
}
"""What a bot can start without, and should not."""

SCOPES: Final[Mapping[ActionKind, tuple[str, ...]]] = {
    ActionKind.ANSWER: ("commands", "chat:write", "im:write"),
    ActionKind.APPROVE: ("chat:write", "channels:history"),
    ActionKind.CARD: ("chat:write", "channels:read"),
    ActionKind.MESSAGE: ("chat:write", "im:write"),
    ActionKind.MODMAIL: ("chat:write", "channels:read"),
    ActionKind.NOTICE: ("chat:write",),
    ActionKind.REACT: ("reactions:write",),
    ActionKind.REPLY: ("chat:write",),
    ActionKind.POST: ("chat:write", "channels:read"),
    ActionKind.REPORT: ("chat:write", "channels:read"),
    ActionKind.RETRACT: ("chat:write",),
    **dict.fromkeys(REMOVALS, ()),  # a person's token, see USER_SCOPES
}
"""The scopes of the bot's token that each action needs."""


def missing(
    scopes: frozenset[str] | None, needs: frozenset[ActionKind], *, joins: bool
) -> Iterator[ConfigError]:
    """Each scope that is lacking, with what it is needed for; nothing if Slack does not say."""
    if scopes is None:
        return
    wanted = dict.fromkeys(sorted(CORE_SCOPES), "start at all") | dict(HEARING)
    for kind in sorted(needs):
        for scope in SCOPES.get(kind, ()):
            wanted.setdefault(scope, f"{kind}")
    if joins:
        wanted["channels:join"] = "join channels (join in the bot's file)"
    for scope, why in wanted.items():
        if scope not in scopes:
            yield ConfigError(
                f"the Slack token lacks the scope {scope}, which it needs to {why}",
                accepted=f"add {scope} under Bot Token Scopes at {TOKENS_PAGE}, then press "
                "Reinstall to Workspace",
            )
