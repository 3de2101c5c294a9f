"""When an experiment may end: intervals that hold however often one looks.

Whoever looks at an ordinary interval after each message, and stops at the first that excludes
zero, finds a difference between equals in most experiments. The intervals here are confidence
sequences: the chance that the truth is *ever* outside, over all looks together, is at most
``alpha``, in samples of any size. Where two shares truly are equal, at most one experiment in
twenty names a winner, whoever looks when.

How: a likelihood that mixes all shares evenly (Robbins, Annals of Mathematical Statistics 41
(1970) 1397-1409), divided by the largest likelihood that the hypothesis allows, is an e-value at
each look (Wasserman, Ramdas and Balakrishnan, PNAS 117 (2020) 16880-16890, "Universal
inference"). By Ville's inequality it ever reaches ``1 / alpha`` with a chance of at most ``alpha``
while the hypothesis holds. What is not rejected so is the interval. Only counts are needed, and
variants may get unlike numbers of conversations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from greenroom.experiments.intervals import Interval, Share

ALPHA: Final = 0.05
_STEPS: Final = 60  # of bisection and of section search: far below what a report shows
_GOLDEN: Final = (math.sqrt(5) - 1) / 2


class Advice(StrEnum):
    """What an experiment's figures say so far."""

    KEEP_ON = "keep on"
    WINNER = "winner"
    NO_DIFFERENCE = "no difference"  # none that would be worth having
    HARM = "harm"  # members dislike one of them


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an experiment stands; ``variant`` is who won, or who does harm."""

    advice: Advice
    variant: str | None = None

    @property
    def is_over(self) -> bool:
        """True where no more conversations should be put into it."""
        return self.advice is not Advice.KEEP_ON


def always_share(share: Share, *, alpha: float = ALPHA) -> Interval:
    """Where a share lies, at every look."""
    hits, misses = share.hits, share.of - share.hits
    limit = _mixed(share) - math.log(1 / alpha)
    best = 0.5 if share.of == 0 else hits / share.of

    def is_in(p: float) -> bool:
        return _likelihood(hits, misses, p) >= limit

    return Interval(_edge(is_in, best, 0.0), _edge(is_in, best, 1.0))


def always_difference(first: Share, second: Share, *, alpha: float = ALPHA) -> Interval:
    """Where ``first`` less ``second`` lies, at every look; -1 to 1."""
    if first.of == 0 or second.of == 0:
        return Interval(-1.0, 1.0)
    apart = _apart(first, second)
    return Interval(
        _edge(lambda shift: not _rules_out(first, second, shift, alpha), apart, -1.0),
        _edge(lambda shift: not _rules_out(first, second, shift, alpha), apart, 1.0),
    )


def stands(
    shares: Mapping[str, Share],
    *,
    min_n: int,
    worth: float,
    higher_is_better: bool = True,
    alpha: float = ALPHA,
) -> Standing:
    """What the variants' shares say, at any look.

    Args:
        shares: What each variant reached; one outcome a conversation.
        min_n: Below so many conversations of any variant nothing is said. No figure needs it
            to be right; it keeps one busy hour from deciding for a community.
        worth: The smallest difference that would be acted on, 0..1. Where every difference is
            surely smaller, the experiment is over without a winner.
        higher_is_better: False where the share is of something that nobody wants.
        alpha: The chance that a winner is named, ever, where there is none; over all pairs.
    """
    if len(shares) < 2 or any(share.of < min_n for share in shares.values()):
        return Standing(Advice.KEEP_ON)
    pairs = list(combinations(shares.values(), 2))
    alpha /= len(pairs)
    sign = 1 if higher_is_better else -1
    for name, share in shares.items():
        others = [other for key, other in shares.items() if key != name]
        if all(
            sign * _apart(share, other) > 0 and _rules_out(share, other, 0.0, alpha)
            for other in others
        ):
            return Standing(Advice.WINNER, name)
    if all(_is_within(one, other, worth, alpha) for one, other in pairs):
        return Standing(Advice.NO_DIFFERENCE)
    return Standing(Advice.KEEP_ON)


def stops_on_negative(feedback: Share, share: float, after: int, *, alpha: float = ALPHA) -> bool:
    """True where members surely dislike something more often than they may.

    Args:
        feedback: How many of those who answered or reacted were negative.
        share: The share of negative answers that is put up with, 0..1.
        after: Fewer answers than this decide nothing.
        alpha: The chance that it is ever true of something that stays within ``share``.
    """
    return feedback.of >= after and always_share(feedback, alpha=alpha).low > share


def _apart(first: Share, second: Share) -> float:
    return (first.value or 0.0) - (second.value or 0.0)


def _is_within(first: Share, second: Share, worth: float, alpha: float) -> bool:
    is_near = abs(_apart(first, second)) <= worth
    return is_near and all(_rules_out(first, second, edge, alpha) for edge in (-worth, worth))


def _rules_out(first: Share, second: Share, shift: float, alpha: float) -> bool:
    """True if the shares are surely not ``shift`` apart: an e-value over ``1 / alpha``."""
    evidence = _mixed(first) + _mixed(second) - _best_likelihood(first, second, shift)
    return evidence > math.log(1 / alpha)


def _mixed(share: Share) -> float:
    """The log-likelihood of the counts in order, mixed over all shares alike."""
    hits, misses = share.hits, share.of - share.hits
    return math.lgamma(hits + 1) + math.lgamma(misses + 1) - math.lgamma(share.of + 2)


def _likelihood(hits: int, misses: int, p: float) -> float:
    if (hits and p <= 0) or (misses and p >= 1):
        return -math.inf
    return (hits * math.log(p) if hits else 0.0) + (misses * math.log1p(-p) if misses else 0.0)


def _best_likelihood(first: Share, second: Share, apart: float) -> float:
    """The largest log-likelihood of two shares that far apart: concave, so sought by section."""
    if apart == 0.0:  # both are one: its likeliest share is known
        hits, of = first.hits + second.hits, first.of + second.of
        return _likelihood(hits, of - hits, hits / of)
    low, high = max(0.0, -apart), min(1.0, 1.0 - apart)

    def at(q: float) -> float:
        return _likelihood(first.hits, first.of - first.hits, min(1.0, q + apart)) + _likelihood(
            second.hits, second.of - second.hits, q
        )

    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = at(left), at(right)
    for _ in range(_STEPS):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = at(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = at(left)
    return max(at_left, at_right, at(low), at(high))


def _edge(is_in: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where an interval ends, on the way from within it to the end of what is possible."""
    if is_in(outside):
        return outside
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if is_in(middle):
            inside = middle
        else:
            outside = middle
    return outside
