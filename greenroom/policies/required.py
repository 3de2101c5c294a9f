"""What a text must hold for a pattern to match: literals of which at least one is there.

Read off the tree that Python's ``re`` parses a pattern into, as code search engines do (Russ Cox,
*Regular Expression Matching with a Trigram Index*, 2012). The engine looks for the literals of
all rules at once and runs a pattern only where one of its own was found, so what is told here may
be too few literals, but never ones that a match can do without.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

from greenroom.policies.text import caseless

MOST: Final = 200
"""More literals than these say too little to be worth looking for."""

_EMPTY: Final = frozenset({""})
_ZERO_WIDTH: Final = frozenset({codes.AT, codes.ASSERT, codes.ASSERT_NOT})
_REPEATS: Final = frozenset({codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT})

Literals = frozenset[str]


class _Part(NamedTuple):
    """What is known of one part of a pattern."""

    whole: Literals | None  # all that it can match, if these are few
    needed: Literals | None  # any match holds one of these


_UNKNOWN: Final = _Part(None, None)


def required_literals(pattern: str, flags: int) -> frozenset[str] | None:
    """Caseless literals of which any text that ``pattern`` matches holds at least one.

    ``None`` if there are none: every text may match. Lone surrogates make it ``None`` too.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern, flags)
        needed = _settled(_sequence(tree)).needed
    except (parser.error, RecursionError, OverflowError):
        return None
    return worth_looking_for(needed or ())


def worth_looking_for(values: Iterable[str]) -> frozenset[str] | None:
    """``values`` caseless, unless one is empty or cannot be encoded: then nothing is required."""
    found = frozenset(map(caseless, values))
    if not found or not all(map(_is_findable, found)):
        return None
    return found


def _is_findable(value: str) -> bool:
    return bool(value) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def better(one: Literals | None, other: Literals | None) -> Literals | None:
    """Of two requirements the one that fewer texts meet: longer literals, then fewer of them."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other, key=lambda found: (-min(map(len, found)), len(found)))


def _sequence(items: Iterable[tuple[Any, Any]]) -> _Part:
    """Parts one after another: what can be spelled out in a row is, as far as it stays few."""
    run: Literals = _EMPTY
    needed: Literals | None = None
    is_whole = True
    for item in items:
        part = _part(*item)
        needed = better(needed, part.needed)
        if part.whole is not None and len(run) * len(part.whole) <= MOST:
            run = frozenset(first + second for first in run for second in part.whole)
            continue
        needed = better(needed, _nonempty(run))
        is_whole = False
        run = _EMPTY if part.whole is None else part.whole
    return _Part(run if is_whole else None, better(needed, _nonempty(run)))


def _settled(part: _Part) -> _Part:
    return _Part(part.whole, better(part.needed, _nonempty(part.whole)))


def _nonempty(found: Literals | None) -> Literals | None:
    return None if found is None or "" in found else found


def _part(code: Any, argument: Any) -> _Part:
    if code is codes.LITERAL:
        return _Part(frozenset({chr(argument)}), None)
    if code in _ZERO_WIDTH:
        return _Part(_EMPTY, None)
    if code is codes.IN:
        return _Part(_letters(argument), None)
    if code is codes.BRANCH:
        return _branch(argument[1])
    if code is codes.SUBPATTERN:
        return _sequence(argument[-1])
    if code is codes.ATOMIC_GROUP:
        return _sequence(argument)
    if code in _REPEATS:
        return _repeat(*argument)
    return _UNKNOWN


def _letters(items: Sequence[tuple[Any, Any]]) -> Literals | None:
    """A set of letters, if it lists them one by one."""
    if any(code is not codes.LITERAL for code, _ in items):
        return None
    return frozenset(chr(code) for _, code in items)


def _branch(branches: Sequence[Any]) -> _Part:
    parts = [_settled(_sequence(branch)) for branch in branches]
    wholes = [part.whole for part in parts]
    needs = [part.needed for part in parts]
    return _Part(_union(wholes), _union(needs))


def _union(found: Sequence[Literals | None]) -> Literals | None:
    if any(one is None for one in found):
        return None
    joined = frozenset().union(*(one for one in found if one is not None))
    return joined if len(joined) <= MOST else None


def _repeat(least: int, most: Any, item: Any) -> _Part:
    part = _settled(_sequence(item))
    if least == 1 and most == 1:
        return part
    if least == 0:
        optional = most == 1 and part.whole is not None
        return _Part(part.whole | _EMPTY if optional and part.whole else None, None)
    return _Part(None, part.needed)
