"""Reddit through asyncpraw: reading JSON, sending forms, every call with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpraw
from asyncpraw.exceptions import RedditAPIException

from greenroom.adapters.reddit.errors import reddit_errors
from greenroom.adapters.reddit.fields import Thing, as_table, rows_of, table_of, text_of
from greenroom.adapters.reddit.pace import Pace
from greenroom.errors import RetryLater

CALL_TIMEOUT_S = 45.0  # the library spaces calls out by up to 10 s to stay within the limit
PAGE = 100  # the most that Reddit gives at once

KINDS = frozenset({"t1", "t3", "t4"})
"""Comments, submissions and letters; what else is in a listing (``more`` stubs) is left out."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing, newest first."""

    things: tuple[Thing, ...]
    after: str | None


class RedditWeb:
    """The library's client, and three ways to use it: its models, reading and sending JSON."""

    def __init__(self, client: asyncpraw.Reddit, pace: Pace) -> None:
        self.client = client
        self.pace = pace

    async def call(self, doing: str, work: Awaitable[ResultT], *, sends: bool = False) -> ResultT:
        """Await the library with a deadline; the errors are ours."""
        with reddit_errors(doing, sends=sends):
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await work

    async def read(self, doing: str, path: str, **params: str | int) -> Mapping[str, Any]:
        """A JSON object from ``path``; ``{}`` if Reddit answers with something else."""
        work = self.client.request(method="GET", path=path, params=params)
        return as_table(await self.call(doing, work))

    async def send(
        self, doing: str, path: str, form: Mapping[str, str | bool], *, once: bool = False
    ) -> Mapping[str, Any]:
        """Post a form; the answer is the object of it, if Reddit gives one.

        The answer is not put into the library's models, which raise where it is unusual,
        after the deed is done.

        Args:
            doing: Completes "Reddit refuses to …".
            path: Where to.
            form: The fields.
            once: Done twice it would be there twice: a lost answer leaves it in doubt.
        """
        with reddit_errors(doing, sends=once):
            async with asyncio.timeout(CALL_TIMEOUT_S):
                answer = as_table(
                    await self.client.request(method="POST", path=path, data=dict(form))
                )
            _refuse(answer)
        return answer

    async def page(self, path: str, *, after: str | None = None, limit: int = PAGE) -> Page:
        """One page of a listing."""
        params: dict[str, str | int] = {"limit": limit}
        if after is not None:
            params |= {"after": after, "count": limit}
        answer = await self.read(f"list {path}", path, **params)
        return read_page(answer)

    async def me(self) -> str:
        """The account's name.

        Raises:
            RetryLater: Reddit does not say it; without it our own words look like others'.
        """
        facts = await self.read("say who we are", "api/v1/me")
        name = text_of(facts, "name")
        if name is None:
            raise RetryLater("Reddit does not say who we are")
        return name


def _refuse(answer: Mapping[str, Any]) -> None:
    """Raise what Reddit has against it, which comes with status 200."""
    told = [item for item in rows_of(table_of(answer, "json"), "errors") if isinstance(item, list)]
    if told:
        first = [str(part) if part is not None else "" for part in [*told[0], "", "", ""][:3]]
        raise RedditAPIException([first])


def read_page(answer: Mapping[str, Any]) -> Page:
    """A listing's page from its JSON."""
    data = table_of(answer, "data")
    things = tuple(
        child["data"]
        for child in rows_of(data, "children")
        if isinstance(child, dict)
        and child.get("kind") in KINDS
        and isinstance(child.get("data"), dict)
        and isinstance(child["data"].get("name"), str)
    )
    after = data.get("after")
    return Page(things, after if isinstance(after, str) and after else None)
