"""Figures against scikit-learn's, worked out once and written down, and against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.errors import ConfigError
from greenroom.triage.base import HEADS, INTENTS
from greenroom.triage.evaluate import Ranking, bootstrap, measure, measure_intents
from greenroom.triage.labelled import Labelled, read_labelled

# 60 rows whose scores tie a lot (one decimal); the figures are scikit-learn 1.9's.
TRUTH = np.array(
    [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0,
     0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1]
).astype(bool)  # fmt: skip
SCORES = np.array(
    [5, 4, 5, 6, 9, 4, 4, 2, 4, 3, 2, 3, 7, 2, 0, 6, 2, 9, 4, 6, 5, 3, 7, 1, 0, 4, 6, 7, 5, 4,
     1, 6, 4, 3, 2, 9, 6, 1, 4, 8, 7, 6, 2, 8, 6, 6, 4, 6, 1, 10, 7, 5, 2, 5, 1, 7, 6, 6, 7, 9]
) / 10  # fmt: skip
WEIGHTS = np.array(
    [0, 2, 1, 1, 1, 2, 1, 0, 2, 2, 3, 1, 0, 0, 0, 0, 2, 3, 0, 2, 1, 0, 0, 0, 1, 1, 3, 0, 3, 3,
     0, 1, 2, 0, 2, 3, 1, 1, 1, 1, 2, 0, 0, 0, 0, 1, 1, 2, 1, 0, 1, 0, 0, 0, 0, 1, 1, 2, 0, 1]
).astype(float)  # fmt: skip
ONCE = np.ones(60)

PAIRS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.6, 0.75, 1.0])),
    min_size=2,
    max_size=40,
).filter(lambda pairs: 0 < sum(truth for truth, _ in pairs) < len(pairs))


def test_ranking_figures_are_those_of_scikit_learn() -> None:
    ranking = Ranking(TRUTH, SCORES)
    assert ranking.auroc(ONCE) == pytest.approx(0.7940340909090909)
    assert ranking.auprc(ONCE) == pytest.approx(0.6211796016483516)


def test_figures_at_a_threshold_are_those_of_scikit_learn() -> None:
    ranking = Ranking(TRUTH, SCORES)
    assert ranking.precision(ONCE, 0.6) == pytest.approx(0.4230769230769231)
    assert ranking.recall(ONCE, 0.6) == pytest.approx(0.6875)
    assert ranking.f1(ONCE, 0.6) == pytest.approx(0.5238095238095238)
    assert ranking.false_positive_rate(ONCE, 0.6) == pytest.approx(0.3409090909090909)
    assert ranking.best_f1() == pytest.approx((0.5517241379310345, 0.4))


def test_weighted_figures_are_those_of_scikit_learn() -> None:
    order = np.argsort(-SCORES, kind="stable")
    ranking, weights = Ranking(TRUTH, SCORES), WEIGHTS[order]
    assert ranking.auroc(weights) == pytest.approx(0.7830551989730424)
    assert ranking.auprc(weights) == pytest.approx(0.6867848580124616)


@given(PAIRS)
def test_auroc_is_the_share_of_pairs_in_order_ties_half(pairs: list[tuple[bool, float]]) -> None:
    high = [score for truth, score in pairs if truth]
    low = [score for truth, score in pairs if not truth]
    wins = sum((h > n) + (h == n) / 2 for h in high for n in low)
    assert _ranking(pairs).auroc(np.ones(len(pairs))) == pytest.approx(wins / len(high) / len(low))


@given(PAIRS)
def test_auprc_is_the_sum_over_thresholds(pairs: list[tuple[bool, float]]) -> None:
    positives, before, area = sum(truth for truth, _ in pairs), 0, 0.0
    for threshold in sorted({score for _, score in pairs}, reverse=True):
        found = [truth for truth, score in pairs if score >= threshold]
        area += (sum(found) - before) / positives * sum(found) / len(found)
        before = sum(found)
    assert _ranking(pairs).auprc(np.ones(len(pairs))) == pytest.approx(area)


@given(PAIRS)
def test_best_f1_is_the_best_of_all_thresholds(pairs: list[tuple[bool, float]]) -> None:
    ranking, once = _ranking(pairs), np.ones(len(pairs))
    best = max(ranking.f1(once, threshold) for threshold in {score for _, score in pairs})
    value, threshold = ranking.best_f1()
    assert value == pytest.approx(best)
    assert ranking.f1(once, threshold) == pytest.approx(best)


@given(PAIRS)
def test_weights_count_as_copies(pairs: list[tuple[bool, float]]) -> None:
    twice = _ranking(pairs + pairs[:1])
    order = np.argsort([-score for _, score in pairs], kind="stable")
    weights = np.ones(len(pairs))
    weights[list(order).index(0)] = 2
    once = _ranking(pairs)
    ones = np.ones(len(pairs) + 1)
    assert once.auroc(weights) == pytest.approx(twice.auroc(ones))
    assert once.auprc(weights) == pytest.approx(twice.auprc(ones))
    assert once.calibration_error(weights) == pytest.approx(twice.calibration_error(ones))


def test_calibration_error_is_the_gap_of_scores_and_shares() -> None:
    truth, scores = np.array([True, False, False, False] * 5), np.full(20, 0.25)
    assert Ranking(truth, scores).calibration_error(np.ones(20)) == pytest.approx(0)
    assert Ranking(truth, scores + 0.5).calibration_error(np.ones(20)) == pytest.approx(0.5)
    assert Ranking(truth, np.ones(20)).calibration_error(np.ones(20)) == pytest.approx(0.75)


def test_intervals_hold_the_figure_and_narrow_with_rows() -> None:
    few = bootstrap(Ranking(TRUTH, SCORES), 0.6)
    many = bootstrap(Ranking(np.tile(TRUTH, 20), np.tile(SCORES, 20)), 0.6)
    for name, span in few.items():
        assert span.low <= span.value + 0.05
        assert span.high >= span.value
        assert many[name].high - many[name].low < span.high - span.low
    assert bootstrap(Ranking(TRUTH, SCORES), 0.6) == few


def test_head_without_positives_has_no_ranking() -> None:
    rows = [Labelled("a", {"spam": False}), Labelled("b", {"spam": False})]
    (figures,) = measure(rows, {"spam": np.array([0.1, 0.9])}, threshold=0.6)
    assert (figures.rows, figures.positives) == (2, 0)
    assert math.isnan(figures.figures["auroc"].value)
    assert math.isnan(figures.best_f1)
    assert figures.figures["false_positive_rate"].value == 0.5


def test_heads_are_measured_on_the_rows_that_judge_them_by_source() -> None:
    rows = [
        Labelled("a", {"spam": True}, source="one"),
        Labelled("b", {"spam": False, "scam": True}, source="two"),
        Labelled("c", {}, source="two"),
        Labelled("d", {"spam": False}),
    ]
    scores = {head: np.array([0.9, 0.8, 0.7, 0.1]) for head in ("spam", "scam", "threat")}
    found = {(one.head, one.source): one.rows for one in measure(rows, scores, threshold=0.6)}
    assert found == {
        ("spam", None): 3,
        ("spam", "one"): 1,
        ("spam", "two"): 1,
        ("scam", None): 1,
        ("scam", "two"): 1,
    }


def test_intents_are_counted_where_they_are_said() -> None:
    rows = [Labelled("a", {}, intent) for intent in ("chat", "chat", "help", None)]
    found = measure_intents(rows, ["chat", "help", "help", "chat"])
    assert found["rows"] == 3
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["macro_f1"] == pytest.approx(2 / 3)
    assert measure_intents(rows[-1:], [None]) == {}


def _read(*lines: bytes) -> list[Labelled]:
    return list(read_labelled(lines, file="x.jsonl", heads=HEADS, intents=INTENTS))


def test_lines_are_read() -> None:
    found = _read(
        b'{"text": "a", "labels": {"toxicity": 1, "spam": 0.2, "scam": 0.5, "hate": null}}\n',
        b"\n",
        b'{"text": "\\ud800", "labels": {"threat": true}, "intent": "chat", "source": "s"}',
    )
    assert found[0] == Labelled("a", {"toxicity": True, "spam": False})
    assert found[1] == Labelled("\ud800", {"threat": True}, "chat", "s")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'{"txt": "a"}', "has no `text`"),
        (b'{"text": 1}', "has no `text`"),
        (b'{"text": "a", "labels": [1]}', "`labels` is not an object"),
        (b'{"text": "a", "labels": {"toxcity": 1}}', "unknown label 'toxcity'\n  accepted: toxi"),
        (b'{"text": "a", "labels": {"toxicity": 2}}', "`toxicity` is 2\n  a label is 0, 1"),
        (b'{"text": "a", "labels": {"toxicity": NaN}}', "`toxicity` is nan"),
        (b'{"text": "a", "labels": {"toxicity": "yes"}}', "`toxicity` is 'yes'"),
        (b'{"text": "a", "labels": {"toxicity": {}}}', "`toxicity` is {}"),
        (b'{"text": "a", "intent": "chit"}', "unknown intent 'chit'\n  accepted: question"),
        (b'{"text": "a", "intent": []}', "unknown intent []"),
        (b'{"text": "a", "source": 3}', "`source` is not a text"),
    ],
)
def test_unfit_line_is_told_with_its_place(line: bytes, told: str) -> None:
    with pytest.raises(ConfigError) as failure:
        _read(b'{"text": "fine"}', line)
    assert str(failure.value).startswith("x.jsonl:2:1: ")
    assert told in str(failure.value)


def _ranking(pairs: list[tuple[bool, float]]) -> Ranking:
    truth, scores = zip(*pairs, strict=True)
    return Ranking(np.array(truth), np.array(scores))
