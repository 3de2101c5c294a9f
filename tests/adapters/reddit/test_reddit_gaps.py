"""What Reddit's listings leave out is found again, or counted as missed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from greenroom.adapters.base import Gaps
from greenroom.adapters.reddit import missing
from greenroom.adapters.reddit.listings import DEEP_EVERY
from greenroom.adapters.settings import Backfill
from greenroom.message import EventKind
from tests.adapters.reddit.stage import NOW, Running, rerunning, running
from tests.platforms.faults import Fault
from tests.platforms.reddit.server import START, Call, RedditServer


def at(seconds: float) -> datetime:
    """A time on the server's clock."""
    return datetime.fromtimestamp(START + seconds, UTC)


def gaps(stage: Running) -> Gaps:
    """What the adapter says that it did not hear at once."""
    return stage.adapter.health().gaps


async def test_more_than_reddit_lists_is_counted_through(stage: Running) -> None:
    made = [stage.server.submit()["name"] for _ in range(1_250)]
    assert await stage.ids() == made
    assert gaps(stage) == Gaps(backfilled=250)
    assert len(stage.server.called("api/info")) == 3
    assert await stage.ids() == []


async def test_what_others_posted_in_the_gap_is_left_alone(stage: Running) -> None:
    other = {"subreddit": "elsewhere", "subreddit_id": "t5_other"}
    early = [stage.server.submit()["name"] for _ in range(3)]
    for _ in range(200):
        stage.server.submit(**other)
    late = [stage.server.submit()["name"] for _ in range(1_000)]
    assert await stage.ids() == [*early, *late]
    assert gaps(stage) == Gaps(backfilled=3)


async def test_what_is_gone_from_the_gap_counts_as_missed(stage: Running) -> None:
    made = [stage.server.submit(selftext="words")["name"] for _ in range(1_020)]
    stage.server.delete(made[3])
    stage.server.things[made[4]] |= {"selftext": "[removed]", "author": "[deleted]"}
    stage.server.unlisted.add(made[4])
    assert await stage.ids() == [*made[:3], *made[5:]]
    assert gaps(stage) == Gaps(backfilled=18, missed=2)


async def test_gap_too_wide_to_count_through_is_one_miss(
    stage: Running, caplog: pytest.LogCaptureFixture
) -> None:
    post = stage.server.submit()
    await stage.look()
    stage.server.comment("known", under=post)
    await stage.look()
    stage.server.skip("t1", missing.MOST_NAMES + 1)  # in all of Reddit
    made = [stage.server.comment(f"c{n}", under=post)["name"] for n in range(1_001)]
    with caplog.at_level(logging.WARNING):
        assert await stage.ids() == made[1:]
    assert gaps(stage) == Gaps(missed=1)
    assert not stage.server.called("api/info")
    assert any("more came than Reddit lists" in record.getMessage() for record in caplog.records)
    assert "1 items or gaps were missed" in stage.adapter.health().detail


def remove_anchors(server: RedditServer, most: int) -> None:
    """From now on whatever a page hangs on is removed just before, so many times."""

    def remove(call: Call) -> None:
        anchor = str(call.data.get("after"))
        if call.path.endswith("/new") and anchor in server.things and len(server.unlisted) < most:
            server.remove(anchor)

    server.on_call = remove


@pytest.mark.parametrize("then", ["nothing", "start"])
async def test_page_whose_anchors_were_removed_is_found_behind_another(
    stage: Running, then: str
) -> None:
    stage.server.lost_anchor = then
    made = [stage.server.submit()["name"] for _ in range(350)]
    remove_anchors(stage.server, 3)
    assert await stage.ids() == made
    assert not stage.server.called("api/info")
    assert gaps(stage) == Gaps()


@pytest.mark.parametrize("then", ["nothing", "start"])
async def test_page_that_no_anchor_leads_to_is_counted_through(stage: Running, then: str) -> None:
    stage.server.lost_anchor = then
    made = [stage.server.submit()["name"] for _ in range(350)]
    remove_anchors(stage.server, 4)
    assert await stage.ids() == made
    assert gaps(stage) == Gaps(backfilled=250 if then == "nothing" else 0)


async def test_listing_whose_known_items_all_vanished_is_no_gap(stage: Running) -> None:
    known = [stage.server.submit()["name"] for _ in range(5)]
    await stage.look()
    for name in [*known, next(iter(stage.server.things))]:
        stage.server.remove(name)
    made = [stage.server.submit()["name"] for _ in range(3)]
    assert await stage.ids() == made
    assert gaps(stage) == Gaps()


async def test_thing_that_appears_late_and_further_down_is_found(stage: Running) -> None:
    late = stage.server.submit(title="held back")["name"]
    stage.server.unlisted.add(late)
    made = [stage.server.submit()["name"] for _ in range(10)]
    assert await stage.ids() == made
    stage.server.unlisted.discard(late)
    assert await stage.ids() == [late]


@pytest.mark.parametrize("fault", [Fault.REORDER, Fault.DUPLICATE])
async def test_disturbed_listing_changes_nothing(stage: Running, fault: Fault) -> None:
    made = [stage.server.submit()["name"] for _ in range(250)]
    for _ in range(3):
        stage.server.ordered.order(fault)
    assert await stage.ids() == made
    assert await stage.ids() == []
    assert gaps(stage) == Gaps()


async def test_one_known_item_that_moved_up_does_not_end_the_look(stage: Running) -> None:
    known = stage.server.submit()
    await stage.look()
    made = [stage.server.submit()["name"] for _ in range(150)]
    stage.server.things[known["name"]] = stage.server.things.pop(known["name"])
    assert await stage.ids() == made


async def test_restart_finds_what_came_since(server: RedditServer) -> None:
    made = [server.submit()["name"] for _ in range(400)]
    async with running(server, since=at(271)) as stage:
        ids = [event.message.id for event in stage.found() if event.message]
        assert ids == made[150:]  # two minutes before, since clocks differ
        assert gaps(stage) == Gaps(backfilled=250)
        assert await stage.ids() == []


async def test_clock_that_is_ahead_of_reddits_misses_nothing(server: RedditServer) -> None:
    heard_by_our_clock = at(10) + timedelta(seconds=100)  # of what came at 10
    made = [server.submit()["name"] for _ in range(50)]
    async with running(server, since=heard_by_our_clock) as stage:
        ids = [event.message.id for event in stage.found() if event.message]
        assert set(made[10:]) <= set(ids)


async def test_restart_looks_through_names_beyond_the_listing(server: RedditServer) -> None:
    made = [server.submit()["name"] for _ in range(1_600)]
    wide = Backfill(messages_per_channel=5_000)
    async with running(server, since=at(421), backfill=wide) as stage:
        ids = [event.message.id for event in stage.found() if event.message]
        assert ids == made[300:]
        assert gaps(stage) == Gaps(backfilled=1_300)


async def test_restart_gives_up_where_names_run_too_fast(server: RedditServer) -> None:
    other = {"subreddit": "elsewhere", "created_utc": START + 100}
    for _ in range(150):
        server.submit(**other)
    for _ in range(1_001):
        server.submit()
    wide = Backfill(messages_per_channel=5_000)
    async with running(server, since=at(-3_000), backfill=wide, clock=lambda: NOW) as stage:
        assert len(server.called("api/info")) == 2  # and one for what still stands
        assert gaps(stage) == Gaps(backfilled=1_001, missed=1)


@pytest.mark.parametrize(
    ("backfill", "found"),
    [
        (Backfill(messages_per_channel=120), 120),
        (Backfill(messages_per_channel=0), 0),
        (Backfill(hours=0), 0),
        (Backfill(hours=0.95), 120),  # NOW is an hour after the first
    ],
)
async def test_settings_bound_the_look_back(
    server: RedditServer, backfill: Backfill, found: int
) -> None:
    made = [server.submit()["name"] for _ in range(299)]
    async with running(server, since=at(0), backfill=backfill) as stage:
        ids = [event.message.id for event in stage.found() if event.message]
        assert ids == made[len(made) - found :]
        assert gaps(stage).missed == (1 if backfill.messages_per_channel == 120 else 0)


async def test_first_start_tells_of_no_history(server: RedditServer) -> None:
    for _ in range(150):
        server.submit()
    async with running(server) as stage:
        assert stage.found() == []
        assert gaps(stage) == Gaps()


async def test_lost_connection_is_caught_up_with(server: RedditServer) -> None:
    server.submit()
    async with running(server) as stage:
        server.submit()
        assert len(await stage.look()) == 1
        assert gaps(stage) == Gaps()
    made = [server.submit()["name"] for _ in range(120)]
    async with rerunning(stage.adapter, server) as again:
        assert [event.message.id for event in again.found() if event.message] == made
        assert gaps(again) == Gaps(backfilled=120)


async def test_what_the_intake_had_before_is_no_duplicate_when_fetched(
    server: RedditServer,
) -> None:
    server.submit()
    async with running(server, since=at(0)) as stage:
        assert len(stage.found()) == 1
    assert stage.adapter.health().gaps == Gaps(backfilled=1)


async def test_report_of_an_old_item_behind_many_others_is_found(stage: Running) -> None:
    old = stage.server.submit()
    for _ in range(250):
        stage.server.submit(num_reports=1, user_reports=[["spam", 1]])
    await stage.look()
    old |= {"num_reports": 1, "user_reports": [["late", 1]]}
    texts = [event.text for _ in range(DEEP_EVERY + 1) for event in await stage.look()]
    assert texts == ["late (1)"]
    assert gaps(stage) == Gaps()


async def test_open_reports_of_before_are_history(server: RedditServer) -> None:
    for _ in range(250):
        server.submit(num_reports=1, user_reports=[["spam", 1]])
    async with running(server) as stage:
        assert stage.found() == []
        for _ in range(DEEP_EVERY + 1):
            assert await stage.look() == []


async def test_moderators_listing_that_overflows_is_one_miss(stage: Running) -> None:
    for _ in range(1_001):
        stage.server.submit(num_reports=1, user_reports=[["spam", 1]])
    events = await stage.look()
    reported = [event for event in events if event.kind is EventKind.MESSAGE_REPORTED]
    assert len(reported) == 1_000
    assert gaps(stage).missed == 2  # the queue has the same
