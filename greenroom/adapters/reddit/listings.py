"""What is new on Reddit: listings polled newest first, with a memory of what was seen.

asyncpraw's streams are not used: they hide what they missed. Here a poll pages back until
it meets something it has seen, and says so when it cannot.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.things import revision
from greenroom.adapters.reddit.web import PAGE, RedditWeb, Thing
from greenroom.message import EventKind

log = logging.getLogger(__name__)

MOST_BACK = 1_000  # items; Reddit's listings end there
SEEN = 5_000  # names a listing remembers; more than Reddit shows, so that none comes twice


Learn = Callable[[Iterable[Thing]], Awaitable[None]]
"""Is told what is about to be read, so that it can look things up for all of it at once."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that a poll found: a thing, and what happened to it."""

    kind: EventKind
    thing: Thing


@dataclass(slots=True)
class Listing:
    """One of Reddit's listings, for all subreddits at once, and what was seen of it."""

    path: str
    kind: EventKind
    stamp: Callable[[Thing], str]  # changes when the thing is worth another event
    seen: Recent[str, str]
    is_primed: bool = False
    gaps: int = 0  # polls after which something may have been missed


@dataclass(slots=True)
class Memory:
    """The listings of one bot; outlives a lost connection, so that the next one catches up."""

    clock: Clock
    since: datetime | None = None  # where an earlier process stopped
    listings: dict[str, Listing] = field(default_factory=dict)

    @property
    def gaps(self) -> int:
        """How often something may have been missed."""
        return sum(listing.gaps for listing in self.listings.values())

    def watched(self, all_names: Sequence[str], moderated: Sequence[str]) -> list[Listing]:
        """The listings to poll: posts and comments of all, edits and reports where we moderate."""
        everywhere, ours = "+".join(all_names), "+".join(moderated)
        found = [
            self._listing(f"r/{everywhere}/new", EventKind.MESSAGE_POSTED, revision),
            self._listing(f"r/{everywhere}/comments", EventKind.MESSAGE_POSTED, revision),
        ]
        if ours:
            found.append(
                self._listing(f"r/{ours}/about/edited", EventKind.MESSAGE_EDITED, revision)
            )
            found.append(
                self._listing(f"r/{ours}/about/reports", EventKind.MESSAGE_REPORTED, report_count)
            )
        return found

    def _listing(self, path: str, kind: EventKind, stamp: Callable[[Thing], str]) -> Listing:
        if path not in self.listings:
            seen: Recent[str, str] = Recent(size=SEEN, clock=self.clock)
            self.listings[path] = Listing(path, kind, stamp, seen)
        return self.listings[path]


async def poll(
    web: RedditWeb, listing: Listing, *, since: datetime | None, learn: Learn
) -> AsyncGenerator[Sighting, None]:
    """What is new in a listing, oldest first; ``learn`` is told all of it beforehand.

    A sighting counts as seen once the caller comes back for the next one: what fails on
    the way in is found again. The first poll of a listing finds only what came after
    ``since``, and nothing without it, since history is not news.
    """
    fresh = await _look_back(web, listing, since)
    news = [thing for thing in fresh if listing.is_primed or _is_news(listing, thing, since)]
    names = {thing["name"] for thing in news}
    for thing in fresh:
        if thing["name"] not in names:
            _mark(listing, thing)
    listing.is_primed = True
    await learn(news)
    for thing in reversed(news):
        yield Sighting(_kind(listing, thing), thing)
        _mark(listing, thing)


def _mark(listing: Listing, thing: Thing) -> None:
    listing.seen[thing["name"]] = listing.stamp(thing)


async def _look_back(web: RedditWeb, listing: Listing, since: datetime | None) -> list[Thing]:
    fresh: list[Thing] = []
    after: str | None = None
    for _ in range(MOST_BACK // PAGE):
        page = await web.page(listing.path, after=after)
        fresh.extend(thing for thing in page.things if _is_fresh(listing, thing))
        after = page.after
        if after is None or _reaches_the_known(listing, page.things, since):
            return _distinct(fresh)
    listing.gaps += 1
    log.warning(
        "%s: more than %d new items since the last look; older ones may be missed",
        listing.path,
        MOST_BACK,
    )
    return _distinct(fresh)


def _reaches_the_known(listing: Listing, things: Sequence[Thing], since: datetime | None) -> bool:
    if listing.is_primed:
        return any(thing["name"] in listing.seen for thing in things)
    return since is None or not all(_is_news(listing, thing, since) for thing in things)


def _is_fresh(listing: Listing, thing: Thing) -> bool:
    name = thing["name"]
    return name not in listing.seen or listing.seen[name] != listing.stamp(thing)


def _is_news(listing: Listing, thing: Thing, since: datetime | None) -> bool:
    """Whether a first poll should tell of a thing; open reports are news however old."""
    if since is None:
        return False
    if listing.kind is EventKind.MESSAGE_REPORTED:
        return True
    when = thing.get("edited") or thing.get("created_utc")
    return isinstance(when, int | float) and datetime.fromtimestamp(when, UTC) >= since


def _kind(listing: Listing, thing: Thing) -> EventKind:
    if listing.kind is EventKind.MESSAGE_POSTED and listing.stamp(thing) != "0":
        return EventKind.MESSAGE_EDITED
    return listing.kind


def report_count(thing: Thing) -> str:
    """How often a thing was reported, as far as the listing says."""
    return str(thing.get("num_reports") or 0)


def _distinct(things: list[Thing]) -> list[Thing]:
    """Without what came twice because the listing moved between two pages."""
    return list({thing["name"]: thing for thing in things}.values())
