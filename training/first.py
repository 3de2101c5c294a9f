"""The first stage: a small network over neighbouring words, and what the encoder says of such.

It learns from the trained encoder, not from labels: its one task is to know when the encoder
would find nothing. Its words begin as the encoder's own, in fewer numbers.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from greenroom.triage.base import HEADS
from training.corpus import CALIBRATION, TRAIN, Corpus, chance
from training.measure import auroc_differences
from training.network import Ids, Logits, Recipe, Rows, autocast, batches, padded, widest

WORDS: Final = 96
"""Numbers a word that come from the encoder's own table of words."""

ALONE: Final = 64
"""Numbers a word that come from what the encoder makes of the word alone."""

WIDTH: Final = WORDS + ALONE
DISTANCES: Final = (1, 2, 4)
"""How far each layer looks to both sides: 15 tokens in all."""

HIDDEN: Final = 192
EPOCHS: Final = 7
PASS: Final = Recipe(epochs=1, batch=512)
RATE: Final = 2e-3
FORGOTTEN: Final = 0.08
"""Share of the words that a training text loses."""

RANKS: Final = 0.01
"""Weight of the heads' squared errors as logits, beside their entropies: these say nothing of the
order among texts that are all harmless, which is what a settled text's scores are compared by."""

FARTHEST: Final = 8.0
"""Logits beyond plus and minus this count as this."""

SMOOTH: Final = 0.998
"""How much of the averaged weights stays at each step; the average is what is kept."""

WATCHED: Final = 0.05
"""Share of the training texts that only tell which epoch was best."""

LINE: Final = 0.6
"""The score that the starter policies begin to act at."""

MISSED: Final = 0.005
"""Share of the texts over the line that may be settled as harmless."""

LOST: Final = 0.003
"""What a head's AUROC may lose on the calibration split."""

TRIED: Final = (1.0, 0.8, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.1)
"""Parts of `MISSED` that are tried: a lower limit may leave more room to the bounds."""

SCALES: Final = (1.0, 0.5, 0.25, 0.1, 0.05, 0.02)
"""What the scores of a settled text may be multiplied by, to stand right among the encoder's."""

TIGHTER: Final = 0.03
"""Share of the settled texts that a tighter bound gives up at a time."""

Table = npt.NDArray[np.float32]
Chances = npt.NDArray[np.float64]

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True)
class Lessons:
    """What it learns from.

    Attributes:
        ids: Token ids of each text.
        scores: The encoder's calibrated heads of each, shape (n, 10).
        is_watched: Whether a text is held back, to choose the epoch.
    """

    ids: Ids
    scores: Logits
    is_watched: npt.NDArray[np.bool_]


class First(nn.Module):
    """Gives (batch, 11) logits: the risk that any head is over the line, then the heads.

    Args:
        words: The encoder's table of words, shape (vocabulary, any).
        alone: What the encoder makes of each word alone, shape (vocabulary, any).
    """

    def __init__(self, words: Table, alone: Table) -> None:
        super().__init__()
        table = np.hstack([narrowed(words, WORDS), narrowed(alone, ALONE)])
        self.words = nn.Embedding.from_pretrained(torch.tensor(table), freeze=False)
        self.layers = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, 3, padding=far, dilation=far) for far in DISTANCES
        )
        self.hidden = nn.Linear(4 * WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, 1 + len(HEADS))
        self.drop = nn.Dropout(0.2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits of padded ids, shape (batch, length), with their mask."""
        there = mask.unsqueeze(1).float()
        if self.training:
            there = there * (torch.rand_like(there) >= FORGOTTEN)
            there[:, :, 0] = 1  # [CLS]
        words = self.words(ids).transpose(1, 2) * there
        hidden = words
        for layer in self.layers:
            hidden = hidden + torch.relu(layer(hidden)) * there
        pools = torch.cat([*_pools(hidden, there), *_pools(words, there)], dim=1)
        logits: torch.Tensor = self.out(self.drop(torch.relu(self.hidden(self.drop(pools)))))
        return logits


def narrowed(table: Table, width: int) -> Table:
    """`table` on its `width` widest axes, each number about 0.3 in size."""
    middle = table - table.mean(axis=0)
    found: Table = middle @ widest(middle, width)
    return (0.3 * found / found.std()).astype(np.float32)


def _pools(values: torch.Tensor, there: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mean = (values * there).sum(2) / there.sum(2)
    return mean, (values + (there - 1) * 1e4).amax(2)


def lessons(ids: Ids, corpus: Corpus, scores: Logits, more: Ids, more_scores: Logits) -> Lessons:
    """The training split, and further texts that the encoder read as well."""
    rows = corpus.rows(TRAIN)
    is_watched = [chance("first" + corpus.texts[row]) < WATCHED for row in rows]
    return Lessons(
        ids=[*(ids[row] for row in rows), *more],
        scores=np.concatenate([scores[rows], more_scores]),
        is_watched=np.array([*is_watched, *(False for _ in more)]),
    )


def train_first(first: First, taught: Lessons, *, seed: int) -> First:
    """Train on `taught`; the epoch that settles most of the texts held back is kept.

    Args:
        first: What learns.
        taught: Texts and what the encoder says of them.
        seed: Of the order.
    """
    dice = np.random.default_rng(seed)
    rows = np.flatnonzero(~taught.is_watched)
    epochs = [list(batches(rows, taught.ids, PASS, dice)) for _ in range(EPOCHS)]
    steps = sum(map(len, epochs))
    optimiser = torch.optim.AdamW(first.parameters(), RATE, weight_decay=0.02, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    average = AveragedModel(first, multi_avg_fn=get_ema_multi_avg_fn(SMOOTH))
    best, kept = -1.0, copy.deepcopy(first)
    for number, epoch in enumerate(epochs, start=1):
        first.train()
        for batch in epoch:
            _step(first, taught, batch, optimiser)
            schedule.step()
            average.update_parameters(first)
        settled = _settled(average.module, taught)
        log.info("  first stage, epoch %d of %d: settles %.1f%%", number, EPOCHS, 100 * settled)
        if settled > best:
            best, kept = settled, copy.deepcopy(average.module)
    return kept.eval()


def _step(first: First, taught: Lessons, batch: Rows, optimiser: torch.optim.Optimizer) -> None:
    cpu = torch.device("cpu")
    with autocast(cpu):
        logits = first(*padded([taught.ids[row] for row in batch], cpu)).float()
    scores = taught.scores[batch]
    over = (scores.max(axis=1) >= LINE).astype(np.float32)
    goal = torch.tensor(np.column_stack([over, scores]))
    each = nn.functional.binary_cross_entropy_with_logits(logits, goal, reduction="none")
    ranks = (logits - torch.logit(goal).clamp(-FARTHEST, FARTHEST))[:, 1:].square()
    # A text over the line that is let through costs more than one read in vain.
    risk = (each[:, 0] * (1 + 3 * goal[:, 0])).mean()
    found = risk + each[:, 1:].sum(1).mean() + RANKS * ranks.sum(1).mean()
    optimiser.zero_grad()
    torch.autograd.backward(found)
    nn.utils.clip_grad_norm_(first.parameters(), 1.0)
    optimiser.step()


def _settled(first: First, taught: Lessons) -> float:
    """Share of the watched texts under the line that lie below the limit for `MISSED` of those
    over it."""
    rows = np.flatnonzero(taught.is_watched)
    risk = chances(first, [taught.ids[row] for row in rows])[:, 0]
    over = taught.scores[rows].max(axis=1) >= LINE
    return float((risk[~over] < _limit(risk[over], MISSED)).mean())


def _limit(risk: Chances, share: float) -> float:
    """The risk under which at most this share of these lie."""
    return float(np.sort(risk)[int(share * len(risk))])


def chances(first: First, ids: Ids) -> Chances:
    """The first stage's risk and heads for every text, shape (n, 11), each 0..1."""
    first.eval()
    found = np.empty((len(ids), 1 + len(HEADS)))
    order = np.argsort([len(text) for text in ids])
    for rows in np.array_split(order, len(ids) // 1024 + 1):
        with torch.no_grad():
            logits = first(*padded([ids[row] for row in rows], torch.device("cpu")))
        found[rows] = torch.sigmoid(logits).double().numpy()
    return found


@dataclass(frozen=True, slots=True)
class Promise:
    """What the first stage may settle: a text whose risk, and whose every head, is low enough.

    Attributes:
        limit: The risk under which a text is settled.
        bounds: The score of each head under which it is, shape (10,); 1: any.
        scales: What the scores of a settled text are multiplied by, shape (10,). The first stage
            is less sure of a harmless text than the encoder is, and would put it before texts
            that the encoder finds a little suspicious.
        missed: Share of the calibration split's texts over the line that it settles.
    """

    limit: float
    bounds: Chances
    scales: Chances
    missed: float

    def kept_by(self, found: Chances) -> npt.NDArray[np.bool_]:
        """Which texts it settles, of the first stage's chances of each, (n, 11)."""
        settled: npt.NDArray[np.bool_] = (found[:, 0] < self.limit) & (
            found[:, 1:] < self.bounds
        ).all(axis=1)
        return settled

    def shown_of(self, found: Chances) -> Chances:
        """The scores that settled texts get, of the first stage's chances, shape (n, 10)."""
        return found[:, 1:] * self.scales


def certify(found: Chances, corpus: Corpus, scores: Logits) -> Promise:
    """What settles most of the calibration split and keeps both promises there.

    At most `MISSED` of the texts over the line are settled, and no head's AUROC loses more than
    `LOST` by scores of the first stage, scaled, standing for the encoder's. Heads that would lose
    more get a bound of their own: a text on which the first stage sees a little of such a head is
    read.

    Args:
        found: The first stage's chances of every text, shape (n, 11).
        corpus: Labels, and which split each belongs to.
        scores: The encoder's calibrated heads of every text, shape (n, 10).
    """
    rows = corpus.rows(CALIBRATION)
    held = corpus.only(rows)
    return max(
        (_bounded(found[rows], held, scores[rows], share * MISSED) for share in TRIED),
        key=lambda promise: promise.kept_by(found[rows]).sum(),
    )


def _bounded(found: Chances, held: Corpus, scores: Logits, share: float) -> Promise:
    """The limit for a share missed, and bounds made tighter until no head loses too much."""
    over = scores.max(axis=1) >= LINE
    ones = np.ones(len(HEADS))
    promise = Promise(_limit(found[over, 0], share), ones, ones, 0.0)
    while (settled := promise.kept_by(found)).any():
        promise, lost = _scaled(promise, found, held, scores, settled)
        worst = max(lost, key=lambda name: lost[name])
        if lost[worst] <= LOST:
            return replace(promise, missed=float(settled[over].mean()))
        column = HEADS.index(worst)
        bounds = promise.bounds.copy()
        bounds[column] = np.quantile(found[settled, 1 + column], 1 - TIGHTER)
        promise = replace(promise, bounds=bounds)
    return replace(promise, limit=0.0)  # it settles nothing


def _scaled(
    promise: Promise, found: Chances, held: Corpus, scores: Logits, settled: npt.NDArray[np.bool_]
) -> tuple[Promise, dict[str, float]]:
    """The promise with each head's best scale, and what each head's AUROC then loses."""
    scales, lost = np.ones(len(HEADS)), dict[str, float]()
    for scale in SCALES:
        for name, loss in auroc_lost(scale * found[:, 1:], held, scores, settled).items():
            if loss < lost.get(name, np.inf):
                lost[name], scales[HEADS.index(name)] = loss, scale
    return replace(promise, scales=scales), lost


def auroc_lost(
    shown: Chances, corpus: Corpus, scores: Logits, settled: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Head → what its AUROC loses when `shown` are the scores of the texts that are settled."""
    mixed = np.where(settled[:, None], np.minimum(shown, LINE), scores)
    return auroc_differences(scores, mixed, corpus.scores)


def pieces_of(corpus: Corpus, *, count: int, seed: int) -> tuple[str, ...]:
    """Runs of words out of training texts: what neighbouring words are worth without the rest."""
    dice = np.random.default_rng(seed)
    rows = dice.permutation(corpus.rows(TRAIN))
    split: Iterator[Sequence[str]] = (corpus.texts[row].split(" ") for row in rows)
    long = [words for words in split if len(words) > 5][:count]
    found = []
    for words in long:
        size = int(dice.integers(2, len(words)))
        start = int(dice.integers(0, len(words) - size + 1))
        found.append(" ".join(words[start : start + size]))
    return tuple(found)
