"""Questions that members ask and no passage answers, gathered by what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from greenroom.context.base import Vector

ALIKE: Final = 0.55
"""Cosine to the middle of a group from which a question belongs to it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that nothing answered, and how near the best passage came."""

    text: str
    vector: Vector
    best: float


@dataclass(frozen=True, slots=True)
class Group:
    """Questions about the same; the first is the one nearest to its middle."""

    questions: tuple[str, ...]
    best: float  # the highest evidence that any of them found

    @property
    def count(self) -> int:
        """How often it was asked."""
        return len(self.questions)


def grouped(asked: Sequence[Asked]) -> list[Group]:
    """Groups of questions, the most asked first; a question alone is a group of one. Blocking.

    A question joins the group whose middle is nearest, if that is near enough, in the order in
    which they were asked: the same questions always make the same groups.
    """
    members: list[list[int]] = []
    sums: list[Vector] = []
    for place, one in enumerate(asked):
        nearest = _nearest(one.vector, sums)
        if nearest is None:
            members.append([place])
            sums.append(one.vector.copy())
        else:
            members[nearest].append(place)
            sums[nearest] = sums[nearest] + one.vector
    groups = [_group(asked, places, middle) for places, middle in zip(members, sums, strict=True)]
    return sorted(groups, key=lambda group: -group.count)


def _nearest(vector: Vector, sums: Sequence[Vector]) -> int | None:
    if not sums:
        return None
    stacked = np.array(sums)
    cosines = stacked @ vector / np.linalg.norm(stacked, axis=1)
    best = int(cosines.argmax())
    return best if cosines[best] >= ALIKE else None


def _group(asked: Sequence[Asked], places: Sequence[int], middle: Vector) -> Group:
    ordered = sorted(places, key=lambda place: -float(asked[place].vector @ middle))
    return Group(
        tuple(asked[place].text for place in ordered), max(asked[place].best for place in places)
    )
