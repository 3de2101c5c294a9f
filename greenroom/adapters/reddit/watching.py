"""What one look at Reddit has to do with: the connection, what is known, how far back to go."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from greenroom.adapters.reddit.events import Events, Teller
from greenroom.adapters.reddit.fields import Thing
from greenroom.adapters.reddit.web import RedditWeb

Learn = Callable[[Iterable[Thing]], Awaitable[None]]
"""Is told what is about to be read, so that it can look things up for all of it at once."""


@dataclass(frozen=True, slots=True)
class News:
    """Something found, as events in order."""

    events: Events
    is_late: bool = False  # looked up afterwards: nobody was looking when it came


@dataclass(frozen=True, slots=True)
class Look:
    """A look at Reddit.

    Attributes:
        web: The connection.
        teller: Makes events.
        learn: Looks members up.
        miss: Is told how many are lost.
        ours: The names of the bot's subreddits, in lower case.
        since: A source that was never looked at tells of what came after this; without it
            of nothing, since history is not news.
        most: So many items at most, of what came before the process.
        is_first: The first since the connection was made.
    """

    web: RedditWeb
    teller: Teller
    learn: Learn
    miss: Callable[[int], None]
    ours: frozenset[str]
    since: datetime | None = None
    most: int = 1_000
    is_first: bool = False


class Source(Protocol):
    """Something of Reddit's that is looked at again and again; outlives a connection."""

    @property
    def name(self) -> str:
        """Its address, for the log."""

    @property
    def every(self) -> int:
        """Looked at in every so manieth look; 0: in each, however little Reddit allows."""

    def poll(self, look: Look) -> AsyncGenerator[News, None]:
        """What is new, oldest first; it counts as seen once the caller comes back for more."""
