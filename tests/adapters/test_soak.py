"""A minute of every platform's misbehaviour: nothing lost, nothing doubled, memory flat."""

from __future__ import annotations

import pytest

from benchmarks.soak import PLATFORMS, soak

SECONDS = 60.0
ROOM_MIB = 12.0  # that a minute may take: caches fill


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_nothing_is_lost_and_nothing_doubled(platform: str) -> None:
    result = await soak(platform, seconds=SECONDS, every_s=2.0)
    assert sum(result.faults.values()) > SECONDS / 4
    assert result.said > 100
    assert (result.lost, result.unanswered, result.doubled) == (0, 0, 0)
    assert result.memory_last_third - result.memory_first_third < ROOM_MIB
