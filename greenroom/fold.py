"""Undoes the disguises that text is put into: rules and the model both read what comes out.

Letters in boxes, compatibility forms (NFKC), characters nobody sees, stacked marks, letters set
apart, letters that look like Latin ones, signs for letters. Every character of the folded text
knows where in the original it stood, so that what was found there can be shown in the original.

Folding is for finding, not for showing: what it makes of "a11y" is nonsense, and nobody sees it.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, chain, repeat, zip_longest
from string import ascii_letters
from typing import Final

from confusable_homoglyphs.confusables import confusables_data
from emoji import EMOJI_DATA

Piece = tuple[str, int, int]
"""What a part of a match becomes, and where in the match that part begins and ends."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its disguises.

    Attributes:
        text: The folded text.
        starts: For each of its characters, where in the original it begins; None when each
            stands where it stood.
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

    def rewritten(
        self, pattern: re.Pattern[str], spell: Callable[[str], Iterable[Piece]]
    ) -> Folded:
        """This text with every match of `pattern` spelled as `spell` says."""
        parts, places, last = list[str](), _Places(self), 0
        for match in pattern.finditer(self.text):
            begin, end = match.span()
            parts.append(self.text[last:begin])
            places.keep(last, begin)
            for said, low, high in spell(match[0]):
                parts.append(said)
                places.put(len(said), begin + low, begin + high)
            last = end
        if not parts:
            return self
        parts.append(self.text[last:])
        return places.folded("".join(parts), last)

    def respelled(self, text: str) -> Folded:
        """This text in other letters, as many of them."""
        return self if text == self.text else Folded(text, self.starts, self.ends)


class _Places:
    """Where the characters of a text in the making stand in the original."""

    __slots__ = ("_all_ends", "_all_starts", "_ends", "_source", "_starts")

    def __init__(self, source: Folded) -> None:
        length = len(source.text)
        self._source = source
        self._all_starts = range(length) if source.starts is None else source.starts
        self._all_ends = range(1, length + 1) if source.ends is None else source.ends
        self._starts, self._ends = array("l"), array("l")

    def keep(self, start: int, end: int, step: int = 1) -> None:
        """Characters of the source, each for itself."""
        self._starts.extend(self._all_starts[start:end:step])
        self._ends.extend(self._all_ends[start:end:step])

    def put(self, count: int, start: int, end: int) -> None:
        """So many characters that all stand for the source's from `start` to `end`."""
        if count:
            self._starts.extend((self._all_starts[start],) * count)
            self._ends.extend((self._all_ends[end - 1],) * count)

    def folded(self, text: str, last: int) -> Folded:
        """`text`, which from `last` on is the source's."""
        if text == self._source.text:
            return self._source
        self.keep(last, len(self._source.text))
        return Folded(text, self._starts, self._ends)


_GAP: Final = r" \n.\-_*~/|\u00b7"
_DIGITS: Final = "013457"
_SIGNS: Final = f"{_DIGITS}@$!"
_CONTROLS: Final = "\x00-\x08\x0e-\x1b\x7f"
_SUSPECT: Final = re.compile(
    rf"[{_GAP}{_SIGNS}{_CONTROLS}](?:(?<=[{_SIGNS}])[A-Za-z]|(?<=[${_CONTROLS}])"
    rf"|(?<=[{_GAP}])[A-Za-z][{_GAP}]{{1,3}}[A-Za-z](?![^\W_]))"
)
"""Plain text without a match of this has no disguise: one quick look spares most messages."""


def fold(text: str) -> Folded:
    """`text` without disguises: the same every time, in time linear in its length.

    What is folded already stays as it is.
    """
    folded = Folded(text)
    if text.isascii() and not _SUSPECT.search(text):
        return folded
    if not text.isascii():
        folded = folded.respelled(_ENCLOSED.sub(_unboxed, text))
    folded = _closed_up(_legible(folded))
    return folded.respelled(_in_latin(folded.text))


# Letters in boxes and circles, for which Unicode has no compatibility form.

_BOXED: Final = {
    first + place: chr(ord("a") + place)
    for first in (0x249C, 0x1F110, 0x1F150, 0x1F170, 0x1F1E6)
    for place in range(26)
}
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_ENCLOSED: Final = re.compile(
    "[\u249c-\u24b5\U0001f110-\U0001f129\U0001f150-\U0001f169\U0001f170-\U0001f189]+"
    f"|[{_FLAG_LETTERS}]+"
)


def _unboxed(found: re.Match[str]) -> str:
    """Two flag letters are a flag, if there is such a flag; all others are letters."""
    run = found[0]
    if len(run) % 2 or run[0] not in _FLAG_LETTERS:
        return run.translate(_BOXED)
    pairs = (run[place : place + 2] for place in range(0, len(run), 2))
    return run if all(pair in EMOJI_DATA for pair in pairs) else run.translate(_BOXED)


# Compatibility forms, what nobody sees, stacked marks.

_UNSEEN: Final = (
    f"{_CONTROLS}\x80-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\uf8ff\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
)
"""Unicode's default ignorables, controls, halves of pairs, private use."""

_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a"
    "\ufe00-\ufe0f\ufe20-\ufe2f"
)
"""Marks that any letter can carry, and selectors of a glyph's variant. Marks that belong to a
script (Arabic, Hebrew, Devanagari, Thai) are left alone: there they spell the word."""

_FORM_BLOCKS: Final = (
    range(0x1D400, 0x1D800), range(0x1EE00, 0x1EF00), range(0x1F100, 0x1F300),
    range(0x1FBF0, 0x1FBFA), range(0x2F800, 0x2FA20),
)  # fmt: skip
"""Where the compatibility forms stand that are beyond the first plane."""

_HIDDEN: Final = re.compile(f"[{_UNSEEN}{_MARKS}]")
_NEEDS_JOINERS: Final = "\u0600-\u061b\u061d-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18aa"
"""Scripts in which one sees whether letters are joined."""

_KEPT_FORMS: Final = re.compile("[\u0590-\u10ff\u3130-\u318f]|. .|.[\u1100-\u11ff]|.{6}")
"""Character and compatibility form, where the form is not what people write: of scripts in which
both spell words, spaces with an accent, parts of Hangul, whole phrases."""


def _legible(folded: Folded) -> Folded:
    """Compatibility forms spelled out, without what nobody sees; composed letters stay."""
    text = folded.text
    if not _HIDDEN.search(text) and unicodedata.is_normalized("NFKC", text):
        return folded
    pieces = _odd().split(text)
    odd = pieces[1::2]
    said = list(map(_seen, odd))
    if said == odd:
        return folded
    lengths, counts = list(map(len, pieces)), list(map(len, said))
    pieces[1::2] = said
    spelled = "".join(pieces)
    if set(lengths[1::2]) == set(counts) == {1}:
        return folded.respelled(spelled)
    return Folded(spelled, *_spread(lengths, counts))


def _spread(lengths: list[int], counts: list[int]) -> Iterator[Sequence[int]]:
    """Where characters begin and end, if every second piece of a text becomes so many others.

    Nothing was moved before. Made of iterators throughout: a text may have half a million pieces.
    """
    bounds = list(accumulate(lengths, initial=0))
    kept_from, kept_to = bounds[:-1:2], bounds[1::2]
    for step, odd in enumerate((kept_to, kept_from[1:])):
        kept = map(range, (at + step for at in kept_from), (at + step for at in kept_to))
        both = zip_longest(kept, map(repeat, odd, counts), fillvalue=())
        yield array("l", chain.from_iterable(chain.from_iterable(both)))


@lru_cache(maxsize=8192)
def _seen(cluster: str) -> str:
    """What a reader sees of a character and its marks.

    A mark may make another letter of it; where several are left over, all of them are noise.
    """
    is_spelled_out = cluster[0] in _compatible()
    said = unicodedata.normalize("NFKC" if is_spelled_out else "NFC", cluster)
    seen = _HIDDEN.sub("", said)
    if len(said) - len(seen) < 2:
        return seen
    return unicodedata.normalize("NFC", _HIDDEN.sub("", unicodedata.normalize("NFD", seen)))


@cache
def _odd() -> re.Pattern[str]:
    """A character with marks, of which Unicode allows thirty, or one that is not as it looks."""
    plane = "".join(sorted(char for char in _compatible() if char < "\U00010000"))
    compatible = plane + "".join(f"{chr(one.start)}-{chr(one.stop - 1)}" for one in _FORM_BLOCKS)
    unseen = _UNSEEN.replace("\u200b-\u200f", "\u200b\u200e\u200f")
    return re.compile(
        f"([^{_MARKS}]?[{_MARKS}]{{1,30}}|[{compatible}][\uff9e\uff9f]?|[{unseen}]{{1,30}}"
        f"|(?<![{_NEEDS_JOINERS}])[\u200c\u200d])"
    )


@cache
def _compatible() -> frozenset[str]:
    """Characters that are spelled out."""
    blocks = (range(0xA0, 0x3400), range(0xA600, 0xAC00), range(0xF900, 0xFFF0), *_FORM_BLOCKS)
    forms = {char: unicodedata.normalize("NFKC", char) for one in blocks for char in map(chr, one)}
    return frozenset(
        char
        for char, form in forms.items()
        if form != char and not _KEPT_FORMS.match(f"{char}{form}")
    )


# Letters set apart.

_KEPT: Final = (
    r"<(?:[@#!]|a?:\w)[^<>\s]{1,80}>|(?<![\w@$!])(?:\w{2,10}://|[wW]{3}\.)\S+"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+\.\w\S*"
)
"""Mentions, custom emoji, links and addresses: no letter of these stands for another."""


def _closed_up(folded: Folded) -> Folded:
    """Three letters or more, each by itself, with the same gap between all of them, as a word."""
    letters = _lookalikes()
    if not letters.gapped.search(folded.text):
        return folded
    parts, places, last = list[str](), _Places(folded), 0
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


def _in_latin(text: str) -> str:
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
        re.compile(rf"[{_GAP}][{alphabet}][{_GAP}]{{1,3}}[{alphabet}](?![^\W_])"),
        re.compile(
            rf"{_KEPT}|(?<![^\W_])(?<![/@])(?<!\w\.)[{alphabet}](?P<gap>[{_GAP}]{{1,3}})"
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
        if not char.isascii() and char not in _compatible()
    }


_LEET: Final = {ord(sign): letter for sign, letter in zip("013457@$!", "oieastasi", strict=True)}
_HARD: Final = "BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz"
_SIGNED: Final = re.compile(rf"[{_SIGNS}](?:[A-Za-z]|(?<=\$))")
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
