"""The library's client for one account: signed in, never repeating, asking politely."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpraw
from asyncprawcore import Requestor
from asyncprawcore.exceptions import (
    Forbidden,
    InsufficientScope,
    RequestException,
    ResponseException,
    ServerError,
)
from asyncprawcore.sessions import FiniteRetryStrategy

from greenroom import __version__
from greenroom.adapters.reddit.pace import Pace
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.adapters.settings import RedditSettings

REQUEST_TIMEOUT_S = 16.0


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
                if response.status == 403:  # the library stumbles over some of its headers
                    raise _forbidden(response)
                yield response
        except RequestException as error:
            if not isinstance(error.original_exception, ConnectionError):
                raise
            lost = aiohttp.ServerDisconnectedError(str(error.original_exception))
            raise RequestException(lost, error.request_args, error.request_kwargs) from error


def _forbidden(response: aiohttp.ClientResponse) -> ResponseException:
    lacks_scope = "insufficient_scope" in response.headers.get("www-authenticate", "")
    return InsufficientScope(response) if lacks_scope else Forbidden(response)


class Basic:
    """The app's id and secret as a header, without the class that aiohttp is about to drop."""

    def __init__(self, name: str, secret: str) -> None:
        self._coded = base64.b64encode(f"{name}:{secret}".encode()).decode()

    def __call__(self) -> Basic:
        """The library asks for it anew with each sign-in."""
        return self

    def encode(self) -> str:
        """The header's value."""
        return f"Basic {self._coded}"


class AtOnce(FiniteRetryStrategy):
    """What the library itself repeats, after getting a new token, needs no pause."""

    def _sleep_seconds(self) -> float | None:
        return None


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
        pace = Pace()
        _tune(client, pace)
        yield RedditWeb(client, pace)


def _tune(client: asyncpraw.Reddit, pace: Pace) -> None:
    """Put ours in the place of some of the library's, which offers no way to say so."""
    session: Any = client._core
    session._rate_limiter = pace
    session._retry_strategy_class = AtOnce
    authenticator = session.authorizer.authenticator
    authenticator._auth = Basic(authenticator.client_id, authenticator.client_secret)


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
