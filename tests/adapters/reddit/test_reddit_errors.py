"""Every error of the libraries below becomes one of ours; a new one fails here."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import aiohttp
import asyncpraw.exceptions
import asyncprawcore.exceptions
import pytest
from multidict import CIMultiDict

from greenroom.adapters.reddit.errors import ASK_AT, reddit_errors
from greenroom.errors import ConfigError, DropMessage, GiveUp, GreenroomError, RetryLater

PRAW: Mapping[str, type[GreenroomError]] = {
    "AsyncPRAWException": DropMessage,
    "ClientException": DropMessage,
    "DuplicateReplaceException": DropMessage,
    "InvalidFlairTemplateID": DropMessage,
    "InvalidImplicitAuth": ConfigError,
    "InvalidURL": DropMessage,
    "MediaPostFailed": DropMessage,
    "MissingRequiredAttributeException": DropMessage,
    "ReadOnlyException": ConfigError,
    "RedditAPIException": DropMessage,
    "TooLargeMediaException": DropMessage,
    "WebSocketException": DropMessage,
}
CORE: Mapping[str, type[GreenroomError]] = {
    "AsyncPrawcoreException": DropMessage,
    "BadJSON": RetryLater,
    "BadRequest": DropMessage,
    "Conflict": DropMessage,
    "Forbidden": DropMessage,
    "InsufficientScope": ConfigError,
    "InvalidInvocation": DropMessage,
    "InvalidToken": RetryLater,
    "NotFound": DropMessage,
    "OAuthException": ConfigError,
    "Redirect": DropMessage,
    "RequestException": RetryLater,
    "ResponseException": DropMessage,
    "ServerError": RetryLater,
    "SpecialError": DropMessage,
    "TooLarge": DropMessage,
    "TooManyRequests": RetryLater,
    "URITooLong": DropMessage,
    "UnavailableForLegalReasons": DropMessage,
}
AIOHTTP: Mapping[str, type[GreenroomError]] = {
    "ClientConnectionError": RetryLater,
    "ClientConnectionResetError": RetryLater,
    "ClientConnectorCertificateError": RetryLater,
    "ClientConnectorDNSError": RetryLater,
    "ClientConnectorError": RetryLater,
    "ClientConnectorSSLError": RetryLater,
    "ClientError": RetryLater,
    "ClientHttpProxyError": RetryLater,
    "ClientOSError": RetryLater,
    "ClientPayloadError": RetryLater,
    "ClientProxyConnectionError": RetryLater,
    "ClientResponseError": RetryLater,
    "ClientSSLError": RetryLater,
    "ConnectionTimeoutError": RetryLater,
    "ContentTypeError": RetryLater,
    "InvalidURL": ConfigError,
    "InvalidUrlClientError": ConfigError,
    "InvalidUrlRedirectClientError": ConfigError,
    "NonHttpUrlClientError": ConfigError,
    "NonHttpUrlRedirectClientError": ConfigError,
    "RedirectClientError": RetryLater,
    "ServerConnectionError": RetryLater,
    "ServerDisconnectedError": RetryLater,
    "ServerFingerprintMismatch": RetryLater,
    "ServerTimeoutError": RetryLater,
    "SocketTimeoutError": RetryLater,
    "TooManyRedirects": RetryLater,
    "UnixClientConnectorError": RetryLater,
    "UploadAbortedError": RetryLater,
    "WSServerHandshakeError": RetryLater,
    "WSMessageTypeError": RetryLater,
}
STATUSES = {
    "BadJSON": 200, "BadRequest": 400, "Conflict": 409, "Forbidden": 403, "InvalidToken": 401,
    "NotFound": 404, "Redirect": 302, "ServerError": 503, "SpecialError": 415, "TooLarge": 413,
    "TooManyRequests": 429, "URITooLong": 414, "UnavailableForLegalReasons": 451,
    "ResponseException": 418, "InsufficientScope": 403,
}  # fmt: skip


def exceptions_of(module: ModuleType) -> dict[str, type[Exception]]:
    """The exceptions that a module defines."""
    return {
        name: found
        for name, found in vars(module).items()
        if inspect.isclass(found)
        and issubclass(found, Exception)
        and found.__module__ == module.__name__
    }


def under(root: type[Exception]) -> Iterator[type[Exception]]:
    """A class and all below it that come from the same library."""
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith("aiohttp"):
            yield from under(child)


def made(kind: type[Exception], **facts: Any) -> Exception:
    """An exception without its constructor, which differs from class to class."""
    silent: Any = type(kind.__name__, (kind,), {"__str__": lambda _: "for a test"})
    error: Exception = silent.__new__(silent)
    for name, value in facts.items():
        setattr(error, name, value)
    return error


def response(status: int) -> SimpleNamespace:
    """As much of an answer as the translation looks at."""
    return SimpleNamespace(status=status, headers=CIMultiDict(), url="https://oauth.example/api")


def translated(error: Exception, *, sends: bool = False) -> GreenroomError:
    """What an error becomes."""
    with pytest.raises(GreenroomError) as caught, reddit_errors("test", sends=sends):
        raise error
    assert type(caught.value) in (RetryLater, ConfigError, DropMessage, GiveUp)
    assert caught.value.__cause__ is error
    return caught.value


def test_tables_name_every_exception_that_there_is() -> None:
    assert set(exceptions_of(asyncpraw.exceptions)) == set(PRAW)
    assert set(exceptions_of(asyncprawcore.exceptions)) == set(CORE)
    assert {kind.__name__ for kind in under(aiohttp.ClientError)} <= set(AIOHTTP)


@pytest.mark.parametrize("name", PRAW)
def test_errors_of_asyncpraw(name: str) -> None:
    kind = exceptions_of(asyncpraw.exceptions)[name]
    items = [asyncpraw.exceptions.RedditErrorItem("NEW", message="because")]
    assert isinstance(translated(made(kind, items=items)), PRAW[name])


@pytest.mark.parametrize("sends", [False, True])
@pytest.mark.parametrize("name", CORE)
def test_errors_of_asyncprawcore(name: str, sends: bool) -> None:
    kind = exceptions_of(asyncprawcore.exceptions)[name]
    facts = {
        "response": response(STATUSES.get(name, 200)),
        "error": "invalid_grant",
        "original_exception": aiohttp.ServerDisconnectedError(),
        "request_args": (),
        "request_kwargs": {},
    }
    error = translated(made(kind, **facts), sends=sends)
    assert isinstance(error, CORE[name])
    if isinstance(error, RetryLater):
        was_maybe_done = name in ("BadJSON", "RequestException", "ServerError")
        assert error.maybe_done is (sends and was_maybe_done)


@pytest.mark.parametrize("kind", sorted(set(under(aiohttp.ClientError)), key=str))
def test_errors_of_aiohttp_bare_and_as_the_library_wraps_them(kind: type[Exception]) -> None:
    bare = made(kind)
    assert isinstance(translated(bare), AIOHTTP[kind.__name__])
    wrapped = asyncprawcore.exceptions.RequestException(bare, (), {})
    assert isinstance(translated(wrapped), AIOHTTP[kind.__name__])


@pytest.mark.parametrize(
    "error",
    [KeyError(401), IndexError(), TypeError(), ValueError(), AttributeError(), AssertionError()],
)
def test_stumble_of_the_library_over_an_answer_is_for_later(error: Exception) -> None:
    found = translated(error, sends=True)
    assert isinstance(found, RetryLater)
    assert found.maybe_done


def test_stumble_over_a_refusal_is_the_refusal() -> None:
    error = KeyError("reason")
    error.__context__ = made(asyncprawcore.exceptions.BadRequest, response=response(400))
    assert isinstance(translated(error), DropMessage)


def test_address_that_is_none_is_for_a_person() -> None:
    assert "endpoints" in str(translated(aiohttp.InvalidURL("x")))


@pytest.mark.parametrize("status", [401, 403])
def test_refused_sign_in_says_that_access_must_be_asked_for(status: int) -> None:
    refused = response(status)
    refused.url = "https://www.example/api/v1/access_token"
    found = translated(made(asyncprawcore.exceptions.Forbidden, response=refused))
    assert isinstance(found, ConfigError)
    assert ASK_AT in str(found)
    assert "approved" in str(found)
