"""Letters set apart, letters that look like Latin ones, and signs that stand for letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import ascii_letters
from typing import Final

from confusable_homoglyphs.confusables import confusables_data

from greenroom.fold.folded import Folded, Places
from greenroom.fold.forms import compatible

GAP: Final = r" \n.\-_*~/|\u00b7"
_DIGITS: Final = "013457"
SIGNS: Final = f"{_DIGITS}@$!"

# Letters set apart.

_KEPT: Final = (
    r"<(?:[@#!]|a?:\w)[^<>\s]{1,80}>|(?<![\w@$!])(?:\w{2,10}://|[wW]{3}\.)\S+"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+\.\w\S*"
)
"""Mentions, custom emoji, links and addresses: no letter of these stands for another."""


def closed_up(folded: Folded) -> Folded:
    """Three letters or more, each by itself, with the same gap between all of them, as a word."""
    letters = _lookalikes()
    if not letters.gapped.search(folded.text):
        return folded
    parts, places, last = list[str](), Places(folded), 0
    for found in letters.apart.finditer(folded.text):
        if found["gap"] is None:
            continue
        begin, end = found.span()
        step = 1 + len(found["gap"])
        parts += folded.text[last:begin], found[0][::step]
        places.keep(last, begin)
        places.keep(begin, end, step)
        last = end
    parts.append(folded.text[last:])
    return places.folded("".join(parts), last)


# Letters that look like Latin ones, and signs that stand for letters.


def in_latin(text: str) -> str:
    """`text` with as many letters, but Latin ones.

    A word is respelled if all its strange letters look Latin and it mixes scripts, or most of
    the text is Latin: so Russian stays Russian.
    """
    if text.isascii():
        return _without_signs(text)
    letters = _lookalikes()
    text = _without_signs(letters.word.sub(letters.unmixed, text))
    if not letters.word.search(text) or not _is_latin(text):
        return text
    return _without_signs(letters.word.sub(letters.latin, text))


@dataclass(frozen=True, slots=True)
class _Lookalikes:
    """Letters that look like Latin ones, and what to look for where there may be some."""

    table: Mapping[int, str]
    word: re.Pattern[str]  # a word of Latin letters and of those that look like them
    gapped: re.Pattern[str]
    apart: re.Pattern[str]

    def latin(self, word: re.Match[str]) -> str:
        """The word in Latin letters."""
        return word[0].translate(self.table)

    def unmixed(self, word: re.Match[str]) -> str:
        """The word in Latin letters, if its letters come from several of Unicode's pages."""
        pages = {ord(letter) >> 8 for letter in word[0] if not letter.isdigit()}
        return self.latin(word) if len(pages) > 1 else word[0]


_LATIN: Final = (
    "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1d00-\u1dbf\u1e00-\u1eff"
)
_LETTER: Final = re.compile(r"[^\W\d_]+")
_FOREIGN: Final = re.compile(rf"[^\W\d_{_LATIN}\ua720-\ua7ff\uab30-\uab6f]+")


def _is_latin(text: str) -> bool:
    foreign = sum(map(len, _FOREIGN.findall(text)))
    return sum(map(len, _LETTER.findall(text))) > 2 * foreign


@cache
def _lookalikes() -> _Lookalikes:
    table = _confusables()
    strange = "".join(sorted(map(chr, table)))
    plain = "".join(
        char for char in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)))
        if char.isalpha() and ord(char) not in table
    )  # fmt: skip
    alphabet = f"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u052f{strange}"
    return _Lookalikes(
        table,
        re.compile(
            rf"(?<![^\W_])[0-9A-Za-z{plain}]*[{strange}][0-9A-Za-z{plain}{strange}]*(?![^\W_])"
        ),
        re.compile(rf"[{GAP}][{alphabet}][{GAP}]{{1,3}}[{alphabet}](?![^\W_])"),
        re.compile(
            rf"{_KEPT}|(?<![^\W_])(?<![/@])(?<!\w\.)[{alphabet}](?P<gap>[{GAP}]{{1,3}})"
            rf"[{alphabet}](?:(?P=gap)[{alphabet}])+(?![^\W_])"
        ),
    )


_SMALL_CAPITAL: Final = re.compile("LATIN LETTER SMALL CAPITAL ([A-Z])$")


def _confusables() -> Mapping[int, str]:
    """Code point → the ASCII letter that it looks like (Unicode's confusables)."""
    found = {
        other["c"]: letter
        for letter in ascii_letters
        for other in confusables_data.get(letter, ())
        if len(other["c"]) == 1 and "\x7f" < other["c"] < "\U00010000" and other["c"].isalpha()
    }
    for char in map(chr, (*range(0x250, 0x2B0), *range(0x1D00, 0x1D80), *range(0xA730, 0xA800))):
        if match := _SMALL_CAPITAL.match(unicodedata.name(char, "")):
            found[char] = match[1].lower()
    # A small letter stands for what its capital looks like: к for k.
    small = {char.lower(): letter.lower() for char, letter in found.items() if char.isupper()}
    found = {char: letter for char, letter in {**small, **found}.items() if len(char) == 1}
    found.pop("ı", None)  # Turkish; to those who ignore case it is an i
    return {
        ord(char): "I" if letter == "l" and char.isupper() else letter
        for char, letter in found.items()
        if not char.isascii() and char not in compatible()
    }


_LEET: Final = {ord(sign): letter for sign, letter in zip("013457@$!", "oieastasi", strict=True)}
_HARD: Final = "BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz"
_SIGNED: Final = re.compile(rf"[{SIGNS}](?:[A-Za-z]|(?<=\$))")
_LEET_INSIDE: Final = re.compile(
    rf"(?P<kept>{_KEPT})"
    rf"|(?<=[A-Za-z])[{_DIGITS}$@]{{1,3}}(?=[A-Za-z])"
    rf"|(?<![\w@$!])[{_DIGITS}$]{{1,2}}(?=[A-Za-z]+[{_DIGITS}$]{{1,3}}[A-Za-z])"
    rf"|(?<=[{_HARD}])!(?=[{_HARD}])"
    r"|(?:(?<=[a-z])\$|(?<=[A-Za-z])\$\$)\$*(?![\w$@]|!\w)"
)
"""Signs that stand for letters: "1st", "mp3", "$5" and "5$" are no disguises, so a word begins
with one only if there is another inside. "Stop!you" only lacks a space."""


def _without_signs(text: str) -> str:
    if not _SIGNED.search(text):
        return text
    return _LEET_INSIDE.sub(
        lambda found: found[0] if found["kept"] else found[0].translate(_LEET), text
    )
