"""Questions that go on from the one before: "and where is it?" asks about what was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from greenroom.message import Turn

MEMBER: Final = "member"
MOST_WORDS: Final = 8
"""A longer question says itself what it is about."""

_GOES_ON: Final = re.compile(
    r"^\W*(?:and|but|or|also|then|what about|how about|ok(?:ay)?,? (?:and|but|then))\b"
    r"|\b(?:it|its|that|this|those|these|they|them|there|one)\b",
    re.IGNORECASE,
)
_MOST_SAID: Final = 500  # characters of the question before


def whole_question(text: str, conversation: Sequence[Turn]) -> str | None:
    """The question with the one that it goes on from; None if it stands for itself."""
    if len(text.split()) > MOST_WORDS or not _GOES_ON.search(text):
        return None
    before = next((turn.text for turn in reversed(conversation) if turn.by == MEMBER), None)
    return None if not before else f"{before[:_MOST_SAID]} {text}"
