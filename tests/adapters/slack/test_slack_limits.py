"""Calls are spaced so that Slack has nothing to refuse, and wait when it did."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import aiohttp
import pytest

from greenroom.adapters.slack.limits import (
    MOST_WAIT_S,
    REMEMBERED,
    TIER_2,
    TIERS,
    UNSPACED,
    Pace,
)
from greenroom.adapters.slack.web import SlackWeb
from greenroom.errors import RetryLater
from tests.adapters.slack.stage import settings
from tests.platforms.slack.server import SlackServer


@dataclass(slots=True)
class Time:
    """A clock that goes on when somebody sleeps."""

    now_s: float = 1000.0
    woken: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.woken.append(self.now_s)

    def read(self) -> float:
        return self.now_s


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    return Pace(monotonic_s=time.read, sleep=time.sleep)


async def _calls(
    pace: Pace, time: Time, method: str, count: int, channel: str | None
) -> list[float]:
    stamps = []
    for _ in range(count):
        await pace.turn(method, channel)
        stamps.append(time.now_s)
    return stamps


def _busiest(stamps: list[float], window_s: float = 60.0) -> int:
    return max(sum(1 for it in stamps if start <= it < start + window_s) for start in stamps)


@pytest.mark.parametrize("method", sorted(TIERS))
async def test_no_minute_has_more_calls_than_slack_allows(
    pace: Pace, time: Time, method: str
) -> None:
    stamps = await _calls(pace, time, method, 300, None)
    assert _busiest(stamps) <= TIERS[method].per_minute


async def test_unlisted_methods_are_rare_ones(pace: Pace, time: Time) -> None:
    assert _busiest(await _calls(pace, time, "bots.info", 60, None)) <= TIER_2.per_minute


async def test_posts_in_one_channel_come_a_second_apart(pace: Pace, time: Time) -> None:
    stamps = await _calls(pace, time, "chat.postMessage", 20, "C1")
    assert _busiest(stamps, 1.0) <= 3
    assert stamps[-1] - stamps[0] >= 17.0


async def test_channels_do_not_wait_for_each_other(pace: Pace, time: Time) -> None:
    for number in range(20):
        await pace.turn("chat.postMessage", f"C{number}")
    assert time.woken == []


async def test_a_turn_that_is_far_away_is_for_later(pace: Pace, time: Time) -> None:
    pace.pause("chat.postMessage", 30.0)
    with pytest.raises(RetryLater) as caught:
        await pace.turn("chat.postMessage", "C1")
    assert caught.value.after_s == pytest.approx(30.0)
    assert not caught.value.maybe_done
    await pace.turn("chat.update")  # another method goes on
    assert time.woken == []


async def test_a_queue_longer_than_the_patience_is_for_later(pace: Pace, time: Time) -> None:
    frozen = Pace(monotonic_s=time.read, sleep=_never)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(_outcome(frozen, "chat.postMessage", "C1")) for _ in range(60)]
        await asyncio.sleep(0)
        late = [found for task in waiting if task.done() and (found := task.result())]
        assert 60 - len(late) <= 3 + MOST_WAIT_S
        assert all(after_s > MOST_WAIT_S for after_s in late)
        for task in waiting:
            task.cancel()


async def _outcome(pace: Pace, method: str, channel: str) -> float | None:
    try:
        await pace.turn(method, channel)
    except RetryLater as error:
        return error.after_s
    return None


async def _never(_: float) -> None:
    await asyncio.Event().wait()


async def test_after_a_pause_calls_come_one_by_one(pace: Pace, time: Time) -> None:
    pace.pause("conversations.history", 5.0)
    stamps = await _calls(pace, time, "conversations.history", 10, "C1")
    assert stamps[0] == pytest.approx(1005.0)
    assert _busiest(stamps, 1.0) == 1


async def test_a_pause_that_comes_while_one_waits_is_kept(time: Time) -> None:
    async def sleep(seconds: float) -> None:
        if not time.woken:
            tried.pause("chat.postMessage", 10.0)
        await time.sleep(seconds)

    tried = Pace(monotonic_s=time.read, sleep=sleep)
    stamps = await _calls(tried, time, "chat.postMessage", 4, "C1")
    assert stamps[-1] >= 1010.0


async def test_lost_connections_are_opened_again_at_once(pace: Pace, time: Time) -> None:
    for method in UNSPACED:
        await _calls(pace, time, method, 50, None)
    assert time.woken == []


async def test_memory_is_bounded(pace: Pace) -> None:
    for number in range(REMEMBERED + 50):
        await pace.turn("chat.postMessage", f"C{number}", patience_s=1e9)
    assert len(pace._paid_s) <= REMEMBERED


async def test_a_method_that_slack_limits_rests_and_others_go_on(server: SlackServer) -> None:
    async with aiohttp.ClientSession() as session:
        web = SlackWeb(settings(server), session)
        server.fail("users.info", error="ratelimited", status=429, retry_after=60)
        for _ in range(3):
            with pytest.raises(RetryLater) as caught:
                await web.call("look", web.bot.users_info, user="U1")
            assert caught.value.after_s == pytest.approx(60, abs=1)
        assert len(server.called("users.info")) == 1
        assert await web.call("look", web.bot.conversations_info, channel="C1")
