"""What is new in Reddit's listings: polled newest first, with a memory of what was seen.

asyncpraw's streams are not used: they hide what they missed. Here a poll pages back until
it meets what it has seen, looks for what is listed no more, and says what it cannot find.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.events import Events, Role
from greenroom.adapters.reddit.fields import Thing, moment_of, name_of, ordinal
from greenroom.adapters.reddit.gone import Watch
from greenroom.adapters.reddit.lookback import ENOUGH, MOST_BACK, Back, End, look_back
from greenroom.adapters.reddit.missing import Gap, Search, subreddit_of
from greenroom.adapters.reddit.reports import filter_stamp, report_stamp
from greenroom.adapters.reddit.things import is_deleted, revision
from greenroom.adapters.reddit.watching import Look, News
from greenroom.adapters.reddit.web import PAGE

log = logging.getLogger(__name__)

DEEP_EVERY = 12  # looks; what waits for moderators is in the order of its own age, not of its wait
SEEN = 5_000  # names a listing remembers; more than Reddit shows, so that none comes twice

_STAMPS = {Role.REPORTS: report_stamp, Role.QUEUE: filter_stamp}
_OPEN = frozenset({Role.REPORTS, Role.QUEUE})  # what waits there is news however old it is


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look back found worth telling, oldest first."""

    news: Sequence[Thing]
    late: frozenset[str] = frozenset()  # names of what was looked up afterwards


@dataclass(slots=True)
class Listing:
    """One of Reddit's listings, for all subreddits at once, and what was seen of it.

    Attributes:
        name: Its address.
        role: What it is for.
        kind: ``t1`` or ``t3``, where all in it are of one kind, which can be counted through.
        every: See ``Source``.
        watch: What of it still stands.
        clock: The time now, in UTC.
    """

    name: str
    role: Role
    watch: Watch
    clock: Clock
    kind: str | None = None
    every: int = 1
    is_primed: bool = False
    _looks: int = 0
    _seen: Recent[str, str] = field(init=False)
    _newest: int | None = None  # the highest number that was listed
    _top: tuple[str, ...] = ()  # the newest page, as the last look saw it

    def __post_init__(self) -> None:
        self._seen = Recent(size=SEEN, clock=self.clock)

    async def poll(self, look: Look) -> AsyncGenerator[News, None]:
        """What is new, oldest first; see ``Source``."""
        back = await self._look_back(look)
        self._looks += 1
        found = await self._find(back, look)
        told = {name_of(thing) for thing in found.news}
        for thing in back.things:
            if name_of(thing) not in told:
                self._mark(thing)
                look.teller.recall(thing)
        was_primed, self.is_primed = self.is_primed, True
        is_late = look.is_first or not was_primed
        self._notice_vanished(back, look)
        await look.learn(found.news)
        for thing in found.news:
            is_older = not was_primed and not _is_after(thing, look.since, "created_utc")
            events = self._events(thing, look, is_older=is_older)
            yield News(events, is_late or name_of(thing) in found.late)
            self._mark(thing)
            self.watch.saw(events)

    async def _look_back(self, look: Look) -> Back:
        if self.role in _OPEN and self._looks % DEEP_EVERY == 0:
            return await look_back(look.web, self.name, self._was_met, enough=MOST_BACK)
        if self.is_primed:
            enough = max(1, min(ENOUGH, len(self._seen)))
            return await look_back(look.web, self.name, self._was_met, enough=enough)
        since = look.since
        if since is None:
            return await look_back(look.web, self.name, lambda _: True, enough=0)
        most = min(MOST_BACK, look.most)
        return await look_back(look.web, self.name, lambda t: not _is_after(t, since), most=most)

    def _was_met(self, thing: Thing) -> bool:
        if self.role in (Role.POSTS, Role.INBOX):  # these stay in their place
            return name_of(thing) in self._seen
        return not self._is_fresh(thing)

    async def _find(self, back: Back, look: Look) -> _Found:
        fresh = [thing for thing in back.things if self._is_fresh(thing)]
        if not self.is_primed:
            fresh = [thing for thing in fresh if self._is_news(thing, look.since)]
        missing = await self._missing(back, look)
        late = frozenset(name_of(thing) for thing in missing)
        stays = self.role in (Role.POSTS, Role.INBOX)  # in the order in which it came
        news = _in_order([*fresh, *missing]) if stays else fresh[::-1]
        return _Found(news, late)

    async def _missing(self, back: Back, look: Look) -> list[Thing]:
        """What came since the last look, and is listed no more."""
        is_expected = len(self._seen) > 0 if self.is_primed else look.since is not None
        if back.met or back.end is End.KNOWN or not (is_expected or back.is_cut):
            return []
        gap = self._gap(back, look)
        if gap is None or (gap.is_too_large and not back.is_cut):
            if back.is_cut and (self.is_primed or is_expected):
                self._miss(1, look)
            return []
        search = Search(look.web, gap, lambda thing: self._is_unseen(thing, look))
        found = await search.run()
        if search.missed:
            self._miss(search.missed, look)
        return found

    def _gap(self, back: Back, look: Look) -> Gap | None:
        """Where to search; None where names cannot be counted through, or must not be."""
        numbered = [(number, thing) for thing in back.things if (number := ordinal(name_of(thing)))]
        if self.kind is None or not numbered or back.end is End.BOUND:
            return None
        if not self.is_primed and not back.is_cut:
            return None  # that is all there ever was
        below, oldest = min(numbered, key=lambda pair: pair[0])
        return Gap(
            self.kind,
            below,
            listed_at=moment_of(oldest, "created_utc"),
            above=self._newest,
            since=None if self.is_primed else look.since,
            most=MOST_BACK if self.is_primed else max(0, look.most - len(back.things)),
        )

    def _is_unseen(self, thing: Thing, look: Look) -> bool:
        return subreddit_of(thing) in look.ours and name_of(thing) not in self._seen

    def _miss(self, events: int, look: Look) -> None:
        look.miss(events)
        log.warning("%s: more came than Reddit lists; %d gaps or items are lost", self.name, events)

    def _events(self, thing: Thing, look: Look, *, is_older: bool) -> Events:
        """What to tell of a thing; ``is_older`` if it was told of by an earlier process."""
        if self.role is not Role.POSTS:
            return self.watch.untold(look.teller.tell(self.role, thing))
        was_seen = name_of(thing) in self._seen or self.watch.knows(name_of(thing))
        if is_deleted(thing):
            return look.teller.deleted(thing) if was_seen else ()
        if (was_seen or is_older) and revision(thing) != "0":
            return self.watch.untold(look.teller.edited(thing))
        return self.watch.untold(look.teller.posted(thing))

    def _mark(self, thing: Thing) -> None:
        self._seen[name_of(thing)] = self._stamp(thing)
        number = ordinal(name_of(thing))
        if self.kind is not None and number is not None:
            self._newest = max(number, self._newest or 0)

    def _is_fresh(self, thing: Thing) -> bool:
        name = name_of(thing)
        return name not in self._seen or self._seen[name] != self._stamp(thing)

    def _stamp(self, thing: Thing) -> str:
        """Changes when a thing is worth another event."""
        if self.role is Role.POSTS and is_deleted(thing):
            return "deleted"
        return _STAMPS.get(self.role, revision)(thing)

    def _is_news(self, thing: Thing, since: datetime | None) -> bool:
        """Whether a first look should tell of a thing."""
        return since is not None and (self.role in _OPEN or _is_after(thing, since))

    def _notice_vanished(self, back: Back, look: Look) -> None:
        """What the last look saw among the newest, and this one no more, was taken away."""
        if self.role is not Role.POSTS:
            return
        listed = {name_of(thing) for thing in back.things}
        still = [place for place, name in enumerate(self._top) if name in listed]
        reach = len(self._top) if back.is_whole else max(still, default=0)
        gone = (name for name in self._top[:reach] if name not in listed)
        self.watch.suspect(n for n in gone if self.watch.knows(n) or look.since is not None)
        self._top = tuple(name_of(thing) for thing in back.things[:PAGE])


def _is_after(thing: Thing, since: datetime | None, *keys: str) -> bool:
    """Whether it was made, or edited, after a time; what has no time is taken to be new."""
    times = [when for key in keys or ("edited", "created_utc") if (when := moment_of(thing, key))]
    return since is None or not times or max(times) >= since


def _in_order(things: Sequence[Thing]) -> Sequence[Thing]:
    """Oldest first; Reddit's time is a second, within which its own order holds."""
    distinct = list({name_of(thing): thing for thing in things}.values())[::-1]
    timed = [(when, thing) for thing in distinct if (when := moment_of(thing, "created_utc"))]
    if len(timed) < len(distinct):
        return distinct
    return [thing for _, thing in sorted(timed, key=lambda pair: pair[0])]
