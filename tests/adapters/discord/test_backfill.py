"""What was posted while no session heard it comes in afterwards, once, and is counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic import SecretStr

from greenroom.adapters.base import Gaps
from greenroom.adapters.settings import Backfill, DiscordEndpoints, DiscordSettings
from greenroom.message import Event, EventKind
from tests.adapters.contract import WAIT_S
from tests.adapters.discord.stage import NOW, Running, running
from tests.platforms.discord.payloads import HELP, MODERATOR, MODS, POST, TOKEN
from tests.platforms.discord.server import DiscordServer


def bounded(server: DiscordServer, **more: float) -> DiscordSettings:
    return DiscordSettings(
        token=SecretStr(TOKEN),
        endpoints=DiscordEndpoints(api=server.api),
        backfill=Backfill(**more),
    )


async def came(stage: Running, count: int) -> list[Event]:
    return [await stage.inbox.next() for _ in range(count)]


async def nothing_more(stage: Running) -> None:
    await asyncio.sleep(0.1)
    assert stage.inbox.events.empty()


async def test_what_a_lost_session_missed_is_fetched(stage: Running) -> None:
    await stage.received("before")
    stage.server.gateway.forget()
    missed = [await stage.server.say(f"missed {n}", channel=c) for n, c in ((1, HELP), (2, POST))]
    await stage.resumed()
    events = await came(stage, 2)
    assert {event.message and event.message.id for event in events} == {m["id"] for m in missed}
    assert {event.kind for event in events} == {EventKind.MESSAGE_POSTED}
    await nothing_more(stage)
    assert stage.adapter.health().gaps == Gaps(backfilled=2)


async def test_a_message_found_later_is_the_one_that_would_have_come(stage: Running) -> None:
    live = await stage.received("who am I?", author=MODERATOR)
    stage.server.gateway.forget()
    await stage.server.say("who am I?", author=MODERATOR)
    await stage.resumed()
    (event,) = await came(stage, 1)
    assert event.message is not None
    assert (event.message.author, event.message.channel) == (live.author, live.channel)
    assert event.message.community == live.community


async def test_an_edit_that_was_missed_has_the_key_of_the_edit(stage: Running) -> None:
    await stage.received("before")
    stage.server.gateway.forget()
    posted = await stage.server.say("frist")
    edited = await stage.server.edit(posted, "first")
    await stage.resumed()
    (found,) = await came(stage, 1)
    assert found.kind is EventKind.MESSAGE_EDITED
    await stage.server.gateway.dispatch("MESSAGE_UPDATE", edited)
    (live,) = await came(stage, 1)
    assert live.key == found.key


async def test_a_resumed_session_needs_no_look_back(stage: Running) -> None:
    await stage.received("before")
    asked = len(stage.server.did("GET", "/messages"))
    stage.server.gateway.cut()
    await stage.server.say("replayed")
    await stage.resumed()
    await came(stage, 1)
    assert len(stage.server.did("GET", "/messages")) == asked
    assert stage.adapter.health().gaps == Gaps()


async def test_a_restart_goes_on_from_the_ledgers_newest_event(server: DiscordServer) -> None:
    old = await server.say("long ago")
    async with running(server, since=NOW - timedelta(hours=5)) as stage:
        (event,) = await came(stage, 1)
        assert event.message is not None
        assert event.message.id == old["id"]


async def test_history_is_no_news_on_a_first_start(server: DiscordServer) -> None:
    await server.say("long ago")
    async with running(server) as stage:
        await nothing_more(stage)
        assert server.did("GET", "/messages") == []


async def test_nothing_is_fetched_where_it_is_switched_off(server: DiscordServer) -> None:
    await server.say("long ago")
    chosen = bounded(server, hours=0)
    async with running(server, since=NOW - timedelta(hours=5), settings=chosen) as stage:
        await nothing_more(stage)
        assert server.did("GET", "/messages") == []


async def test_what_lies_beyond_the_bound_is_counted_as_missed(server: DiscordServer) -> None:
    for number in range(5):
        await server.say(f"message {number}")
    chosen = bounded(server, messages_per_channel=3)
    async with running(server, since=NOW - timedelta(hours=5), settings=chosen) as stage:
        await came(stage, 3)
        await nothing_more(stage)
        assert stage.adapter.health().gaps == Gaps(backfilled=3, missed=1)


async def test_a_channel_that_cannot_be_read_keeps_none_of_the_others_back(
    stage: Running,
) -> None:
    await stage.received("before")
    stage.server.gateway.forget()
    await stage.server.say("in a channel that is refused", channel=MODS)
    stage.server.unreadable.add(MODS)
    await stage.server.say("missed")
    await stage.resumed()
    (event,) = await came(stage, 1)
    assert event.message is not None
    assert event.message.text == "missed"


async def test_a_direct_message_is_looked_for_too(stage: Running) -> None:
    await stage.received("hello", channel="5001", guild_id=None)
    stage.server.gateway.forget()
    await stage.server.say("are you there?", channel="5001", guild_id=None)
    await stage.resumed()
    async with asyncio.timeout(WAIT_S):
        (event,) = await came(stage, 1)
    assert event.message is not None
    assert event.message.text == "are you there?"
    assert event.message.community.id == "@me"
