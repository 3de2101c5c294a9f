"""What an adapter hears late, twice or never, counted on its way into the intake."""

from __future__ import annotations

from greenroom.adapters.base import Gaps, Intake
from greenroom.message import Event


class CountedIntake:
    """An intake that counts; ``backfill`` is the way in for what was fetched afterwards.

    One adapter has one for its whole life, so that the counts survive a lost connection.
    """

    def __init__(self) -> None:
        self._intake: Intake | None = None
        self._backfilled = 0
        self._missed = 0
        self._duplicate = 0

    def open(self, intake: Intake) -> None:
        """Take in what comes from now on."""
        self._intake = intake

    async def __call__(self, event: Event) -> bool:
        """An event as the platform delivered it."""
        assert self._intake is not None, "run opens it"
        is_new = await self._intake(event)
        if not is_new:
            self._duplicate += 1
        return is_new

    async def backfill(self, event: Event) -> bool:
        """An event that was looked up; what was stored before is no duplicate delivery."""
        assert self._intake is not None, "run opens it"
        is_new = await self._intake(event)
        if is_new:
            self._backfilled += 1
        return is_new

    def miss(self, events: int = 1) -> None:
        """So many cannot be had any more; one where nobody knows how many."""
        self._missed += events

    @property
    def gaps(self) -> Gaps:
        """The counts so far."""
        return Gaps(self._backfilled, self._missed, self._duplicate)
