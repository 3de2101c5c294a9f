"""The planner: every window once, within the budget, and little of it padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.triage.batches import FIXED, STEP, Batch, padding_share, plan

LENGTHS = st.lists(st.integers(min_value=2, max_value=600), max_size=200)
BUDGETS = st.integers(min_value=16, max_value=20_000)


@given(LENGTHS, BUDGETS, st.booleans())
def test_every_window_is_in_one_batch(lengths: list[int], budget: int, is_fixed: bool) -> None:
    batches = plan(lengths, budget=budget, is_fixed=is_fixed)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(lengths)))
    for batch in batches:
        assert batch.height >= len(batch.rows) >= 1
        assert all(lengths[row] <= batch.length for row in batch.rows)


@given(LENGTHS, BUDGETS, st.booleans())
def test_budget_holds_but_for_a_window_beyond_it(
    lengths: list[int], budget: int, is_fixed: bool
) -> None:
    for batch in plan(lengths, budget=budget, is_fixed=is_fixed):
        assert batch.tokens <= budget or batch.height == 1


@given(LENGTHS, BUDGETS)
def test_lengths_are_rounded_so_that_shapes_repeat(lengths: list[int], budget: int) -> None:
    assert all(batch.length % STEP == 0 for batch in plan(lengths, budget=budget))


@given(st.lists(st.integers(min_value=2, max_value=512), max_size=200), BUDGETS)
def test_fixed_shapes_are_few(lengths: list[int], budget: int) -> None:
    for batch in plan(lengths, budget=budget, is_fixed=True):
        assert batch.length in FIXED
        assert batch.height.bit_count() == 1


@given(LENGTHS, BUDGETS)
def test_plan_is_the_same_for_the_same_windows(lengths: list[int], budget: int) -> None:
    assert plan(lengths, budget=budget) == plan(lengths, budget=budget)


def test_few_windows_are_one_run_whatever_their_lengths() -> None:
    (batch,) = plan([9, 12, 20, 31], budget=16_384)
    assert batch == Batch((0, 1, 2, 3), 32, 4)


def test_a_long_window_does_not_stretch_many_short_ones() -> None:
    batches = plan([8] * 100 + [128], budget=16_384)
    assert [(batch.height, batch.length) for batch in batches] == [(100, 8), (1, 128)]


@pytest.mark.parametrize(("waiting", "most"), [(1000, 0.15), (64, 0.40)])
def test_padding_is_a_small_share(waiting: int, most: float) -> None:
    """On lengths like those of seven corpora of chat and comments (see docs/models.md).

    Where few wait, a run less is worth more than the padding it costs.
    """
    dice = np.random.default_rng(0)
    lengths = np.clip(dice.lognormal(np.log(23), 0.8, waiting).astype(int), 3, 128).tolist()
    arrived = [
        Batch(tuple(range(start, end)), max(lengths[start:end]), end - start)
        for start in range(0, waiting, 32)
        for end in [min(start + 32, waiting)]
    ]
    share = padding_share(lengths, plan(lengths, budget=16_384))
    assert share < most < 0.5 < padding_share(lengths, arrived)
