"""The heads: a small network on the frozen encoder's pools and on the words themselves.

Beside the pools it has a table with a few learned numbers for each of the tokenizer's word
pieces, of which it takes the mean and the maximum over a text: what one word alone says, which
a pooled sentence can drown.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from greenroom.triage.base import HEADS, INTENTS
from training.corpus import CALIBRATION, TRAIN, Corpus
from training.trunk import FEATURES, MAX_TOKENS, Features, Ids

VOCABULARY: Final = 30_522
WIDTH: Final = 256
WORD_WIDTH: Final = 16
EPOCHS: Final = 8
BATCH: Final = 512
LEARNING_RATE: Final = 1.5e-3

INTENT_WEIGHTS: Final = torch.tensor(
    [2.0 if name in {"feedback", "appeal", "report", "help"} else 1.0 for name in INTENTS]
)
"""The intents that people must not miss are rare in the data: each of their rows counts twice."""

Logits = npt.NDArray[np.float32]

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Pools (n, 1536) and token ids (n, 128), padded with 0."""

    pools: Features
    tokens: npt.NDArray[np.int32]

    @classmethod
    def of(cls, pools: Features, ids: Ids) -> Inputs:
        tokens = np.zeros((len(ids), MAX_TOKENS), dtype=np.int32)
        for row, found in enumerate(ids):
            tokens[row, : len(found)] = found
        return cls(pools, tokens)


class Heads(nn.Module):
    """Gives (batch, 21) logits: ten heads, sentiment before tanh, ten intents."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: Logits, scale: Logits) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("scale", torch.tensor(scale))
        self.words = nn.Embedding(VOCABULARY, WORD_WIDTH)
        nn.init.normal_(self.words.weight, std=0.02)
        self.hidden = nn.Linear(FEATURES, WIDTH)
        self.out = nn.Linear(WIDTH + 2 * WORD_WIDTH, len(HEADS) + 1 + len(INTENTS))
        self.drop_in, self.drop_out = nn.Dropout(0.2), nn.Dropout(0.3)

    def forward(self, pools: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        pools = self.drop_in((pools - self.mean) / self.scale)
        meaning = torch.relu(self.hidden(pools))
        every = torch.cat([meaning, *self._words(tokens)], dim=1)
        logits: torch.Tensor = self.out(self.drop_out(every))
        return logits

    def _words(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        words, there = self.words(tokens), (tokens > 0).unsqueeze(2)
        mean = (words * there).sum(1) / there.sum(1)
        return mean, words.masked_fill(~there, -1e4).amax(1)


def train_heads(inputs: Inputs, corpus: Corpus, *, seed: int) -> Heads:
    """Train on the train split; the calibration split's loss is only printed."""
    torch.manual_seed(seed)
    rows = corpus.rows(TRAIN)
    seen = inputs.pools[rows].astype(np.float32)
    heads = Heads(seen.mean(0), seen.std(0) + 1e-3)
    del seen
    steps = EPOCHS * (len(rows) // BATCH + 1)
    optimiser = torch.optim.AdamW(heads.parameters(), LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    shuffle = np.random.default_rng(seed)
    for epoch in range(EPOCHS):
        began, seen_loss = time.monotonic(), 0.0
        heads.train()
        for batch in np.array_split(shuffle.permutation(rows), len(rows) // BATCH + 1):
            found = loss(heads(*tensors(inputs, batch)), corpus, batch)
            optimiser.zero_grad()
            torch.autograd.backward(found)
            optimiser.step()
            schedule.step()
            seen_loss += found.item() * len(batch) / len(rows)
        held = corpus.rows(CALIBRATION)
        with torch.no_grad():
            other = loss(heads.eval()(*tensors(inputs, held)), corpus, held).item()
        took = time.monotonic() - began
        log.info("  epoch %d: loss %.4f, held out %.4f (%.0f s)", epoch + 1, seen_loss, other, took)
    return heads


def loss(logits: torch.Tensor, corpus: Corpus, rows: npt.NDArray[np.int64]) -> torch.Tensor:
    """Sum over the heads of each one's mean over the rows that know it."""
    probabilities, mood, intents = torch.split(logits, [len(HEADS), 1, len(INTENTS)], dim=1)
    wanted = torch.tensor(corpus.scores[rows])
    known = ~wanted.isnan()
    each = nn.functional.binary_cross_entropy_with_logits(
        probabilities, wanted.nan_to_num(), reduction="none"
    )
    heads = ((each * known).sum(0) / known.sum(0).clamp(min=1)).sum()
    return (
        heads
        + _mood_loss(mood, corpus, rows)
        + 0.5
        * nn.functional.cross_entropy(intents, torch.tensor(corpus.intents[rows]), ignore_index=-1)
    )


def _mood_loss(mood: torch.Tensor, corpus: Corpus, rows: npt.NDArray[np.int64]) -> torch.Tensor:
    wanted = torch.tensor(corpus.sentiment[rows])
    known = ~wanted.isnan()
    missed = (torch.tanh(mood[:, 0]) - wanted.nan_to_num()) ** 2 * known
    return missed.sum() / known.sum().clamp(min=1)


def read_logits(heads: Heads, inputs: Inputs) -> Logits:
    """The heads' logits for every row, shape (n, 21)."""
    heads.eval()
    with torch.no_grad():
        parts = [
            heads(*tensors(inputs, rows)).numpy()
            for rows in np.array_split(np.arange(len(inputs.pools)), len(inputs.pools) // 4096 + 1)
        ]
    return np.concatenate(parts)


def tensors(inputs: Inputs, rows: npt.NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows' pools and tokens."""
    pools = torch.tensor(inputs.pools[rows], dtype=torch.float32)
    tokens = inputs.tokens[rows]
    length = int((tokens > 0).sum(1).max())
    return pools, torch.tensor(tokens[:, :length], dtype=torch.long)
