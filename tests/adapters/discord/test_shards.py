"""Several connections of one bot: as many as Discord says, each kept by itself."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from greenroom.adapters.settings import DiscordEndpoints, DiscordSettings
from greenroom.errors import ConfigError, RetryLater
from greenroom.message import ActionKind
from tests.adapters.contract import WAIT_S, Inbox
from tests.adapters.discord.stage import Running, Sleeps, adapter_for, order, running, settings
from tests.platforms.discord.gateway import IDENTIFY, INVALID, RESUME, Session
from tests.platforms.discord.payloads import TOKEN
from tests.platforms.discord.server import DiscordServer


def with_shards(server: DiscordServer, count: int) -> DiscordSettings:
    endpoints = DiscordEndpoints(api=server.api)
    return DiscordSettings(token=SecretStr(TOKEN), shards=count, endpoints=endpoints)


async def help_of_shard_1(server: DiscordServer) -> str:
    """The #help of a server that the second of two connections hears."""
    for number in range(100):
        guild_id = await server.places.server_named(f"Beta {number}")
        if (int(guild_id) >> 22) % 2 == 1:
            return await server.places.channel_named("help", guild_id=guild_id)
    raise AssertionError("no id was odd")


def of_shard(server: DiscordServer, number: int) -> Session:
    (found,) = [one for one in server.gateway.sessions.values() if one.shard == (number, 2)]
    return found


async def cut(server: DiscordServer, number: int, *, forget: bool = False) -> None:
    """One connection is lost, and with ``forget`` its session too."""
    session = of_shard(server, number)
    assert session.wire is not None
    session.wire.cut()
    session.lose()
    if forget:
        del server.gateway.sessions[session.id]


async def is_away(stage: Running) -> None:
    async with asyncio.timeout(WAIT_S):
        while stage.adapter.ready.is_set():
            await asyncio.sleep(0.005)


async def test_discord_says_how_many(server: DiscordServer) -> None:
    there = await help_of_shard_1(server)
    server.gateway.shards = 2
    async with running(server) as stage:
        asked = sorted(identify["shard"] for identify in server.gateway.asked(IDENTIFY))
        assert asked == [[0, 2], [1, 2]]
        await stage.received("hello")
        message = await stage.received("hello there", channel=there)
        assert (message.community.name or "").startswith("Beta")
        assert message.channel.name == "help"


async def test_one_connection_has_no_number(stage: Running) -> None:
    (identify,) = stage.server.gateway.asked(IDENTIFY)
    assert "shard" not in identify


async def test_file_may_say_how_many(server: DiscordServer) -> None:
    async with running(server, settings=with_shards(server, 3)):
        asked = sorted(identify["shard"] for identify in server.gateway.asked(IDENTIFY))
        assert asked == [[0, 3], [1, 3], [2, 3]]


@pytest.mark.parametrize(("concurrency", "waits"), [(1, 3), (2, 2), (16, 0)])
async def test_sessions_begin_no_faster_than_discord_takes_them(
    server: DiscordServer, concurrency: int, waits: int
) -> None:
    server.gateway.shards, server.concurrency = 4, concurrency
    async with running(server) as stage:
        waited = [one for one in stage.sleeps.asked if one > 4]
        assert len(waited) == waits
        assert all(one <= 5.0 for one in waited)


async def test_too_few_session_starts_are_waited_for(server: DiscordServer) -> None:
    server.gateway.shards, server.sessions_left = 4, 3
    with pytest.raises(RetryLater, match="3 more sessions, and it needs 4") as caught:
        await adapter_for(server, Sleeps()).run(Inbox())
    assert caught.value.after_s == 3600
    assert server.gateway.received == []


async def test_lost_connection_leaves_the_others_alone(server: DiscordServer) -> None:
    there = await help_of_shard_1(server)
    server.gateway.shards = 2
    async with running(server) as stage:
        await server.gateway.opened.get()
        server.gateway.is_away = True
        await cut(server, 0)
        await is_away(stage)
        assert not stage.adapter.health().is_connected
        message = await stage.received("heard by the other", channel=there)
        outcome = await stage.adapter.perform(order(ActionKind.REPLY, message, "Hello."))
        assert outcome.ref is not None
        said = await server.say("while away")
        server.gateway.is_away = False
        await stage.resumed()
        assert stage.adapter.health().is_connected
        ids = set()
        while said["id"] not in ids:
            event = await stage.inbox.next()
            ids.add(event.message.id if event.message else None)
        assert len(server.gateway.asked(IDENTIFY)) == 2
        assert len(server.gateway.asked(RESUME)) == 1


async def test_new_session_of_one_forgets_no_server_of_the_others(server: DiscordServer) -> None:
    there = await help_of_shard_1(server)
    server.gateway.shards = 2
    async with running(server) as stage:
        await server.gateway.opened.get()
        await cut(server, 0, forget=True)
        await stage.resumed()
        assert len(server.gateway.asked(IDENTIFY)) == 3
        message = await stage.received("hello", channel=there)
        assert (message.community.name or "").startswith("Beta")
        assert (await stage.received("hello")).community.name == "Acme"


async def test_what_one_missed_is_looked_for_in_its_servers_only(server: DiscordServer) -> None:
    there = await help_of_shard_1(server)
    server.gateway.shards = 2
    async with running(server) as stage:
        await server.gateway.opened.get()
        await stage.received("before")
        await stage.received("before", channel=there)
        asked = len(server.did("GET", f"/channels/{there}/messages"))
        await cut(server, 0, forget=True)
        missed = await server.say("missed")
        await stage.resumed()
        event = await stage.inbox.next()
        assert event.message is not None
        assert event.message.id == missed["id"]
        assert len(server.did("GET", f"/channels/{there}/messages")) == asked


async def test_connection_without_a_server_looks_nowhere(server: DiscordServer) -> None:
    server.gateway.shards = 2
    async with running(server) as stage:
        await server.gateway.opened.get()
        await stage.received("before")
        await cut(server, 1, forget=True)
        await stage.resumed()
        await stage.received("after")
        assert server.did("GET", "/messages") == []


async def test_all_lost_is_left_to_the_supervisor(server: DiscordServer) -> None:
    server.gateway.shards = 2
    adapter = adapter_for(server, Sleeps())
    async with asyncio.timeout(WAIT_S):
        run = asyncio.ensure_future(adapter.run(Inbox()))
        await adapter.ready.wait()
        server.gateway.is_away = True
        server.gateway.cut()
        with pytest.raises(RetryLater, match="connection to Discord was lost"):
            await run


async def test_refusal_of_one_ends_all(server: DiscordServer) -> None:
    server.gateway.shards = 2
    adapter = adapter_for(server, Sleeps())
    async with asyncio.timeout(WAIT_S):
        run = asyncio.ensure_future(adapter.run(Inbox()))
        await adapter.ready.wait()
        server.gateway.close_with = 4014
        session = of_shard(server, 1)
        assert session.wire is not None
        await session.wire.send({"op": INVALID, "d": False, "s": None})
        with pytest.raises(ConfigError, match="refuses the bot"):
            await run


async def test_more_are_opened_when_discord_asks_for_them(server: DiscordServer) -> None:
    server.gateway.shards = 2
    async with running(server, settings=settings(server, gateway=True)) as stage:
        assert [one.get("shard") for one in server.gateway.asked(IDENTIFY)[:1]] == [None]
        assert [one["shard"] for one in server.gateway.asked(IDENTIFY)[1:]] == [[0, 2], [1, 2]]
        await stage.received("hello")


async def test_too_few_in_the_file_are_a_fault_of_the_file(server: DiscordServer) -> None:
    server.gateway.shards = 2
    with pytest.raises(ConfigError, match="shards: 1") as caught:
        await adapter_for(server, Sleeps(), settings=with_shards(server, 1)).run(Inbox())
    assert caught.value.accepted == "shards: auto, or at least shards: 2"


async def test_number_that_discord_does_not_say_is_asked_for_later(server: DiscordServer) -> None:
    server.gateway.shards, server.bot_gateway = 2, {"shards": 1}
    with pytest.raises(RetryLater, match="more than 1 connections"):
        await adapter_for(server, Sleeps()).run(Inbox())
