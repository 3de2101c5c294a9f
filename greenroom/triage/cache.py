"""Remembers readings: raids and greetings repeat themselves."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from greenroom.triage.base import Reading, Stage, Wants

LONGEST: Final = 2_000
"""Characters of a text that is remembered; longer ones seldom come twice."""


class ReadingCache:
    """The last readings, by canonical text; the least recently used goes first.

    A text's canonical form is all that the model sees of it, so a remembered reading is the
    very one that reading again would give.

    Args:
        size: Readings kept, about 2 kB each; 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[str, Reading] = OrderedDict()

    def find(self, text: str, wants: Wants, *, line: float | None) -> Reading | None:
        """A reading that has what is wanted.

        Args:
            text: Canonical.
            wants: What the reading is for.
            line: What the first stage is certified for; None where it is switched off.
        """
        found = self._kept.get(text)
        if found is None or not _suffices(found, wants, line):
            return None
        self._kept.move_to_end(text)
        return found

    def keep(self, text: str, reading: Reading) -> None:
        """Remember a reading of `text`, unless one that knows more is remembered."""
        if self._size == 0 or len(text) > LONGEST:
            return
        known = self._kept.get(text)
        if known is None or _knowledge(known) <= _knowledge(reading):
            self._kept[text] = reading
        self._kept.move_to_end(text)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


def may_settle(wants: Wants, line: float | None) -> bool:
    """Whether the first stage knows enough for what is wanted."""
    return line is not None and not wants.intent and not wants.embedding and wants.floor >= line


def _knowledge(reading: Reading) -> int:
    return (
        (reading.stage is Stage.ENCODER)
        + (reading.embedding is not None)
        + bool(reading.intents)
        + (reading.language is not None)
    )


def _suffices(reading: Reading, wants: Wants, line: float | None) -> bool:
    if reading.stage is Stage.FIRST and not may_settle(wants, line):
        return False
    return (
        (not wants.embedding or reading.embedding is not None)
        and (not wants.intent or bool(reading.intents))
        and (not wants.language or reading.language is not None)
    )
