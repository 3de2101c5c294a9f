"""Events on their way into the intake: many at once, each channel's in order.

An intake puts events into its own queue in the order in which it is called, and returns when one is
on disk. To wait for each before the next is called would make every event wait for a disk's flush
of its own; called one after another, they share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from greenroom.adapters.base import Intake
from greenroom.message import Event

IN_FLIGHT: Final = 64  # not on disk yet; when full: whoever reads waits


class Lane:
    """Calls the intake in order, and does not wait in between.

    Args:
        intake: What stores events.
        group: Owns what is under way; a failure of the intake ends it.
        places: How many may be under way.
    """

    def __init__(
        self, intake: Intake, group: asyncio.TaskGroup, *, places: int = IN_FLIGHT
    ) -> None:
        self._intake = intake
        self._group = group
        self._places = asyncio.Semaphore(places)

    async def take(self, events: Sequence[Event], stored: Callable[[], None]) -> None:
        """Start storing, and call ``stored`` when all are on disk; waits only for a place."""
        await self._places.acquire()
        self._group.create_task(self._store(events, stored))

    async def _store(self, events: Sequence[Event], stored: Callable[[], None]) -> None:
        try:
            for event in events:
                await self._intake(event)
        finally:
            self._places.release()
        stored()
