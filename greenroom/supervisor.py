"""Keeps an adapter running: restarts it with capped, jittered back-off."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from greenroom.adapters.base import Adapter, Intake
from greenroom.errors import ConfigError, GiveUp, RetryLater

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait before try ``n``: exponential, capped, with full jitter on the upper half."""

    first_s: float = 1.0
    cap_s: float = 60.0

    def delay_s(self, failures: int, jitter: float) -> float:
        """The wait after ``failures`` failures in a row (from 1); ``jitter`` is 0 to 1."""
        whole = min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return whole * (0.5 + 0.5 * jitter)


async def supervise(
    adapter: Adapter,
    intake: Intake,
    *,
    backoff: Backoff = Backoff(),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    jitter: Callable[[], float] = random.random,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> None:
    """Run ``adapter`` until it ends by itself.

    A lost connection, or an error nobody foresaw, starts it again; one that ran for longer
    than the cap counts from the beginning.

    Raises:
        ConfigError, GiveUp: A person must act; starting it again would not help.
    """
    failures = 0
    while True:
        began = monotonic_s()
        asked_s: float | None = None
        try:
            await adapter.run(intake)
        except (ConfigError, GiveUp):
            raise
        except RetryLater as error:
            asked_s = error.after_s
            log.warning("%s (%s): %s", adapter.bot, adapter.platform, error)
        except Exception:
            log.exception("%s (%s) failed; it starts again", adapter.bot, adapter.platform)
        else:
            return
        failures = 1 if monotonic_s() - began > backoff.cap_s else failures + 1
        delay_s = max(asked_s or 0.0, backoff.delay_s(failures, jitter()))
        log.info("%s (%s): next try in %.1f s", adapter.bot, adapter.platform, delay_s)
        await sleep(delay_s)
