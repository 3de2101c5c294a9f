"""The backlog: what waits in the inbox, told to people once it is more than usual.

Nothing is shed when messages come faster than they are read: they wait on disk, in order. But
a decision that comes late is a fault as well, so that it is said, on the desk and in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from greenroom.ledger import Backlog

log = logging.getLogger(__name__)

MANY: Final = 500
"""More than the workers and their queues hold with the shipped settings (288), so that some
have not been fetched from the disk yet."""

_LOOK_S: Final = 5.0
_SAY_S: Final = 60.0


def told(backlog: Backlog, now: datetime) -> str | None:
    """The backlog in words; None while it is not worth a word."""
    if backlog.depth <= MANY or backlog.oldest_at is None:
        return None
    since = _in_words((now - backlog.oldest_at).total_seconds())
    return f"{backlog.depth:,} messages wait to be read; the oldest since {since}"


async def watch(
    look: Callable[[], Awaitable[Backlog]],
    clock: Callable[[], datetime],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Warn in the log while the backlog is large, at most once a minute; until cancelled."""
    while True:
        words = told(await look(), clock())
        if words is not None:
            log.warning("%s; nothing is lost, but decisions come late", words)
        await sleep(_LOOK_S if words is None else _SAY_S)


def _in_words(seconds: float) -> str:
    if seconds < 120:
        return f"{max(0, round(seconds))} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"
