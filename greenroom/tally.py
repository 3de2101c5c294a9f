"""What the loop did since it started, counted for the price of an addition a message."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from greenroom.triage.base import EVERYTHING, Reading, Triage, Wants

BOUNDS_S: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    300.0, 1800.0,
)  # fmt: skip
"""From a remembered reading to a message that waited half an hour through a raid."""


@dataclass(slots=True)
class Spread:
    """How durations are spread.

    Attributes:
        counts: How many were within each of `BOUNDS_S` and above the one before; the last,
            how many were above all of them.
        total_s: Their sum.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    total_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one; less than nothing, when the clock was set back, is nothing."""
        seconds = max(0.0, seconds)
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.total_s += seconds


@dataclass(slots=True)
class Tally:
    """One loop's counts. Only its event loop writes them, so they need no lock.

    Attributes:
        taken_in: Events stored because they were new.
        repeated: Deliveries of an event that was stored before.
        decided: Events recorded as done.
        failed: Events given up: dropped, or handed to a person because no stage foresaw them.
        triage: How long readings took, the wait for a place included.
        deciding: From an event's delivery to the record of what was decided.
    """

    taken_in: int = 0
    repeated: int = 0
    decided: int = 0
    failed: int = 0
    triage: Spread = field(default_factory=Spread)
    deciding: Spread = field(default_factory=Spread)


class TimedTriage:
    """`Triage` that notes how long each reading of another one takes."""

    def __init__(
        self, inner: Triage, spread: Spread, *, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        self._inner = inner
        self._spread = spread
        self._timer = timer

    @property
    def digest(self) -> str:
        return self._inner.digest

    async def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        """See `Triage`."""
        began = self._timer()
        reading = await self._inner.read(text, wants)
        self._spread.add(self._timer() - began)
        return reading
