"""A rule that may be asked after every conversation, and is seldom wrong all the same."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.experiments.intervals import Share, difference
from greenroom.experiments.stop import (
    Advice,
    Standing,
    always_difference,
    always_share,
    stands,
    stops_on_negative,
)


def looks(
    drawing: random.Random, *chances: float, until: int, each: int = 1
) -> Iterator[dict[str, Share]]:
    """An experiment as it comes in: the shares after each few conversations."""
    hits = [0] * len(chances)
    for count in range(1, until + 1):
        for number, chance in enumerate(chances):
            hits[number] += drawing.random() < chance
        if count % each == 0:
            yield {"abc"[number]: Share(found, count) for number, found in enumerate(hits)}


def last(drawing: random.Random, *chances: float, until: int, each: int = 1) -> Standing:
    for shares in looks(drawing, *chances, until=until, each=each):
        standing = stands(shares, min_n=1, worth=0.05)
        if standing.is_over:
            return standing
    return standing


def false_winners(experiments: int, until: int, *chances: float, each: int = 1) -> float:
    drawing = random.Random(20260301)
    found = [last(drawing, *chances, until=until, each=each) for _ in range(experiments)]
    return sum(one.advice is Advice.WINNER for one in found) / experiments


def test_equals_seldom_have_a_winner_though_one_looks_each_time() -> None:
    assert false_winners(200, 200, 0.3, 0.3) <= 0.05


def test_an_ordinary_interval_would_find_one_often() -> None:
    drawing = random.Random(20260301)
    found = [
        any(
            not difference(shares["a"], shares["b"]).covers(0.0)
            for shares in looks(drawing, 0.3, 0.3, until=200)
        )
        for _ in range(200)
    ]
    assert sum(found) / 200 > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("chances", [(0.05, 0.05), (0.3, 0.3), (0.5, 0.5), (0.3, 0.3, 0.3)])
def test_equals_seldom_have_a_winner_in_long_experiments(chances: tuple[float, ...]) -> None:
    assert false_winners(500, 2000, *chances, each=5) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("worse", "better", "most"), [(0.3, 0.5, 400), (0.3, 0.4, 1500)])
def test_a_real_difference_is_found(worse: float, better: float, most: int) -> None:
    drawing = random.Random(5)
    found = [last(drawing, worse, better, until=most, each=5) for _ in range(100)]
    right = sum(one == Standing(Advice.WINNER, "b") for one in found)
    assert right >= 95


@pytest.mark.slow
def test_the_truth_is_hardly_ever_outside() -> None:
    drawing = random.Random(11)
    outside = 0
    for _ in range(200):
        found = [
            not always_difference(shares["a"], shares["b"]).covers(-0.2)
            for shares in looks(drawing, 0.2, 0.4, until=300, each=10)
        ]
        outside += any(found)
    assert outside / 200 <= 0.05


def test_a_better_variant_wins_and_a_worse_one_where_less_is_better() -> None:
    shares = {"a": Share(60, 200), "b": Share(110, 200)}
    assert stands(shares, min_n=50, worth=0.05) == Standing(Advice.WINNER, "b")
    unwanted = stands(shares, min_n=50, worth=0.05, higher_is_better=False)
    assert unwanted == Standing(Advice.WINNER, "a")


def test_nothing_is_said_of_few() -> None:
    shares = {"a": Share(0, 49), "b": Share(60, 60)}
    assert stands(shares, min_n=50, worth=0.05) == Standing(Advice.KEEP_ON)
    assert stands(shares, min_n=49, worth=0.05).advice is Advice.WINNER
    assert stands({"a": Share(9, 99)}, min_n=1, worth=0.05) == Standing(Advice.KEEP_ON)


def test_what_is_surely_alike_needs_no_more() -> None:
    shares = {"a": Share(500, 1000), "b": Share(505, 1000)}
    assert stands(shares, min_n=50, worth=0.12) == Standing(Advice.NO_DIFFERENCE)
    assert stands(shares, min_n=50, worth=0.05) == Standing(Advice.KEEP_ON)


def test_of_three_the_winner_is_better_than_both() -> None:
    alike = {"a": Share(120, 200), "b": Share(118, 200), "c": Share(40, 200)}
    assert stands(alike, min_n=50, worth=0.05) == Standing(Advice.KEEP_ON)
    apart = alike | {"a": Share(180, 200)}
    assert stands(apart, min_n=50, worth=0.05) == Standing(Advice.WINNER, "a")


counts = st.integers(1, 300).flatmap(lambda of: st.builds(Share, st.integers(0, of), st.just(of)))


@given(counts, counts)
def test_the_interval_and_the_rule_say_the_same(first: Share, second: Share) -> None:
    between = always_difference(first, second)
    apart = (first.value or 0.0) - (second.value or 0.0)
    assert between.low - 1e-9 <= apart <= between.high + 1e-9
    standing = stands({"a": first, "b": second}, min_n=1, worth=0.001)
    assert (standing.advice is Advice.WINNER) == (between.low > 1e-9 or between.high < -1e-9)


@given(counts)
def test_an_interval_for_all_looks_is_wider_than_one_for_a_single_look(share: Share) -> None:
    always, once = always_share(share), share.interval
    assert always.low <= once.low + 1e-9
    assert once.high <= always.high + 1e-9


def test_dislike_stops_when_it_is_sure() -> None:
    assert not stops_on_negative(Share(3, 3), 0.3, after=10)  # too few
    assert not stops_on_negative(Share(5, 10), 0.3, after=10)  # not sure
    assert stops_on_negative(Share(9, 10), 0.3, after=10)
    assert not stops_on_negative(Share(0, 0), 0.3, after=1)


def test_what_is_put_up_with_seldom_stops() -> None:
    drawing = random.Random(3)
    stopped = 0
    for _ in range(300):
        found = (one["a"] for one in looks(drawing, 0.3, until=200))
        stopped += any(stops_on_negative(share, 0.3, after=10) for share in found)
    assert stopped / 300 <= 0.05
