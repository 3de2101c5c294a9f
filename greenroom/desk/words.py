"""Which words made a score: for the case page, when a moderator asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from greenroom.desk.room import Room
from greenroom.desk.text import Span, clip
from greenroom.desk.why import Why
from greenroom.message import Message
from greenroom.triage.base import HEADS
from greenroom.triage.explain import MOST_REMOVED, Explanation, Word, asked_heads

log = logging.getLogger(__name__)

_STEPS = (0.03, 0.1, 0.2, 0.4)  # the least share of each strength; below the first, no mark
_LISTED = 6
_OTHER_HEADS = 5


@dataclass(frozen=True, slots=True)
class Words:
    """An explanation ready for a page, or why there is none.

    Attributes:
        heads: What else may be asked for, first the heads on which rules fired.
    """

    head: str
    heads: Sequence[str]
    explanation: Explanation | None = None
    excuse: str | None = None

    @property
    def listed(self) -> list[tuple[Word, float, int]]:
        """The strongest words, each with its share and strength."""
        shares = self.explanation.shares if self.explanation else ()
        strong = [(word, share, _strength(share)) for word, share in shares]
        return [one for one in strong if one[2]][:_LISTED]

    @property
    def said(self) -> str:
        """What a screen reader says when the words are there."""
        if self.explanation is None:
            return self.excuse or ""
        words = ", ".join(f"{clip(word.text, 40)} {share:.0%}" for word, share, _ in self.listed)
        return f"{self.head} {self.explanation.score:.2f}: {words or 'no word raises it'}"

    @property
    def most_removed(self) -> int:
        """How many words a change takes away at most."""
        return MOST_REMOVED

    def spans(self, start: int, end: int) -> list[Span]:
        """Marks for a part of what triage read, by strength."""
        shares = self.explanation.shares if self.explanation else ()
        return [
            Span(max(word.start, start) - start, min(word.end, end) - start, _strength(share))
            for word, share in shares
            if _strength(share) and word.start < end and word.end > start
        ]


async def words(
    room: Room, message: Message, decided: Sequence[Why], head: str | None
) -> Words | None:
    """Ask which words made a score; None if ``head`` is not one.

    One explanation is made at a time: each is a few hundred readings, and new messages wait
    for the same model.

    Args:
        room: Where the explaining is done.
        message: Its current text is explained.
        decided: What was decided on it.
        head: Which score; without one, the first that a rule fired on, else the highest.
    """
    asked = asked_heads(fired for one in decided if one.is_current for fired in one.decision.trace)
    heads = _offered([*asked], decided)
    head = head or heads[0]
    if head not in HEADS:
        return None
    try:
        async with asyncio.timeout(room.patience.words_s), room.explaining:
            found = await room.explain(message, head, asked.get(head))
    except TimeoutError:
        log.warning("no words for %s: they take too long", message.key)
        return Words(head, heads, excuse="The model is busy just now. Try again in a moment.")
    return Words(head, heads, found)


def _offered(asked: Sequence[str], decided: Sequence[Why]) -> list[str]:
    """Heads to ask for: those of rules that fired, then the highest of the current text."""
    scored = [bar for one in decided if one.is_current for bar in one.bars]
    scored.sort(key=lambda bar: -bar.score)
    high = dict.fromkeys(bar.head for bar in scored if bar.head in HEADS)
    found = [head for head in dict.fromkeys((*asked, *high)) if head in HEADS]
    return found[: max(_OTHER_HEADS, len(asked))] or [HEADS[0]]


def _strength(share: float) -> int:
    """0 (not marked) to 4."""
    return sum(share >= least for least in _STEPS)
