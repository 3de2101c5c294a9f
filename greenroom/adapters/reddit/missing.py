"""What came between two looks and is listed no more: its names are counted through.

Names count up over all of Reddit: between two of them lie those of every other subreddit too.
A gap of a few thousand can be asked for, a hundred names a call; a larger one cannot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from greenroom.adapters.reddit.fields import (
    Thing,
    fullname_of,
    moment_of,
    name_of,
    ordinal,
    text_of,
)
from greenroom.adapters.reddit.things import is_emptied
from greenroom.adapters.reddit.web import PAGE, RedditWeb, read_page

log = logging.getLogger(__name__)

MOST_CALLS: Final = 50
MOST_NAMES: Final = MOST_CALLS * PAGE


@dataclass(frozen=True, slots=True)
class Gap:
    """Where things are missing.

    Attributes:
        kind: ``t1`` or ``t3``.
        below: The number of the oldest thing that is listed.
        listed_at: When that came.
        above: The number of the newest thing that is known, if one is.
        since: What came before is not missed.
        most: So many things are wanted at most.
    """

    kind: str
    below: int
    listed_at: datetime | None = None
    above: int | None = None
    since: datetime | None = None
    most: int = MOST_NAMES

    @property
    def is_too_large(self) -> bool:
        """Whether there are more names in it than may be asked for."""
        return self.above is not None and self.below - self.above - 1 > MOST_NAMES


class Search:
    """One walk down through a gap; ``missed`` says how many it knows to be lost."""

    def __init__(self, web: RedditWeb, gap: Gap, is_ours: Callable[[Thing], bool]) -> None:
        self._web = web
        self._gap = gap
        self._is_ours = is_ours
        self._calls = 0
        self.missed = 0

    async def run(self) -> list[Thing]:
        """Our things in the gap, newest first."""
        if self._gap.is_too_large:
            self.missed = 1  # nobody knows how many of them are ours
            return []
        found: list[Thing] = []
        next_number = self._gap.below - 1
        lowest = 1 if self._gap.above is None else self._gap.above + 1
        while next_number >= lowest:
            if self._calls >= MOST_CALLS or len(found) >= self._gap.most:
                self.missed += 1
                break
            numbers = range(next_number, max(next_number - PAGE, lowest - 1), -1)
            things = await self._ask(numbers)
            found += self._kept(things)
            next_number = numbers[-1] - 1
            if self._gap.above is None and self._is_over(things):
                break
        return found[: self._gap.most]

    async def _ask(self, numbers: Sequence[int]) -> Sequence[Thing]:
        self._calls += 1
        names = ",".join(fullname_of(self._gap.kind, number) for number in numbers)
        return read_page(
            await self._web.read("look for what is missing", "api/info", id=names)
        ).things

    def _kept(self, things: Sequence[Thing]) -> list[Thing]:
        ours = [thing for thing in things if self._is_ours(thing)]
        kept = [thing for thing in ours if not is_emptied(thing) and self._is_wanted(thing)]
        self.missed += sum(1 for thing in ours if is_emptied(thing) and self._is_wanted(thing))
        return sorted(kept, key=lambda thing: ordinal(name_of(thing)) or 0, reverse=True)

    def _is_wanted(self, thing: Thing) -> bool:
        when, since = moment_of(thing, "created_utc"), self._gap.since
        return since is None or when is None or when >= since

    def _is_over(self, things: Sequence[Thing]) -> bool:
        """Whether the walk, whose end nobody knows, has come to it, or never would."""
        times = [when for thing in things if (when := moment_of(thing, "created_utc"))]
        if not times:
            return True  # here nothing has ever been
        if self._gap.since is None or self._gap.listed_at is None:
            return self._is_lost(not any(self._is_ours(thing) for thing in things))
        reached = min(times)
        if reached < self._gap.since:
            return True
        walked_s = (self._gap.listed_at - reached).total_seconds() / self._calls
        left_s = (reached - self._gap.since).total_seconds()
        return self._is_lost(walked_s > 0 and left_s / walked_s > MOST_CALLS - self._calls)

    def _is_lost(self, is_hopeless: bool) -> bool:
        self.missed += is_hopeless
        return is_hopeless


def subreddit_of(thing: Thing) -> str:
    """The name of a thing's subreddit, in lower case."""
    return (text_of(thing, "subreddit") or "").lower()
