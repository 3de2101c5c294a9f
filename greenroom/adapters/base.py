"""The contract between a platform and Greenroom: events out, actions in, capabilities, health."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from greenroom.errors import ConfigError
from greenroom.message import ActionKind, Channel, Community, Event, Order, Outcome

Intake = Callable[[Event], Awaitable[bool]]
"""Stores an event durably; true if it is new. Acknowledge to the platform only after it returns."""

Clock = Callable[[], datetime]
"""The time now, in UTC."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What an adapter knows of what it did not hear at once, since the process began.

    Attributes:
        backfilled: New events that it fetched afterwards.
        missed: Events that it knows it cannot fetch any more; where their number is unknown,
            one for each gap.
        duplicate: Deliveries of what was stored before.
    """

    backfilled: int = 0
    missed: int = 0
    duplicate: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """How an adapter fares, for the desk, the log and the metrics."""

    is_connected: bool = False
    since: datetime | None = None  # when it last connected
    last_event_at: datetime | None = None
    detail: str = ""
    gaps: Gaps = Gaps()


@dataclass(frozen=True, slots=True)
class Access:
    """What a platform lets a bot's account do, as it says when asked.

    Attributes:
        account: Who the token is: ``Greenroom (1234)``.
        places: The servers, workspaces or subreddits that it is in.
        lacks: What is missing, each with what to do about it.
    """

    account: str
    places: tuple[str, ...] = ()
    lacks: tuple[ConfigError, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """Something that a community's people wrote to stay: a pinned post, a page of a wiki.

    Attributes:
        shelf: Where it stands among others: ``pins/help``, ``wiki/gardening``.
        name: What tells it from others of its shelf, and stays when it is edited.
        title: Its heading.
        text: Markdown, as far as the platform's own marks are.
        url: Where members find it.
    """

    shelf: str
    name: str
    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Published:
    """What a platform has to read, and what of it could not be read.

    Attributes:
        articles: Only what every member may read.
        unread: Shelves that the platform does not show to the bot's account, and why.
    """

    articles: tuple[Article, ...]
    unread: Mapping[str, str]


class Adapter(Protocol):
    """A platform's connection for one bot.

    ``run`` connects and feeds ``intake`` until cancelled, or until the connection ends:
    ``RetryLater`` asks the supervisor to start it again with back-off, ``ConfigError`` and
    ``GiveUp`` end the process. ``perform`` carries out one order while ``run`` runs; it
    raises ``RetryLater`` (with ``maybe_done`` when the outcome is unknown) or
    ``DropMessage``, and never performs one key twice.
    """

    @property
    def bot(self) -> str:
        """The bot's name: the stem of its YAML file."""

    @property
    def platform(self) -> str:
        """``discord``, ``slack``, ``reddit``, ``terminal`` or ``replay``."""

    @property
    def capabilities(self) -> frozenset[ActionKind]:
        """What the platform can do."""

    async def run(self, intake: Intake) -> None:
        """Connect and feed ``intake``."""

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order."""

    def health(self) -> Health:
        """How it fares."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel that a bot may write in."""

    community: Community
    channel: Channel


@runtime_checkable
class HasPlaces(Protocol):
    """An adapter that knows where it may speak first; digests and campaigns need it."""

    async def places(self) -> Sequence[Place]:
        """The channels that the bot may write in; none while it is not connected.

        Raises:
            RetryLater: The platform cannot be asked now.
        """


@runtime_checkable
class KeepsText(Protocol):
    """An adapter whose platform gives a text back as it was sent, to the last invisible sign.

    Only then may a text carry its C2PA manifest. Such an adapter finds an earlier try by the
    order's key, not by its text, which is another after a restart.
    """

    @property
    def kept_length(self) -> int:
        """Characters (code points) of one text that it keeps."""


class Inspectable(Protocol):
    """An adapter that can be asked before it runs: ``check --online`` and ``bot add`` do."""

    async def inspect(self, needs: frozenset[ActionKind]) -> Access:
        """Sign in, and compare what the account may do with ``needs``.

        Raises:
            ConfigError: The credentials are refused.
            RetryLater: The platform cannot be reached.
        """

    async def greet(self, text: str) -> str:
        """Post ``text`` where moderators read (``desk_channel``); returns where that was."""


class Publishing(Protocol):
    """An adapter whose platform keeps what people wrote to stay: ``knowledge pull`` reads it."""

    async def published(self) -> Published:
        """Sign in, and read pinned posts and pages of the wiki that every member may read.

        Raises:
            ConfigError: The credentials are refused.
            RetryLater: The platform cannot be reached; nothing is known then.
        """
