"""The gateway's session: kept, resumed, refused, and ended."""

from __future__ import annotations

import asyncio

import pytest

from greenroom.adapters.discord.adapter import LANE_SIZE
from greenroom.adapters.settings import DiscordEndpoints, DiscordSettings
from greenroom.errors import ConfigError, GiveUp, RetryLater
from greenroom.message import Event
from tests.adapters.contract import WAIT_S, Inbox
from tests.adapters.discord.stage import (
    NOW,
    Running,
    Sleeps,
    adapter_for,
    running,
    settings,
)
from tests.platforms.discord.gateway import IDENTIFY, INVALID, RECONNECT, RESUME
from tests.platforms.discord.payloads import HELP, MODS, TOKEN
from tests.platforms.discord.server import DiscordServer, discord_server


async def run_to_its_end(server: DiscordServer, sleeps: Sleeps | None = None) -> None:
    """Run an adapter until it ends by itself."""
    async with asyncio.timeout(WAIT_S):
        await adapter_for(server, sleeps or Sleeps()).run(Inbox())


async def test_dropped_connection_is_resumed_and_loses_nothing(stage: Running) -> None:
    before = await stage.received("before")
    stage.server.gateway.cut()
    said = await stage.server.say("while away")
    await stage.resumed()
    event = await stage.inbox.next()
    assert event.message is not None
    assert event.message.id == said["id"] != before.id
    assert event.message.community.name == "Acme"
    assert len(stage.server.gateway.asked(IDENTIFY)) == 1
    assert len(stage.server.gateway.asked(RESUME)) == 1
    assert stage.adapter.health().is_connected


async def test_replayed_event_has_the_same_key(stage: Running) -> None:
    await stage.server.say("hello")
    first = await stage.inbox.next()
    stage.server.gateway.repeats = 1
    stage.server.gateway.cut()
    await stage.resumed()
    again = await stage.inbox.next()
    assert again.key == first.key
    assert len(stage.inbox.keys) == 1


async def test_replayed_edit_and_deletion_have_the_same_keys(stage: Running) -> None:
    message = await stage.received("hello")
    await stage.server.edit(stage.server.messages[HELP][message.id], "changed")
    await stage.server.delete(message.id)
    first = [await stage.inbox.next() for _ in range(2)]
    stage.server.gateway.repeats = 2
    stage.server.gateway.cut()
    await stage.resumed()
    again = [await stage.inbox.next() for _ in range(2)]
    assert [event.key for event in again] == [event.key for event in first]


async def test_wish_to_reconnect_is_granted_with_a_resume(stage: Running) -> None:
    await stage.server.gateway.say({"op": RECONNECT, "d": None, "s": None})
    await stage.resumed()
    assert len(stage.server.gateway.asked(RESUME)) == 1
    await stage.received("after")


async def test_broken_frame_is_asked_for_again(stage: Running) -> None:
    await stage.server.gateway.say('{"op": 0, "t": "MESSAGE_CREATE", "d": {"content": "ha')
    await stage.resumed()
    assert len(stage.server.gateway.asked(RESUME)) == 1
    await stage.received("after")


async def test_lost_session_is_followed_by_a_new_one(stage: Running) -> None:
    stage.server.gateway.is_forgetful = True
    stage.server.gateway.cut()
    await stage.resumed()
    assert len(stage.server.gateway.asked(IDENTIFY)) == 2
    assert 1.0 in stage.sleeps.asked  # Discord's own wait before a second session
    await stage.received("after")


async def test_session_that_discord_takes_back_is_resumed_if_it_says_so(stage: Running) -> None:
    await stage.server.gateway.say({"op": INVALID, "d": True, "s": None})
    await stage.resumed()
    assert len(stage.server.gateway.asked(RESUME)) == 1


async def test_gateway_that_greets_oddly_is_left_and_tried_again(server: DiscordServer) -> None:
    server.gateway.greets_oddly = True
    async with running(server) as stage:
        async with asyncio.timeout(WAIT_S):
            await server.gateway.ended.wait()
        assert server.gateway.codes == [4000]
        await stage.received("hello")


async def test_gateway_that_stays_away_is_left_to_the_supervisor(server: DiscordServer) -> None:
    sleeps = Sleeps()
    adapter = adapter_for(server, sleeps)
    async with asyncio.timeout(WAIT_S):
        run = asyncio.ensure_future(adapter.run(Inbox()))
        await adapter.ready.wait()
        server.gateway.is_away = True
        server.gateway.cut()
        with pytest.raises(RetryLater, match="connection to Discord was lost"):
            await run
    assert sleeps.asked == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0]
    assert not adapter.health().is_connected
    assert not adapter.ready.is_set()


async def test_adapter_can_run_again_after_its_run_ended(server: DiscordServer) -> None:
    async with running(server) as stage:
        stage.run.cancel()
        await asyncio.wait([stage.run])
        inbox = Inbox()
        again = asyncio.ensure_future(stage.adapter.run(inbox))
        await stage.resumed()
        await server.say("hello")
        assert (await inbox.next()).message is not None
        again.cancel()
        await asyncio.wait([again])


async def test_connection_says_since_when(stage: Running) -> None:
    assert (stage.adapter.health().is_connected, stage.adapter.health().since) == (True, NOW)
    assert stage.adapter.health().last_event_at is None
    await stage.received("hello")
    await stage.received("hello again")
    assert stage.adapter.health().last_event_at == NOW


async def test_wrong_token_is_a_fault_of_the_file(server: DiscordServer) -> None:
    adapter = adapter_for(server, Sleeps(), settings=settings(server, token="test-old-token"))
    with pytest.raises(ConfigError, match="does not accept the token") as caught:
        await adapter.run(Inbox())
    assert "Reset Token" in str(caught.value)
    assert "test-old-token" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "error", "text"),
    [
        (4004, ConfigError, "does not accept the token"),
        (4010, GiveUp, "invalid shard"),
        (4012, GiveUp, "API version"),
    ],
)
async def test_closing_for_good_says_why(
    server: DiscordServer, code: int, error: type[Exception], text: str
) -> None:
    server.gateway.close_with = code
    with pytest.raises(error, match=text):
        await run_to_its_end(server)


@pytest.mark.parametrize(
    ("content", "members", "named"),
    [
        (False, True, "refuses the bot the Message Content Intent,"),
        (True, False, "refuses the bot the Server Members Intent,"),
        (False, False, "Message Content Intent and Server Members Intent"),
    ],
)
async def test_refused_intent_says_where_to_switch_it_on(
    server: DiscordServer, content: bool, members: bool, named: str
) -> None:
    server.has_content_intent, server.has_members_intent = content, members
    server.gateway.close_with = 4014
    with pytest.raises(ConfigError, match=named) as caught:
        await run_to_its_end(server)
    assert "discord.com/developers/applications" in str(caught.value)
    assert "Privileged Gateway Intents" in str(caught.value)


async def test_intents_ask_for_what_is_read(stage: Running) -> None:
    (identify,) = stage.server.gateway.asked(IDENTIFY)
    guilds, members, emoji, messages, direct, content = (1 << bit for bit in (0, 1, 3, 9, 12, 15))
    reactions, automod = (1 << 10) | (1 << 13), 1 << 21
    asked = guilds | members | emoji | messages | direct | content | reactions | automod
    assert identify["intents"] == asked
    assert identify["token"] == TOKEN


async def test_spent_session_starts_are_waited_for(server: DiscordServer) -> None:
    server.sessions_left = 0
    with pytest.raises(RetryLater, match="no further session") as caught:
        await run_to_its_end(server)
    assert caught.value.after_s == 3600
    assert server.gateway.received == []


async def test_api_that_is_not_there_asks_for_a_later_try() -> None:
    async with discord_server() as server:
        closed = settings(server)
    with pytest.raises(RetryLater, match="cannot be reached"):
        await adapter_for(server, Sleeps(), settings=closed).run(Inbox())


async def test_wrong_api_address_is_named(server: DiscordServer) -> None:
    wrong = DiscordEndpoints(api=f"http://{server.url}/elsewhere")
    chosen = DiscordSettings(token=settings(server).token, endpoints=wrong)
    with pytest.raises(RetryLater, match=r"is endpoints\.api right"):
        await adapter_for(server, Sleeps(), settings=chosen).run(Inbox())
    server.invalid.clear()


async def test_server_without_an_application_is_enough(server: DiscordServer) -> None:
    server.has_application = False
    async with running(server) as stage:
        await stage.received("hello")


async def test_gateway_address_in_the_file_wins_over_the_apis(server: DiscordServer) -> None:
    async with running(server, settings=settings(server, gateway=True)) as stage:
        assert server.did("GET", "/gateway/bot") == []
        server.gateway.url = "ws://127.0.0.1:9/nowhere"
        server.gateway.cut()
        await stage.resumed()


async def test_uncompressed_gateway_is_understood(server: DiscordServer) -> None:
    server.gateway.is_plain = True
    async with running(server) as stage:
        await stage.received("hello")


async def test_two_bots_in_one_process_talk_to_their_own_servers(server: DiscordServer) -> None:
    async with (
        discord_server() as other,
        running(server) as here,
        running(other, bot="beta") as there,
    ):
        await server.say("to acme")
        await other.say("to beta")
        events = [await stage.inbox.next() for stage in (here, there)]
    assert [(event.bot, event.message and event.message.text) for event in events] == [
        ("acme", "to acme"),
        ("beta", "to beta"),
    ]
    assert here.inbox.events.empty()
    assert there.inbox.events.empty()


async def test_cancelling_closes_the_session_and_leaves_no_task(server: DiscordServer) -> None:
    async with running(server) as stage:
        await stage.received("hello")
        assert tasks_of_the_adapter()
        stage.run.cancel()
        async with asyncio.timeout(WAIT_S):
            await asyncio.wait([stage.run])
            await server.gateway.ended.wait()
        assert tasks_of_the_adapter() == []
    assert server.gateway.codes == [1000]


def tasks_of_the_adapter() -> list[str]:
    """What still runs of the library's code and ours."""
    codes = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()]
    files = [code.co_filename for code in codes if code is not None]
    ours = ("site-packages/discord/", "greenroom/adapters/")
    return [file for file in files if any(part in file for part in ours)]


async def test_cancelling_stores_what_was_read_first(server: DiscordServer) -> None:
    async with running(server) as stage:
        stage.inbox.open.clear()
        await server.say("one")
        await server.say("two")
        async with asyncio.timeout(WAIT_S):
            await stage.inbox.entered.wait()
            await server.gateway.was_read()
        stage.run.cancel()
        await server.gateway.ended.wait()
        for _ in range(100):  # turns of the loop in which it could end too early
            await asyncio.sleep(0)
        stage.inbox.open.set()
        await asyncio.wait([stage.run])
    texts = [stage.inbox.events.get_nowait() for _ in range(2)]
    assert [event.message and event.message.text for event in texts] == ["one", "two"]


async def test_failing_intake_ends_the_run_with_its_error(server: DiscordServer) -> None:
    async def full(_: object) -> bool:
        raise OSError("disk full")

    adapter = adapter_for(server, Sleeps())
    run = asyncio.ensure_future(adapter.run(full))
    await adapter.ready.wait()
    await server.say("hello")
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(OSError, match="disk full"):
            await run


async def test_slow_intake_stops_the_reading_and_loses_nothing(server: DiscordServer) -> None:
    many = 4 * LANE_SIZE
    async with running(server) as stage:
        stage.inbox.open.clear()
        for number in range(many):
            await server.say(f"message {number}")
        reading = asyncio.ensure_future(server.gateway.was_read())
        await stage.inbox.entered.wait()
        for _ in range(500):  # turns of the loop in which more could be read
            await asyncio.sleep(0)
        assert not reading.done()
        stage.inbox.open.set()
        events = [await stage.inbox.next() for _ in range(many)]
        await asyncio.wait_for(reading, WAIT_S)
    texts = [event.message.text for event in events if event.message]
    assert texts == [f"message {number}" for number in range(many)]


async def test_slow_channel_holds_up_no_other(server: DiscordServer) -> None:
    taken: asyncio.Queue[str] = asyncio.Queue()
    go = asyncio.Event()

    async def intake(event: Event) -> bool:
        assert event.message is not None
        if event.message.channel.id == HELP:
            await go.wait()
        await taken.put(event.message.text)
        return True

    adapter = adapter_for(server, Sleeps())
    run = asyncio.ensure_future(adapter.run(intake))
    await adapter.ready.wait()
    await server.say("stuck")
    await server.say("passes", channel=MODS)
    assert await asyncio.wait_for(taken.get(), WAIT_S) == "passes"
    go.set()
    run.cancel()
    await asyncio.wait([run])
