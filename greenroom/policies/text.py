"""Member text, prepared once for all searches: caseless for literals, encoded for patterns.

Case is taken away exactly as Python's ``re`` does under IGNORECASE, one character to one, so
that an offset in the caseless text is an offset in the original. Disguises are taken away by
``greenroom.fold``: the folded text knows its places in the original.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import regex

from greenroom.fold import Folded, fold

_NARROWED: Final = re.compile("[\x0b\x1c-\x1f]")  # \s in Python's re, not in RE2
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_FIRST_WORD: Final = re.compile(r"\w")

# Pairs that `re` holds equal and whose upper case is several characters.
_TWINS: Final = {"\u1fd3": "\u0390", "\u1fe3": "\u03b0", "\ufb05": "\ufb06"}


def _caseless(character: str) -> str:
    lower = character.lower()[0]
    upper = lower.upper()
    if len(upper) == 1:
        lower = upper.lower()[0]
    return _TWINS.get(lower, lower)


class _Caseless(dict[int, int]):
    """A table for ``str.translate`` that fills itself with the characters it meets."""

    def __missing__(self, code: int) -> int:
        self[code] = ord(_caseless(chr(code)))
        return self[code]


_CASELESS: Final = _Caseless()


def caseless(text: str) -> str:
    """``text`` with case taken away as ``re.IGNORECASE`` does; its length stays."""
    if text.isascii():
        return text.lower()
    return text.translate(_CASELESS)


def is_word(character: str) -> bool:
    r"""What ``\w`` means to Python's ``re``."""
    return character.isalnum() or character == "_"


@cache
def _stand_in(character: str) -> str:
    r"""A character for ``regex`` that means to it what ``character`` means to ``re``.

    ``regex`` counts combining marks as ``\w``: "❤️help" would hide `help` behind its
    variation selector. Marks become private-use characters, numerals become ideographs,
    the four separators become another space.
    """
    code = ord(character)
    is_same = is_word(character) == bool(regex.match(r"\w", character))
    if not is_same:
        plane = 0x100000 if code > 0xFFFF else 0xF0000
        return chr(0x20000 | code & 0x7FFF) if is_word(character) else chr(plane | code & 0xFFFF)
    return "\u205f" if "\x1c" <= character <= "\x1f" else character


def stand_in(text: str) -> str:
    """``text`` as the ``regex`` module must see it to agree with ``re``; its length stays."""
    if text.isascii() and not _NARROWED.search(text):
        return text
    changed = {
        ord(character): swapped
        for character in set(text)
        if (swapped := _stand_in(character)) != character
    }
    return text.translate(changed) if changed else text


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


class Text:
    """One field of one message. What a search needs is prepared when it first asks.

    Args:
        raw: The text, as its writer has it.
        can_fold: Members may have disguised it.
        origin: Of a folded text: what it was, and where its characters stood there.
    """

    __slots__ = (
        "_bytes", "_caseless", "_caseless_bytes", "_core", "_encoded", "_folded", "_is_folded",
        "_origin", "_stand_in", "raw",
    )  # fmt: skip

    def __init__(
        self, raw: str, *, can_fold: bool = False, origin: tuple[str, Folded] | None = None
    ) -> None:
        self.raw = raw
        self._origin = origin
        self._is_folded = not can_fold
        self._folded: Text | None = None
        self._caseless: str | None = None
        self._encoded: bytes | None = None
        self._stand_in: str | None = None
        self._bytes: bytes | None = None
        self._caseless_bytes: bytes | None = None
        self._core: tuple[int, int] | None = None

    @property
    def folded(self) -> Text | None:
        """The text without disguises; None where it has none."""
        if not self._is_folded:
            self._is_folded = True
            found = fold(self.raw)
            if found.text != self.raw:
                self._folded = Text(found.text, origin=(self.raw, found))
        return self._folded

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of this text stands in what the member wrote."""
        return (start, end) if self._origin is None else self._origin[1].original(start, end)

    def quote(self, start: int, end: int) -> str:
        """A part of this text, as the member wrote it."""
        written = self.raw if self._origin is None else self._origin[0]
        first, last = self.place(start, end)
        return written[first:last]

    @property
    def caseless(self) -> str:
        """Case taken away."""
        if self._caseless is None:
            self._caseless = caseless(self.raw)
        return self._caseless

    @property
    def encoded(self) -> bytes:
        """UTF-8, for searches that mind characters; half a surrogate pair is no character."""
        if self._bytes is None:
            self._bytes = _utf8(self.raw)
        return self._bytes

    @property
    def caseless_encoded(self) -> bytes:
        """``encoded``, case taken away."""
        if self._caseless_bytes is None:
            self._caseless_bytes = _utf8(self.caseless)
        return self._caseless_bytes

    @property
    def for_re2(self) -> bytes | None:
        r"""The text for RE2, where its ``\w``, ``\s`` and ``$`` mean what Python's mean."""
        if self._encoded is None:
            is_plain = self.raw.isascii() and not self.raw.endswith("\n")
            is_plain = is_plain and not _NARROWED.search(self.raw)
            self._encoded = self.raw.encode("ascii") if is_plain else b"\n"
        return None if self._encoded == b"\n" else self._encoded

    @property
    def for_regex(self) -> str:
        """The text for the ``regex`` module."""
        if self._stand_in is None:
            self._stand_in = stand_in(self.raw)
        return self._stand_in

    @property
    def core(self) -> tuple[int, int]:
        """Where the first word character is, and the end of the last one."""
        if self._core is None:
            first = _FIRST_WORD.search(self.raw)
            self._core = (first.start(), self._end()) if first else (len(self.raw), 0)
        return self._core

    @property
    def trimmed_length(self) -> int:
        """Length without the non-word characters at both ends."""
        start, end = self.core
        return max(0, end - start)

    def _end(self) -> int:
        outside = "".join(one for one in set(self.raw) if not is_word(one))
        return len(self.raw.rstrip(outside)) if outside else len(self.raw)
