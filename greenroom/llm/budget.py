"""How many tokens may be used in a day (UTC): by each persona, and by all of them together.

Tokens are set aside before a call and put right after it, so that calls side by side cannot
use more than there is. What a crash leaves set aside stays used: that errs on the safe side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from greenroom.llm.base import Reservation


class TokenStore(Protocol):
    """Where the days' counts are kept; see `greenroom.ledger.tokens`."""

    async def reserve(
        self, persona: str, day: str, tokens: int, *, limit: int | None, whole: int | None
    ) -> bool:
        """Count ``tokens`` as used, unless that is over one of the limits."""

    async def settle(self, persona: str, day: str, difference: int) -> None:
        """Count so many more as used, or fewer."""


class DayBudget:
    """`Budget` by calendar days.

    Args:
        store: Keeps the counts.
        whole: Tokens a day of all personas together; None: no limit.
        clock: The time now, in UTC.
    """

    def __init__(
        self, store: TokenStore, *, whole: int | None, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._whole = whole
        self._clock = clock

    async def reserve(self, persona: str, tokens: int, limit: int | None) -> Reservation | None:
        """See `Budget`."""
        day = self._clock().date().isoformat()
        fits = await self._store.reserve(persona, day, tokens, limit=limit, whole=self._whole)
        return Reservation(persona, day, tokens) if fits else None

    async def settle(self, reservation: Reservation, used: int) -> None:
        """See `Budget`."""
        difference = used - reservation.tokens
        await self._store.settle(reservation.persona, reservation.day, difference)


class MemoryTokens:
    """`TokenStore` that forgets with the process: for trials, which record nothing."""

    def __init__(self) -> None:
        self._used: Counter[tuple[str, str]] = Counter()

    async def reserve(
        self, persona: str, day: str, tokens: int, *, limit: int | None, whole: int | None
    ) -> bool:
        """See `TokenStore`."""
        theirs = self._used[persona, day] + tokens
        everybodys = sum(n for (_, on), n in self._used.items() if on == day) + tokens
        if (limit is not None and theirs > limit) or (whole is not None and everybodys > whole):
            return False
        self._used[persona, day] += tokens
        return True

    async def settle(self, persona: str, day: str, difference: int) -> None:
        """See `TokenStore`."""
        self._used[persona, day] = max(0, self._used[persona, day] + difference)
