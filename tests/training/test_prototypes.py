"""Labels by likeness go only where nobody knows, and only to what is clearly like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from greenroom.triage.base import HEADS
from training.corpus import TEST, TRAIN, Corpus, Example, gather
from training.prototypes import WEAK, Vectors, label_by_likeness

COLUMN = HEADS.index("self_harm")


def a_corpus() -> tuple[Corpus, Vectors]:
    examples = [
        Example("bad line", "templates", {"self_harm": 1.0}, split=TRAIN),
        Example("clean line", "templates", {"self_harm": 0.0}, split=TRAIN),
        Example("like the bad one", "goemotions", {}, split=TRAIN),
        Example("like both", "goemotions", {}, split=TRAIN),
        Example("known to be clean", "goemotions", {"self_harm": 0.0}, split=TRAIN),
        Example("like the bad one, for the test", "goemotions", {}, split=TEST),
    ]
    near = np.array([0.99, 0.14])
    both = np.array([0.71, 0.70])
    vectors = np.stack([np.array([1, 0]), np.array([0, 1]), near, both, near, near])
    return gather(examples), vectors.astype(np.float32)


def test_only_unknown_training_texts_that_are_clearly_alike_are_labelled() -> None:
    corpus, vectors = a_corpus()
    found = label_by_likeness(corpus, vectors).scores[:, COLUMN]
    assert np.allclose(found, [1, 0, WEAK, np.nan, 0, np.nan], equal_nan=True)


def test_without_templates_nothing_is_labelled() -> None:
    corpus, vectors = a_corpus()
    bare = replace(corpus, sources=np.array(["goemotions"] * len(corpus.texts)))
    found = label_by_likeness(bare, vectors).scores
    assert np.array_equal(found, corpus.scores, equal_nan=True)
