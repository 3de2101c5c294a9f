"""Paging back through a listing until something known is met, whatever happens to its pages.

Reddit's pages hang on an anchor, the last item of the page before. It may be removed between
two requests; then nothing follows it, or the listing begins anew. So several of the newest
anchors are tried, and what was met is recognised by name, never by place.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import Enum
from typing import Final

from greenroom.adapters.reddit.fields import Thing, name_of
from greenroom.adapters.reddit.web import PAGE, Page, RedditWeb

MOST_BACK: Final = 1_000  # items; Reddit's listings end there
ANCHORS: Final = 4  # items of a page behind which the next is looked for
MOST_PAGES: Final = 15  # even if each brings little that is new
ENOUGH: Final = 3  # known items to meet; one alone may only have moved up


class End(Enum):
    """Why the look back ended."""

    KNOWN = "known"  # it met what was known
    LISTING = "listing"  # there is no more
    BROKEN = "broken"  # there should be more, but no anchor leads to it
    BOUND = "bound"  # as much was read as may be


@dataclass(frozen=True, slots=True)
class Back:
    """What was read, newest first, each thing once."""

    things: tuple[Thing, ...]
    end: End
    met: int  # known items that were met
    has_more: bool = True  # older items, which Reddit would list

    @property
    def is_cut(self) -> bool:
        """Whether there may be more that Reddit does not list."""
        if self.end is End.LISTING:
            return len(self.things) > MOST_BACK - PAGE
        return self.end is not End.KNOWN

    @property
    def is_whole(self) -> bool:
        """Whether it is all that the listing has."""
        return not self.has_more and len(self.things) <= MOST_BACK - PAGE


async def look_back(
    web: RedditWeb,
    path: str,
    is_known: Callable[[Thing], bool],
    *,
    enough: int = ENOUGH,
    most: int = MOST_BACK,
) -> Back:
    """Read a listing from its newest item back to ``enough`` known ones."""
    found: dict[str, Thing] = {}
    met = 0
    page = await web.page(path)
    for _ in range(MOST_PAGES):
        fresh = [thing for thing in page.things if name_of(thing) not in found]
        found |= {name_of(thing): thing for thing in fresh}
        met = sum(1 for thing in found.values() if is_known(thing))
        has_more = page.after is not None
        if met >= enough:
            return Back(tuple(found.values()), End.KNOWN, met, has_more)
        if len(found) >= most and has_more:
            return Back(tuple(found.values())[:most], End.BOUND, met)
        if not has_more:
            return Back(tuple(found.values())[:most], End.LISTING, met, has_more)
        following = await _following(web, path, page, found.keys())
        if following is None:
            break
        page = following
    return Back(tuple(found.values()), End.BROKEN, met)


async def _following(web: RedditWeb, path: str, page: Page, found: Container[str]) -> Page | None:
    """The page behind this one, behind whichever of its last items still leads there."""
    for anchor in _anchors(page):
        following = await web.page(path, after=anchor)
        if any(name_of(thing) not in found for thing in following.things):
            return following
    return None


def _anchors(page: Page) -> list[str]:
    last = [name_of(thing) for thing in reversed(page.things[-ANCHORS:])]
    return list(dict.fromkeys([page.after or "", *last]))[:ANCHORS]
