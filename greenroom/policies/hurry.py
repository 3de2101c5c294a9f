"""Slow patterns off the event loop.

Asking rules takes microseconds, but for a pattern that must run in the slow engine. On the loop
such a search gets two milliseconds; if it needs more, all rules are asked anew on a thread, where
the engine gives the interpreter free while it searches, and has its whole deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, TypeVar

T = TypeVar("T")

HURRIED: Final[ContextVar[bool]] = ContextVar("hurried", default=False)
"""Whether whoever asks is on the event loop, and would rather go elsewhere than wait."""


class TookLong(Exception):
    """A search needs more time than the event loop can spare."""


async def hurried(call: Callable[[], T]) -> T:
    """What ``call`` returns, computed here if that is quick, else on a thread. It may run twice."""
    token = HURRIED.set(True)
    try:
        return call()
    except TookLong:
        pass
    finally:
        HURRIED.reset(token)
    return await asyncio.to_thread(call)
