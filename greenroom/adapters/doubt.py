"""Orders whose outcome is unknown stay so until a look has settled it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from greenroom.errors import RetryLater
from greenroom.message import Order


@contextmanager
def still_in_doubt(order: Order) -> Iterator[None]:
    """A try that fails keeps the doubt that it was given, since its look may be what failed."""
    try:
        yield
    except RetryLater as error:
        if error.maybe_done or not order.maybe_done:
            raise
        raise RetryLater(str(error), after_s=error.after_s, maybe_done=True) from error
