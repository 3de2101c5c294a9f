"""What each adapter needs to be told in ``bots/NAME.yaml``, checked without its library.

The keys here are the YAML keys. ``endpoints`` point an adapter at another server: a
proxy, or a loopback server in a test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

Address = Annotated[str, StringConstraints(pattern=r"^(https?|wss?)://[^\s]+$")]


class Settings(BaseModel):
    """Unknown keys are errors; values never change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Backfill(Settings):
    """How far a bot looks back for what was posted while it was not connected."""

    hours: float = Field(default=24.0, ge=0)  # 0: not at all
    messages_per_channel: int = Field(default=500, ge=0)


class DiscordEndpoints(Settings):
    """Where Discord is."""

    api: Address = "https://discord.com/api/v10"
    gateway: Address | None = None  # None: ask the API, as usual


class DiscordSettings(Settings):
    """Discord: one application's bot user."""

    token: SecretStr
    shards: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"  # auto: as many as Discord says
    backfill: Backfill = Backfill()
    endpoints: DiscordEndpoints = DiscordEndpoints()


class SlackEndpoints(Settings):
    """Where Slack's Web API is, and the page on which people allow an app."""

    api: Address = "https://slack.com/api/"
    authorize: Address = "https://slack.com/oauth/v2/authorize"


class Listen(Settings):
    """Where Slack's HTTP events are awaited; put your own TLS proxy in front."""

    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    path: str = Field(default="/slack/events", pattern=r"^/")


class SlackInstall(Settings):
    """Workspaces add the app by themselves, at ``/slack/install`` of ``listen``."""

    client_id: str
    client_secret: SecretStr
    key: SecretStr  # encrypts the store; several, the newest first, with commas between them
    store: Path = Path("data/slack-installs.json")
    redirect: Address | None = None  # as entered in Slack; None: the only one entered there
    teams: tuple[str, ...] = ()  # ids of the workspaces that may; none: any
    removes: bool = False  # asks whoever installs to lend the right to remove messages


class SlackSettings(Settings):
    """Slack: Socket Mode with ``app_token``, or HTTP events with ``signing_secret``."""

    token: SecretStr | None = None  # of one workspace; with ``install`` it may be left out
    install: SlackInstall | None = None
    transport: Literal["socket", "http"] = "socket"
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    user_token: SecretStr | None = None  # an admin's; Slack lets no bot delete others' messages
    join: tuple[str, ...] = ()  # public channels by name, or "*" for all of them
    listen: Listen = Listen()
    backfill: Backfill = Backfill()
    endpoints: SlackEndpoints = SlackEndpoints()

    @model_validator(mode="after")
    def _has_what_its_transport_needs(self) -> SlackSettings:
        if self.token is None and self.install is None:
            raise ValueError("give token (starts with xoxb-), or install for several workspaces")
        if self.transport == "socket" and self.app_token is None:
            raise ValueError("transport: socket needs app_token (starts with xapp-)")
        if self.transport == "http" and self.signing_secret is None:
            raise ValueError("transport: http needs signing_secret")
        return self

    def within(self, folder: Path) -> SlackSettings:
        """The same, with paths that start from ``folder``."""
        if self.install is None:
            return self
        placed = self.install.model_copy(update={"store": folder / self.install.store})
        return self.model_copy(update={"install": placed})


class RedditEndpoints(Settings):
    """Where Reddit's OAuth API and its site are."""

    oauth: Address = "https://oauth.reddit.com"
    www: Address = "https://www.reddit.com"


class RedditSettings(Settings):
    """Reddit: a script app's credentials, or an installed app's refresh token."""

    client_id: SecretStr
    client_secret: SecretStr
    username: str | None = None
    password: SecretStr | None = None
    refresh_token: SecretStr | None = None
    user_agent: str | None = None  # None: made from the version and the username
    subreddits: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{2,21}$")], ...] = (
        Field(min_length=1)
    )
    poll_s: float = Field(default=5.0, gt=0)  # seconds between two looks at the newest items
    backfill: Backfill = Backfill()
    endpoints: RedditEndpoints = RedditEndpoints()

    @model_validator(mode="after")
    def _has_a_way_to_sign_in(self) -> RedditSettings:
        if self.refresh_token is None and (self.username is None or self.password is None):
            raise ValueError("give username and password, or refresh_token")
        return self


class TerminalSettings(Settings):
    """The terminal: what one types is a member's message."""

    member: str = "you"
    addressed: bool = False  # every line is said to the persona; else those that begin with @


class ReplaySettings(Settings):
    """A file of recorded messages, played as a live community."""

    file: Path
    messages_per_second: float | None = Field(default=4.0, gt=0)  # None: as fast as they go
    loop: bool = False
    follow: bool = False  # at the end, go on with what is appended to the file
    channels: tuple[str, ...] = ()  # that there are besides those of the messages
