"""How fast Reddit is asked, and what happens when it says to wait."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import pytest

from greenroom.adapters.reddit.client import signed_in
from greenroom.adapters.reddit.pace import FOR_LISTINGS, LONGEST_WAIT_S, Pace, rest_s
from greenroom.adapters.reddit.rota import Rota
from greenroom.errors import RetryLater
from tests.adapters.reddit.stage import Running, settings
from tests.platforms.reddit.server import SUBREDDIT, RedditServer


async def test_library_spaces_requests_as_reddit_asks(server: RedditServer) -> None:
    server.limits.told = (2_999.0, 1, 600)  # so evenly spread, the next is due in 0.2 s
    async with signed_in(settings(server)) as web:
        began = time.monotonic()
        for _ in range(3):
            await web.me()
        assert 0.35 < time.monotonic() - began < 2.0
        assert web.pace.remaining == 2_999


async def test_used_up_limit_is_told_and_not_slept_through(server: RedditServer) -> None:
    server.limits.told = (0.0, 1_000, 240)
    async with signed_in(settings(server)) as web:
        await web.me()
        with pytest.raises(RetryLater, match="used up") as caught:
            await web.me()
        assert caught.value.after_s is not None
        assert 230 < caught.value.after_s <= 240
        assert not caught.value.maybe_done
        assert web.pace.pause_s() > 230


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining": "many", "x-ratelimit-used": "1", "x-ratelimit-reset": "1"},
        {"x-ratelimit-remaining": "5.0"},
        {"x-ratelimit-remaining": "5.0", "x-ratelimit-used": "2.5", "x-ratelimit-reset": "60"},
        {"x-ratelimit-remaining": "inf", "x-ratelimit-used": "1", "x-ratelimit-reset": "nan"},
        {},
    ],
)
def test_odd_headers_are_no_fault(headers: dict[str, str]) -> None:
    pace = Pace()
    pace.update(response_headers=headers)
    assert pace.pause_s() == 0.0


@pytest.mark.parametrize(
    ("remaining", "used", "left_s", "rest"),
    [
        (1_000, 0, 600.0, 0.0),
        (700, 300, 300.0, 0.0),  # as much as half of the window allows
        (600, 400, 300.0, 100.0),  # of 600 for the listings 400 are used: 400 s are due
        (200, 800, 100.0, 100.0),  # more than their share: until the next window
        (0, 1_000, 42.0, 42.0),
        (0, 0, 42.0, 42.0),
        (5, 995, -3.0, 0.0),  # the next window has begun
    ],
)
def test_listings_rest_until_their_share_allows_more(
    remaining: int, used: int, left_s: float, rest: float
) -> None:
    assert FOR_LISTINGS == 0.6
    assert rest_s(remaining, used, left_s, window_s=600.0) == pytest.approx(rest)


async def test_looks_become_rarer_and_smaller_where_little_is_left(stage: Running) -> None:
    stage.server.limits.told = (600.0, 400, 300)
    await stage.look()
    assert stage.looks.asleep.empty()
    await stage.looks.wake.put(None)
    pause_s = await stage.looks.asleep.get()
    assert 90 < pause_s <= 100
    stage.server.limits.told = (600.0, 400, 599)  # the library would wait; nothing is due yet
    counted = Counter[str]()
    for _ in range(5):
        stage.server.limits.told = (600.0, 400, 300)
        before = len(stage.server.calls)
        await stage.look()
        counted.update(call.path.removesuffix("/") for call in stage.server.calls[before:])
    primary = counted[f"r/{SUBREDDIT}/new"], counted[f"r/{SUBREDDIT}/comments"]
    assert primary == (5, 5)
    assert len(counted) == 2 + 5  # each of the others had its turn
    assert sum(counted.values()) == 3 * 5


async def test_looks_come_back_when_there_is_enough(stage: Running) -> None:
    stage.server.limits.told = (600.0, 400, 300)
    await stage.look()
    stage.server.limits.told = None
    await stage.look()
    before = len(stage.server.calls)
    await stage.look()
    assert len(stage.server.calls) - before == 7


@dataclass(frozen=True, slots=True)
class Named:
    """A source of which only the rota's part matters."""

    name: str
    every: int


def test_rota_gives_each_source_its_turn() -> None:
    rota = Rota()
    sources = [Named("first", 0), Named("each", 1), Named("third", 3)]
    seen = [
        [source.name for source in rota.due(sources, is_scarce=False)]  # type: ignore[arg-type]
        for _ in range(5)
    ]
    assert seen == [
        ["first", "each", "third"],
        ["first", "each"],
        ["first", "each"],
        ["first", "each", "third"],
        ["first", "each"],
    ]
    scarce = Counter(
        source.name
        for _ in range(20)
        for source in rota.due(sources, is_scarce=True)  # type: ignore[arg-type]
    )
    assert scarce["first"] == 20
    assert 3 <= scarce["third"] <= 6
    assert scarce["each"] == 20 - scarce["third"]


async def test_too_many_requests_while_acting_is_for_later(stage: Running) -> None:
    stage.server.fail("api/v1/me", 429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")
    async with signed_in(settings(stage.server)) as web:
        with pytest.raises(RetryLater):
            await web.me()
    assert LONGEST_WAIT_S > 10
