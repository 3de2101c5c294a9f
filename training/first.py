"""The first stage: which words and pairs of words a text has, and what the encoder says of such.

It learns from the trained encoder, not from labels: its one task is to know when the encoder
would find nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from greenroom.triage.base import HEADS
from training.corpus import CALIBRATION, TRAIN, Corpus
from training.network import Ids, Logits, padded

VOCABULARY: Final = 30_522
PAIRS: Final = 65_521
"""Places for pairs of neighbouring tokens; a prime, so that few collide."""

FACTOR: Final = 31_337
WORD_WIDTH: Final = 24
PAIR_WIDTH: Final = 12
HIDDEN: Final = 96
EPOCHS: Final = 10
BATCH: Final = 256
RATE: Final = 4e-3
LINE: Final = 0.6
"""The score that the starter policies begin to act at."""

MISSED: Final = 0.005
"""Share of the texts over the line that may be settled as harmless."""

log = logging.getLogger("training")


class First(nn.Module):
    """Gives (batch, 11) logits: the risk that any head is over the line, then the heads."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WORD_WIDTH)
        self.pairs = nn.Embedding(PAIRS, PAIR_WIDTH)
        nn.init.normal_(self.words.weight, std=0.1)
        nn.init.zeros_(self.pairs.weight)
        self.hidden = nn.Linear(2 * (WORD_WIDTH + PAIR_WIDTH), HIDDEN)
        self.out = nn.Linear(HIDDEN, 1 + len(HEADS))
        self.drop = nn.Dropout(0.2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits of padded ids, shape (batch, length), with their mask."""
        pairs = (ids[:, :-1] * FACTOR + ids[:, 1:]) % PAIRS
        both = torch.cat(
            [_pools(self.words(ids), mask), _pools(self.pairs(pairs), mask[:, 1:])], dim=1
        )
        logits: torch.Tensor = self.out(self.drop(torch.relu(self.hidden(self.drop(both)))))
        return logits


def _pools(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    there = mask.unsqueeze(2).float()
    mean = (values * there).sum(1) / there.sum(1)
    return torch.cat([mean, (values * there + (there - 1) * 1e4).amax(1)], dim=1)


def train_first(ids: Ids, corpus: Corpus, scores: Logits, *, seed: int) -> First:
    """Train on the train split.

    Args:
        ids: Token ids of every text.
        corpus: Which split each belongs to.
        scores: The encoder's calibrated heads of every text, shape (n, 10).
        seed: Of the order and the start.
    """
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    first, rows = First(), corpus.rows(TRAIN)
    over = (scores.max(axis=1) >= LINE).astype(np.float32)
    epochs = [list(_batches(dice.permutation(rows), ids)) for _ in range(EPOCHS)]
    steps = sum(map(len, epochs))
    optimiser = torch.optim.AdamW(first.parameters(), RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for epoch, batches in enumerate(epochs):
        total = 0.0
        for batch in batches:
            logits = first(*padded([ids[row] for row in batch], torch.device("cpu")))
            goal = torch.tensor(np.column_stack([over[batch], scores[batch]]))
            each = nn.functional.binary_cross_entropy_with_logits(logits, goal, reduction="none")
            # A text over the line that is let through costs more than one read in vain.
            found = (each[:, 0] * (1 + 3 * goal[:, 0])).mean() + each[:, 1:].mean()
            optimiser.zero_grad()
            torch.autograd.backward(found)
            optimiser.step()
            schedule.step()
            total += found.item()
        log.info("  first stage, epoch %d: loss %.4f", epoch + 1, total / len(batches))
    return first.eval()


def _batches(rows: npt.NDArray[np.int64], ids: Ids) -> Iterator[npt.NDArray[np.int64]]:
    for chunk in np.array_split(rows, len(rows) // (BATCH * 40) + 1):
        by_length = chunk[np.argsort([len(ids[row]) for row in chunk])]
        yield from np.array_split(by_length, len(chunk) // BATCH + 1)


def chances(first: First, ids: Ids) -> npt.NDArray[np.float64]:
    """The first stage's risk and heads for every text, shape (n, 11), each 0..1."""
    found = np.empty((len(ids), 1 + len(HEADS)))
    order = np.argsort([len(text) for text in ids])
    for rows in np.array_split(order, len(ids) // 1024 + 1):
        with torch.no_grad():
            logits = first(*padded([ids[row] for row in rows], torch.device("cpu")))
        found[rows] = torch.sigmoid(logits).double().numpy()
    return found


def certify(risk: npt.NDArray[np.float64], corpus: Corpus, scores: Logits) -> tuple[float, float]:
    """The limit under which `MISSED` of the calibration split's risky texts lie, and their share.

    Args:
        risk: The first stage's, of every text.
        corpus: Which split each belongs to.
        scores: The encoder's calibrated heads of every text.
    """
    rows = corpus.rows(CALIBRATION)
    over = np.sort(risk[rows][scores[rows].max(axis=1) >= LINE])
    limit = float(over[int(MISSED * len(over))])
    return limit, float((over < limit).mean())


def save_first(first: First, target: Path) -> None:
    """Write it as one graph: `input_ids` (1, length) → `risk` (1), `scores` (1, 10)."""
    state = {name: value.numpy() for name, value in first.state_dict().items()}
    arrays = {
        "words": state["words.weight"].astype(np.float16),
        "pairs": state["pairs.weight"].astype(np.float16),
        "hidden_weight": state["hidden.weight"].T.copy(),
        "hidden_bias": state["hidden.bias"],
        "out_weight": state["out.weight"].T.copy(),
        "out_bias": state["out.bias"],
        "factor": np.array(FACTOR), "places": np.array(PAIRS),
        "zero": np.array([0]), "one": np.array([1]), "minus": np.array([-1]),
        "far": np.array([2**31]), "sizes": np.array([1, len(HEADS)]), "axis": np.array([1]),
    }  # fmt: skip
    graph = helper.make_graph(
        _nodes(),
        "first",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "length"])],
        [
            helper.make_tensor_value_info("risk", TensorProto.FLOAT, [1]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(HEADS)]),
        ],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def _nodes() -> list[onnx.NodeProto]:
    make = helper.make_node
    pairs = [
        make("Slice", ["input_ids", "zero", "minus", "axis"], ["left"]),
        make("Slice", ["input_ids", "one", "far", "axis"], ["right"]),
        make("Mul", ["left", "factor"], ["left_far"]),
        make("Add", ["left_far", "right"], ["pair"]),
        make("Mod", ["pair", "places"], ["place"]),
    ]
    pools = [
        node
        for name, ids in (("words", "input_ids"), ("pairs", "place"))
        for node in (
            make("Gather", [name, ids], [f"{name}_half"], axis=0),
            make("Cast", [f"{name}_half"], [f"{name}_all"], to=TensorProto.FLOAT),
            make("ReduceMean", [f"{name}_all", "axis"], [f"{name}_mean"], keepdims=0),
            make("ReduceMax", [f"{name}_all", "axis"], [f"{name}_max"], keepdims=0),
        )
    ]
    network = [
        make("Concat", ["words_mean", "words_max", "pairs_mean", "pairs_max"], ["all"], axis=1),
        make("Gemm", ["all", "hidden_weight", "hidden_bias"], ["inner"]),
        make("Relu", ["inner"], ["meaning"]),
        make("Gemm", ["meaning", "out_weight", "out_bias"], ["logits"]),
        make("Sigmoid", ["logits"], ["chances"]),
        make("Split", ["chances", "sizes"], ["risk_column", "scores"], axis=1),
        make("Squeeze", ["risk_column", "axis"], ["risk"]),
    ]
    return [*pairs, *pools, *network]
