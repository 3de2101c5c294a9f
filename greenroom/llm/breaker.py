"""A server that is away is not asked for a while, so that it costs no message any time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

_LONGEST_S = 300.0


class Breaker:
    """Opens after some failures in a row; then lets one try through after each pause.

    Args:
        failures: How many in a row open it.
        pause_s: The first pause, in seconds; each further one is twice as long, to 5 minutes.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        pause_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._first_s = pause_s
        self._clock = clock
        self._failed = 0
        self._pause_s = pause_s
        self._until: float | None = None

    @property
    def is_open(self) -> bool:
        """True while nothing is asked."""
        return self._until is not None

    def lets_pass(self) -> bool:
        """Whether to ask now; when a pause is over, the first to ask is the one that tries."""
        if self._until is None:
            return True
        now = self._clock()
        if now < self._until:
            return False
        self._until = now + self._pause_s  # others wait until this try has ended
        return True

    def succeeded(self) -> None:
        """It answered."""
        if self._until is not None:
            log.warning("the language model answers again")
        self._failed, self._pause_s, self._until = 0, self._first_s, None

    def failed(self, reason: str, *, for_good: bool = False) -> None:
        """It did not.

        Args:
            reason: For the log.
            for_good: Asking again changes nothing until a person mends it: open at once.
        """
        was_open = self._until is not None
        self._failed = self._most if for_good else self._failed + 1
        if self._failed < self._most:
            return
        if was_open:
            self._pause_s = min(_LONGEST_S, 2 * self._pause_s)
        else:
            log.warning("the language model is left alone for %.0f s: %s", self._pause_s, reason)
        self._until = self._clock() + self._pause_s
