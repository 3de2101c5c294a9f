"""Digests: the sentences that say most of what a channel or thread was about, with their sources.

Extractive: nothing is put in other words, so nothing can be made up. Which messages stand for the
rest is LexRank's question (Erkan and Radev, 2004): a message is central if it is like many that
are central. Answers count towards what they answer, and no two items say the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from greenroom.message import Message
from greenroom.personas.voice import shortened

MIN_WORDS: Final = 5
"""A shorter message says too little to stand for others."""

_QUOTE: Final = 220  # characters of an item
_ALIKE: Final = 0.80  # cosine from which two messages say the same
_DAMPING: Final = 0.15
_ROUNDS: Final = 50
_REPLY_WEIGHT: Final = 0.15  # of one answer, next to a centrality of 1
_MOST_REPLIES: Final = 6

_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_WORD = re.compile(r"\w{2,}")
_SPACE = re.compile(r"\s+")

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a digest."""

    message: Message
    text: str  # the member's own words, shortened
    replies: int
    weight: float


def items_of(messages: Sequence[Message], vectors: Sequence[Vector], *, limit: int) -> list[Item]:
    """The messages that say most, in the order in which they were written.

    Args:
        messages: Oldest first.
        vectors: Each message's embedding, shape (384,), unit length.
        limit: How many at most.
    """
    chosen = [
        index
        for index, message in enumerate(messages)
        if len(_WORD.findall(message.text)) >= MIN_WORDS
    ]
    if not chosen:
        return []
    matrix = np.stack([vectors[index] for index in chosen])
    likeness = np.clip(matrix @ matrix.T, 0.0, 1.0)
    central = _lexrank(likeness)
    replies = Counter(message.reply_to or message.thread for message in messages)
    counts = [
        min(replies[messages[index].id], _MOST_REPLIES) if replies[messages[index].id] else 0
        for index in chosen
    ]
    weights = central + _REPLY_WEIGHT * np.array(counts)
    taken: list[int] = []
    for place in np.argsort(-weights, kind="stable"):
        if len(taken) == limit:
            break
        if all(likeness[place, other] < _ALIKE for other in taken):
            taken.append(int(place))
    return [
        Item(
            messages[chosen[place]],
            excerpt(messages[chosen[place]]),
            counts[place],
            float(weights[place]),
        )
        for place in sorted(taken)
    ]


def excerpt(message: Message) -> str:
    """A message on one line, as much of it as an item holds, without what could call anybody."""
    said = message.title or message.text
    return shortened(_SPACE.sub(" ", said).strip(), _QUOTE).replace("@", "@\u2060")


def _lexrank(likeness: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Each message's centrality, 1.0 for the most central."""
    count = len(likeness)
    weights = likeness.astype(np.float64)
    np.fill_diagonal(weights, 0.0)
    sums = weights.sum(axis=1, keepdims=True)
    moves = np.divide(weights, sums, out=np.full_like(weights, 1.0 / count), where=sums > 0)
    ranks = np.full(count, 1.0 / count)
    for _ in range(_ROUNDS):
        ranks = _DAMPING / count + (1 - _DAMPING) * (ranks @ moves)
    return np.asarray(ranks / ranks.max())
