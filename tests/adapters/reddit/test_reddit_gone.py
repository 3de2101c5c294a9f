"""What authors delete and edit without a word, and what filters take out before anyone sees it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from greenroom.adapters.base import Gaps
from greenroom.adapters.reddit import RedditAdapter
from greenroom.adapters.reddit.gone import EVERY
from greenroom.errors import RetryLater
from greenroom.message import EventKind
from tests.adapters.reddit.stage import NOW, Inbox, Looks, Running, rerunning, running, settings
from tests.platforms.reddit.server import MODERATOR, PLACE, START, RedditServer


@pytest.fixture
async def made(stage: Running) -> list[str]:
    """Posts and comments that were told of."""
    post = stage.server.submit(selftext="words")
    names = [post["name"], *(stage.server.comment(f"c{n}", under=post)["name"] for n in range(4))]
    assert await stage.ids() == names
    return names


async def test_deletion_by_the_author_is_told_at_once(stage: Running, made: list[str]) -> None:
    for name in (made[0], made[2]):
        stage.server.delete(name)
    events = await stage.look()
    assert [event.kind for event in events] == [EventKind.MESSAGE_DELETED] * 2
    assert {event.message_key for event in events} == {
        f"reddit:{PLACE}:{PLACE}:{name}" for name in (made[0], made[2])
    }
    assert await stage.look() == []
    assert stage.adapter.health().gaps == Gaps()


async def test_removal_by_a_moderator_is_no_deletion(stage: Running, made: list[str]) -> None:
    stage.server.remove(made[1])
    assert await stage.look() == []
    asked = [call.data["id"] for call in stage.server.called("api/info")]
    assert [made[1] in ids for ids in asked] == [True]


@pytest.mark.parametrize(
    "facts",
    [
        {"author": "[deleted]"},  # the account is gone, and what it wrote still stands
        {"author": "[deleted]", "body": "[removed]"},
        {"author": None},
        {"body": "[deleted]"},  # somebody writes just that
    ],
)
async def test_what_looks_like_a_deletion_is_none(
    stage: Running, made: list[str], facts: dict[str, object]
) -> None:
    stage.server.things[made[1]] |= facts
    stage.server.unlisted.add(made[1])
    assert await stage.look() == []


async def test_old_things_are_looked_at_in_turn(stage: Running, made: list[str]) -> None:
    post = stage.server.things[made[0]]
    for _ in range(2):
        for n in range(150):
            stage.server.comment(f"more {n}", under=post)
        await stage.look()
    stage.server.delete(made[1])  # far down by now, where no look comes
    seen = [event for _ in range(EVERY * 5) for event in await stage.look()]
    assert [event.kind for event in seen] == [EventKind.MESSAGE_DELETED]
    assert seen[0].message_key == f"reddit:{PLACE}:{PLACE}:{made[1]}"
    assert len(stage.server.called("api/info")) <= 6


async def test_edit_that_no_listing_shows_is_found(server: RedditServer) -> None:
    server.moderators = [MODERATOR]
    async with running(server) as stage:
        post = server.submit()
        old = server.comment("before", under=post)
        await stage.look()
        for n in range(110):
            server.comment(f"c{n}", under=post)
        await stage.look()
        old |= {"body": "after", "edited": START + 900}
        seen = [event for _ in range(EVERY * 3) for event in await stage.look()]
        assert [(event.kind, event.message and event.message.text) for event in seen] == [
            (EventKind.MESSAGE_EDITED, "after")
        ]


async def test_edit_is_told_once_though_two_listings_have_it(
    stage: Running, made: list[str]
) -> None:
    stage.server.things[made[1]] |= {"body": "fixed", "edited": START + 500}
    assert [event.kind for event in await stage.look()] == [EventKind.MESSAGE_EDITED]
    assert await stage.look() == []
    assert stage.adapter.health().gaps == Gaps()


async def test_restart_tells_edits_of_old_things_as_edits(server: RedditServer) -> None:
    server.moderators = [MODERATOR]
    old = server.submit(edited=START + 400)
    for _ in range(300):
        server.now()
    new = server.submit(edited=START + 400)
    async with running(server, since=datetime.fromtimestamp(START + 200, UTC)) as stage:
        told = {e.message.id: e.kind for e in stage.found() if e.message}
        assert told == {
            old["name"]: EventKind.MESSAGE_EDITED,
            new["name"]: EventKind.MESSAGE_POSTED,
        }


async def test_thing_first_seen_after_its_edit_was_posted_then(stage: Running) -> None:
    post = stage.server.submit()
    stage.server.comment("quick", under=post, edited=START + 700)
    assert [event.kind for event in await stage.look()] == [EventKind.MESSAGE_POSTED] * 2


async def test_what_was_posted_and_deleted_between_two_looks_is_left_out(stage: Running) -> None:
    name = stage.server.submit(selftext="oops")["name"]
    stage.server.delete(name)
    stage.server.unlisted.discard(name)  # Reddit lists it for a moment
    assert await stage.look() == []


async def test_filtered_things_come_from_the_queue(stage: Running) -> None:
    post = stage.server.submit()
    await stage.look()
    made = stage.server.comment("buy gold", under=post)
    stage.server.filter(made["name"], "too new")
    posted, acted = await stage.look()
    assert posted.kind is EventKind.MESSAGE_POSTED
    assert posted.message is not None
    assert posted.message.text == "buy gold"
    assert posted.message.standing.is_removed
    assert acted.kind is EventKind.NATIVE_ACTION
    assert acted.text == "AutoModerator: too new"
    assert acted.message == posted.message
    assert await stage.look() == []


async def test_thing_filtered_after_it_was_told_of_is_acted_on_only(
    stage: Running, made: list[str]
) -> None:
    stage.server.filter(made[1])
    (acted,) = await stage.look()
    assert acted.kind is EventKind.NATIVE_ACTION
    stage.server.approve(made[1])
    assert await stage.look() == []
    stage.server.filter(made[1])
    stage.server.things[made[1]] |= {"banned_at_utc": START + 9_000, "approved": False}
    (again,) = await stage.look()
    assert again.key != acted.key


async def test_reported_things_in_the_queue_are_told_of_once(
    stage: Running, made: list[str]
) -> None:
    stage.server.things[made[1]] |= {"num_reports": 1, "user_reports": [["rude", 1]]}
    (event,) = await stage.look()
    assert event.kind is EventKind.MESSAGE_REPORTED
    assert await stage.look() == []


async def test_report_after_an_approval_is_another_one(stage: Running, made: list[str]) -> None:
    thing = stage.server.things[made[1]]
    thing |= {"num_reports": 1, "user_reports": [["rude", 1]]}
    (first,) = await stage.look()
    stage.server.approve(made[1])
    assert await stage.look() == []
    thing |= {"num_reports": 1, "user_reports": [["rude", 1]]}
    (second,) = await stage.look()
    assert second.key != first.key


async def test_lost_look_at_what_stands_is_made_again(server: RedditServer) -> None:
    server.submit()
    looks, inbox = Looks(), Inbox()
    adapter = RedditAdapter("garden", settings(server), clock=lambda: NOW, sleep=looks)
    async with asyncio.TaskGroup() as group:
        run = group.create_task(_lost(adapter, inbox))
        await looks.asleep.get()
        name = server.submit(selftext="words")["name"]
        await looks.wake.put(None)
        await looks.asleep.get()
        server.delete(name)
        server.fail("api/info", 503)
        await looks.wake.put(None)
        await run
    async with rerunning(adapter, server) as again:
        assert [event.kind for event in again.found()] == [EventKind.MESSAGE_DELETED]


async def _lost(adapter: RedditAdapter, inbox: Inbox) -> None:
    with pytest.raises(RetryLater):
        await adapter.run(inbox)
