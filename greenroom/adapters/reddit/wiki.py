"""Reddit's wiki pages and pinned posts, as far as every member may read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from greenroom.adapters.base import Article, Published
from greenroom.adapters.reddit.fields import rows_of, table_of, text_of
from greenroom.adapters.reddit.web import RedditWeb, read_page
from greenroom.errors import DropMessage

REDDIT: Final = "https://www.reddit.com"
MOST_PAGES: Final = 500  # of a wiki
MODERATORS_ONLY: Final = 2  # a page's level of permission
_INNER: Final = ("config/", "usernotes", "toolbox")
"""What moderators' tools keep there; it is nobody's to quote."""


async def published(web: RedditWeb, subreddits: Sequence[str]) -> Published:
    """All of it.

    Raises:
        ConfigError: The sign-in is refused.
        RetryLater: Reddit cannot be reached.
    """
    articles: list[Article] = []
    unread: dict[str, str] = {}
    for name in subreddits:
        for shelf, read in ((f"wiki/{name}", _wiki), (f"pins/{name}", _pins)):
            try:
                articles += [one async for one in read(web, name, shelf)]
            except DropMessage as error:
                unread[shelf] = str(error)
    return Published(tuple(articles), unread)


async def _wiki(web: RedditWeb, subreddit: str, shelf: str) -> AsyncIterator[Article]:
    listed = await web.read("list the wiki", f"r/{subreddit}/wiki/pages")
    names = [name for name in rows_of(listed, "data") if isinstance(name, str)]
    for name in names[:MOST_PAGES]:
        if name.startswith(_INNER) or not await _is_for_all(web, subreddit, name):
            continue
        page = await web.read("read a page of the wiki", f"r/{subreddit}/wiki/{name}", raw_json=1)
        said = text_of(table_of(page, "data"), "content_md")
        if said:
            yield Article(
                shelf=shelf,
                name=name,
                title=name.rpartition("/")[2].replace("_", " ").replace("-", " "),
                text=said,
                url=f"{REDDIT}/r/{subreddit}/wiki/{name}",
            )


async def _is_for_all(web: RedditWeb, subreddit: str, name: str) -> bool:
    """Whether a page is not for moderators only; whoever may not ask that sees no such page."""
    try:
        told = await web.read("look who may read a page", f"r/{subreddit}/wiki/settings/{name}")
    except DropMessage:
        return True
    return table_of(told, "data").get("permlevel") != MODERATORS_ONLY


async def _pins(web: RedditWeb, subreddit: str, shelf: str) -> AsyncIterator[Article]:
    answer = await web.read("list pinned posts", f"r/{subreddit}/hot", limit=10, raw_json=1)
    for thing in read_page(answer).things:
        if thing.get("stickied") is True and not _is_gone(thing):
            said = text_of(thing, "selftext")
            if said:
                yield Article(
                    shelf=shelf,
                    name=str(thing["name"]),
                    title=text_of(thing, "title") or f"Pinned in r/{subreddit}",
                    text=said,
                    url=f"{REDDIT}{text_of(thing, 'permalink') or ''}",
                )


def _is_gone(thing: Mapping[str, Any]) -> bool:
    return text_of(thing, "selftext") in ("[removed]", "[deleted]")
