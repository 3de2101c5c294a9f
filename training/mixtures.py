"""Harm inside longer harmless text: what a pooled window would otherwise drown.

The data files label whole texts, and most of their harmful ones are short. So harmful texts are
set before, after or between harmless ones, and harmless ones joined as often, lest length
itself look like harm. All parts of a mixture come from one split.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

from greenroom.triage.base import HEADS
from training.corpus import Example, split_of_example

HARMFUL: Final = 5000
HARMLESS: Final = 4500
LONGEST_HARM: Final = 120
"""Characters of the harmful part."""

LONGEST: Final = 480
"""Characters of a whole mixture: about one window, so that nothing of it is cut off."""


def mix(examples: Sequence[Example], *, seed: int) -> Iterator[Example]:
    """Mixtures of `examples`; the source is ``mixtures``."""
    dice = random.Random(seed)
    clean: dict[str, list[Example]] = {}
    for example in examples:
        if _is_harmless(example):
            clean.setdefault(split_of_example(example), []).append(example)
    harmful = [e for e in examples if _is_harmful(e) and len(e.text) <= LONGEST_HARM]
    plain = [example for group in clean.values() for example in group]
    for example in dice.sample(harmful, HARMFUL) + dice.sample(plain, HARMLESS):
        yield _surround(example, clean[split_of_example(example)], dice)


def _surround(example: Example, clean: Sequence[Example], dice: random.Random) -> Example:
    """`example` among harmless texts; its labels stay, as those of the others are all 0."""
    parts, room = [example.text], dice.randint(100, LONGEST) - len(example.text)
    while (other := dice.choice(clean).text) and len(other) < room:
        parts.insert(dice.randint(0, len(parts)), other)
        room -= len(other) + 1
    text = dice.choice([" ", ". ", "\n"]).join(parts)
    group = example.group or example.text
    return Example(text, "mixtures", example.scores, group=group, split=example.split)


def _is_harmful(example: Example) -> bool:
    return any(score >= 0.9 for score in example.scores.values())


def _is_harmless(example: Example) -> bool:
    return len(example.scores) == len(HEADS) and not any(example.scores.values())
