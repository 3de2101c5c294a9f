"""First contact: how to reach a person and how to opt out, told once by each persona."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from greenroom.message import Member

HasSpoken = Callable[[str, Member], Awaitable[bool]]
"""Whether a persona, by name, has said anything to a member before."""

TELLING: Final = timedelta(seconds=30)
"""How long a line handed out counts as told. By then its decision is recorded, or is not."""

_MOST: Final = 10_000


class FirstContact:
    """Hands each persona's line out for its first words to a member.

    Args:
        has_spoken: Looks it up in the record.
        lines: What each persona says; one that is not in it says nothing.
    """

    def __init__(self, has_spoken: HasSpoken, lines: Mapping[str, str]) -> None:
        self.lines = lines
        self._has_spoken = has_spoken
        self._telling: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    async def line(self, persona: str, member: Member, now: datetime) -> str | None:
        """What to put under ``persona``'s words; None if it was told, or is being told."""
        line, key = self.lines.get(persona), (persona, member.key)
        if not line or self._is_being_told(key, now) or await self._has_spoken(persona, member):
            return None
        if self._is_being_told(key, now):  # by another message, while the record was read
            return None
        self._telling[key] = now
        while len(self._telling) > _MOST:
            self._telling.popitem(last=False)
        return line

    def _is_being_told(self, key: tuple[str, str], now: datetime) -> bool:
        told_at = self._telling.get(key)
        if told_at is None or now - told_at < TELLING:
            return told_at is not None
        del self._telling[key]
        return False
