"""Which words made a score, and the fewest words without which it would be another.

Only the scores are asked, through `Triage`: so whatever answers for a head (the encoder, an
adopted classifier) is explained in the same way, on the session and the threads that are there.
What is said holds for the model alone: it names the words that moved the score, which need not
be the words that a person would object to.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import log
from typing import Final

import numpy as np

from greenroom.message import Fired
from greenroom.triage.base import SCORES_ONLY, Triage
from greenroom.triage.spelling import spell_out

FEW: Final = 20
"""Words up to which Shapley values are estimated; beyond, each word is left out by itself."""

ONE_LOOK: Final = 64
"""Words up to which a text is looked at whole: about what one window holds."""

MOST_REMOVED: Final = 6
"""Words that a change takes away at most; whoever needs more of them has another text."""

MOST_READINGS: Final = 450
"""What one explanation reads at most, of a text of up to a million characters."""

_ORDERS_READ: Final = 160  # readings that Shapley values are estimated from
_ALL_ORDERS: Final = 5  # words of which every order is tried: 32 different readings
_PIECES: Final = 16  # that a long text is cut into to find where its score comes from
_SHARED: Final = 8  # words that neighbouring pieces share, so that no phrase is only cut
_AT_ONCE: Final = 16  # so that messages find places in triage's queue meanwhile
_LONG: Final = 2_000  # characters beyond which spelling a text out leaves the event loop
_SURE: Final = 1e-3  # scores nearer to 0 or 1 differ by rounding

_STOPS: Final = r"\s\x00-\x1f\x7f.,;:!?\"'()\[\]{}<>\\/|~`^=…—–“”„«»‘’¿¡、。，！？-"
_WORD: Final = re.compile(rf"\w+://[^\s<>]+|[^{_STOPS}]+(?:['’.-][^{_STOPS}]+)*")
_LINK_END: Final = re.compile(r"[\s<>]")
_AT_LEAST: Final = re.compile(r"\s*>=?\s*(\d*\.?\d+)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes:
        start: Where it begins in the original text, whatever it was disguised as there.
        end: Where it ends there.
        text: What stands there.
        weight: What it adds to the score, in log-odds; below 0 where it lowers it.
    """

    start: int
    end: int
    text: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Turning:
    """What to take out of a text to bring its score under the threshold.

    Attributes:
        words: In the order of the text; with one of them put back it does not suffice.
        text: The text without them.
        score: What that text was read as.
    """

    words: tuple[Word, ...]
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where one head's score of a text comes from.

    Attributes:
        words: Those that were weighed, the strongest first. Of a text of more than `ONE_LOOK`
            words, those of the passage that scores highest by itself.
        threshold: What a rule wants at least; None if no rule asked.
        turning: The smallest change that was found to bring the score under the threshold;
            None where there is no threshold, the score is under it, or no change suffices.
    """

    head: str
    score: float
    words: tuple[Word, ...]
    threshold: float | None = None
    turning: Turning | None = None

    @property
    def shares(self) -> tuple[tuple[Word, float], ...]:
        """The words that raise the score, each with its share of what they add, 0..1."""
        raising = [word for word in self.words if word.weight > 0]
        total = sum(word.weight for word in raising)
        return tuple((word, word.weight / total) for word in raising)


async def explain(
    triage: Triage, text: str, head: str, *, threshold: float | None = None
) -> Explanation:
    """Find the words that made `head`'s score of `text`; the same every time.

    Leaving words out one by one misses those that back each other up ("stupid idiot"), so for
    texts of up to `FEW` words Shapley values are estimated, from fixed orders. A longer one is
    narrowed down first to the passage that scores highest. At most `MOST_READINGS` readings,
    `_AT_ONCE` at a time; some 0.3 s for a chat message.

    Args:
        triage: Reads the text's variants.
        text: Of any length.
        head: A name in `HEADS`.
        threshold: What a change has to bring the score under.
    """
    words = await asyncio.to_thread(words_of, text) if len(text) > _LONG else words_of(text)
    probe = _Probe(triage, text, head, words)
    (score,) = await probe.read([(probe.whole, _NONE)])
    scope = await _narrowed(probe, _NONE)
    weights = await (_shapley if len(scope) <= FEW else _occlusion)(probe, scope)
    ranked = sorted(scope, key=lambda place: (-weights[place], place))
    turning = None
    if threshold is not None and score >= threshold:
        turning = await _turning(probe, threshold, weights)
    return Explanation(
        head=head,
        score=score,
        words=tuple(replace(words[place], weight=weights[place]) for place in ranked),
        threshold=threshold,
        turning=turning,
    )


def asked_heads(trace: Iterable[Fired]) -> dict[str, float | None]:
    """The heads on which rules fired, each with the lowest score that still fires one of them.

    None where rules want a low score: there is nothing to bring it under.
    """
    found: dict[str, float | None] = {}
    for hit in (hit for fired in trace for hit in fired.hits):
        if not hit.check.startswith("triage."):
            continue
        head, wanted = hit.check.removeprefix("triage."), _AT_LEAST.match(hit.wanted or "")
        known = found.get(head)
        limits = [*([] if known is None else [known]), *([float(wanted[1])] if wanted else [])]
        found[head] = min(limits, default=None)
    return found


def words_of(text: str) -> list[Word]:
    """The words that the model reads, as they stand in `text`; an emoji or a link is one."""
    folded = spell_out(text)
    words: list[Word] = []
    for match in _WORD.finditer(folded.text):
        start, end = folded.original(match.start(), match.end())
        if "://" in match[0]:  # what triage does not read of a link belongs to it
            end += len(_LINK_END.split(text[end : end + _LONG], maxsplit=1)[0])
        if words and start < words[-1].end:  # an emoji that is read as several words
            start, end = words[-1].start, max(end, words.pop().end)
        words.append(Word(start, end, text[start:end]))
    return words


_Removed = frozenset[int]  # places of words
_NONE: Final[_Removed] = frozenset()
_Variant = tuple[range, _Removed]  # a stretch of words, and which of them are taken out


class _Probe:
    """Reads variants of one text; each is read once."""

    def __init__(self, triage: Triage, text: str, head: str, words: Sequence[Word]) -> None:
        self._triage = triage
        self._text = text
        self._head = head
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._known: dict[_Variant, float] = {}
        self.words = words
        self.whole = range(len(words))

    async def read(self, variants: Iterable[_Variant]) -> list[float]:
        """The head's score of each variant."""
        keys = [
            (scope, frozenset(place for place in removed if place in scope))
            for scope, removed in variants
        ]
        async with asyncio.TaskGroup() as group:
            for key in dict.fromkeys(keys):
                if key not in self._known:
                    group.create_task(self._read_one(key))
        return [self._known[key] for key in keys]

    async def _read_one(self, key: _Variant) -> None:
        async with self._places:
            reading = await self._triage.read(self.without(*key), SCORES_ONLY)
        self._known[key] = reading.scores[self._head]

    def without(self, scope: range, removed: _Removed) -> str:
        """A stretch of the text without some of its words; two spaces that meet become one."""
        parts, at = list[str](), self._start(scope)
        for word in (self.words[place] for place in sorted(removed)):
            parts.append(self._text[at : word.start])
            is_apart = not parts[-1] or parts[-1][-1].isspace()
            at = word.end + (is_apart and self._text[word.end : word.end + 1] == " ")
            if not is_apart and self._text[at : at + 1].strip():
                parts.append(" ")  # or what stood around the word would grow together
        return "".join((*parts, self._text[at : self._end(scope)]))

    def _start(self, scope: range) -> int:
        return self.words[scope.start].start if scope.start else 0

    def _end(self, scope: range) -> int:
        is_last = scope.stop == len(self.words)
        return len(self._text) if is_last else self.words[scope.stop].start


async def _narrowed(probe: _Probe, removed: _Removed) -> range:
    """The stretch of at most `FEW` words that scores highest by itself; a short text whole.

    By itself, since the model takes the highest window: what stands elsewhere hides nothing.
    """
    scope = probe.whole
    while len(scope) > (ONE_LOOK if scope == probe.whole else FEW):
        pieces = _pieces(scope)
        scores = await probe.read((piece, removed) for piece in pieces)
        scope = pieces[max(range(len(pieces)), key=scores.__getitem__)]
    return scope


def _pieces(scope: range) -> list[range]:
    """`_PIECES` stretches that overlap."""
    size = -(-len(scope) // _PIECES)
    starts = range(scope.start, scope.stop, size)
    return [
        range(max(scope.start, start - _SHARED // 2), min(scope.stop, start + size + _SHARED // 2))
        for start in starts
    ]


async def _occlusion(probe: _Probe, scope: range) -> dict[int, float]:
    """How far the score falls without each word."""
    variants = [_NONE, *(frozenset({place}) for place in scope)]
    full, *rest = map(_log_odds, await probe.read((scope, variant) for variant in variants))
    return {place: full - one for place, one in zip(scope, rest, strict=True)}


async def _shapley(probe: _Probe, scope: range) -> dict[int, float]:
    """How far the score falls, on average over orders, when each word is taken out in turn."""
    orders = _orders(scope)
    ways = [[frozenset(order[:end]) for end in range(len(order) + 1)] for order in orders]
    variants = list(dict.fromkeys(removed for way in ways for removed in way))
    scores = await probe.read((scope, removed) for removed in variants)
    known = dict(zip(variants, map(_log_odds, scores), strict=True))
    weights = dict.fromkeys(scope, 0.0)
    for order, way in zip(orders, ways, strict=True):
        for place, before, after in zip(order, way, way[1:], strict=False):
            weights[place] += (known[before] - known[after]) / len(orders)
    return weights


def _orders(scope: range) -> list[tuple[int, ...]]:
    """All orders of a few words; of more of them as many as the readings allow, and back.

    An order and its reverse: a word that comes late in the one comes early in the other.
    """
    if len(scope) <= _ALL_ORDERS:
        return list(permutations(scope))
    chance = np.random.default_rng(len(scope))
    drawn = [
        tuple(chance.permutation(np.array(scope)).tolist())
        for _ in range(_ORDERS_READ // (2 * len(scope)))
    ]
    return [way for order in drawn for way in (order, order[::-1])]


async def _turning(probe: _Probe, threshold: float, weights: Mapping[int, float]) -> Turning | None:
    """Word by word what lowers the score most, until it is under; then without the needless."""
    removed = _NONE
    for _ in range(MOST_REMOVED):
        scope = await _narrowed(probe, removed)
        left = sorted(set(scope) - removed, key=lambda place: (-weights.get(place, 0.0), place))
        tries = [removed | {place} for place in left[:FEW]]
        if not tries:
            return None
        scores = await probe.read((scope, one) for one in tries)
        removed = tries[scores.index(min(scores))]
        (score,) = await probe.read([(probe.whole, removed)])
        if score < threshold:
            return await _pruned(probe, removed, threshold)
    return None


async def _pruned(probe: _Probe, removed: _Removed, threshold: float) -> Turning:
    for place in sorted(removed):
        (score,) = await probe.read([(probe.whole, removed - {place})])
        if score < threshold:
            removed -= {place}
    (score,) = await probe.read([(probe.whole, removed)])
    words = tuple(probe.words[place] for place in sorted(removed))
    return Turning(words, probe.without(probe.whole, removed), score)


def _log_odds(score: float) -> float:
    """Near 0 and 1 a probability hardly moves, whatever a word adds; its log-odds do."""
    sure = min(1 - _SURE, max(_SURE, score))
    return log(sure / (1 - sure))
