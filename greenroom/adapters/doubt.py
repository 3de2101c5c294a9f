"""An order is performed once, and its outcome stays in doubt until a look has settled it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.errors import RetryLater
from greenroom.message import Order, Outcome

DONE: Final = 10_000  # outcomes remembered; the outbox never asks for one again after so many


class Once:
    """Performs one key once, however often it is asked; an adapter has one for its whole life."""

    def __init__(self, *, clock: Clock) -> None:
        self._done: Recent[str, Outcome] = Recent(size=DONE, clock=clock)

    async def perform(self, order: Order, way: Callable[[Order], Awaitable[Outcome]]) -> Outcome:
        """The outcome of ``way``, or of the time before.

        Raises:
            RetryLater: With the doubt that the order came with, since its look may be what
                failed.
            DropMessage, ConfigError: As ``way`` raises them.
        """
        if order.key in self._done:
            return self._done[order.key]
        with _still_in_doubt(order):
            outcome = await way(order)
        self._done[order.key] = outcome
        return outcome


@contextmanager
def _still_in_doubt(order: Order) -> Iterator[None]:
    try:
        yield
    except RetryLater as error:
        if error.maybe_done or not order.maybe_done:
            raise
        raise RetryLater(str(error), after_s=error.after_s, maybe_done=True) from error
