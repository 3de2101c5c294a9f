"""Undoes the disguises that text is put into: rules and the model both read what comes out.

Compatibility forms (NFKC), letters that look like Latin ones, characters nobody sees, stacked
marks, digits for letters, and letters set apart. Every character of the folded text knows where
in the original it stood, so that what was found there can be shown in the original.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from string import ascii_letters, digits
from typing import Final

from confusable_homoglyphs.confusables import confusables_data

Piece = tuple[str, int, int]
"""What a part of a match becomes, and where in the match that part begins and ends."""

_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")
_WORD: Final = re.compile(r"[^\W_]+")
_UNSEEN: Final = frozenset({"Cf", "Cc", "Cs", "Co"})
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
)
"""Marks that any letter can carry, and selectors of a glyph's variant. Marks that belong to a
script (Arabic, Hebrew, Devanagari, Thai) are left alone: there they spell the word."""

_CLUSTER: Final = re.compile(f"[^{_MARKS}][{_MARKS}]*|[{_MARKS}]+")
_MARK: Final = re.compile(f"[{_MARKS}]")

_LEET: Final = {ord(sign): letter for sign, letter in zip("013457@$!", "oieastasi", strict=True)}
_LEET_INSIDE: Final = re.compile(
    r"(?<=[A-Za-z])(?:[013457$!]|@(?![\w-]+\.)){1,3}(?=[A-Za-z])|(?<=[A-Za-z])\$+(?![\d$])"
)
"""Signs that stand for letters, inside a word only: "1st", "mp3" and "user@example.org" are no
disguises. A dollar sign may also end a word."""

_APART: Final = re.compile(
    r"(?<![^\W_])[A-Za-z](?P<gap>[ .\-_*~/|\u00b7]{1,2})[A-Za-z](?:(?P=gap)[A-Za-z])+(?![^\W_])"
)
"""Three letters or more, each by itself, with the same gap between all of them."""

_SHAPED: Final = re.compile(
    r"(?:NEGATIVE (?:SQUARED|CIRCLED) LATIN CAPITAL LETTER|LATIN LETTER SMALL CAPITAL"
    r"|REGIONAL INDICATOR SYMBOL LETTER) ([A-Z])$"
)
_SHAPED_BLOCKS: Final = (
    *range(0x0250, 0x02B0), *range(0x1D00, 0x1D80), *range(0xA730, 0xA800),
    *range(0x1F150, 0x1F18A), *range(0x1F1E6, 0x1F200),
)  # fmt: skip
_ENCLOSED: Final = re.compile("[\U0001f150-\U0001f189]+|[\U0001f1e6-\U0001f1ff]{3,}")
"""Letters in boxes and circles; two flag letters are a flag, more of them are a word."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its disguises.

    Attributes:
        text: The folded text.
        starts: For each of its characters, where in the original it begins; None when the
            text is the original, character by character.
        ends: For each of its characters, where in the original it ends.
    """

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that became ``text[start:end]``."""
        if self.starts is None or self.ends is None:
            return start, end
        if start < end:
            return self.starts[start], self.ends[end - 1]
        place = self.ends[start - 1] if start else 0
        return place, place

    def rewritten(self, pattern: re.Pattern[str], spell: Callable[[str], Iterable[Piece]]) -> Folded:
        """This text with every match of `pattern` spelled as `spell` says."""
        parts, last = list[str](), 0
        starts, ends = array("l"), array("l")
        for match in pattern.finditer(self.text):
            begin = match.start()
            self._keep(last, begin, parts, starts, ends)
            for said, low, high in spell(match[0]):
                place = self.original(begin + low, begin + high)
                parts.append(said)
                starts.extend([place[0]] * len(said))
                ends.extend([place[1]] * len(said))
            last = match.end()
        if last == 0:
            return self
        self._keep(last, len(self.text), parts, starts, ends)
        return Folded("".join(parts), starts, ends)

    def _keep(
        self, start: int, end: int, parts: list[str], starts: array[int], ends: array[int]
    ) -> None:
        parts.append(self.text[start:end])
        starts.extend(range(start, end) if self.starts is None else self.starts[start:end])
        ends.extend(range(start + 1, end + 1) if self.ends is None else self.ends[start:end])


def fold(text: str) -> Folded:
    """`text` without disguises: the same every time, in time linear in its length."""
    folded = Folded(text)
    if not text.isascii():
        folded = folded.rewritten(_FOREIGN, _legible)
        folded = folded.rewritten(_ENCLOSED, partial(_letter_by_letter, _lookalikes()))
        folded = folded.rewritten(_WORD, _latin_for(folded.text))
    folded = folded.rewritten(_LEET_INSIDE, partial(_letter_by_letter, _LEET))
    return folded.rewritten(_APART, _closed_up)


def _legible(run: str) -> Iterable[Piece]:
    """NFKC, without what nobody sees and without stacked marks; composed letters stay."""
    for cluster in _CLUSTER.finditer(run):
        said = _MARK.sub("", unicodedata.normalize("NFKC", cluster[0]))
        seen = "".join(
            char for char in said if char.isascii() or unicodedata.category(char) not in _UNSEEN
        )
        yield seen, cluster.start(), cluster.end()


def _latin_for(text: str) -> Callable[[str], Iterable[Piece]]:
    """Spells in Latin letters the words of `text` that only look as if they were.

    A word is one that mixes scripts, or, in a text of mostly Latin letters, one whose letters
    all look Latin: so Russian stays Russian.
    """
    lookalikes = _lookalikes()
    foreign = [char for char in text if char.isalpha() and not _is_latin(char)]
    is_latin = sum(char.isalpha() for char in text) > 2 * len(foreign)

    def spell(word: str) -> Iterable[Piece]:
        if word.isascii() or not _is_disguised(word, lookalikes, is_latin=is_latin):
            return [(word, 0, len(word))] if word.isascii() else _as_they_are(word)
        return _letter_by_letter(lookalikes, word)

    return spell


def _is_latin(char: str) -> bool:
    return char.isascii() or unicodedata.name(char, "").startswith("LATIN")


def _is_disguised(word: str, lookalikes: Mapping[int, str], *, is_latin: bool) -> bool:
    strange = [char for char in word if not char.isascii() and ord(char) in lookalikes]
    if not strange:
        return False
    if any(char in ascii_letters for char in word):
        return True
    return is_latin and len(strange) == sum(not char.isascii() for char in word)


def _as_they_are(word: str) -> Iterable[Piece]:
    return ((char, place, place + 1) for place, char in enumerate(word))


def _letter_by_letter(letters: Mapping[int, str], found: str) -> Iterable[Piece]:
    return (
        (letters.get(ord(char), char), place, place + 1) for place, char in enumerate(found)
    )


def _closed_up(found: str) -> Iterable[Piece]:
    return (
        (char, place, place + 1) for place, char in enumerate(found) if char in ascii_letters
    )


@cache
def _lookalikes() -> Mapping[int, str]:
    """Code point → the ASCII letter or digit that it looks like (Unicode's confusables)."""
    found = {
        ord(other["c"]): letter
        for letter in (*digits, *ascii_letters)
        for other in confusables_data.get(letter, ())
        if len(other["c"]) == 1 and not other["c"].isascii() and other["c"].isalnum()
    }
    shaped = ((code, _SHAPED.match(unicodedata.name(chr(code), ""))) for code in _SHAPED_BLOCKS)
    return found | {code: match[1].lower() for code, match in shaped if match}
