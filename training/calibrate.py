"""Makes the heads' numbers mean what they say: one slope and one offset a head (Platt)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from greenroom.triage.base import HEADS, INTENTS
from training.corpus import CALIBRATION, Corpus
from training.network import Logits


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibrated logit = slope × logit + offset, each of shape (21,)."""

    slope: npt.NDArray[np.float32]
    offset: npt.NDArray[np.float32]


def calibrate(logits: Logits, corpus: Corpus) -> Calibration:
    """Fit on the calibration split: a slope and an offset a head, one temperature for intent.

    Sentiment is left as it is: it is a position, not a probability.
    """
    rows = corpus.rows(CALIBRATION)
    slope, offset = np.ones(logits.shape[1], np.float32), np.zeros(logits.shape[1], np.float32)
    for head in range(len(HEADS)):
        wanted = corpus.scores[rows, head]
        known = ~np.isnan(wanted)
        slope[head], offset[head] = _platt(logits[rows, head][known], wanted[known])
    slope[-len(INTENTS) :] = _temperature(logits[rows, -len(INTENTS) :], corpus.intents[rows])
    return Calibration(slope, offset)


def apply(logits: Logits, calibration: Calibration) -> Logits:
    """Calibrated probabilities (n, 10), sentiment (n, 1) and intents (n, 10), side by side."""
    logits = logits * calibration.slope + calibration.offset
    intents = np.exp(logits[:, -len(INTENTS) :] - logits[:, -len(INTENTS) :].max(1, keepdims=True))
    heads = 1 / (1 + np.exp(-logits[:, : len(HEADS)]))
    mood = np.tanh(logits[:, [len(HEADS)]])
    return np.hstack([heads, mood, intents / intents.sum(1, keepdims=True)])


def _platt(logits: Logits, wanted: Logits) -> tuple[float, float]:
    """Slope and offset of least cross-entropy; the slope stays positive, so order stays."""
    scores, goal = torch.tensor(logits), torch.tensor(wanted)
    values = torch.zeros(2, requires_grad=True)

    def cost() -> torch.Tensor:
        found = values[0].exp() * scores + values[1]
        miss = torch.nn.functional.binary_cross_entropy_with_logits(found, goal)
        # A head with few positives must not get an extreme slope from a handful of rows.
        return miss + 1e-4 * values.square().sum()

    _minimise(values, cost)
    slope, offset = values.detach().tolist()
    return math.exp(slope), offset


def _temperature(logits: Logits, wanted: npt.NDArray[np.int64]) -> float:
    scores, goal = torch.tensor(logits), torch.tensor(wanted)
    value = torch.zeros(1, requires_grad=True)
    _minimise(
        value,
        lambda: torch.nn.functional.cross_entropy(scores * value.exp(), goal, ignore_index=-1),
    )
    return math.exp(value.item())


def _minimise(values: torch.Tensor, cost: Callable[[], torch.Tensor]) -> None:
    optimiser = torch.optim.LBFGS([values], max_iter=100, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        optimiser.zero_grad()
        found = cost()
        torch.autograd.backward(found)
        return found

    optimiser.step(step)  # type: ignore[no-untyped-call]  # torch leaves it untyped
