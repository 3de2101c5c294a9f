"""Slack's errors as ours, by one context manager; ``refusals`` has Slack's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import aiohttp
from slack_bolt.error import BoltError, BoltUnhandledRequestError
from slack_sdk.errors import (
    BotUserAccessError,
    SlackApiError,
    SlackClientConfigurationError,
    SlackClientError,
    SlackObjectFormationError,
    SlackRequestError,
    SlackTokenRotationError,
)

from greenroom.adapters.slack.refusals import CONFIG, DROP, NEVER_BEGUN, RETRY, TOKENS_PAGE
from greenroom.errors import ConfigError, DropMessage, GreenroomError, RetryLater

MOST_PAUSE_S: Final = 3_600.0  # longer than Slack ever asks for; what is more is no number

_WRONG_ADDRESS = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
_MISUSED = (SlackRequestError, SlackObjectFormationError, BoltUnhandledRequestError)


@contextmanager
def slack_errors(doing: str, *, sends: bool = False) -> Iterator[None]:
    """Translate the SDK's and aiohttp's errors; ``sends``: a lost answer may mean done.

    ``doing`` completes the sentence "Slack refuses to …".
    """
    try:
        yield
    except SlackApiError as error:
        raise _of_answer(error, doing, sends) from error
    except SlackTokenRotationError as error:
        raise _of_answer(error.api_error, doing, sends) from error
    except (SlackClientError, BoltError) as error:
        raise _of_library(error, doing, sends) from error
    except _WRONG_ADDRESS as error:
        raise ConfigError(
            f"Slack's address is none: {type(error).__name__} {error}",
            accepted="endpoints in the bot's file: an https:// address, or leave them out",
        ) from error
    except _NEVER_SENT as error:
        raise RetryLater(f"Slack cannot be reached to {doing}: {error}") from error
    except UnicodeEncodeError as error:
        raise DropMessage(f"not text that can be sent to Slack, to {doing}: {error}") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise RetryLater(
            f"Slack's answer to {doing} never came: {type(error).__name__} {error}".rstrip(),
            maybe_done=sends,
        ) from error
    except _UNREADABLE as error:  # the SDK's, on an answer that is no JSON object
        raise RetryLater(f"Slack's answer to {doing} is unreadable", maybe_done=sends) from error


def error_code(error: BaseException | None) -> str | None:
    """Slack's own word for what went wrong, such as ``message_not_found``."""
    cause = error.__cause__ if isinstance(error, GreenroomError) else error
    if not isinstance(cause, SlackApiError):
        return None
    code = _answer(cause).get("error")
    return code if isinstance(code, str) else None


def _of_answer(error: SlackApiError, doing: str, sends: bool) -> GreenroomError:
    code = error_code(error)
    status = _status(error)
    if code == "missing_scope":
        return _missing_scope(_answer(error), doing)
    if code is not None and code in CONFIG:
        what, accepted = CONFIG[code]
        return ConfigError(f"Slack {what} ({code}, on {doing})", accepted=accepted)
    if status == 429 or code in RETRY or status >= 500 or code is None:
        is_lost = sends and status != 429 and code not in NEVER_BEGUN
        return RetryLater(
            f"Slack cannot {doing} now ({code or f'HTTP {status}'})",
            after_s=_retry_after(error),
            maybe_done=is_lost,
        )
    if code in DROP:
        return DropMessage(f"Slack refuses to {doing}: {DROP[code]} ({code})")
    return DropMessage(f"Slack refuses to {doing}: see its documentation ({code[:80]!a})")


def _of_library(error: SlackClientError | BoltError, doing: str, sends: bool) -> GreenroomError:
    said = f"{type(error).__name__} {error}".rstrip()
    if isinstance(error, BotUserAccessError | SlackClientConfigurationError):
        return ConfigError(f"Slack's library refuses to {doing}: {said}", accepted=TOKENS_PAGE)
    if isinstance(error, _MISUSED):
        return DropMessage(f"Slack's library refuses to {doing}: {said}")
    return RetryLater(f"Slack's answer to {doing} never came: {said}", maybe_done=sends)


def _missing_scope(answer: Mapping[str, Any], doing: str) -> ConfigError:
    needed = answer.get("needed") or "?"
    return ConfigError(
        f"the Slack token lacks the scope {needed}, which it needs to {doing}",
        accepted=f"add {needed} under Scopes at {TOKENS_PAGE}, then press Reinstall to Workspace",
    )


def _status(error: SlackApiError) -> int:
    """The HTTP status, whether the SDK kept its own response or aiohttp's."""
    found = getattr(error.response, "status_code", getattr(error.response, "status", 0))
    return found if isinstance(found, int) else 0


def _answer(error: SlackApiError) -> Mapping[str, Any]:
    data = getattr(error.response, "data", None)
    return data if isinstance(data, dict) else {}


def _retry_after(error: SlackApiError) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    return seconds(headers.get("Retry-After"))


def seconds(header: str | None) -> float | None:
    """A ``Retry-After`` in seconds; ``None`` if it is none."""
    try:
        found = float(header or "")
    except ValueError:
        return None
    return min(found, MOST_PAUSE_S) if found >= 0 else None
