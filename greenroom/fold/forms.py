"""Letters in boxes, compatibility forms (NFKC), characters nobody sees, stacked marks."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate, chain, repeat, zip_longest
from typing import Final

from emoji import EMOJI_DATA

from greenroom.fold.folded import Folded

CONTROLS: Final = "\x00-\x08\x0e-\x1b\x7f"
"""Characters that no chat sends, for a pattern's class."""

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


def unboxed(text: str) -> str:
    """`text` with letters that stand in boxes and circles as plain ones; flags stay flags."""
    return _ENCLOSED.sub(_unboxed, text)


def _unboxed(found: re.Match[str]) -> str:
    """Two flag letters are a flag, if there is such a flag; all others are letters."""
    run = found[0]
    if len(run) % 2 or run[0] not in _FLAG_LETTERS:
        return run.translate(_BOXED)
    pairs = (run[place : place + 2] for place in range(0, len(run), 2))
    return run if all(pair in EMOJI_DATA for pair in pairs) else run.translate(_BOXED)


# Compatibility forms, what nobody sees, stacked marks.

_UNSEEN: Final = (
    f"{CONTROLS}\x80-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
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


def legible(folded: Folded) -> Folded:
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
    is_spelled_out = cluster[0] in compatible()
    said = unicodedata.normalize("NFKC" if is_spelled_out else "NFC", cluster)
    seen = _HIDDEN.sub("", said)
    if len(said) - len(seen) < 2:
        return seen
    return unicodedata.normalize("NFC", _HIDDEN.sub("", unicodedata.normalize("NFD", seen)))


@cache
def _odd() -> re.Pattern[str]:
    """A character with marks, of which Unicode allows thirty, or one that is not as it looks."""
    plane = "".join(sorted(char for char in compatible() if char < "\U00010000"))
    forms = plane + "".join(f"{chr(one.start)}-{chr(one.stop - 1)}" for one in _FORM_BLOCKS)
    unseen = _UNSEEN.replace("\u200b-\u200f", "\u200b\u200e\u200f")
    return re.compile(
        f"([^{_MARKS}]?[{_MARKS}]{{1,30}}|[{forms}][\uff9e\uff9f]?|[{unseen}]{{1,30}}"
        f"|(?<![{_NEEDS_JOINERS}])[\u200c\u200d])"
    )


@cache
def compatible() -> frozenset[str]:
    """Characters that are spelled out."""
    blocks = (range(0xA0, 0x3400), range(0xA600, 0xAC00), range(0xF900, 0xFFF0), *_FORM_BLOCKS)
    forms = {char: unicodedata.normalize("NFKC", char) for one in blocks for char in map(chr, one)}
    return frozenset(
        char
        for char, form in forms.items()
        if form != char and not _KEPT_FORMS.match(f"{char}{form}")
    )
