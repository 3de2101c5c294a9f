"""Statements that speak of the same and say something else: for a person to look at.

No model judges them. Two sentences that mean nearly the same are compared by what can be told
apart for certain: numbers, days and months, opposites ("allowed" and "forbidden"), and a "not" that
only one of them has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from greenroom.context.base import Vector
from greenroom.context.words import words_of_question

NEAR: Final = 0.72
"""Cosine from which two sentences may speak of the same; tried on pairs of statements, see
docs/context.md."""

MOST: Final = 30_000
"""Sentences that are compared with each other; of more, the first."""

_SHARED: Final = 0.5  # of the shorter one's words, for a difference in polarity to count
_BLOCK: Final = 1_000


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ONES: Final = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_NUMBERS: Final = {word: str(value) for value, word in enumerate(_ONES)} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "ninety": "90",
    "hundred": "100",
    "once": "1",
    "twice": "2",
    "half": "0.5",
}
_DAYS: Final = _words("monday tuesday wednesday thursday friday saturday sunday")
# Without May, which is a verb too.
_MONTHS: Final = _words(
    "january february march april june july august september october november december"
)
_UNITS: Final = {
    "seconds": "s|secs?|seconds?",
    "minutes": "mins?|minutes?",
    "hours": "h|hrs?|hours?",
    "days": "days?",
    "weeks": "weeks?",
    "months": "months?",
    "years": "years?",
    "percent": "%|percent",
    "euros": "€|euros?|eur",
    "dollars": r"\$|dollars?|usd",
    "people": "people|persons?|members?|users?",
    "messages": "messages?|posts?|comments?",
    "clock": "am|pm|o'clock",
    "times": "times?",
    "warnings": "warnings?|strikes?",
    "characters": "characters?|letters?",
    "size": "kb|mb|gb",
    "votes": "votes?|karma",
}
_NUMBER = re.compile(
    r"(?<![\w.])(\d{1,9}(?:[.,:]\d{1,6})?|" + "|".join(_NUMBERS) + r")(?![\d])[ -]?([%€$\w']{0,12})"
)
_MONEY = re.compile(r"([€$])[ ]?(\d{1,9}(?:[.,]\d{1,2})?)")
_WORD = re.compile(r"[a-z]+(?:'t)?")
_NEGATIONS: Final = frozenset(
    _words(
        "not no never neither nor none nobody nothing without cannot don't doesn't didn't isn't "
        "aren't wasn't weren't won't wouldn't can't couldn't mustn't "
        "shouldn't needn't hasn't haven't"
    )
)
_OPPOSITES: Final = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        (
            "allowed permitted welcome fine okay ok accepted",
            "forbidden prohibited banned disallowed unwelcome removed refused",
        ),
        ("must required mandatory have need", "optional voluntary"),
        ("always everybody everyone all", "never nobody rarely"),
        ("open opens opened public", "closed closes private"),
        ("free", "paid costs cost fee"),
        ("more above over least", "fewer less below under most"),
        ("enabled on", "disabled off"),
        ("public publicly", "private privately"),
        ("online", "person"),
        ("automatically automatic", "manually hand"),
        ("kept keep stored", "deleted erased"),
    )
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence and where it stands."""

    source: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Two statements to look at, and what they differ in."""

    one: Statement
    other: Statement
    why: str
    score: float  # the cosine: how much they speak of the same


def clashes(statements: Sequence[Statement], vectors: Sequence[Vector]) -> list[Clash]:
    """The pairs that may contradict each other, the nearest first. Blocking.

    Args:
        statements: Sentences of prose.
        vectors: Each one's embedding, of unit length.
    """
    found = [
        Clash(statements[one], statements[other], why, score)
        for one, other, score in _near(np.array(vectors[:MOST], dtype=np.float32))
        for why in [difference(statements[one].text, statements[other].text)]
        if why is not None
    ]
    return sorted(found, key=lambda clash: -clash.score)


def difference(one: str, other: str) -> str | None:
    """What two statements about the same differ in; None if nothing certain."""
    one, other = (text.lower().replace("’", "'") for text in (one, other))
    if one == other:
        return None
    for kind, mine, theirs in _compared(one, other):
        if mine and theirs and mine != theirs and not (mine < theirs or theirs < mine):
            return f"{kind}: {_listed(mine)} and {_listed(theirs)}"
    if _shared(one, other) < _SHARED:
        return None
    return _opposed(one, other)


def _compared(one: str, other: str) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    mine, theirs = _quantities(one), _quantities(other)
    for unit in [*_UNITS, ""]:
        yield unit or "numbers", mine.get(unit, frozenset()), theirs.get(unit, frozenset())
    for kind, names in (("days", _DAYS), ("months", _MONTHS)):
        yield kind, _named(one, names), _named(other, names)


def _quantities(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for sign, number in _MONEY.findall(text):
        found.setdefault("euros" if sign == "€" else "dollars", set()).add(_number(number))
    for number, follows in _NUMBER.findall(_MONEY.sub(" ", text)):
        unit = next((name for name, form in _UNITS.items() if re.fullmatch(form, follows)), "")
        if number == "one" and not unit:
            continue  # "one of", "no one"
        if ":" in number:
            unit = "clock"
        found.setdefault(unit, set()).add(_number(number))
    return {unit: frozenset(values) for unit, values in found.items()}


def _number(text: str) -> str:
    value = _NUMBERS.get(text, text).replace(",", "")
    return re.sub(r":00$|\.0+$", "", value).lstrip("0") or "0"


def _named(text: str, names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name in names if re.search(rf"\b{name}s?\b", text))


def _shared(one: str, other: str) -> float:
    mine, theirs = (frozenset(words_of_question(text).indices) for text in (one, other))
    return len(mine & theirs) / max(min(len(mine), len(theirs)), 1)


def _opposed(one: str, other: str) -> str | None:
    mine, theirs = (frozenset(_WORD.findall(text)) for text in (one, other))
    negated = bool(mine & _NEGATIONS), bool(theirs & _NEGATIONS)
    for left, right in _OPPOSITES:
        for first, second in ((left, right), (right, left)):
            here, there = (mine - theirs) & first, (theirs - mine) & second
            # "not allowed" and "forbidden" say the same.
            if here and there and negated[0] == negated[1]:
                return f"words: {_listed(here)} and {_listed(there)}"
    if negated[0] == negated[1] or _shared(one, other) < 2 * _SHARED - 0.2:
        return None
    if any((mine & left and theirs & right) or (mine & right and theirs & left)
           for left, right in _OPPOSITES):  # fmt: skip
        return None
    return "only one of them says no"


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))


def _near(vectors: Vector) -> Iterator[tuple[int, int, float]]:
    """The pairs whose cosine reaches `NEAR`, a block of rows at a time."""
    for start in range(0, len(vectors), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ vectors.T
        for row, column in zip(*np.nonzero(alike >= NEAR), strict=True):
            if column > row + start:
                yield int(row + start), int(column), float(alike[row, column])
