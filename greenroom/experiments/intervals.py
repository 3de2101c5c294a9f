"""Intervals for what was counted or measured once, when all of it is in.

Whoever looks again and again while figures come in wants `greenroom.experiments.stop` instead:
an interval here misses the truth once in twenty looks, not once in twenty experiments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist, fmean, stdev
from typing import Final, NamedTuple

LEVEL: Final = 0.95
_MANY: Final = 200  # degrees of freedom from which a series serves for Student's quantile


class Interval(NamedTuple):
    """What a figure lies between, both ends included."""

    low: float
    high: float

    def covers(self, value: float) -> bool:
        """True if ``value`` lies within."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.of:
            raise ValueError(f"{self.hits} of {self.of} is no share")

    @property
    def value(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> Interval:
        """Wilson's at 95%; 0 to 1 of nothing."""
        return wilson(self)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of some measurements with its interval; None of nothing, or of a single one."""

    value: float | None
    of: int
    interval: Interval | None


NOTHING: Final = Mean(None, 0, None)


def wilson(share: Share, *, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a share; 0 to 1 where nothing was counted.

    Newcombe, Statistics in Medicine 17 (1998) 857-872, method 3: it keeps its level where a
    share is near 0 or 1 and where little was counted.
    """
    if share.of == 0:
        return Interval(0.0, 1.0)
    z = _normal(level)
    p, n = share.hits / share.of, share.of
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    low = 0.0 if share.hits == 0 else (middle - half) / whole
    high = 1.0 if share.hits == n else (middle + half) / whole
    return Interval(low, high)


def difference(first: Share, second: Share, *, level: float = LEVEL) -> Interval:
    """Newcombe's interval of ``first`` less ``second``, -1 to 1.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10: Wilson's intervals of both,
    squared and added.
    """
    p, q = first.value, second.value
    if p is None or q is None:
        return Interval(-1.0, 1.0)
    one, other = wilson(first, level=level), wilson(second, level=level)
    return Interval(
        p - q - math.hypot(p - one.low, other.high - q),
        p - q + math.hypot(one.high - p, q - other.low),
    )


def mean(values: Sequence[float], *, level: float = LEVEL) -> Mean:
    """The mean with Student's interval, which takes the values to be independent."""
    if not values:
        return Mean(None, 0, None)
    middle = fmean(values)
    if len(values) == 1:
        return Mean(middle, 1, None)
    half = student(len(values) - 1, level=level) * stdev(values) / math.sqrt(len(values))
    return Mean(middle, len(values), Interval(middle - half, middle + half))


@lru_cache(maxsize=1024)
def student(freedom: int, *, level: float = LEVEL) -> float:
    """The two-sided quantile of Student's distribution, for whole degrees of freedom."""
    if freedom > _MANY:
        z = _normal(level)
        second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        return z + (z**3 + z) / (4 * freedom) + second  # Cornish-Fisher
    low, high = 0.0, 1.0
    while _student_within(high, freedom) < level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if _student_within(middle, freedom) < level:
            low = middle
        else:
            high = middle
    return high


def _student_within(t: float, freedom: int) -> float:
    """P(-t < T < t), as a finite sum: Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    is_odd = freedom % 2 == 1
    term = math.cos(angle) if is_odd else 1.0
    total, factor = (0.0 if freedom == 1 else term), (2 if is_odd else 1)
    while factor + 2 < freedom:
        term *= square * factor / (factor + 1)
        total += term
        factor += 2
    return 2 / math.pi * (angle + sine * total) if is_odd else sine * total


@lru_cache(maxsize=64)
def _normal(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)
