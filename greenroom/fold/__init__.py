"""Undoes the disguises that text is put into: rules and the model both read what comes out.

Letters in boxes, compatibility forms (NFKC), characters nobody sees, stacked marks, letters set
apart, letters that look like Latin ones, signs for letters. Every character of the folded text
knows where in the original it stood, so that what was found there can be shown in the original.

Folding is for finding, not for showing: what it makes of "a11y" is nonsense, and nobody sees it.
"""

from __future__ import annotations

import re
from typing import Final

from greenroom.fold.folded import Folded, Piece
from greenroom.fold.forms import CONTROLS, legible, unboxed
from greenroom.fold.letters import GAP, SIGNS, closed_up, in_latin

__all__ = ["Folded", "Piece", "fold"]

_SUSPECT: Final = re.compile(
    rf"[{GAP}{SIGNS}{CONTROLS}](?:(?<=[{SIGNS}])[A-Za-z]|(?<=[${CONTROLS}])"
    rf"|(?<=[{GAP}])[A-Za-z][{GAP}]{{1,3}}[A-Za-z](?![^\W_]))"
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
        folded = folded.respelled(unboxed(text))
    folded = closed_up(legible(folded))
    return folded.respelled(in_latin(folded.text))
