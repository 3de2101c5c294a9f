"""Reddit's errors as ours: one table, one context manager."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import aiohttp
from asyncpraw import exceptions as praw
from asyncprawcore import exceptions as core

from greenroom.errors import ConfigError, DropMessage, GreenroomError, RetryLater

ASK_AT = "https://support.reddithelp.com/hc/en-us/requests/new"
_SIGN_IN = (
    "check client_id and client_secret (www.reddit.com/prefs/apps), and username and password or "
    "refresh_token; an account with two-factor sign-in needs refresh_token; Reddit gives access "
    f"to its API only after it has approved a request: ask at {ASK_AT} (docs/reddit.md, step 1)"
)
_SCOPES = "sign in again for a refresh_token with the scopes that adapters/reddit.yaml lists"

DROP: Mapping[str, str] = {
    "THREAD_LOCKED": "the thread is locked",
    "DELETED_COMMENT": "the comment is gone",
    "DELETED_LINK": "the submission is gone",
    "TOO_OLD": "it is archived",
    "TOO_LONG": "the text is too long",
    "NO_TEXT": "there is no text",
    "USER_DOESNT_EXIST": "there is no such member",
    "INVALID_USER": "there is no such member",
    "NOT_WHITELISTED_BY_USER_MESSAGE": "the member takes messages from few only",
    "USER_BLOCKED": "one of the two has blocked the other",
    "USER_MUTED": "the member is muted in modmail",
    "SUBREDDIT_NOEXIST": "there is no such subreddit",
    "SUBREDDIT_NOTALLOWED": "the account may not write there",
    "BANNED_FROM_SUBREDDIT": "the account is banned there",
    "BAD_FLAIR_TARGET": "the flair does not fit there",
    "BAD_CSS_NAME": "the flair's css_class has characters that Reddit refuses",
    "SOMETHING_IS_BROKEN": "Reddit calls it broken",
}

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, AssertionError)
"""What the library's models raise where an answer is not as they expect."""

ADDRESSES = (aiohttp.InvalidURL, aiohttp.InvalidUrlClientError, aiohttp.NonHttpUrlClientError)
"""What aiohttp raises where an address is none."""

_WAIT = re.compile(r"(\d{1,4}) (millisecond|second|minute|hour)")
_SECONDS = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0}


@contextmanager
def reddit_errors(doing: str, *, sends: bool = False) -> Iterator[None]:
    """Translate the library's errors; ``doing`` completes "Reddit refuses to …".

    With ``sends`` a lost answer may mean that it was done.
    """
    try:
        yield
    except praw.RedditAPIException as error:
        raise _of_api(error, doing) from error
    except core.AsyncPrawcoreException as error:
        raise _of_core(error, doing, sends) from error
    except praw.AsyncPRAWException as error:
        raise _of_library(error, doing) from error
    except ADDRESSES as error:
        raise _of_address(doing) from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise RetryLater(f"Reddit took too long to {doing}", maybe_done=sends) from error
    except UNREADABLE as error:
        raise _of_unreadable(error, doing, sends) from error


def _of_api(error: praw.RedditAPIException, doing: str) -> GreenroomError:
    item = error.items[0] if error.items else praw.RedditErrorItem("UNKNOWN")
    code, said = str(item.error_type), str(item.message or "")
    if code == "RATELIMIT":
        return RetryLater(f"Reddit wants a pause: {said}", after_s=_pause(said))
    if code == "USER_REQUIRED":
        return ConfigError("Reddit asks for a sign-in", accepted=_SIGN_IN)
    return DropMessage(f"Reddit refuses to {doing}: {DROP.get(code, said)} ({code})")


def _of_library(error: praw.AsyncPRAWException, doing: str) -> GreenroomError:
    if isinstance(error, praw.ReadOnlyException | praw.InvalidImplicitAuth):
        return ConfigError(f"asyncpraw is not signed in to {doing}", accepted=_SIGN_IN)
    return DropMessage(f"asyncpraw cannot {doing}: {error}")


def _of_address(doing: str) -> ConfigError:
    return ConfigError(
        f"Reddit's address is none, to {doing}",
        accepted="endpoints: {oauth: https://oauth.reddit.com, www: https://www.reddit.com}",
    )


def _of_core(error: core.AsyncPrawcoreException, doing: str, sends: bool) -> GreenroomError:
    if isinstance(error, core.OAuthException):
        return ConfigError(f"Reddit refuses the sign-in ({error.error})", accepted=_SIGN_IN)
    if isinstance(error, core.InsufficientScope):
        return ConfigError(f"Reddit's token lacks a scope to {doing}", accepted=_SCOPES)
    if isinstance(error, core.TooManyRequests):
        return RetryLater(f"Reddit wants a pause to {doing}", after_s=_header_pause(error))
    if isinstance(error, core.RequestException):
        return _of_lost_request(error, doing, sends)
    if isinstance(error, core.ResponseException):
        return _of_status(error, doing, sends)
    return DropMessage(f"asyncprawcore cannot {doing}: {error}")


def _of_lost_request(error: core.RequestException, doing: str, sends: bool) -> GreenroomError:
    cause = error.original_exception
    if isinstance(cause, GreenroomError):  # of ours, from below the library
        return cause
    if isinstance(cause, ADDRESSES):
        return _of_address(doing)
    was_sent = not isinstance(cause, aiohttp.ClientConnectorError)
    return RetryLater(
        f"Reddit cannot be reached to {doing}: {type(cause).__name__}",
        maybe_done=sends and was_sent,
    )


def _of_status(error: core.ResponseException, doing: str, sends: bool) -> GreenroomError:
    status = error.response.status
    if isinstance(error, core.ServerError | core.BadJSON) or status >= 500 or status == 408:
        return RetryLater(f"Reddit cannot {doing} now (HTTP {status})", maybe_done=sends)
    if "access_token" in str(error.response.url):
        if status == 429:
            return RetryLater("Reddit wants a pause to sign in", after_s=_header_pause(error))
        return ConfigError(f"Reddit refuses the sign-in (HTTP {status})", accepted=_SIGN_IN)
    if status == 401:  # the token ran out under way; the next connection gets a new one
        return RetryLater(f"Reddit wants a new sign-in to {doing}")
    return DropMessage(f"Reddit refuses to {doing}: {_why(status)} (HTTP {status})")


def _of_unreadable(error: Exception, doing: str, sends: bool) -> GreenroomError:
    """The library stumbled over an answer; where it is a refusal, that is what counts."""
    refusal = error.__context__
    if isinstance(refusal, core.ResponseException):
        return _of_status(refusal, doing, sends)
    said = f"Reddit's answer cannot be read, to {doing} ({type(error).__name__})"
    return RetryLater(said, maybe_done=sends)


def _why(status: int) -> str:
    known = {
        403: "the account lacks the permission; make it a moderator who may do so",
        404: "it is gone",
        409: "somebody else changed it meanwhile",
        413: "it is too large",
        451: "it is blocked for legal reasons",
    }
    return known.get(status, "see its answer in the log")


def _pause(said: str) -> float | None:
    found = _WAIT.search(said)
    return None if found is None else int(found[1]) * _SECONDS[found[2]]


def _header_pause(error: core.ResponseException) -> float | None:
    headers = error.response.headers
    try:
        return float(headers.get("retry-after") or headers.get("x-ratelimit-reset") or "")
    except ValueError:
        return None
