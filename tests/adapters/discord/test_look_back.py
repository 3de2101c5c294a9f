"""Where a look back goes, where it does not, how far, and what it does not disturb."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from greenroom.adapters.base import Gaps
from greenroom.adapters.settings import Backfill, DiscordEndpoints, DiscordSettings
from greenroom.errors import RetryLater
from greenroom.message import Event, MessageKind
from tests.adapters.contract import WAIT_S, Inbox
from tests.adapters.discord.stage import NOW, Running, Sleeps, adapter_for, running
from tests.platforms.discord.gateway import INVALID
from tests.platforms.discord.payloads import (
    EPOCH_MS,
    FORUM,
    GUILD,
    HELP,
    HIDDEN,
    ME,
    MEMBER,
    MODS,
    POST,
    TOKEN,
    USERS,
)
from tests.platforms.discord.server import DiscordServer

VIEW, HISTORY = 1 << 10, 1 << 16


def bounded(server: DiscordServer, **more: float) -> DiscordSettings:
    endpoints = DiscordEndpoints(api=server.api)
    return DiscordSettings(
        token=SecretStr(TOKEN), endpoints=endpoints, backfill=Backfill.model_validate(more)
    )


def at(moment: datetime, number: int = 0) -> str:
    """An id of a moment."""
    return str(((int(moment.timestamp() * 1000) - EPOCH_MS) << 22) + number)


async def texts(stage: Running, count: int) -> set[str]:
    events = [await stage.inbox.next() for _ in range(count)]
    return {event.message.text for event in events if event.message}


async def nothing_more(stage: Running) -> None:
    await asyncio.sleep(0.1)
    assert stage.inbox.events.empty()


def pages(server: DiscordServer, channel: str) -> list[dict[str, str]]:
    return [one.query for one in server.did("GET", f"/channels/{channel}/messages")]


async def test_session_that_discord_takes_back_is_looked_behind(stage: Running) -> None:
    await stage.received("before")
    gateway = stage.server.gateway
    told, gateway.sessions = gateway.sessions, {}
    await stage.server.say("said to nobody")
    for session in told.values():
        assert session.wire is not None
        await session.wire.send({"op": INVALID, "d": False, "s": None})
    await stage.resumed()
    assert await texts(stage, 1) == {"said to nobody"}
    assert stage.adapter.health().gaps == Gaps(backfilled=1)


async def test_channels_threads_and_posts_are_looked_into(stage: Running) -> None:
    await stage.received("before")
    server = stage.server
    server.gateway.forget()
    opened = await server.places.thread_named("A new idea", parent=FORUM)
    await server.say("first of a post", channel=opened, id=opened)
    for channel in (HELP, MODS, POST, await server.places.channel_named("voice", kind=2)):
        await server.say(f"in {channel}", channel=channel)
    await stage.resumed()
    events = {
        event.message.text: event.message
        for event in [await stage.inbox.next() for _ in range(5)]
        if event.message
    }
    assert len(events) == 5
    first = events["first of a post"]
    assert (first.kind, first.title) == (MessageKind.TEXT_SUBMISSION, "A new idea")
    assert (first.channel.name, first.thread) == ("ideas", opened)
    assert stage.adapter.health().gaps == Gaps(backfilled=5)


async def test_channel_in_which_nothing_new_stands_is_not_asked(stage: Running) -> None:
    await stage.received("before")
    await stage.received("before", channel=MODS)
    stage.server.gateway.forget()
    await stage.server.say("missed")
    await stage.resumed()
    assert await texts(stage, 1) == {"missed"}
    assert len(pages(stage.server, HELP)) == 1
    assert pages(stage.server, MODS) == []
    assert pages(stage.server, HIDDEN) == []


async def test_channel_that_the_bot_may_not_read_is_not_asked(server: DiscordServer) -> None:
    for one in server.places.servers[GUILD]["channels"]:
        if one["id"] == HIDDEN:
            one["permission_overwrites"] = [{"id": GUILD, "type": 0, "deny": str(HISTORY)}]
    async with running(server) as stage:
        await stage.received("before")
        server.gateway.forget()
        await server.say("not for the bot", channel=HIDDEN)
        await server.say("missed")
        await stage.resumed()
        assert await texts(stage, 1) == {"missed"}
        assert pages(server, HIDDEN) == []
        assert stage.adapter.health().gaps == Gaps(backfilled=1)


async def test_server_with_odd_roles_is_looked_into_all_the_same(server: DiscordServer) -> None:
    for one in server.places.servers[GUILD]["roles"]:
        one["permissions"] = "0"
    async with running(server) as stage:
        await stage.received("before")
        server.gateway.forget()
        await server.say("missed", channel=MODS)
        await stage.resumed()
        assert await texts(stage, 1) == {"missed"}


async def test_server_that_does_not_tell_the_newest_message_is_asked(
    server: DiscordServer,
) -> None:
    whole = server.places.whole

    def without(guild_id: str) -> dict[str, Any]:
        found = whole(guild_id)
        for one in (*found["channels"], *found["threads"]):
            one["last_message_id"] = None
        return found

    server.gateway.servers = lambda: [without(GUILD)]
    async with running(server) as stage:
        await stage.received("before")
        server.gateway.forget()
        await server.say("missed")
        await server.say("missed there", channel=MODS)
        await stage.resumed()
        assert await texts(stage, 2) == {"missed", "missed there"}


async def test_server_that_lists_no_servers_is_looked_into(server: DiscordServer) -> None:
    server.gateway.ready = {"guilds": []}
    async with running(server) as stage:
        await stage.received("before")
        server.gateway.forget()
        await server.say("missed")
        await server.say("missed there", channel=MODS)
        await stage.resumed()
        assert await texts(stage, 2) == {"missed", "missed there"}
        await nothing_more(stage)


async def test_server_that_lists_no_servers_is_looked_into_at_a_start(
    server: DiscordServer,
) -> None:
    server.gateway.ready = {"guilds": []}
    await server.say("missed")
    async with running(server, since=NOW - timedelta(hours=5)) as stage:
        assert await texts(stage, 1) == {"missed"}


async def test_pages_follow_each_other(stage: Running) -> None:
    before = await stage.received("before")
    stage.server.gateway.forget()
    said = [await stage.server.say(f"missed {number}") for number in range(250)]
    await stage.resumed()
    events = [await stage.inbox.next() for _ in said]
    assert [event.message and event.message.text for event in events] == [
        one["content"] for one in said
    ]
    assert [one["after"] for one in pages(stage.server, HELP)] == [
        before.id,
        said[99]["id"],
        said[199]["id"],
    ]


async def test_what_just_fits_the_bound_is_not_missed(server: DiscordServer) -> None:
    for number in range(3):
        await server.say(f"message {number}")
    chosen = bounded(server, messages_per_channel=3)
    async with running(server, since=NOW - timedelta(hours=5), settings=chosen) as stage:
        await texts(stage, 3)
        await nothing_more(stage)
        assert stage.adapter.health().gaps == Gaps(backfilled=3)


async def test_what_is_older_than_the_hours_is_counted(server: DiscordServer) -> None:
    await server.say("too old", id=at(NOW - timedelta(hours=3)))
    await server.say("new enough", id=at(NOW - timedelta(hours=1)))
    await server.say("quiet until now", id=at(NOW - timedelta(hours=1), 1), channel=MODS)
    chosen = bounded(server, hours=2)
    async with running(server, since=NOW - timedelta(hours=5), settings=chosen) as stage:
        assert await texts(stage, 2) == {"new enough", "quiet until now"}
        await nothing_more(stage)
        assert stage.adapter.health().gaps == Gaps(backfilled=2, missed=1)


async def test_ids_that_tell_no_time_are_good_enough(server: DiscordServer) -> None:
    async with running(server) as stage:
        await stage.received("before", id="101")
        server.gateway.forget()
        now = (NOW - timedelta(minutes=1)).isoformat()
        await server.say("missed", id="102", timestamp=now)
        await server.say("missed there", id="103", channel=MODS, timestamp=now)
        await stage.resumed()
        assert await texts(stage, 2) == {"missed", "missed there"}


@pytest.mark.parametrize("more", [{"hours": 0}, {"messages_per_channel": 0}])
async def test_lost_session_without_a_look_back_is_one_gap(
    server: DiscordServer, more: dict[str, float]
) -> None:
    async with running(server, settings=bounded(server, **more)) as stage:
        await stage.received("before")
        server.gateway.forget()
        await server.say("missed")
        await stage.resumed()
        await stage.received("after")
        assert stage.adapter.health().gaps == Gaps(missed=1)
        assert server.did("GET", "/messages") == []


async def test_history_of_a_server_that_let_the_bot_in_meanwhile_is_no_news(
    server: DiscordServer,
) -> None:
    (mine,) = server.places.servers[GUILD]["members"]
    mine["joined_at"] = (NOW - timedelta(hours=1)).isoformat()
    await server.say("before the bot came", id=at(NOW - timedelta(hours=2)))
    await server.say("since", id=at(NOW - timedelta(minutes=30)))
    async with running(server, since=NOW - timedelta(hours=5)) as stage:
        assert await texts(stage, 1) == {"since"}
        await nothing_more(stage)


async def test_server_that_lets_the_bot_in_now_has_history(stage: Running) -> None:
    other = await stage.server.places.server_named("Beta")
    channel = await stage.server.places.channel_named("help", guild_id=other)
    stage.server.places.posted(channel, MEMBER, "long ago", id=at(NOW - timedelta(minutes=5)))
    await stage.server.gateway.dispatch("GUILD_CREATE", stage.server.places.whole(other))
    await stage.received("hello", channel=channel)
    assert pages(stage.server, channel) == []


async def test_server_that_was_away_is_looked_into(stage: Running) -> None:
    await stage.received("before")
    server = stage.server
    await server.gateway.dispatch("GUILD_DELETE", {"id": GUILD, "unavailable": True})
    server.places.posted(HELP, MEMBER, "said in the dark", id=server.new_id())
    await server.gateway.dispatch("GUILD_CREATE", server.places.whole(GUILD))
    assert await texts(stage, 1) == {"said in the dark"}


async def test_live_messages_do_not_wait_for_a_look_back(stage: Running) -> None:
    await stage.received("before")
    go = asyncio.Event()
    stage.server.holds_pages = go
    stage.server.gateway.forget()
    await stage.server.say("missed")
    await stage.resumed()
    await stage.received("live")
    await stage.received("live elsewhere", channel=MODS)
    go.set()
    assert await texts(stage, 1) == {"missed"}


async def test_what_comes_by_itself_is_not_looked_for(server: DiscordServer) -> None:
    chosen = bounded(server, messages_per_channel=3)
    async with running(server, settings=chosen) as stage:
        await stage.received("before")
        server.holds_pages = asyncio.Event()
        server.gateway.forget()
        for number in range(3):
            await server.say(f"missed {number}")
        await stage.resumed()
        for number in range(5):
            await stage.received(f"live {number}")
        server.holds_pages.set()
        assert await texts(stage, 3) == {f"missed {number}" for number in range(3)}
        await nothing_more(stage)
        assert stage.adapter.health().gaps == Gaps(backfilled=3)


async def test_second_loss_in_the_middle_loses_nothing(stage: Running) -> None:
    await stage.received("before")
    go = asyncio.Event()
    stage.server.holds_pages = go
    stage.server.gateway.forget()
    await stage.server.say("missed")
    await stage.resumed()
    await stage.received("live")
    stage.server.gateway.forget()
    await stage.server.say("missed again")
    await stage.resumed()
    await stage.received("live again")
    go.set()
    assert await texts(stage, 2) >= {"missed"}
    gaps = stage.adapter.health().gaps
    assert (gaps.backfilled, gaps.missed) == (2, 0)


async def test_run_that_ends_in_the_middle_is_gone_on_with(server: DiscordServer) -> None:
    sleeps, inbox = Sleeps(), Inbox()
    adapter = adapter_for(server, sleeps)
    async with asyncio.timeout(WAIT_S):
        run = asyncio.ensure_future(adapter.run(inbox))
        await adapter.ready.wait()
        await server.say("before")
        await inbox.next()
        server.holds_pages = asyncio.Event()
        server.gateway.forget()
        await server.say("missed")
        await server.gateway.opened.get()
        await server.gateway.opened.get()
        await server.say("live")
        assert (await inbox.next()).message.text == "live"  # type: ignore[union-attr]
        server.gateway.is_away = True
        server.gateway.cut()
        with pytest.raises(RetryLater):
            await run
        server.holds_pages.set()
        server.gateway.is_away = False
        again = asyncio.ensure_future(adapter.run(inbox))
        found = [await inbox.next() for _ in range(1)]
        assert [event.message and event.message.text for event in found] == ["missed"]
        again.cancel()
        await asyncio.wait([again])


async def test_busy_discord_is_asked_again(stage: Running) -> None:
    await stage.received("before")
    stage.server.gateway.forget()
    await stage.server.say("missed")
    stage.server.refuses_pages = {HELP: [503, 429]}
    await stage.resumed()
    assert await texts(stage, 1) == {"missed"}
    assert stage.adapter.health().gaps == Gaps(backfilled=1)


async def test_discord_that_stays_busy_is_a_gap(stage: Running) -> None:
    await stage.received("before")
    await stage.received("before", channel=MODS)
    stage.server.gateway.forget()
    await stage.server.say("missed")
    stage.server.refuses_pages = {HELP: [503] * 4}
    await stage.resumed()
    async with asyncio.timeout(WAIT_S):
        while stage.adapter.health().gaps.missed == 0:
            await asyncio.sleep(0.01)
    assert stage.adapter.health().gaps == Gaps(missed=1)
    await stage.received("after")


async def test_member_who_has_left_is_known_by_name(stage: Running) -> None:
    await stage.received("before")
    stage.server.gateway.forget()
    await stage.server.say("goodbye")
    del stage.server.places.users[MEMBER]
    await stage.resumed()
    event = await stage.inbox.next()
    assert event.message is not None
    assert event.message.author.name == USERS[MEMBER]["username"]
    assert event.message.author.roles is None


async def test_own_message_is_known_as_own(stage: Running) -> None:
    await stage.received("before")
    stage.server.gateway.forget()
    await stage.server.say("I said this", author=ME)
    await stage.resumed()
    event = await stage.inbox.next()
    assert event.message is not None
    assert event.message.author.is_self


async def test_odd_message_of_a_page_is_passed_over(stage: Running) -> None:
    await stage.received("before")
    stage.server.gateway.forget()
    odd = await stage.server.say("odd")
    await stage.server.say("missed")
    del stage.server.messages[HELP][odd["id"]]["author"]
    await stage.resumed()
    assert await texts(stage, 1) == {"missed"}


async def test_failing_intake_ends_the_run_with_its_error(server: DiscordServer) -> None:
    async def full(_: Event) -> bool:
        raise OSError("disk full")

    await server.say("missed")
    adapter = adapter_for(server, Sleeps(), since=NOW - timedelta(hours=5))
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(OSError, match="disk full"):
            await adapter.run(full)
