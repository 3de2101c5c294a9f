"""The first stage: a small network over neighbouring words, and what the encoder says of such.

It learns from the trained encoder, not from labels: its one task is to know when the encoder
would find nothing. Its words begin as the encoder's own, in fewer numbers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from greenroom.triage.base import HEADS
from training.corpus import CALIBRATION, TRAIN, Corpus, chance
from training.measure import auroc_differences
from training.network import Ids, Logits, Recipe, Rows, autocast, batches, padded, widest

WIDTH: Final = 96
DISTANCES: Final = (1, 2, 4)
"""How far each layer looks to both sides: 15 tokens in all."""

HIDDEN: Final = 128
EPOCHS: Final = 7
PASS: Final = Recipe(epochs=1, batch=512)
RATE: Final = 2e-3
FORGOTTEN: Final = 0.08
"""Share of the words that a training text loses."""

WATCHED: Final = 0.05
"""Share of the training texts that only tell which epoch was best."""

LINE: Final = 0.6
"""The score that the starter policies begin to act at."""

MISSED: Final = 0.005
"""Share of the texts over the line that may be settled as harmless."""

LOST: Final = 0.003
"""What a head's AUROC may lose on the calibration split."""

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
        words: The encoder's table of words, shape (vocabulary, size).
    """

    def __init__(self, words: npt.NDArray[np.float32]) -> None:
        super().__init__()
        self.words = nn.Embedding.from_pretrained(torch.tensor(narrowed(words)), freeze=False)
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


def narrowed(words: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """`words` on their `WIDTH` widest axes, each number about 0.3 in size."""
    middle = words - words.mean(axis=0)
    found: npt.NDArray[np.float32] = middle @ widest(middle, WIDTH)
    return (0.3 * found / found.std()).astype(np.float32)


def _pools(values: torch.Tensor, there: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mean = (values * there).sum(2) / there.sum(2)
    return mean, (values + (there - 1) * 1e4).amax(2)


def lessons(ids: Ids, corpus: Corpus, scores: Logits, pieces: Ids, piece_scores: Logits) -> Lessons:
    """The training split, and pieces of its texts that the encoder read as well."""
    rows = corpus.rows(TRAIN)
    is_watched = [chance("first" + corpus.texts[row]) < WATCHED for row in rows]
    return Lessons(
        ids=[*(ids[row] for row in rows), *pieces],
        scores=np.concatenate([scores[rows], piece_scores]),
        is_watched=np.array([*is_watched, *(False for _ in pieces)]),
    )


def train_first(words: npt.NDArray[np.float32], taught: Lessons, *, seed: int) -> First:
    """Train on `taught`; the epoch that settles most of the texts held back is kept.

    Args:
        words: The encoder's table of words.
        taught: Texts and what the encoder says of them.
        seed: Of the order and the start.
    """
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    first, rows = First(words), np.flatnonzero(~taught.is_watched)
    epochs = [list(batches(rows, taught.ids, PASS, dice)) for _ in range(EPOCHS)]
    steps = sum(map(len, epochs))
    optimiser = torch.optim.AdamW(first.parameters(), RATE, weight_decay=0.02, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    best, kept = -1.0, first.state_dict()
    for number, epoch in enumerate(epochs, start=1):
        first.train()
        for batch in epoch:
            _step(first, taught, batch, optimiser)
            schedule.step()
        settled = _settled(first, taught)
        log.info("  first stage, epoch %d of %d: settles %.1f%%", number, EPOCHS, 100 * settled)
        if settled > best:
            best = settled
            kept = {name: value.clone() for name, value in first.state_dict().items()}
    first.load_state_dict(kept)
    return first.eval()


def _step(first: First, taught: Lessons, batch: Rows, optimiser: torch.optim.Optimizer) -> None:
    cpu = torch.device("cpu")
    with autocast(cpu):
        logits = first(*padded([taught.ids[row] for row in batch], cpu))
    scores = taught.scores[batch]
    over = (scores.max(axis=1) >= LINE).astype(np.float32)
    goal = torch.tensor(np.column_stack([over, scores]))
    each = nn.functional.binary_cross_entropy_with_logits(logits.float(), goal, reduction="none")
    # A text over the line that is let through costs more than one read in vain.
    found = (each[:, 0] * (1 + 3 * goal[:, 0])).mean() + each[:, 1:].sum(1).mean()
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
    return float((risk[~over] < _limit(risk[over])).mean())


def _limit(risk: Chances) -> float:
    """The risk under which at most `MISSED` of these lie."""
    return float(np.sort(risk)[int(MISSED * len(risk))])


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


def certify(found: Chances, corpus: Corpus, scores: Logits) -> tuple[float, float]:
    """The highest limit that keeps both promises on the calibration split, and the share missed.

    Below it lie at most `MISSED` of the texts over the line, and no head's AUROC loses more than
    `LOST` by scores of the first stage standing for the encoder's.

    Args:
        found: The first stage's chances of every text, shape (n, 11).
        corpus: Labels, and which split each belongs to.
        scores: The encoder's calibrated heads of every text, shape (n, 10).
    """
    rows = corpus.rows(CALIBRATION)
    risk, over = found[rows, 0], scores[rows].max(axis=1) >= LINE
    most = _limit(risk[over])
    tried = (most, *np.quantile(risk[risk < most], np.arange(0.95, 0.0, -0.05)))
    kept = (
        one
        for one in map(float, tried)
        if max(auroc_lost(found, corpus, scores, rows, one).values()) <= LOST
    )
    limit = next(kept, 0.0)  # at 0 it settles nothing
    return limit, float((risk[over] < limit).mean())


def auroc_lost(
    found: Chances, corpus: Corpus, scores: Logits, rows: Rows, limit: float
) -> dict[str, float]:
    """Head → what its AUROC loses on `rows` when the first stage answers below `limit`."""
    full = scores[rows]
    settled = found[rows, :1] < limit
    mixed = np.where(settled, np.minimum(found[rows, 1:], LINE), full)
    return auroc_differences(full, mixed, corpus.scores[rows])


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
