"""Answering whoever acted: Slack's ``response_url``, for half an hour and five times."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.slack.payload import part, word
from greenroom.adapters.slack.web import CALL_TIMEOUT_S
from greenroom.errors import DropMessage, RetryLater

VALID: Final = timedelta(minutes=30)
USES: Final = 5
REMEMBERED: Final = 10_000  # addresses whose uses are counted
HOOKS: Final = "https://hooks.slack.com"
_MOST_BYTES: Final = 300  # read of an answer
_AMBIGUOUS: Final = frozenset(' \\@"<>^`{|}')


@dataclass(frozen=True, slots=True)
class Respond:
    """How to reach whoever acted; as text it is an event's ``respond``."""

    at: datetime
    user: str | None = None
    url: str | None = None  # None: Slack gave none along, and the member is written to

    def __str__(self) -> str:
        known = {"at": int(self.at.timestamp()), "user": self.user, "url": self.url}
        return json.dumps({key: value for key, value in known.items() if value is not None})


def read_respond(ref: str | None) -> Respond:
    """The way to answer that an order carries.

    Raises:
        DropMessage: It is none of ours.
    """
    try:
        found = part(json.loads(ref or ""))
        at = datetime.fromtimestamp(float(found["at"]), UTC)
    except (LookupError, ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
        raise DropMessage("the order does not say whom to answer on Slack") from error
    return Respond(at, word(found, "user"), word(found, "url"))


class Answers:
    """Posts to ``response_url``, at Slack's own address for them or at ``api``'s host."""

    def __init__(self, session: aiohttp.ClientSession, api: str, *, clock: Clock) -> None:
        self._session = session
        self._trusted = {_origin(HOOKS), _origin(api)} - {None}
        self._clock = clock
        self._used: Recent[str, int] = Recent(size=REMEMBERED, clock=clock, keep=VALID)

    async def post(self, respond: Respond, body: Mapping[str, Any]) -> None:
        """Show ``body`` to whoever acted, and to nobody else.

        Raises:
            DropMessage: It is too late, too often, or not Slack's address.
            RetryLater: Later; with ``maybe_done`` if the outcome is unknown.
        """
        url = self._usable(respond)
        shown = {"response_type": "ephemeral", "replace_original": False, **body}
        try:
            async with (
                asyncio.timeout(CALL_TIMEOUT_S),
                # Nobody may lead us on to another address.
                self._session.post(url, json=shown, allow_redirects=False) as answer,
            ):
                said = await answer.content.read(_MOST_BYTES)
        except aiohttp.ClientConnectorError as error:  # it never got there
            raise RetryLater(f"Slack cannot be reached to answer: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise RetryLater(
                f"Slack's word on an answer never came: {type(error).__name__}", maybe_done=True
            ) from error
        _check(answer, said)
        self._used[url] = self._used.get(url, 0) + 1

    def _usable(self, respond: Respond) -> str:
        url = respond.url or ""
        if self._clock() - respond.at > VALID:
            raise DropMessage("Slack takes answers for 30 minutes, and those are over")
        if self._used.get(url, 0) >= USES:
            raise DropMessage(f"Slack takes {USES} answers to one command or button")
        if _origin(url) not in self._trusted:
            raise DropMessage(f"not an address of Slack's to answer to: {url!a:.120}")
        return url


def _origin(url: str) -> tuple[str, str] | None:
    """Scheme and host, whatever the port; None if two readers could take it for two hosts."""
    if not url.isascii() or not url.isprintable() or set(url) & _AMBIGUOUS:
        return None
    try:
        found = urlsplit(url)
    except ValueError:
        return None
    return (found.scheme, found.hostname) if found.hostname else None


def _check(answer: aiohttp.ClientResponse, said: bytes) -> None:
    if answer.status == 429:
        raise RetryLater("Slack takes no answer now (429)", after_s=_seconds(answer))
    if answer.status >= 500:
        raise RetryLater(f"Slack takes no answer now ({answer.status})", maybe_done=True)
    if answer.status != 200 or b'"ok":false' in said.replace(b" ", b""):
        raise DropMessage(f"Slack refuses the answer ({answer.status}): {said[:80]!r}")


def _seconds(answer: aiohttp.ClientResponse) -> float | None:
    try:
        return float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return None
