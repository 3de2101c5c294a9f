"""The gateway's frames: broken, doubled, out of order, unknown, odd, or not there at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from greenroom.adapters.discord import wire
from greenroom.adapters.discord.adapter import LANE_SIZE
from greenroom.adapters.lanes import IN_FLIGHT
from greenroom.errors import RetryLater
from greenroom.message import ActionKind
from tests.adapters.contract import WAIT_S, Inbox
from tests.adapters.discord.stage import Running, Sleeps, adapter_for, order, running
from tests.platforms.discord.gateway import IDENTIFY, RESUME
from tests.platforms.discord.server import DiscordServer
from tests.platforms.faults import Fault

ODD: tuple[Any, ...] = (None, True, -1, 10**30, 1.5, "", "odd", "٣", [], [[]], {}, {"id": []})


def conversations(stage: Running) -> tuple[int, int]:
    """How often a session was begun, and resumed."""
    gateway = stage.server.gateway
    return len(gateway.asked(IDENTIFY)), len(gateway.asked(RESUME))


async def test_heartbeats_are_sent_and_answered(server: DiscordServer) -> None:
    server.gateway.interval_ms = 20
    async with running(server) as stage:
        posted = await server.say("hello")
        async with asyncio.timeout(WAIT_S):
            for _ in range(4):
                await server.gateway.beats.get()
            while await server.gateway.beats.get() != 3:  # READY, GUILD_CREATE, the message
                pass
        assert (await stage.inbox.next()).message.id == posted["id"]  # type: ignore[union-attr]
        assert conversations(stage) == (1, 0)


async def test_connection_that_answers_no_heartbeat_is_resumed(server: DiscordServer) -> None:
    server.gateway.interval_ms = 20
    async with running(server) as stage:
        server.gateway.is_deaf = True
        await stage.server.say("it still talks")
        await server.gateway.opened.get()
        server.gateway.is_deaf = False
        assert conversations(stage)[0] == 1
        assert conversations(stage)[1] >= 1
        posted = await server.say("after")
        ids = set()
        while posted["id"] not in ids:
            event = await stage.inbox.next()
            ids.add(event.message.id if event.message else None)


async def test_server_that_never_answers_heartbeats_is_kept(server: DiscordServer) -> None:
    server.gateway.interval_ms, server.gateway.is_deaf = 20, True
    async with running(server) as stage:
        for _ in range(6):
            await server.gateway.beats.get()
        await stage.received("hello")
        assert conversations(stage) == (1, 0)


async def test_replay_alone_shows_that_the_session_goes_on(stage: Running) -> None:
    stage.server.gateway.tells_resumed = False
    stage.server.gateway.cut()
    await stage.server.say("while away")
    await stage.resumed()
    assert (await stage.inbox.next()).message.text == "while away"  # type: ignore[union-attr]
    assert stage.adapter.health().is_connected


async def test_own_slowness_is_not_taken_for_discords(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PAUSE_S", 0.02)
    server.gateway.interval_ms = 50
    many = LANE_SIZE + IN_FLIGHT + 20
    async with running(server) as stage:
        stage.inbox.open.clear()
        for number in range(many):
            await server.say(f"message {number}")
        await asyncio.sleep(0.4)  # eight heartbeats, whose answers lie unread
        assert server.gateway.beats.qsize() > 4
        stage.inbox.open.set()
        for _ in range(many):
            await stage.inbox.next()
        assert conversations(stage) == (1, 0)


async def test_half_a_frame_is_asked_for_again(stage: Running) -> None:
    await stage.received("before")
    stage.server.gateway.ordered.order(Fault.HALF_FRAME)
    posted = await stage.server.say("broken off")
    event = await stage.inbox.next()
    assert event.message is not None
    assert event.message.id == posted["id"]
    assert conversations(stage) == (1, 1)
    await stage.received("after")


async def test_half_a_plain_frame_is_asked_for_again(server: DiscordServer) -> None:
    server.gateway.is_plain = True
    async with running(server) as stage:
        server.gateway.ordered.order(Fault.HALF_FRAME)
        posted = await server.say("broken off")
        event = await stage.inbox.next()
        assert event.message is not None
        assert event.message.id == posted["id"]
        assert conversations(stage) == (1, 1)


async def test_frame_that_comes_twice_is_counted(stage: Running) -> None:
    stage.server.gateway.ordered.order(Fault.DUPLICATE)
    await stage.server.say("twice")
    first, second = await stage.inbox.next(), await stage.inbox.next()
    assert first.key == second.key
    await stage.received("after")
    assert stage.adapter.health().gaps.duplicate == 1


async def test_frames_out_of_order_lose_nothing(stage: Running) -> None:
    stage.server.gateway.ordered.order(Fault.REORDER)
    posted = [await stage.server.say(text) for text in ("first", "second")]
    events = [await stage.inbox.next() for _ in posted]
    ids = [event.message.id for event in events if event.message]
    assert ids == [posted[1]["id"], posted[0]["id"]]
    stage.server.gateway.cut()
    await stage.resumed()
    await stage.received("after")


@pytest.mark.parametrize(
    "frame",
    [
        "null",
        "5",
        '"odd"',
        "[]",
        "{}",
        '{"op": 99, "d": null}',
        '{"op": "0", "t": "MESSAGE_CREATE", "d": {}}',
        '{"op": 0, "t": "SOMETHING_NEW", "s": 1, "d": {"id": "1"}}',
        '{"op": 0, "t": "GUILD_CREATE", "s": 1, "d": []}',
        '{"op": 0, "t": "MESSAGE_CREATE", "s": 1}',
        '{"op": 0, "t": 7, "s": 1, "d": {}}',
        '{"op": 0, "s": "one", "d": {}}',
        '{"op": 11}',
        '{"op": 1}',
    ],
)
async def test_frame_that_nobody_knows_is_passed_over(stage: Running, frame: str) -> None:
    await stage.server.gateway.say(frame)
    await stage.received("after")
    assert conversations(stage) == (1, 0)


@pytest.mark.parametrize("frame", ["{" * 5, "[" * 5_000, '{"op": 0, "t"', "\x00"])
async def test_frame_that_is_no_json_is_asked_for_again(stage: Running, frame: str) -> None:
    await stage.server.gateway.say(frame)
    await stage.resumed()
    await stage.received("after")
    assert conversations(stage) == (1, 1)


@pytest.mark.parametrize("field", ["v", "user", "guilds", "resume_gateway_url", "application"])
@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_session_that_opens_oddly_is_open(
    server: DiscordServer, field: str, odd: Any
) -> None:
    server.gateway.ready = {field: odd}  # None: without the field
    async with running(server) as stage:
        message = await stage.received("hello")
        assert message.community.name == "Acme"
        server.gateway.cut()
        await stage.resumed()
        await stage.received("after")
        assert conversations(stage) == (1, 1)


@pytest.mark.parametrize("odd", [None, True, "", [], {}], ids=repr)
async def test_session_without_an_id_is_followed_by_a_new_one(
    server: DiscordServer, odd: Any
) -> None:
    server.gateway.ready = {"session_id": odd}
    async with running(server) as stage:
        await stage.received("hello")
        server.gateway.cut()
        await stage.resumed()
        assert conversations(stage) == (2, 0)


@pytest.mark.parametrize(
    "said",
    [
        {"shards": None},
        {"session_start_limit": None},
        {"shards": "many", "session_start_limit": []},
        {"shards": -1, "session_start_limit": {"remaining": "some", "max_concurrency": 0}},
        {"shards": 0, "session_start_limit": {"reset_after": {}}},
    ],
)
async def test_gateway_that_says_little_is_enough(
    server: DiscordServer, said: dict[str, Any]
) -> None:
    server.bot_gateway = said
    async with running(server) as stage:
        await stage.received("hello")
        assert "shard" not in server.gateway.asked(IDENTIFY)[0]


@pytest.mark.parametrize("said", [{"url": None}, {"url": 5}, {"url": ""}])
async def test_gateway_without_an_address_says_where_to_name_one(
    server: DiscordServer, said: dict[str, Any]
) -> None:
    server.bot_gateway = said
    with pytest.raises(RetryLater, match=r"endpoints\.gateway"):
        await adapter_for(server, Sleeps()).run(Inbox())


async def test_server_that_knows_the_open_gateway_only_is_enough(server: DiscordServer) -> None:
    server.has_bot_gateway = False
    async with running(server) as stage:
        await stage.received("hello")


async def test_gateway_whose_address_is_lost_once_is_asked_again(stage: Running) -> None:
    stage.server.gateway.forget()
    stage.server.gateway.ordered.order(Fault.LOST_ANSWER)
    await stage.resumed()
    await stage.received("after")
    assert conversations(stage) == (2, 1)
    assert not stage.run.done()


async def test_answers_with_a_charset_are_read(server: DiscordServer) -> None:
    server.charset = "; charset=utf-8"
    async with running(server) as stage:
        message = await stage.received("hello")
        outcome = await stage.adapter.perform(order(ActionKind.REPLY, message, "Read the rules."))
        assert outcome.ref is not None
        await server.delete(message.id)
        gone = await stage.adapter.perform(order(ActionKind.REMOVE, message, key="k2"))
        assert gone.detail == "already gone"


async def test_texts_that_stay_away_are_warned_of_once(
    server: DiscordServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.gateway.is_blank = True
    async with running(server) as stage:
        for number in range(7):
            await server.say(f"hello {number}")
            await stage.inbox.next()
        warned = [one for one in caplog.records if "Message Content Intent" in one.message]
        assert len(warned) == 1
        assert "switch on Message Content Intent" in stage.adapter.health().detail
        server.gateway.is_blank = False
        await stage.received("and now")
        assert stage.adapter.health().detail == ""


async def test_messages_without_text_of_their_own_warn_of_nothing(stage: Running) -> None:
    file = {"id": "1", "filename": "a.png", "url": "https://cdn.test/a.png", "size": 1}
    for more in ({"attachments": [file]}, {"sticker_items": [{"id": "1"}]}, {"type": 7}) * 3:
        await stage.server.say("", **more)
    for _ in range(6):  # of what Discord itself says, nothing comes in
        await stage.inbox.next()
    await stage.received("after")
    assert stage.adapter.health().detail == ""
