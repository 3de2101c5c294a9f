"""Adversarial spellings: what people do to a word so that a filter does not know it.

Some of it `greenroom.fold` undoes; what it cannot undo the model must learn to read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from greenroom.triage.base import HEADS
from training.corpus import TRAIN, Example, split_of_example

HARMFUL: Final = 9000
HARMLESS: Final = 6000
LONGEST: Final = 240
"""Characters of a text that is disguised."""

_LOOKALIKE: Final = str.maketrans("aceiopsxyABCEHKMOPTX", "асеіорѕхуАВСЕНКМОРТХ")
_LEET: Final = str.maketrans("oieastOIEAST", "013457013457")
_SIGNS: Final = str.maketrans("aisl", "@!$|")
_VOWELS: Final = frozenset("aeiouAEIOU")
_FACES: Final = ("😂", "💀", "🙏", "😭", "🔥", "🤡", "❤️", "👏", "🥺", "🙄")


def disguise_some(examples: Sequence[Example], *, seed: int) -> Iterator[Example]:
    """Disguised copies of training examples, with their labels; the source is ``disguised``.

    Harmless texts are disguised as well, lest an odd spelling itself look like harm.
    """
    dice = random.Random(seed)
    short = [e for e in examples if len(e.text) <= LONGEST and split_of_example(e) == TRAIN]
    harmful = [e for e in short if any(score >= 0.7 for score in e.scores.values())]
    plain = [e for e in short if len(e.scores) == len(HEADS) and not any(e.scores.values())]
    for example in dice.sample(harmful, HARMFUL) + dice.sample(plain, HARMLESS):
        text = disguise(example.text, dice)
        yield replace(example, text=text, source="disguised", split=TRAIN)


def disguise(text: str, dice: random.Random) -> str:
    """`text` with some of its words disguised, all in one way."""
    words = text.split(" ")
    way = dice.choice(_WAYS)
    able = [place for place, word in enumerate(words) if len(word) > 2 and word.isalpha()]
    for place in dice.sample(able, min(len(able), dice.randint(1, 4))):
        words[place] = way(words[place], dice)
    return " ".join(words)


def _looks_alike(word: str, dice: random.Random) -> str:  # noqa: ARG001 (a way takes both)
    return word.translate(_LOOKALIKE)


def _leet(word: str, dice: random.Random) -> str:
    return word.translate(dice.choice((_LEET, _SIGNS)))


def _unseen(word: str, dice: random.Random) -> str:
    return dice.choice("\u200b\u200d\u2060\u00ad").join(word)


def _apart(word: str, dice: random.Random) -> str:
    return dice.choice((" ", ".", "-", "_", "*")).join(word)


def _starred(word: str, dice: random.Random) -> str:
    inner = range(1, len(word) - 1)
    hidden = [place for place in inner if word[place] in _VOWELS] or list(inner)
    hidden = hidden if dice.random() < 0.7 else list(inner)
    star = dice.choice("**#-_")
    return "".join(star if place in hidden else char for place, char in enumerate(word))


def _stretched(word: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(word))
    return word[:place] + word[place] * dice.randint(2, 6) + word[place + 1 :]


def _swapped(word: str, dice: random.Random) -> str:
    place = dice.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _dropped(word: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(word))
    return word[:place] + word[place + 1 :]


def _cut(word: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(word))
    return word[:place] + dice.choice((" ", ".", "-", "/")) + word[place:]


def _with_face(word: str, dice: random.Random) -> str:
    return word + dice.choice(("", " ")) + dice.choice(_FACES)


def _shouted(word: str, dice: random.Random) -> str:
    return "".join(dice.choice((char.upper(), char.lower())) for char in word)


_WAYS: Final[Sequence[Callable[[str, random.Random], str]]] = (
    _looks_alike, _leet, _leet, _unseen, _apart, _starred, _starred, _stretched,
    _swapped, _dropped, _cut, _with_face, _shouted,
)  # fmt: skip
