"""What the model reads of a text: folded, emoji as words, and one spelling for what varies.

The encoder's vocabulary knows no emoji; to it all of them are the same unknown token. Their
Unicode short names are words that it does know. Names, long numbers, the tails of links and
stretched letters are spelled alike, because they say nothing about what a message is for: so
the copies that a raid sends with another number each are one text, read once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from emoji import EMOJI_DATA

from greenroom.fold import Folded, Piece, fold

_NAME_NOISE: Final = re.compile(r"^:|:$|_")

_MENTION: Final = re.compile(
    r"<[@#][!&]?\w{2,32}(?:\|[^<>]{0,80})?>|(?<![\w@./])@(?!everyone\b|here\b|user\b)\w[\w.-]{0,63}"
    r"|(?<![\w/])/?u/[\w-]{3,20}\b"
)
_CALL: Final = re.compile(r"<!(channel|here|everyone)>")
_CUSTOM_EMOJI: Final = re.compile(r"<a?:(\w{2,32}):\d+>")
_LINK: Final = re.compile(r"https?://[^\s<>]{8,}", re.IGNORECASE)
_LINK_KEPT: Final = 48
"""Characters of a link that are read: its host, and as a rule what it leads to."""

_NUMBER: Final = re.compile(r"\d{5,}")
_STRETCHED: Final = re.compile(r"([^\s\d])\1{3,}")


def canonical(text: str) -> str:
    """What the model reads of `text`. Texts that are canonically equal get the same reading."""
    return " ".join(spell_out(text).text.lower().split())


def spell_out(text: str) -> Folded:
    """`text` as the model is to read it, but for case and spaces; offsets lead into `text`."""
    folded = fold(text)
    said = folded.text
    if "<" in said:
        folded = folded.rewritten(_CALL, lambda found: [("@everyone", 0, len(found))])
        folded = folded.rewritten(_CUSTOM_EMOJI, _emoji_name)
    if "@" in said or "u/" in said or "<" in said:
        folded = folded.rewritten(_MENTION, lambda found: [("@user", 0, len(found))])
    if "://" in said:
        folded = folded.rewritten(_LINK, _link)
    folded = folded.rewritten(_NUMBER, lambda found: [("000", 0, len(found))])
    folded = folded.rewritten(_STRETCHED, lambda found: [(found[:3], 0, len(found))])
    return folded if said.isascii() else folded.rewritten(_emoji_runs(), _named)


def _link(found: str) -> Iterable[Piece]:
    kept = min(len(re.split(r"[?#]", found, maxsplit=1)[0]), _LINK_KEPT)
    yield from ((char, place, place + 1) for place, char in enumerate(found[:kept]))


def _emoji_name(found: str) -> Iterable[Piece]:
    name = found.split(":")[1].replace("_", " ")
    yield f" {name} ", 0, len(found)


def _named(run: str) -> Iterable[Piece]:
    names = _names()
    first = names.get(run[:2]) or names[run[0]]
    yield f" {first} ", 0, len(run)


@cache
def _names() -> Mapping[str, str]:
    """One emoji, or a flag's two letters → its English short name, as in ``face with tears``."""
    return {
        sign: _NAME_NOISE.sub(" ", facts["en"]).strip()
        for sign, facts in EMOJI_DATA.items()
        if not sign[0].isascii() and (len(sign) == 1 or _is_flag(sign))
    }


def _is_flag(sign: str) -> bool:
    return len(sign) == 2 and all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in sign)


@cache
def _emoji_runs() -> re.Pattern[str]:
    alone = "".join(sign for sign in _names() if len(sign) == 1)
    flags = "|".join(sign for sign in _names() if len(sign) == 2)
    return re.compile(rf"({flags}|[{alone}])\1*")
