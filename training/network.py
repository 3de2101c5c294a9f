"""The network that learns: an encoder of which every layer moves, and the heads behind it.

The same class serves the teacher (MPNet) and the student (MiniLM). It learns from labels where a
source gives them, from the teacher's scores where there is a teacher, and holds the sentence
embedding to the original encoder's, which Qdrant's neighbours depend on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from transformers import AutoModel

from greenroom.triage.base import HEADS, INTENTS
from training.corpus import Corpus

WIDTH: Final = 256
WORD_WIDTH: Final = 16
OUTPUTS: Final = len(HEADS) + 1 + len(INTENTS)
"""Ten heads, sentiment before tanh, ten intents."""

MOOD: Final = 3.0
"""Weight of the sentiment's squared error beside the heads' entropies, which are larger."""

CHUNK: Final = 50
"""Batches whose texts are sorted by length together, so that little of a batch is padding."""

Logits = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Ids = Sequence[npt.NDArray[np.int64]]

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    Attributes:
        batch: Texts a step.
        rate: Peak learning rate of the encoder; the heads learn `heads_rate`.
        hold: Weight of the loss that holds the embedding to the original's; 0: let it go.
        soft: Weight of the teacher's scores against the labels, 0..1.
    """

    epochs: float
    batch: int = 32
    rate: float = 5e-5
    heads_rate: float = 1e-3
    hold: float = 0.0
    soft: float = 0.0
    seed: int = 7


class Network(nn.Module):
    """An encoder with heads on the mean and the maximum of a middle and of its last layer.

    Args:
        folder: A Hugging Face model's folder.
        middle: The layer, from 1, whose tokens the heads see beside the last one's.
    """

    def __init__(self, folder: Path, *, middle: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(str(folder), add_pooling_layer=False)
        self.middle = middle
        size, vocabulary = self.encoder.config.hidden_size, self.encoder.config.vocab_size
        self.words = nn.Embedding(vocabulary, WORD_WIDTH)
        nn.init.normal_(self.words.weight, std=0.02)
        self.hidden = nn.Linear(4 * size, WIDTH)
        self.out = nn.Linear(WIDTH + 2 * WORD_WIDTH, OUTPUTS)
        self.drop_in, self.drop_out = nn.Dropout(0.1), nn.Dropout(0.2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, shape (batch, 21), and the mean of the last layer, shape (batch, size)."""
        found = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        there = mask.unsqueeze(2).float()
        last = _pools(found.hidden_states[-1].float(), there)
        middle = _pools(found.hidden_states[self.middle].float(), there)
        return self.judge(torch.cat([*last, *middle], dim=1), ids, there), last[0]

    def judge(self, pools: torch.Tensor, ids: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """The heads alone: logits of pools, shape (batch, 4 × size), and of the words."""
        meaning = torch.relu(self.hidden(self.drop_in(pools)))
        every = torch.cat([meaning, *_pools(self.words(ids), there)], dim=1)
        logits: torch.Tensor = self.out(self.drop_out(every))
        return logits


def _pools(hidden: torch.Tensor, there: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mean = (hidden * there).sum(1) / there.sum(1)
    return mean, (hidden * there + (there - 1) * 1e4).amax(1)


def train(
    network: Network,
    ids: Ids,
    corpus: Corpus,
    rows: Rows,
    recipe: Recipe,
    *,
    soft: Logits | None = None,
    held: npt.NDArray[np.float16] | None = None,
    checkpoint: Path | None = None,
) -> None:
    """Train `network` on `rows`, in place.

    Args:
        network: What learns; on a GPU where there is one.
        ids: Token ids of every text of the corpus.
        corpus: The labels.
        rows: The rows that are learned from.
        recipe: How.
        soft: The teacher's logits for every text, NaN where it was not asked.
        held: The original encoder's embedding of every text, unit length.
        checkpoint: Where the weights are kept, every thousand steps and at the end.
    """
    torch.manual_seed(recipe.seed)
    device = pick_device()
    network.to(device).train()
    planned = list(batches(rows, ids, recipe, np.random.default_rng(recipe.seed)))
    optimiser = _optimiser(network, recipe)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [group["lr"] for group in optimiser.param_groups],
        total_steps=len(planned) + 1, pct_start=0.06, anneal_strategy="linear",
    )  # fmt: skip
    progress = _Progress(len(planned))
    for step, batch in enumerate(planned, start=1):
        with autocast(device):
            logits, mean = network(*padded([ids[row] for row in batch], device))
        found = loss(logits.float().cpu(), corpus, batch, soft=soft, weight=recipe.soft)
        if held is not None:
            found = found + recipe.hold * _apart(mean, held[batch])
        optimiser.zero_grad()
        torch.autograd.backward(found)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        progress.tell(step, found.item())
        if checkpoint is not None and (step % 1000 == 0 or step == len(planned)):
            torch.save(network.state_dict(), checkpoint)


class _Progress:
    """Says how far a training is, and the loss as a moving average."""

    def __init__(self, steps: int) -> None:
        self._steps, self._began, self._smooth = steps, time.monotonic(), 0.0

    def tell(self, step: int, found: float) -> None:
        self._smooth = found if step == 1 else 0.98 * self._smooth + 0.02 * found
        if step % 100 == 0:
            left = (time.monotonic() - self._began) / step * (self._steps - step) / 60
            log.info(
                "  step %d of %d: loss %.4f, %.0f min to go", step, self._steps, self._smooth, left
            )


def _apart(mean: torch.Tensor, held: npt.NDArray[np.float16]) -> torch.Tensor:
    """How far the embeddings are from the original's: one minus the mean cosine."""
    goal = torch.tensor(held, dtype=torch.float32)
    return 1 - nn.functional.cosine_similarity(mean.float().cpu(), goal).mean()


def loss(
    logits: torch.Tensor,
    corpus: Corpus,
    rows: Rows,
    *,
    soft: Logits | None = None,
    weight: float = 0.0,
) -> torch.Tensor:
    """Sum over the heads of each one's mean over the rows that know it.

    Where the teacher knows a row, it has `weight` of the say on a labelled head, and half that
    weight, by itself, on a head that has no label.
    """
    heads, mood, intents = torch.split(logits, [len(HEADS), 1, len(INTENTS)], dim=1)
    wanted = torch.tensor(corpus.scores[rows])
    known = ~wanted.isnan()
    wanted, share = wanted.nan_to_num(), known.float()
    if soft is not None:
        taught = torch.tensor(soft[rows, : len(HEADS)])
        is_taught = ~taught.isnan()
        hint = torch.sigmoid(taught.nan_to_num())
        mixed = torch.where(known, (1 - weight) * wanted + weight * hint, hint)
        wanted = torch.where(is_taught, mixed, wanted)
        share = torch.where(is_taught & ~known, 0.5 * weight, share)
    each = nn.functional.binary_cross_entropy_with_logits(heads, wanted, reduction="none")
    harm = ((each * share).sum(0) / share.sum(0).clamp(min=1)).sum()
    goal = torch.tensor(corpus.intents[rows])
    intent = nn.functional.cross_entropy(intents, goal, ignore_index=-1)
    return harm + MOOD * _mood_loss(mood, corpus, rows) + 0.5 * intent.nan_to_num()


def _mood_loss(mood: torch.Tensor, corpus: Corpus, rows: Rows) -> torch.Tensor:
    wanted = torch.tensor(corpus.sentiment[rows])
    known = ~wanted.isnan()
    missed = (torch.tanh(mood[:, 0]) - wanted.nan_to_num()) ** 2 * known
    return missed.sum() / known.sum().clamp(min=1)


def read(
    network: Network, ids: Ids, *, batch: int = 64, is_precise: bool = False
) -> tuple[Logits, npt.NDArray[np.float16]]:
    """Logits (n, 21) and unit embeddings (n, size) of every text, in order.

    `is_precise` computes in FP32 throughout.
    """
    device = pick_device()
    network.to(device).eval()
    size = network.encoder.config.hidden_size
    logits = np.empty((len(ids), OUTPUTS), np.float32)
    means = np.empty((len(ids), size), np.float16)
    by_length = np.argsort([len(text) for text in ids], kind="stable")
    for rows in np.array_split(by_length, len(ids) // batch + 1):
        with torch.no_grad(), autocast(device, is_wanted=not is_precise):
            found, mean = network(*padded([ids[row] for row in rows], device))
        logits[rows] = found.float().cpu().numpy()
        means[rows] = nn.functional.normalize(mean.float(), dim=1).cpu().numpy()
    return logits, means


def judge(network: Network, pools: npt.NDArray[np.float16], ids: Ids) -> Logits:
    """The heads' logits for pools that a graph gave, shape (n, 21)."""
    network.cpu().eval()
    parts = []
    for rows in np.array_split(np.arange(len(ids)), len(ids) // 1024 + 1):
        tokens, mask = padded([ids[row] for row in rows], torch.device("cpu"))
        seen = torch.tensor(pools[rows], dtype=torch.float32)
        with torch.no_grad():
            parts.append(network.judge(seen, tokens, mask.unsqueeze(2).float()).numpy())
    return np.concatenate(parts)


def pick_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, *, is_wanted: bool = True) -> torch.autocast:
    """Half precision where the processor computes it natively."""
    is_native = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=is_wanted and is_native)


def padded(texts: Ids, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, shape (batch, longest)."""
    ids = torch.zeros(len(texts), max(len(text) for text in texts), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.from_numpy(text)
        mask[row, : len(text)] = 1
    return ids.to(device), mask.to(device)


def batches(rows: Rows, ids: Ids, recipe: Recipe, dice: np.random.Generator) -> Iterator[Rows]:
    """Every epoch's rows in an order of its own, texts of like length together."""
    wanted = round(len(rows) * recipe.epochs)
    order = np.concatenate([dice.permutation(rows) for _ in range(wanted // len(rows) + 1)])[
        :wanted
    ]
    for chunk in np.array_split(order, wanted // (recipe.batch * CHUNK) + 1):
        lengths = [len(ids[row]) for row in chunk]
        parts = np.array_split(chunk[np.argsort(lengths)], len(chunk) // recipe.batch + 1)
        yield from (parts[place] for place in dice.permutation(len(parts)))


def widest(vectors: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """The orthonormal axes, shape (size, count), along which `vectors` reach farthest."""
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return axes[:, ::-1][:, :count].astype(np.float32)


def _optimiser(network: Network, recipe: Recipe) -> torch.optim.AdamW:
    encoder = [value for value in network.encoder.parameters() if value.requires_grad]
    inside = {id(value) for value in network.encoder.parameters()}
    heads = [value for value in network.parameters() if id(value) not in inside]
    groups = [{"params": encoder, "lr": recipe.rate}, {"params": heads, "lr": recipe.heads_rate}]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
