"""Splits hold by text, whatever the order, and labels say what their file says."""

from __future__ import annotations

import numpy as np
import pytest

from greenroom.triage.base import HEADS, INTENTS
from training.corpus import CALIBRATION, TEST, TRAIN, Example, gather, split_of
from training.labels import LABELLERS
from training.sources import EVALUATION_ROWS, TRAINING_ROWS
from training.templates import count_lines

TEXTS = [f"text number {number}" for number in range(2000)]


def test_splits_are_about_eighty_ten_ten() -> None:
    splits = [split_of(text) for text in TEXTS]
    shares = [splits.count(split) / len(splits) for split in (TRAIN, CALIBRATION, TEST)]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.03)


def test_split_ignores_case_spaces_and_handles() -> None:
    assert all(split_of(f"@Ann {text}") == split_of(f"@user  {text.upper()}") for text in TEXTS)


def test_gather_keeps_the_first_of_equal_texts() -> None:
    first = Example("Hello there", "one", {"toxicity": 1.0}, intent="greeting")
    corpus = gather([first, Example("hello  there", "two")])
    assert corpus.texts == ("Hello there",)
    assert corpus.sources.tolist() == ["one"]


def test_gather_leaves_unknown_labels_unknown() -> None:
    corpus = gather([Example("a", "one", {"spam": 1.0}), Example("b", "one", intent="chat")])
    assert corpus.scores[0, HEADS.index("spam")] == 1
    assert np.isnan(corpus.scores).sum() == 2 * len(HEADS) - 1
    assert corpus.intents.tolist() == [-1, INTENTS.index("chat")]


def test_group_decides_the_split() -> None:
    corpus = gather(Example(text, "templates", group="one line") for text in TEXTS[:50])
    assert len(set(corpus.splits)) == 1


def test_every_file_has_a_labeller_and_one_use() -> None:
    assert set(LABELLERS) == set(TRAINING_ROWS) | set(EVALUATION_ROWS)
    assert not set(TRAINING_ROWS) & set(EVALUATION_ROWS)


def test_quiet_toxicity_file_leaves_what_it_cannot_tell_unknown() -> None:
    row = {"file": "vicomtech_forum_hate", "text": "a sentence", "label": "not_hate"}
    example = LABELLERS["vicomtech_forum_hate"](row)
    assert example is not None
    assert example.scores["hate"] == 0
    assert "toxicity" not in example.scores


def test_templates_come_in_hundreds() -> None:
    assert sum(count_lines().values()) > 500
