"""The first stage's graph says what the trained network says; its limit keeps its promises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("sklearn", reason="the training extra is not installed")

import onnxruntime as ort  # noqa: E402

from greenroom.triage.base import HEADS  # noqa: E402
from training.corpus import CALIBRATION, Corpus, Example, gather  # noqa: E402
from training.first import LINE, LOST, First, Promise, auroc_lost, certify, chances  # noqa: E402
from training.first_graph import save_first  # noqa: E402

DICE = np.random.default_rng(3)
TEXTS = [np.array([101, *DICE.integers(999, 5000, size), 102]) for size in (1, 3, 14, 60)]
SETTLES_ANY = Promise(limit=1.0, bounds=np.ones(len(HEADS)), scales=np.ones(len(HEADS)), missed=0.0)


def first_of_chance() -> First:
    torch.manual_seed(0)
    words, alone = (DICE.normal(size=(5000, size)).astype(np.float32) for size in (120, 80))
    first = First(words, alone)
    first.eval()
    return first


def run_graph(file: Path) -> np.ndarray:
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    runs = [session.run(["risk", "scores"], {"input_ids": ids[None]}) for ids in TEXTS]
    return np.array([np.append(risk, scores) for risk, scores in runs])


def test_the_graph_says_what_the_network_says(tmp_path: Path) -> None:
    first = first_of_chance()
    save_first(first, SETTLES_ANY, tmp_path / "first.onnx")
    found = run_graph(tmp_path / "first.onnx")
    assert np.abs(found - chances(first, TEXTS)).max() < 0.01
    assert np.ptp(found, axis=0).min() > 0


def test_the_graph_settles_what_the_promise_allows(tmp_path: Path) -> None:
    first = first_of_chance()
    found = chances(first, TEXTS)
    bounds = np.ones(len(HEADS))
    bounds[3] = np.median(found[:, 4])  # of four texts, two are at this head's bound or above
    promise = replace(SETTLES_ANY, limit=0.99, bounds=bounds)
    save_first(first, promise, tmp_path / "first.onnx")
    allowed = promise.kept_by(found)
    assert 0 < allowed.sum() < len(TEXTS)
    assert ((run_graph(tmp_path / "first.onnx")[:, 0] < promise.limit) == allowed).all()


def test_the_graph_shows_scores_as_the_promise_scales_them(tmp_path: Path) -> None:
    first = first_of_chance()
    scales = np.linspace(0.1, 1.0, len(HEADS))
    promise = replace(SETTLES_ANY, scales=scales)
    save_first(first, promise, tmp_path / "first.onnx")
    shown = run_graph(tmp_path / "first.onnx")[:, 1:]
    assert np.abs(shown - promise.shown_of(chances(first, TEXTS))).max() < 0.01


def test_a_head_on_another_scale_is_brought_to_the_encoders() -> None:
    count = 4000
    over, subtle = DICE.random(count) < 0.1, DICE.random(count) < 0.02
    scores = (1e-3 * DICE.random((count, len(HEADS)))).astype(np.float32)
    scores[over], scores[subtle & ~over, 3] = 0.9, 0.01
    found = np.full((count, 1 + len(HEADS)), 0.001)
    found[:, 0] = np.where(over | subtle, 0.95, 0.1)  # what is subtle is read
    found[:, 4] = 20 * scores[:, 3]  # but what is not looks worse than that
    corpus = threatened(over, subtle)
    promise = certify(found, corpus, scores)
    assert promise.scales[3] < 1
    assert (promise.bounds == 1).all()
    assert promise.kept_by(found)[~over & ~subtle].all()


def test_texts_that_are_read_together_change_nothing() -> None:
    first = first_of_chance()
    alone = np.concatenate([chances(first, [ids]) for ids in TEXTS])
    assert np.abs(alone - chances(first, TEXTS)).max() < 1e-5


def threatened(over: np.ndarray, subtle: np.ndarray) -> Corpus:
    """Texts of which some are over the line on all heads, and others no more than threats."""
    return gather(
        Example(
            f"text {place}",
            "x",
            dict.fromkeys(HEADS, float(is_over)) | {"threat": float(is_subtle)},
            split=CALIBRATION,
        )
        for place, (is_over, is_subtle) in enumerate(zip(over, subtle, strict=True))
    )


@pytest.mark.parametrize("confusion", [0.0, 0.25])
def test_what_is_settled_keeps_its_promises(confusion: float) -> None:
    count = 4000
    harm = DICE.random(count) < 0.3
    scores = np.where(harm[:, None], np.float32(0.9), np.float32(0.05)).repeat(len(HEADS), axis=1)
    found = np.full((count, 1 + len(HEADS)), 0.1)
    found[:, 0] = np.clip(harm - confusion * DICE.normal(size=count), 0, 1)
    corpus = gather(
        Example(f"text {place}", "x", dict.fromkeys(HEADS, float(harm[place])), split=CALIBRATION)
        for place in range(count)
    )
    promise = certify(found, corpus, scores)
    settled, over = promise.kept_by(found), scores.max(axis=1) >= LINE
    assert promise.missed == settled[over].mean() <= 0.005
    assert max(auroc_lost(promise.shown_of(found), corpus, scores, settled).values()) <= LOST
    assert settled[~over].any()


def test_a_head_that_would_lose_gets_a_bound() -> None:
    count = 4000
    over, subtle = DICE.random(count) < 0.1, DICE.random(count) < 0.05
    scores = np.full((count, len(HEADS)), 0.05, dtype=np.float32)
    scores[over], scores[subtle, 3] = 0.9, 0.5  # `threat`: seen by the encoder, under the line
    found = np.full((count, 1 + len(HEADS)), 0.01)
    found[:, 0] = np.where(over, 0.95, 0.3)
    found[:, 4] = np.where(subtle, 0.05 + 0.1 * DICE.random(count), 0.1 * DICE.random(count))
    corpus = threatened(over, subtle)
    promise = certify(found, corpus, scores)
    settled = promise.kept_by(found)
    assert promise.bounds[3] < 1
    assert (promise.bounds[np.arange(len(HEADS)) != 3] == 1).all()
    assert 0 < settled.sum() < (~over).sum()
    assert max(auroc_lost(promise.shown_of(found), corpus, scores, settled).values()) <= LOST


def test_what_cannot_keep_its_promises_settles_nothing() -> None:
    count = 4000
    over, doubtful = DICE.random(count) < 0.1, DICE.random(count) < 0.3
    scores = np.where(over, 0.9, np.where(doubtful, 0.5, 0.05))[:, None] * np.ones(len(HEADS))
    found = np.zeros((count, 1 + len(HEADS)))
    found[:, 0] = np.where(over, 0.95, 0.9 * DICE.random(count))
    corpus = gather(
        Example(
            f"text {place}",
            "x",
            dict.fromkeys(HEADS, float(over[place] or doubtful[place])),
            split=CALIBRATION,
        )
        for place in range(count)
    )
    promise = certify(found, corpus, scores.astype(np.float32))
    assert (promise.limit, promise.missed) == (0.0, 0.0)
