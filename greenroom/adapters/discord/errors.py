"""discord.py's and aiohttp's errors as ours: one context manager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from greenroom.errors import ConfigError, DropMessage, GiveUp, GreenroomError, RetryLater

PORTAL = "discord.com/developers/applications"
_NEW_TOKEN = (
    f"at {PORTAL}: your application, Bot, Reset Token; put the new token into .env "
    "and name it in the bot's file: token: ${DISCORD_TOKEN}"
)

# A well-formed answer or event that holds something else than the library expects.
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, OverflowError)

MOST_PAUSE_S = 3_600.0  # longer than Discord ever asks for; what is more is no number

_WRONG_ADDRESS = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)
_NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
)
# RuntimeError: aiohttp's session was closed under the request.
_LOST = (aiohttp.ClientError, OSError, RuntimeError, discord.DiscordException)

GONE = frozenset({10003, 10007, 10008, 10013, 10026})  # channel, member, message, user, ban
_REASONS = {
    10003: "the channel is gone",
    10007: "the member has left the server",
    10008: "the message is gone",
    10011: "the role is gone",
    10013: "the member is gone",
    10014: "Discord knows no such emoji, or the bot may not use it",
    50001: "the bot cannot see the channel; it needs View Channel there",
    50007: "the member takes no direct messages from this server",
    50024: "it cannot be done in this kind of channel",
    50083: "the thread is archived",
    160005: "the thread is locked; the bot needs Manage Threads",
}
_CLOSED = {  # gateway close codes that no later try mends
    4010: "an invalid shard",
    4012: "an API version that Discord no longer speaks",
}


@contextmanager
def discord_errors(doing: str, *, sends: bool = False, needs: str | None = None) -> Iterator[None]:
    """Translate every error of the library.

    Args:
        doing: What was tried, for the message: ``delete the message``.
        sends: A lost answer may mean that it was done.
        needs: The permission without which Discord refuses, as it is named there.
    """
    try:
        yield
    except discord.RateLimited as error:
        raise RetryLater(
            f"Discord limits how often the bot may {doing}", after_s=error.retry_after
        ) from error
    except discord.LoginFailure as error:
        raise _wrong_token() from error
    except discord.HTTPException as error:
        raise _of_answer(error, doing, sends, needs) from error
    except discord.ConnectionClosed as error:
        raise of_closing(error.code) from error
    except discord.PrivilegedIntentsRequired as error:
        raise refused_intents(None) from error
    except _WRONG_ADDRESS as error:  # its text has the address, and that an interaction's token
        raise ConfigError(
            f"Discord's address is none ({type(error).__name__})",
            accepted="endpoints.api in the bot's file: an https:// address, or leave it out",
        ) from error
    except _NEVER_SENT as error:
        raise RetryLater(f"Discord cannot be reached to {doing}: {error}") from error
    except UnicodeEncodeError as error:
        raise DropMessage(f"not text that can be sent to Discord, to {doing}") from error
    except _LOST as error:
        raise RetryLater(
            f"Discord's answer to {doing} never came: {_shown(error)}", maybe_done=sends
        ) from error
    except UNREADABLE as error:
        raise RetryLater(f"Discord's answer to {doing} is unreadable", maybe_done=sends) from error


def of_closing(code: int, flags: discord.ApplicationFlags | None = None) -> GreenroomError:
    """What a gateway's close code asks for; ``flags`` are the application's, where known."""
    if code == 4004:
        return _wrong_token()
    if code in (4013, 4014):
        return refused_intents(flags)
    if code in _CLOSED:
        return GiveUp(f"Discord closed the connection with {code}: {_CLOSED[code]}")
    return RetryLater(f"Discord closed the connection with {code}")


def lacks_intents(flags: discord.ApplicationFlags | None) -> list[str]:
    """The privileged intents that are not switched on, as Discord's page names them."""
    missing = []
    if not flags or not (flags.gateway_message_content or flags.gateway_message_content_limited):
        missing.append("Message Content Intent")
    if not flags or not (flags.gateway_guild_members or flags.gateway_guild_members_limited):
        missing.append("Server Members Intent")
    return missing


def refused_intents(flags: discord.ApplicationFlags | None) -> ConfigError:
    """Without them there is nothing to read."""
    names = " and ".join(lacks_intents(flags) or ["a privileged intent"])
    return ConfigError(
        f"Discord refuses the bot the {names}, without which it cannot read what members write",
        accepted=f"at {PORTAL}: your application, Bot, Privileged Gateway Intents: switch on "
        f"{names} and press Save Changes",
    )


def is_gone(error: GreenroomError) -> bool:
    """Whether Discord said that what was asked for no longer exists."""
    cause = error.__cause__
    return isinstance(cause, discord.NotFound) and cause.code in GONE


def _wrong_token() -> ConfigError:
    return ConfigError("Discord does not accept the token", accepted=_NEW_TOKEN)


def _of_answer(
    error: discord.HTTPException, doing: str, sends: bool, needs: str | None
) -> GreenroomError:
    if error.status == 401:
        return _wrong_token()
    if error.status == 429:
        return RetryLater(
            f"Discord limits how often the bot may {doing}", after_s=_retry_after_s(error)
        )
    if error.status >= 500:
        return RetryLater(f"Discord cannot {doing} now (HTTP {error.status})", maybe_done=sends)
    return DropMessage(f"Discord refuses to {doing}: {_reason(error, needs)}")


def _reason(error: discord.HTTPException, needs: str | None) -> str:
    known = _REASONS.get(error.code)
    if known is None and error.status == 403 and needs is not None:
        known = f"the bot lacks the permission {needs}"
    said = f"HTTP {error.status}, code {error.code}: {error.text[:200]!a}"
    return f"{known} ({said})" if known else said


def _shown(error: BaseException) -> str:
    """An error in words, without the address, which may have an interaction's token in it."""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{type(error).__name__} {error.status}"
    return f"{type(error).__name__} {error}".rstrip()


def _retry_after_s(error: discord.HTTPException) -> float | None:
    try:
        found = float(error.response.headers.get("Retry-After", ""))
    except (ValueError, AttributeError):
        return None
    return min(found, MOST_PAUSE_S) if found >= 0 else None
