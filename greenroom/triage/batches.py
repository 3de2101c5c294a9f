"""Which windows are read together where batches pay: by tokens, never by count.

A batch is as long as its longest window, and what the others lack is padded and computed all the
same: batches of 32 in the order of arrival waste up to three quarters that way. Here windows of
like length go together, and a batch is full when its tokens, padding included, are a budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from typing import Final

STEP: Final = 8
"""Lengths are rounded up to a multiple of it: GPUs multiply in blocks of eight."""

FIXED: Final = (32, 64, 128, 256, 512)
"""The lengths where every shape is captured and kept, so that they have to be few."""

RUN_COST: Final = 512
"""What a run costs beside its tokens, in tokens: two batches are read as one where that pads
fewer. An estimate, since no GPU was at hand to measure; a poor one costs speed only."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows for one run.

    Attributes:
        rows: Which of the windows, as places in what was planned.
        length: Tokens that each row is padded to.
        height: Rows of the run; above `rows` where shapes are fixed.
    """

    rows: tuple[int, ...]
    length: int
    height: int

    @property
    def tokens(self) -> int:
        """What is computed, padding included."""
        return self.height * self.length


def plan(lengths: Sequence[int], *, budget: int, is_fixed: bool = False) -> list[Batch]:
    """Put windows into batches of at most `budget` tokens each, the shortest windows first.

    A window longer than `budget` is a batch by itself.

    Args:
        lengths: Tokens of each window.
        budget: Tokens of a batch, padding included.
        is_fixed: Whether shapes must be few: lengths of `FIXED`, and heights that are powers
            of two.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    groups = {
        shape: tuple(rows)
        for shape, rows in groupby(order, lambda row: _rounded(lengths[row], is_fixed=is_fixed))
    }
    merged = _merge(groups, budget)
    return [
        batch
        for shape, rows in merged.items()
        for batch in _split(rows, shape, budget, is_fixed=is_fixed)
    ]


def padding_share(lengths: Sequence[int], batches: Sequence[Batch]) -> float:
    """Which share of what `batches` compute is padding."""
    return 1 - sum(lengths) / sum(batch.tokens for batch in batches)


def _rounded(length: int, *, is_fixed: bool) -> int:
    if is_fixed and length <= FIXED[-1]:
        return next(shape for shape in FIXED if shape >= length)
    return -(-length // STEP) * STEP


def _merge(groups: Mapping[int, tuple[int, ...]], budget: int) -> dict[int, tuple[int, ...]]:
    """Neighbouring groups as one where a run less saves more than the padding costs.

    The cheapest way is found exactly: from the longest shape down, where to cut best.
    """
    shapes, counts = list(groups), [len(rows) for rows in groups.values()]

    @cache
    def best(end: int) -> tuple[int, tuple[int, ...]]:
        """The least cost of the first `end` shapes, and where they are cut."""
        if end == 0:
            return 0, (0,)
        cuts = (
            (best(start)[0] + _cost(sum(counts[start:end]), shapes[end - 1], budget), start)
            for start in range(end)
        )
        cost, start = min(cuts)
        return cost, (*best(start)[1], end)

    rows = list(groups.values())
    return {
        shapes[end - 1]: tuple(row for group in rows[start:end] for row in group)
        for start, end in pairwise(best(len(shapes))[1])
    }


def _cost(count: int, shape: int, budget: int) -> int:
    runs = -(-count // max(1, budget // shape))
    return runs * RUN_COST + count * shape


def _split(rows: tuple[int, ...], shape: int, budget: int, *, is_fixed: bool) -> list[Batch]:
    most = max(1, budget // shape)
    if is_fixed:
        most = 1 << (most.bit_length() - 1)
    parts = [rows[start : start + most] for start in range(0, len(rows), most)]
    return [
        Batch(part, shape, _power_above(len(part)) if is_fixed else len(part)) for part in parts
    ]


def _power_above(count: int) -> int:
    return 1 << (count - 1).bit_length()
