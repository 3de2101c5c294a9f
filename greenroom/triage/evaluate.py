"""How good scores are against labels: ranking, calibration, and what a threshold makes of them.

numpy only, since it runs where Greenroom runs. The intervals come from a bootstrap that weighs
rows instead of copying them, so that a head's scores are sorted once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from greenroom.triage.labelled import Labelled

RESAMPLES: Final = 200
BINS: Final = 15

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with its 95% bootstrap interval; NaN where it is undefined (nothing found)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HeadFigures:
    """One head on the rows that judge it.

    Attributes:
        head: Which.
        source: Of the rows; None: all of them.
        rows: Rows with a label.
        positives: Of them, those that the head applies to.
        figures: By the names in `FIGURES`.
        best_f1: The highest F1 that any threshold gives, on these very rows.
        best_threshold: That threshold.
    """

    head: str
    source: str | None
    rows: int
    positives: int
    figures: Mapping[str, Span]
    best_f1: float
    best_threshold: float


class Ranking:
    """Scores of one head with their truth, sorted once; every figure takes a weight for each row.

    Rows of equal score are found together or not at all: ties count half in the AUROC, and
    the precision is that of the whole tie.
    """

    def __init__(self, truth: Bools, scores: Floats) -> None:
        order = np.argsort(-scores, kind="stable")
        self.truth, self.scores = truth[order], scores[order]
        self._ends = np.flatnonzero(np.append(np.diff(self.scores) != 0, True))
        self._bin = np.minimum((self.scores * BINS).astype(np.int64), BINS - 1)

    def auroc(self, weights: Floats) -> float:
        """The chance that a positive scores above a negative."""
        found, alarms = self._curve(weights)
        return _ratio(float(np.trapezoid(found, alarms)), found[-1] * alarms[-1])

    def auprc(self, weights: Floats) -> float:
        """Average precision: the precision at each step of the recall, without interpolation."""
        found, alarms = self._curve(weights)
        both = found + alarms
        precision = np.divide(found, both, out=np.zeros_like(found), where=both > 0)
        return _ratio(float((np.diff(found) * precision[1:]).sum()), found[-1])

    def calibration_error(self, weights: Floats) -> float:
        """How far the scores are from the shares of positives, over equal bins (ECE)."""
        gaps = np.bincount(self._bin, weights * (self.scores - self.truth), minlength=BINS)
        return _ratio(float(np.abs(gaps).sum()), weights.sum())

    def precision(self, weights: Floats, threshold: float) -> float:
        """Of what is found, the share that is right."""
        found, alarms = self._at(weights, threshold)
        return _ratio(found, found + alarms)

    def recall(self, weights: Floats, threshold: float) -> float:
        """Of the positives, the share that is found."""
        return _ratio(self._at(weights, threshold)[0], (weights * self.truth).sum())

    def f1(self, weights: Floats, threshold: float) -> float:
        """The harmonic mean of precision and recall."""
        found, alarms = self._at(weights, threshold)
        return _ratio(2 * found, found + alarms + (weights * self.truth).sum())

    def false_positive_rate(self, weights: Floats, threshold: float) -> float:
        """Of the negatives, the share that is found all the same."""
        return _ratio(self._at(weights, threshold)[1], (weights * ~self.truth).sum())

    def best_f1(self) -> tuple[float, float]:
        """The highest F1 that a threshold gives, and the highest such threshold."""
        found, alarms = self._curve(np.ones(len(self.scores)))
        f1 = 2 * found[1:] / (found[1:] + alarms[1:] + found[-1])
        place = int(f1.argmax())
        return float(f1[place]), float(self.scores[self._ends[place]])

    def _curve(self, weights: Floats) -> tuple[Floats, Floats]:
        """True and false positives at each threshold that differs, the first finding nothing."""
        found, alarms = np.cumsum(weights * self.truth), np.cumsum(weights * ~self.truth)
        return np.append(0.0, found[self._ends]), np.append(0.0, alarms[self._ends])

    def _at(self, weights: Floats, threshold: float) -> tuple[float, float]:
        count = int(np.searchsorted(-self.scores, -threshold, side="right"))
        truth, weights = self.truth[:count], weights[:count]
        return float(weights[truth].sum()), float(weights[~truth].sum())


Figure = Callable[[Ranking, Floats, float], float]

FIGURES: Final[Mapping[str, Figure]] = {
    "auroc": lambda ranking, weights, _: ranking.auroc(weights),
    "auprc": lambda ranking, weights, _: ranking.auprc(weights),
    "ece": lambda ranking, weights, _: ranking.calibration_error(weights),
    "precision": Ranking.precision,
    "recall": Ranking.recall,
    "f1": Ranking.f1,
    "false_positive_rate": Ranking.false_positive_rate,
}
"""Name → figure of a ranking, a weight a row, and a threshold: a score at it is found."""


def measure(
    rows: Sequence[Labelled], scores: Mapping[str, Floats], *, threshold: float
) -> Iterator[HeadFigures]:
    """Each head on all rows that judge it, then on those of each source.

    Args:
        rows: What people say.
        scores: Head → what the model says, in the order of `rows`.
        threshold: Where policies begin to act.
    """
    sources = sorted({row.source for row in rows if row.source is not None})
    for head, values in scores.items():
        known = [place for place, row in enumerate(rows) if head in row.labels]
        for source in (None, *sources):
            places = [p for p in known if source is None or rows[p].source == source]
            if places:
                truth = np.array([rows[place].labels[head] for place in places])
                ranking = Ranking(truth, values[places])
                yield _measure(head, source, ranking, threshold)


def _measure(head: str, source: str | None, ranking: Ranking, threshold: float) -> HeadFigures:
    positives = int(ranking.truth.sum())
    best = ranking.best_f1() if positives else (math.nan, math.nan)
    return HeadFigures(
        head, source, len(ranking.truth), positives, bootstrap(ranking, threshold), *best
    )


def bootstrap(ranking: Ranking, threshold: float) -> dict[str, Span]:
    """All `FIGURES` with their intervals, from the same resampled rows at every call."""
    dice, rows = np.random.default_rng(0), len(ranking.truth)
    once = np.ones(rows)
    draws = np.empty((RESAMPLES, len(FIGURES)))
    for draw in draws:
        weights = np.bincount(dice.integers(0, rows, rows), minlength=rows).astype(np.float64)
        draw[:] = [figure(ranking, weights, threshold) for figure in FIGURES.values()]
    return {
        name: Span(figure(ranking, once, threshold), *_middle(draws[:, place]))
        for place, (name, figure) in enumerate(FIGURES.items())
    }


def measure_intents(rows: Sequence[Labelled], found: Sequence[str | None]) -> dict[str, float]:
    """Rows that say an intent, the share that is right, and the mean F1 of the intents in them."""
    pairs = [
        (row.intent, said) for row, said in zip(rows, found, strict=True) if row.intent is not None
    ]
    if not pairs:
        return {}
    f1 = []
    for intent in {wanted for wanted, _ in pairs}:
        both = sum(wanted == said == intent for wanted, said in pairs)
        either = sum((wanted == intent) + (said == intent) for wanted, said in pairs)
        f1.append(2 * both / either)
    right = sum(wanted == said for wanted, said in pairs)
    return {"rows": len(pairs), "accuracy": right / len(pairs), "macro_f1": sum(f1) / len(f1)}


def _middle(draws: Floats) -> tuple[float, float]:
    """Where 95% of the draws lie, those that are undefined left out."""
    known = draws[~np.isnan(draws)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole > 0 else math.nan
