"""The first stage's graph says what the trained network says; its limit keeps its promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("sklearn", reason="the training extra is not installed")

import onnxruntime as ort  # noqa: E402

from greenroom.triage.base import HEADS  # noqa: E402
from training.corpus import CALIBRATION, Example, gather  # noqa: E402
from training.first import LINE, First, certify, chances  # noqa: E402
from training.first_graph import save_first  # noqa: E402

DICE = np.random.default_rng(3)
TEXTS = [np.array([101, *DICE.integers(999, 5000, size), 102]) for size in (1, 3, 14, 60)]


def test_the_graph_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = First(DICE.normal(size=(5000, 120)).astype(np.float32)).eval()
    save_first(first, tmp_path / "first.onnx")
    session = ort.InferenceSession(tmp_path / "first.onnx", providers=["CPUExecutionProvider"])
    runs = [session.run(["risk", "scores"], {"input_ids": ids[None]}) for ids in TEXTS]
    found = np.array([np.append(risk, scores) for risk, scores in runs])
    assert np.abs(found - chances(first, TEXTS)).max() < 0.01
    assert np.ptp(found, axis=0).min() > 0


def test_texts_that_are_read_together_change_nothing() -> None:
    first = First(DICE.normal(size=(5000, 120)).astype(np.float32))
    alone = np.concatenate([chances(first, [ids]) for ids in TEXTS])
    assert np.abs(alone - chances(first, TEXTS)).max() < 1e-5


@pytest.mark.parametrize("confusion", [0.0, 0.25])
def test_the_limit_keeps_its_promises(confusion: float) -> None:
    count = 4000
    harm = DICE.random(count) < 0.3
    scores = np.where(harm[:, None], 0.9, 0.05) * np.ones((count, len(HEADS)))
    found = np.full((count, 1 + len(HEADS)), 0.1)
    found[:, 0] = np.clip(harm - confusion * DICE.normal(size=count), 0, 1)
    corpus = gather(
        Example(f"text {place}", "x", dict.fromkeys(HEADS, float(harm[place])), split=CALIBRATION)
        for place in range(count)
    )
    limit, missed = certify(found, corpus, scores.astype(np.float32))
    over = scores.max(axis=1) >= LINE
    assert missed == (found[over, 0] < limit).mean() <= 0.005
    assert (found[~over, 0] < limit).any()


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
    assert certify(found, corpus, scores.astype(np.float32)) == (0.0, 0.0)
