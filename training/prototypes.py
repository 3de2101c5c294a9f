"""Labels by likeness: what members wrote that means the same as a template line.

The files hold talk of self-harm, threats and sexual advances that nobody labelled as such. A
text close to one of these templates, and closer to it than to any harmless one, gets the
template's label, where its own file says nothing (WEAK).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from greenroom.triage.base import HEADS
from training.corpus import TRAIN, Corpus

THIN: Final = ("self_harm", "threat", "sexual")
LIKE: Final = 0.62
"""Cosine from which two sentences of the encoder mean about the same."""

CLOSER: Final = 0.08
"""By how much more it must be like a harmful line than like any harmless one."""

WEAK: Final = 0.8

Vectors = npt.NDArray[np.float32]


def label_by_likeness(corpus: Corpus, vectors: Vectors) -> Corpus:
    """`corpus` with labels of `THIN` heads where a training text is like a template line.

    Args:
        corpus: With the templates among its texts.
        vectors: The original encoder's unit embedding of every text, (n, size).
    """
    scores = corpus.scores.copy()
    for head in THIN:
        column = HEADS.index(head)
        rows = find_alike(corpus, vectors, column)
        scores[rows, column] = WEAK
    return replace(corpus, scores=scores)


def find_alike(corpus: Corpus, vectors: Vectors, column: int) -> npt.NDArray[np.int64]:
    """Training rows that do not know a head and are like a template that has it."""
    is_template = (corpus.sources == "templates") & (corpus.splits == TRAIN)
    wanted = corpus.scores[:, column]
    bad = vectors[is_template & (wanted >= 0.7)]
    clean = vectors[is_template & (wanted == 0)]
    rows = np.flatnonzero((corpus.splits == TRAIN) & np.isnan(wanted) & ~is_template)
    if not len(bad) or not len(clean) or not len(rows):
        return rows[:0]
    likeness = _nearest(vectors[rows], bad)
    is_alike = (likeness >= LIKE) & (likeness >= _nearest(vectors[rows], clean) + CLOSER)
    return rows[is_alike]


def _nearest(some: Vectors, others: Vectors) -> npt.NDArray[np.float32]:
    parts = np.array_split(some, len(some) // 2048 + 1)
    return np.concatenate([(part.astype(np.float32) @ others.T).max(axis=1) for part in parts])
