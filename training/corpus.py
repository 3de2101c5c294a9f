"""Labelled texts in columns, and which split each belongs to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from greenroom.triage.base import HEADS, INTENTS

TRAIN, CALIBRATION, TEST = "train", "calibration", "test"
UNKNOWN: Final = float("nan")

_SHARES: Final = ((80, TRAIN), (90, CALIBRATION), (100, TEST))
_HANDLE: Final = re.compile(r"@\w+")


@dataclass(frozen=True, slots=True)
class Example:
    """One text with the labels that its source can give.

    Attributes:
        scores: Head → 0..1; a head that is not named is unknown and trains nothing.
        sentiment: -1..1 or None for unknown.
        intent: One of `INTENTS` or None for unknown.
        group: What must not be split between train and test; by default the text itself.
        split: The split it belongs to whatever its hash says, or None.
    """

    text: str
    source: str
    scores: Mapping[str, float] = field(default_factory=dict)
    sentiment: float | None = None
    intent: str | None = None
    group: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Examples as columns; row i of each belongs to text i.

    Attributes:
        scores: Shape (n, 10), NaN where unknown.
        sentiment: Shape (n,), NaN where unknown.
        intents: Shape (n,), index into `INTENTS`, -1 where unknown.
        splits: ``train``, ``calibration`` or ``test`` for each.
    """

    texts: tuple[str, ...]
    sources: npt.NDArray[np.str_]
    splits: npt.NDArray[np.str_]
    scores: npt.NDArray[np.float32]
    sentiment: npt.NDArray[np.float32]
    intents: npt.NDArray[np.int64]

    def rows(self, split: str) -> npt.NDArray[np.int64]:
        """Indices of the rows in `split`."""
        return np.flatnonzero(self.splits == split)

    def only(self, rows: npt.NDArray[np.int64]) -> Corpus:
        """A corpus of these rows alone."""
        return Corpus(
            texts=tuple(self.texts[row] for row in rows),
            sources=self.sources[rows],
            splits=self.splits[rows],
            scores=self.scores[rows],
            sentiment=self.sentiment[rows],
            intents=self.intents[rows],
        )


def gather(examples: Iterable[Example]) -> Corpus:
    """Put `examples` into columns; a text that comes twice keeps its first place and labels."""
    unique = {normal(example.text): example for example in reversed(list(examples))}
    chosen = list(reversed(unique.values()))
    return Corpus(
        texts=tuple(example.text for example in chosen),
        sources=np.array([example.source for example in chosen]),
        splits=np.array([split_of_example(example) for example in chosen]),
        scores=np.array(
            [[e.scores.get(head, UNKNOWN) for head in HEADS] for e in chosen], dtype=np.float32
        ).reshape(-1, len(HEADS)),
        sentiment=np.array(
            [UNKNOWN if e.sentiment is None else e.sentiment for e in chosen], dtype=np.float32
        ),
        intents=np.array([-1 if e.intent is None else INTENTS.index(e.intent) for e in chosen]),
    )


def split_of_example(example: Example) -> str:
    """The split of an example: the one it names, else that of its group, else of its text."""
    return example.split or split_of(example.group or example.text)


def split_of(text: str) -> str:
    """The split of a text: by its hash, so that no run, order or file changes it."""
    place = chance(normal(text)) * 100
    return next(split for share, split in _SHARES if place < share)


def normal(text: str) -> str:
    """What makes two texts the same: letters without case, one space, one handle for all."""
    return " ".join(_HANDLE.sub("@user", text.lower()).split())


def chance(text: str) -> float:
    """A number 0..1 that is always the same for `text`."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:6]) / 2**48
