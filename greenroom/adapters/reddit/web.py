"""Reddit through asyncpraw: one signed-in account, every call with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import asyncpraw
from asyncprawcore import Requestor
from asyncprawcore.exceptions import RequestException, ServerError

from greenroom import __version__
from greenroom.adapters.reddit.errors import reddit_errors
from greenroom.adapters.settings import RedditSettings

CALL_TIMEOUT_S = 45.0  # the library spaces calls out by up to 10 s to stay within the limit
REQUEST_TIMEOUT_S = 16.0
PAGE = 100  # the most that Reddit gives at once

Thing = Mapping[str, Any]
"""A comment (``t1_…``) or submission (``t3_…``) as Reddit's JSON has it."""

ResultT = TypeVar("ResultT")


class OneTry(Requestor):
    """Never lets the session below repeat a request: repeating a lost reply doubles it.

    Who repeats is the supervisor or the outbox, which know what is safe to repeat.
    """

    def __init__(self, *, session: aiohttp.ClientSession, **more: Any) -> None:
        super().__init__(session=session, **more)
        self._session = session

    @asynccontextmanager
    async def request(self, *args: Any, **kwargs: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request; a failure of the server's raises at once."""
        if self._session.closed:  # the library would open another one, which nobody closes
            raise RequestException(aiohttp.ClientConnectionError("closed"), args, kwargs)
        auth = kwargs.pop("auth", None)  # aiohttp is about to drop the parameter
        if auth is not None:
            kwargs["headers"] = {**kwargs.get("headers", {}), "Authorization": auth.encode()}
        try:
            async with super().request(*args, **kwargs) as response:
                if response.status >= 500 or response.status == 408:
                    raise ServerError(response)
                yield response
        except RequestException as error:
            if not isinstance(error.original_exception, ConnectionError):
                raise
            lost = aiohttp.ServerDisconnectedError(str(error.original_exception))
            raise RequestException(lost, error.request_args, error.request_kwargs) from error


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing, newest first."""

    things: tuple[Thing, ...]
    after: str | None


class RedditWeb:
    """The library's client and the two ways to use it: reading JSON, calling its models."""

    def __init__(self, client: asyncpraw.Reddit) -> None:
        self.client = client

    async def call(self, doing: str, work: Awaitable[ResultT], *, sends: bool = False) -> ResultT:
        """Await the library with a deadline; the errors are ours."""
        with reddit_errors(doing, sends=sends):
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await work

    async def read(self, doing: str, path: str, **params: str | int) -> Mapping[str, Any]:
        """A JSON object from ``path``; ``{}`` if Reddit answers with something else."""
        work = self.client.request(method="GET", path=path, params=params)
        answer = await self.call(doing, work)
        return answer if isinstance(answer, dict) else {}

    async def page(self, path: str, *, after: str | None = None, limit: int = PAGE) -> Page:
        """One page of a listing; what is neither comment nor submission is left out."""
        params: dict[str, str | int] = {"limit": limit}
        if after is not None:
            params["after"] = after
        answer = await self.read(f"list {path}", path, **params)
        return read_page(answer)

    async def me(self) -> str:
        """The account's name."""
        facts = await self.read("say who we are", "api/v1/me")
        return str(facts.get("name") or "")


def read_page(answer: Mapping[str, Any]) -> Page:
    """A listing's page from its JSON."""
    data = answer.get("data")
    data = data if isinstance(data, dict) else {}
    children = data.get("children")
    children = children if isinstance(children, list) else []
    things = tuple(
        child["data"]
        for child in children
        if isinstance(child, dict)
        and child.get("kind") in ("t1", "t3")
        and isinstance(child.get("data"), dict)
        and isinstance(child["data"].get("name"), str)
    )
    after = data.get("after")
    return Page(things, after if isinstance(after, str) and after else None)


@asynccontextmanager
async def signed_in(settings: RedditSettings) -> AsyncIterator[RedditWeb]:
    """A client for the settings' account; closed at the end."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        client = asyncpraw.Reddit(
            **_credentials(settings),
            user_agent=_user_agent(settings),
            oauth_url=settings.endpoints.oauth.rstrip("/"),
            reddit_url=settings.endpoints.www.rstrip("/"),
            short_url=settings.endpoints.www.rstrip("/"),
            check_for_updates=False,
            ratelimit_seconds=0,  # a pause is the outbox's to take, not a sleep inside a call
            requestor_class=OneTry,
            requestor_kwargs={"session": session, "timeout": REQUEST_TIMEOUT_S},
        )
        yield RedditWeb(client)


def _credentials(settings: RedditSettings) -> dict[str, str | None]:
    """All named, so that no praw.ini and no environment variable fills one in."""
    password, token = settings.password, settings.refresh_token
    return {
        "client_id": settings.client_id.get_secret_value(),
        "client_secret": settings.client_secret.get_secret_value(),
        "username": settings.username if token is None else None,
        "password": None if password is None or token else password.get_secret_value(),
        "refresh_token": None if token is None else token.get_secret_value(),
        "redirect_uri": None,
    }


def _user_agent(settings: RedditSettings) -> str:
    """Reddit asks for platform, app, version and the account to turn to."""
    if settings.user_agent is not None:
        return settings.user_agent
    contact = f" (by /u/{settings.username})" if settings.username else ""
    return f"python:greenroom:v{__version__}{contact}"
