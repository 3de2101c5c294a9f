"""``adapters/NAME.yaml``: how a platform is connected, as a person sets it up there.

Discord's and Reddit's are ours; Slack's is an app manifest, which Slack reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from greenroom.adapters.settings import Settings
from greenroom.message import ActionKind


class Intent(Settings):
    """What Discord's gateway is asked to tell."""

    privileged: bool
    why: str


class Permission(Settings):
    """A permission of the invitation, and the actions that need it."""

    actions: tuple[ActionKind, ...] = Field(alias="for")
    why: str


class Invite(Settings):
    """The numbers of Discord's invite address."""

    scope: str
    watching: int = Field(ge=0)
    everything: int = Field(ge=0)


class DiscordCapabilities(Settings):
    """What can be done always, and what needs a desk channel."""

    always: tuple[ActionKind, ...]
    desk_channel: tuple[ActionKind, ...] = ()


class DiscordConnection(Settings):
    """``adapters/discord.yaml``."""

    intents: dict[str, Intent]
    permissions: dict[str, Permission]
    invite: Invite
    capabilities: DiscordCapabilities
    rate_limits: dict[str, float]
    text_limits: dict[str, int]


class Approval(Settings):
    """Whether the platform must be asked first, and where."""

    needed: bool
    ask_at: str
    policy: str


class RedditApp(Settings):
    """What Reddit's form for an app asks."""

    name: str
    type: str
    redirect_uri: str
    about_url: str = ""


class RedditCapabilities(Settings):
    """What any account can do, and what only a moderator's."""

    any: tuple[ActionKind, ...]
    moderator: tuple[ActionKind, ...]


class RedditConnection(Settings):
    """``adapters/reddit.yaml``."""

    approval: Approval
    app: RedditApp
    scopes: dict[str, str]
    moderator_permissions: dict[str, str]
    capabilities: RedditCapabilities
    rate_limits: dict[str, float | dict[str, float]]
    text_limits: dict[str, int]


class _Manifest(BaseModel):
    """Slack knows more keys of a manifest than we do: what we do not know passes."""

    model_config = ConfigDict(extra="allow", frozen=True)


class SlackScopes(_Manifest):
    """What the app's tokens may do."""

    bot: tuple[str, ...]
    user: tuple[str, ...] = ()

    @field_validator("bot")
    @classmethod
    def _has_what_it_cannot_do_without(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        missing = [scope for scope in NEEDED_SCOPES if scope not in scopes]
        if missing:
            raise ValueError(f"lacks {', '.join(missing)}, without which the bot does not start")
        return scopes


class SlackOAuth(_Manifest):
    """The manifest's ``oauth_config``."""

    scopes: SlackScopes


class SlackEvents(_Manifest):
    """The manifest's ``event_subscriptions``."""

    bot_events: tuple[str, ...] = ()
    request_url: str | None = None


class SlackManifestSettings(_Manifest):
    """The manifest's ``settings``."""

    event_subscriptions: SlackEvents
    socket_mode_enabled: bool = False


class SlackDisplay(_Manifest):
    """The manifest's ``display_information``."""

    name: str = Field(max_length=35)
    description: str = Field(default="", max_length=140)


class SlackManifest(_Manifest):
    """``adapters/slack.yaml``: a Slack app manifest."""

    display_information: SlackDisplay
    oauth_config: SlackOAuth
    settings: SlackManifestSettings


NEEDED_SCOPES: Final = ("channels:history", "chat:write", "users:read")

CONNECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "discord": DiscordConnection,
    "reddit": RedditConnection,
    "slack": SlackManifest,
}
"""By the stem of the file."""
