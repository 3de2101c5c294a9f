"""Intervals against the values that were published with their methods."""

from __future__ import annotations

import math
import random

import pytest

from greenroom.experiments.intervals import Share, difference, mean, student, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # Newcombe 1998, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_lies_where_newcombe_says(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(Share(hits, of)) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe 1998, 873-890, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
    ],
)
def test_a_difference_lies_where_newcombe_says(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = difference(Share(*first), Share(*second))
    assert found == pytest.approx((low, high), abs=6e-5)
    turned = difference(Share(*second), Share(*first))
    assert turned == pytest.approx((-high, -low), abs=6e-5)


@pytest.mark.parametrize(
    ("freedom", "level", "quantile"),
    [  # any table of Student's distribution
        (1, 0.95, 12.706),
        (2, 0.95, 4.303),
        (3, 0.95, 3.182),
        (4, 0.95, 2.776),
        (5, 0.95, 2.571),
        (10, 0.95, 2.228),
        (30, 0.95, 2.042),
        (120, 0.95, 1.980),
        (1000, 0.95, 1.962),
        (1, 0.99, 63.657),
        (10, 0.99, 3.169),
        (200, 0.99, 2.601),
        (201, 0.99, 2.601),
    ],
)
def test_students_quantiles_are_those_of_the_tables(
    freedom: int, level: float, quantile: float
) -> None:
    assert student(freedom, level=level) == pytest.approx(quantile, abs=6e-4)


def test_a_mean_of_few_has_a_wide_interval() -> None:
    found = mean([0.1, 0.5, 0.3])
    assert found.value == pytest.approx(0.3)
    assert found.interval is not None
    half = 4.303 * 0.2 / math.sqrt(3)
    assert found.interval == pytest.approx((0.3 - half, 0.3 + half), abs=1e-3)


def test_nothing_is_known_of_nothing() -> None:
    assert wilson(Share(0, 0)) == (0.0, 1.0)
    assert difference(Share(0, 0), Share(1, 1)) == (-1.0, 1.0)
    assert (mean([]).value, mean([]).interval) == (None, None)
    assert (mean([0.5]).value, mean([0.5]).interval) == (0.5, None)


@pytest.mark.parametrize(("hits", "of"), [(2, 1), (-1, 3)])
def test_more_than_all_is_no_share(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        Share(hits, of)


def test_the_intervals_keep_their_level() -> None:
    drawing = random.Random(7)
    inside = apart = middle = 0
    for _ in range(2000):
        first = Share(sum(drawing.random() < 0.2 for _ in range(40)), 40)
        second = Share(sum(drawing.random() < 0.5 for _ in range(30)), 30)
        inside += wilson(first).covers(0.2)
        apart += difference(first, second).covers(-0.3)
        found = mean([drawing.gauss(0.4, 0.2) for _ in range(8)]).interval
        middle += found is not None and found.covers(0.4)
    for count in (inside, apart, middle):
        assert 0.925 < count / 2000 < 0.975  # of one share, it swings about its level
