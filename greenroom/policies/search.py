r"""Literal searches: the six methods, exactly as their templates mean in Python's ``re``.

A rule's words are found with ``str.find`` in the caseless text, and their surroundings are
judged where they stand. That is what the templates of the reference say
(``(?:^|\W|\b)V(?:$|\W|\b)`` and so on), in time that no text can blow up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

import re2
from ahocorasick_rs import BytesAhoCorasick

from greenroom.policies.required import worth_looking_for
from greenroom.policies.text import Text, caseless, is_word

TEMPLATES: Final[Mapping[str, str]] = {
    "includes-word": r"(?:^|\W|\b){}(?:$|\W|\b)",
    "includes": "{}",
    "starts-with": "^{}",
    "ends-with": "{}$",
    "full-exact": "^{}$",
    "full-text": r"^\W*{}\W*$",
    "domain": r"^(?:.*\.)?{}$",
}


class Match(NamedTuple):
    """Where a value stood in what the member wrote. ``groups[0]`` is all of it: ``{{match-1}}``."""

    start: int
    end: int
    groups: tuple[str, ...]


def match_of(text: Text, *spans: tuple[int, int]) -> Match:
    """A match whose groups have these places in ``text``, the whole value first."""
    groups = tuple(text.quote(start, end) if start >= 0 else "" for start, end in spans)
    return Match(*text.place(*spans[0]), groups)


class Patience(Protocol):
    """How long slow patterns may take in one evaluation."""

    def deadline_s(self) -> float:
        """Seconds for the next slow search."""

    def ran_out(self) -> None:
        """Note that a search did not end in time."""


class Matcher(Protocol):
    """All values of one check, compiled once."""

    @property
    def required(self) -> frozenset[str] | None:
        """Caseless literals of which any text that matches holds one; ``None``: any text may."""

    def search(self, text: Text, patience: Patience) -> Match | None:
        """The leftmost match, or None.

        Raises:
            TimeoutError: A slow pattern did not end in time; whether it matches is unknown.
        """


_OUTSIDE: Final = r"[^\p{L}\p{N}_]"
LONG: Final = 4_096
"""From here on, words are looked for all at once: a list of a thousand costs one pass."""

MANY: Final = 50
"""From so many values on, one pass tells which of them a text holds."""

Finder = Callable[[Text, str, str], int]
"""Given the text, its form to look in, and a value in that form: where it stands, or -1."""


@dataclass(frozen=True, slots=True)
class Literals:
    """Texts to find by one method."""

    method: str
    values: tuple[str, ...]
    is_case_sensitive: bool = False
    automaton: BytesAhoCorasick | None = None  # of many values

    @property
    def required(self) -> frozenset[str] | None:
        """The values themselves."""
        return worth_looking_for(self.values)

    def search(self, text: Text, patience: Patience) -> Match | None:  # noqa: ARG002
        """The leftmost value; of two at one place the first in the rule."""
        if len(text.raw) >= LONG and self.method in ("includes", "includes-word"):
            return self._search_long(text)
        form = text.raw if self.is_case_sensitive else text.caseless
        find = _FINDERS[self.method]
        found = [
            (start, index)
            for index in self._present(text, form)
            if (start := find(text, form, self.values[index])) >= 0
        ]
        if not found:
            return None
        start, index = self._first(text, found)
        return match_of(text, (start, start + len(self.values[index])))

    def _present(self, text: Text, form: str) -> list[int]:
        """Values that stand anywhere in the text, in the rule's order."""
        if self.automaton is None:
            return [index for index, value in enumerate(self.values) if value in form]
        encoded = text.encoded if self.is_case_sensitive else text.caseless_encoded
        matches = self.automaton.find_matches_as_indexes(encoded, overlapping=True)
        return sorted({match[0] for match in matches})

    def _first(self, text: Text, found: list[tuple[int, int]]) -> tuple[int, int]:
        if len(found) == 1 or self.method != "includes-word":
            # `^\W*` is greedy, so full-text takes the value that starts last.
            rank = -1 if self.method == "full-text" else 1
            return min(found, key=lambda one: (rank * one[0], one[1]))
        # A value may begin with the very character that another one's template eats:
        # only the template itself knows which of the two comes first.
        among = tuple(self.values[index] for _, index in found)
        match = _template(self.method, among, is_exact=self.is_case_sensitive).search(
            text.raw, max(0, min(found)[0] - 1)
        )
        assert match is not None, "every one of these was found"
        assert match.lastindex is not None
        return match.start(match.lastindex), found[match.lastindex - 1][1]

    def _search_long(self, text: Text) -> Match | None:
        """One pass of RE2 says whether and where, then the template itself looks there."""
        first = _swift(self.method, self.values).search(
            text.encoded if self.is_case_sensitive else text.caseless_encoded
        )
        if first is None:
            return None
        near = len(first.string[: first.start()].decode())
        match = _template(self.method, self.values, is_exact=self.is_case_sensitive).search(
            text.raw, max(0, near - 1)
        )
        if match is None or match.lastindex is None:
            return None
        return match_of(text, match.span(match.lastindex))


@lru_cache(maxsize=1024)
def _template(method: str, values: tuple[str, ...], *, is_exact: bool) -> re.Pattern[str]:
    among = "|".join(f"({re.escape(value)})" for value in values)
    flags = re.DOTALL if is_exact else re.DOTALL | re.IGNORECASE
    return re.compile(TEMPLATES[method].format(f"(?:{among})"), flags)


@lru_cache(maxsize=1024)
def _swift(method: str, values: tuple[str, ...]) -> Any:
    r"""The values for RE2, in UTF-8: no ``\b`` (ASCII there), but what stands around a word."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = 64 << 20
    escaped = "|".join(map(re2.escape, values))
    return re2.compile(escaped if method == "includes" else _words(values), options)


def _words(values: tuple[str, ...]) -> str:
    """Values by what must stand around them: each class of characters is compiled once."""
    kinds: dict[tuple[bool, bool], list[str]] = {}
    for value in values:
        kind = (is_word(value[:1]), is_word(value[-1:]))
        kinds.setdefault(kind, []).append(re2.escape(value))
    return "|".join(
        f"(?:^|{_OUTSIDE})" * starts + f"(?:{'|'.join(kept)})" + f"(?:$|{_OUTSIDE})" * ends
        for (starts, ends), kept in kinds.items()
    )


def literals(method: str, values: tuple[str, ...], *, is_case_sensitive: bool) -> Literals:
    """Values as they must be compared; the same value twice counts once."""
    kept = values if is_case_sensitive else tuple(map(caseless, values))
    unique = tuple(dict.fromkeys(kept))
    automaton = None
    if len(unique) >= MANY and all(unique):
        automaton = BytesAhoCorasick([value.encode() for value in unique])
    return Literals(method, unique, is_case_sensitive, automaton)


def _word(text: Text, form: str, value: str) -> int:
    raw = text.raw
    start = form.find(value)
    while value and start >= 0:
        if not (_is_inside_word(raw, start) or _is_inside_word(raw, start + len(value))):
            return start
        start = form.find(value, start + 1)
    return start


def _is_inside_word(raw: str, place: int) -> bool:
    return 0 < place < len(raw) and is_word(raw[place - 1]) and is_word(raw[place])


def _includes(text: Text, form: str, value: str) -> int:  # noqa: ARG001
    return form.find(value)


def _starts(text: Text, form: str, value: str) -> int:  # noqa: ARG001
    return 0 if form.startswith(value) else -1


def _ends(text: Text, form: str, value: str) -> int:  # noqa: ARG001
    if form.endswith(value + "\n"):  # `$` also stands before a last line break
        return len(form) - len(value) - 1
    return len(form) - len(value) if form.endswith(value) else -1


def _exact(text: Text, form: str, value: str) -> int:  # noqa: ARG001
    return 0 if form in (value, value + "\n") else -1


def _full(text: Text, form: str, value: str) -> int:
    first, last = text.core
    low = max(0, last - len(value))
    high = min(first, len(form) - len(value))
    return form.rfind(value, low, high + len(value)) if low <= high else -1


def _domain(text: Text, form: str, value: str) -> int:
    start = _ends(text, form, value)
    return start if start == 0 or (start > 0 and form[start - 1] == ".") else -1


_FINDERS: Final[Mapping[str, Finder]] = {
    "includes-word": _word,
    "includes": _includes,
    "starts-with": _starts,
    "ends-with": _ends,
    "full-exact": _exact,
    "full-text": _full,
    "domain": _domain,
}
