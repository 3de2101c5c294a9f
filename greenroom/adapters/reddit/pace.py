"""How fast Reddit may be asked: the library's limiter, watched, and tolerant of odd headers."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Final

from asyncprawcore.const import NANOSECONDS, WINDOW_SIZE
from asyncprawcore.rate_limit import RateLimiter

from greenroom.errors import RetryLater

log = logging.getLogger(__name__)

LONGEST_WAIT_S: Final = 10.5  # the library spaces calls by up to 10 s; longer: nothing is left
FOR_LISTINGS: Final = 0.6  # of what Reddit allows; the rest is for actions and members' facts


class Pace(RateLimiter):
    """Spaces calls out as Reddit's ``x-ratelimit`` headers ask.

    Where the library would sleep until the next window begins, it says so instead: an order
    goes back to the outbox, which waits without a call of ours hanging.
    """

    def __init__(self, *, window_size: int = WINDOW_SIZE) -> None:
        super().__init__(window_size=window_size)
        self._resets_at_s: float | None = None

    async def delay(self) -> None:
        """Wait for this call's turn.

        Raises:
            RetryLater: Nothing is left until the next window.
        """
        if self.next_request_timestamp_ns is not None:
            wait_s = (self.next_request_timestamp_ns - time.monotonic_ns()) / NANOSECONDS
            if wait_s > LONGEST_WAIT_S:
                raise RetryLater("Reddit's limit is used up for now", after_s=wait_s)
        await super().delay()

    def update(self, *, response_headers: Mapping[str, str]) -> None:
        """Take in what an answer says of the limit; what cannot be read says nothing."""
        try:
            super().update(response_headers=response_headers)
            left_s = float(response_headers.get("x-ratelimit-reset", "nan"))
        except (KeyError, ValueError, OverflowError) as error:
            log.debug("Reddit's limit cannot be read: %r", error)
            return
        if left_s == left_s:  # no number: the header is missing
            self._resets_at_s = time.monotonic() + left_s

    def pause_s(self) -> float:
        """Seconds the listings should rest, so that actions find something left."""
        if self.remaining is None or self.used is None or self._resets_at_s is None:
            return 0.0
        left_s = self._resets_at_s - time.monotonic()
        return rest_s(self.remaining, self.used, left_s, window_s=float(self.window_size))


def rest_s(remaining: int, used: int, left_s: float, *, window_s: float) -> float:
    """Seconds until a steady use of the listings' share would have used as much as was used."""
    if left_s <= 0:
        return 0.0
    share = FOR_LISTINGS * (remaining + used)
    if remaining <= 0 or share <= 0:
        return left_s
    passed_s = window_s - left_s
    return min(left_s, max(0.0, window_s * used / share - passed_s))
