"""Every error of Discord's library, and every code that Discord documents, is one of ours."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import pytest
from yarl import URL

from greenroom.adapters.discord.errors import MOST_PAUSE_S, discord_errors, is_gone, of_closing
from greenroom.errors import ConfigError, DropMessage, GiveUp, GreenroomError, RetryLater
from tests.adapters.library_errors import below, made

_URL = URL("https://discord.test/api/v10/channels/1/messages")


class _Answer:
    """As much of an answer as the library's errors keep."""

    def __init__(self, status: int, pause: str = "") -> None:
        self.status = status
        self.reason = "so"
        self.headers = {"Retry-After": pause} if pause else {}


def _refused(
    status: int,
    code: int = 0,
    kind: type[discord.HTTPException] | None = None,
    *,
    pause: str = "",
) -> discord.HTTPException:
    by_status: dict[int, type[discord.HTTPException]] = {
        403: discord.Forbidden,
        404: discord.NotFound,
    }
    chosen = kind or by_status.get(status, discord.HTTPException)
    answer: Any = _Answer(status, pause)
    return chosen(answer, {"code": code, "message": "said so"})


def _translated(
    error: BaseException, *, sends: bool = False, needs: str | None = None
) -> GreenroomError:
    with (
        pytest.raises(GreenroomError) as caught,
        discord_errors("try it", sends=sends, needs=needs),
    ):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


def _library_errors() -> list[type[BaseException]]:
    """All of them, without those of the library's own framework for commands."""
    roots: tuple[type[BaseException], ...] = (discord.DiscordException, aiohttp.ClientError)
    found = [kind for root in roots for kind in (root, *below(root))]
    framework = ("discord.ext.", "discord.app_commands.")
    return [kind for kind in dict.fromkeys(found) if not kind.__module__.startswith(framework)]


def _made(kind: type[BaseException]) -> BaseException:
    """One of a kind, with whatever it wants to be given."""
    if issubclass(kind, discord.HTTPException):
        return _refused({"Forbidden": 403, "NotFound": 404}.get(kind.__name__, 500), kind=kind)
    if issubclass(kind, discord.opus.OpusError):
        return kind.__new__(kind)  # it asks a library for sound, which no bot needs
    facts: dict[str, Any] = {
        "retry_after": 7.0,
        "socket": _Answer(101),
        "shard_id": None,
        "interaction": None,
    }
    if kind is discord.ConnectionClosed:
        facts["code"] = 1006
    return made(kind, _URL, facts)


def test_the_libraries_still_have_the_errors_that_are_known_here() -> None:
    found = set(_library_errors())
    known = {
        discord.RateLimited,
        discord.LoginFailure,
        discord.PrivilegedIntentsRequired,
        discord.GatewayNotFound,
        discord.ConnectionClosed,
        discord.InvalidData,
        discord.InteractionResponded,
        discord.DiscordServerError,
        aiohttp.ClientConnectorDNSError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ServerFingerprintMismatch,
        aiohttp.WSServerHandshakeError,
        aiohttp.InvalidURL,
    }
    assert known <= found


@pytest.mark.parametrize("kind", _library_errors())
def test_every_error_of_the_libraries_is_one_of_ours(kind: type[BaseException]) -> None:
    error = _translated(_made(kind))
    assert isinstance(error, RetryLater | ConfigError | DropMessage)
    assert str(error)


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("cut off"),
        TimeoutError(),
        ConnectionResetError("reset"),
        RuntimeError("Session is closed"),
        KeyError("id"),
        AttributeError("id"),
        _refused(502),
    ],
)
def test_what_was_sent_and_never_answered_may_be_done(error: BaseException) -> None:
    lost = _translated(error, sends=True)
    assert isinstance(lost, RetryLater)
    assert lost.maybe_done
    again = _translated(error)
    assert isinstance(again, RetryLater)
    assert not again.maybe_done


@pytest.mark.parametrize(
    "kind",
    [
        aiohttp.ClientConnectorError,
        aiohttp.ClientConnectorDNSError,
        aiohttp.ClientConnectorCertificateError,
        aiohttp.ClientConnectorSSLError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ServerFingerprintMismatch,
        discord.RateLimited,
    ],
)
def test_what_never_reached_discord_is_not_done(kind: type[BaseException]) -> None:
    error = _translated(_made(kind), sends=True)
    assert isinstance(error, RetryLater)
    assert not error.maybe_done


@pytest.mark.parametrize("kind", [discord.LoginFailure, discord.PrivilegedIntentsRequired])
def test_what_a_person_must_change_says_where(kind: type[BaseException]) -> None:
    error = _translated(_made(kind))
    assert isinstance(error, ConfigError)
    assert "discord.com/developers/applications" in (error.accepted or "")


@pytest.mark.parametrize("kind", [aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError])
def test_address_that_is_none_names_the_key_and_shows_no_token(kind: type[BaseException]) -> None:
    error = _translated(kind("https://[/webhooks/2001/test-interaction-token"))
    assert isinstance(error, ConfigError)
    assert "endpoints.api" in str(error)
    assert "test-interaction-token" not in str(error)


def test_text_that_cannot_be_sent_is_not_tried_again() -> None:
    error = UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    assert isinstance(_translated(error, sends=True), DropMessage)


@pytest.mark.parametrize(
    ("header", "expected"),
    [("30", 30.0), ("0.5", 0.5), ("-1", None), ("soon", None), ("nan", None), ("", None)],
)
def test_pause_is_read_or_unknown(header: str, expected: float | None) -> None:
    error = _translated(_refused(429, pause=header), sends=True)
    assert isinstance(error, RetryLater)
    assert (error.after_s, error.maybe_done) == (expected, False)


def test_pause_has_a_bound() -> None:
    error = _translated(_refused(429, pause="1e12"))
    assert isinstance(error, RetryLater)
    assert error.after_s == MOST_PAUSE_S


@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 409, 410, 413, 418, 422])
@pytest.mark.parametrize("code", [0, 10008, 30001, 40001, 50013, 50035, 160002, 99999999])
def test_refusal_drops_the_order_and_says_what_discord_said(status: int, code: int) -> None:
    error = _translated(_refused(status, code), sends=True, needs="Manage Messages")
    assert isinstance(error, DropMessage)
    assert f"HTTP {status}, code {code}" in str(error)
    assert "said so" in str(error)


@pytest.mark.parametrize("code", [10003, 10007, 10008, 10013, 10026])
def test_what_is_gone_is_known_as_gone(code: int) -> None:
    assert is_gone(_translated(_refused(404, code)))
    assert not is_gone(_translated(_refused(403, code)))


def test_missing_permission_is_named() -> None:
    error = _translated(_refused(403, 50013), needs="Manage Messages")
    assert "lacks the permission Manage Messages" in str(error)


# As https://discord.com/developers/docs/topics/opcodes-and-status-codes lists them.
@pytest.mark.parametrize("code", [1000, 1001, 1006, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009])
def test_closed_connection_is_opened_again(code: int) -> None:
    assert isinstance(of_closing(code), RetryLater)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(4004, ConfigError), (4013, ConfigError), (4014, ConfigError), (4010, GiveUp), (4012, GiveUp)],
)
def test_connection_that_discord_refuses_is_left(code: int, kind: type[GreenroomError]) -> None:
    error = of_closing(code)
    assert type(error) is kind
