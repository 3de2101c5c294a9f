"""An adapter that falls is started again, with patience; a wrong setting is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from greenroom.adapters.base import Intake
from greenroom.errors import ConfigError, RetryLater
from greenroom.message import Event
from greenroom.supervisor import Backoff, supervise
from tests.stand_ins import ScriptedAdapter


class Falling(ScriptedAdapter):
    """Raises one error after another, then ends."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)
        self.runs = 0

    async def run(self, intake: Intake) -> None:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)


async def taken(event: Event) -> bool:
    return True


async def waits_of(adapter: Falling, *, clock: Iterator[float] | None = None) -> list[float]:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    times = clock or iter([0.0] * 1000)
    await supervise(
        adapter, taken, sleep=sleep, jitter=lambda: 1.0, monotonic_s=lambda: next(times)
    )
    return waits


async def test_backoff_doubles_up_to_its_cap() -> None:
    adapter = Falling(*(RetryLater("away") for _ in range(8)))
    assert await waits_of(adapter) == [1, 2, 4, 8, 16, 32, 60, 60]
    assert adapter.runs == 9


def test_backoff_is_jittered_between_half_and_whole() -> None:
    backoff = Backoff(first_s=2.0, cap_s=60.0)
    assert (backoff.delay_s(3, 0.0), backoff.delay_s(3, 1.0)) == (4.0, 8.0)
    assert backoff.delay_s(10_000, 1.0) == 60.0


async def test_what_the_platform_asks_for_is_waited() -> None:
    assert await waits_of(Falling(RetryLater("limited", after_s=45.0))) == [45.0]


async def test_an_error_nobody_foresaw_starts_it_again(caplog: pytest.LogCaptureFixture) -> None:
    assert await waits_of(Falling(ZeroDivisionError("odd"))) == [1]
    assert "ZeroDivisionError" in caplog.text


async def test_a_long_run_counts_from_the_beginning() -> None:
    adapter = Falling(RetryLater("a"), RetryLater("b"), RetryLater("c"))
    clock = iter([0.0, 1.0, 1.0, 2.0, 2.0, 500.0, 500.0])
    assert await waits_of(adapter, clock=clock) == [1, 2, 1]


async def test_a_wrong_setting_ends_it() -> None:
    with pytest.raises(ConfigError, match="token"):
        await waits_of(Falling(ConfigError("wrong token")))


async def test_cancelling_ends_it() -> None:
    adapter = ScriptedAdapter()
    task = asyncio.create_task(supervise(adapter, taken))
    await adapter.idle.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
