"""Reranking: how well each fetched passage answers, from three numbers that people can check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from greenroom.context.base import Found
from greenroom.message import Passage

NEAREST: Final = 0.42
PAIR: Final = 0.48
WORDS: Final = 0.10
"""What each number counts. Fitted on the questions for tuning, tried on those held out: see
docs/context.md. With these, 0.40 is where an answer and silence are as likely to be right."""

_HALF: Final = 5.0  # the BM25 at which words count half; a rare word that is shared gives about 5


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage and why it stands where it stands; `passage.score` is the sum.

    Attributes:
        passage: What may be quoted.
        nearest: The cosine of the question with the nearest of its texts.
        pair: The mean of the two nearest; one alone is often a chance.
        words: The words in common, rare ones counting more: 0 none, towards 1 all of many.
    """

    passage: Passage
    nearest: float
    pair: float
    words: float


def rank(points: Sequence[Found]) -> list[Ranked]:
    """The passages that `points` make, best first.

    Args:
        points: All points of each passage, with both scores. The one with a text says what the
            passage is; a passage without one is left out.
    """
    passages: dict[str, list[Found]] = {}
    for point in points:
        passages.setdefault(str(point.payload.get("chunk", "")), []).append(point)
    ranked = [
        _ranked(whole, group)
        for group in passages.values()
        for whole in [point for point in group if "text" in point.payload][:1]
    ]
    return sorted(ranked, key=lambda one: -one.passage.score)


def _ranked(whole: Found, group: Sequence[Found]) -> Ranked:
    best = sorted((point.score for point in group), reverse=True)[:2]
    matched = max(point.words for point in group)
    nearest, pair, words = best[0], fmean(best), matched / (matched + _HALF)
    score = NEAREST * nearest + PAIR * pair + WORDS * words
    return Ranked(_passage(whole, min(max(score, 0.0), 1.0)), nearest, pair, words)


def _passage(whole: Found, score: float) -> Passage:
    source, heading, text, url = (
        str(whole.payload.get(key, "")) for key in ("source", "heading", "text", "url")
    )
    return Passage(source=source, heading=heading, text=text, score=score, url=url or None)
