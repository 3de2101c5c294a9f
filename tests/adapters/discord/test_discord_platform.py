"""The Discord that the demo and the soak run against: by name, limited, and with its faults."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from greenroom.adapters.discord import DiscordAdapter
from greenroom.adapters.settings import DiscordSettings
from greenroom.errors import RetryLater
from greenroom.message import Action, ActionKind, EventKind, Message, Order, Outcome
from tests.adapters.contract import WAIT_S, Inbox
from tests.adapters.discord.stage import Sleeps
from tests.platforms.base import Platform
from tests.platforms.discord.limits import NARROW
from tests.platforms.discord.platform import DiscordPlatform, platform
from tests.platforms.discord.server import KEPT
from tests.platforms.faults import EVENT_FAULTS, Fault


@dataclass(slots=True)
class Playing:
    """An adapter as a bot's file makes it, on the platform."""

    platform: DiscordPlatform
    adapter: DiscordAdapter
    inbox: Inbox = field(default_factory=Inbox)

    async def hears(self, text: str, **more: str) -> Message:
        """Somebody posts, and it comes in, whatever else does before it."""
        message_id = await self.platform.say(text, **more)
        while True:
            event = await self.inbox.next()
            if event.message is not None and event.message.id == message_id:
                assert event.kind is EventKind.MESSAGE_POSTED
                return event.message

    async def performs(self, order: Order) -> Outcome:
        """As the outbox does: a few tries, with the doubt that one leaves."""
        for _ in range(5):
            try:
                return await self.adapter.perform(order)
            except RetryLater as error:
                order = replace(order, maybe_done=order.maybe_done or error.maybe_done)
                await asyncio.sleep(error.after_s or 0.05)
        raise AssertionError("no try was the last")


@pytest.fixture
async def playing() -> AsyncIterator[Playing]:
    async with platform() as found:
        keys = {k: v for k, v in found.bot.items() if k not in ("adapter", "desk_channel")}
        adapter = DiscordAdapter(
            "acme",
            DiscordSettings.model_validate(keys),
            desk_channel=found.bot["desk_channel"],
            sleep=Sleeps(),
            jitter=lambda: 0.0,
        )
        stage = Playing(cast(DiscordPlatform, found), adapter)
        async with asyncio.TaskGroup() as group:
            run = group.create_task(adapter.run(stage.inbox))
            async with asyncio.timeout(WAIT_S):
                await adapter.ready.wait()
            yield stage
            run.cancel()


def reply(message: Message, text: str = "Read the rules.", key: str = "k1") -> Order:
    return Order(key, Action(ActionKind.REPLY, text=text), message)


def test_it_is_a_platform(playing: Playing) -> None:
    found: Platform = playing.platform
    assert found.bot["adapter"] == "discord"


async def test_members_channels_threads_and_servers_come_to_be_by_name(playing: Playing) -> None:
    first = await playing.hears("hello")
    assert (first.author.name, first.channel.name, first.community.name) == ("ada", "help", "Acme")
    second = await playing.hears("hi", author="new member", channel="#general")
    assert (second.author.name, second.channel.name) == ("new member", "general")
    third = await playing.hears("why?", author="new member", channel="general/A question")
    assert third.author.id == second.author.id
    assert (third.channel.name, third.thread is not None) == ("general", True)
    fourth = await playing.hears("over here", channel="Beta:help")
    assert (fourth.community.name, fourth.channel.name) == ("Beta", "help")
    created_at, posted_at = second.author.created_at, second.posted_at
    assert created_at is not None
    assert posted_at is not None
    assert timedelta(days=89) < posted_at - created_at < timedelta(days=91)
    assert abs(datetime.now(UTC) - posted_at) < timedelta(minutes=1)


async def test_what_the_bot_says_is_told(playing: Playing) -> None:
    message = await playing.hears("hello")
    await playing.performs(reply(message))
    (said,) = playing.platform.said_by_bot()
    assert (said.text, said.answers) == ("Read the rules.", message.id)


@pytest.mark.parametrize("fault", sorted(set(Fault) - EVENT_FAULTS))
async def test_reply_is_posted_once_whatever_goes_wrong(playing: Playing, fault: Fault) -> None:
    message = await playing.hears("hello")
    await playing.platform.order(fault)
    await playing.performs(reply(message))
    await playing.hears("and then?")
    assert [one.text for one in playing.platform.said_by_bot()] == ["Read the rules."]


@pytest.mark.parametrize("fault", sorted(Fault))
async def test_no_message_is_lost_whatever_goes_wrong(playing: Playing, fault: Fault) -> None:
    said = [await playing.platform.say("before")]
    await playing.platform.order(fault)
    said += [await playing.platform.say(f"message {number}") for number in range(4)]
    async with asyncio.timeout(WAIT_S):
        heard: set[str] = set()
        while not heard >= set(said):
            event = await playing.inbox.next()
            heard |= {event.message.id} if event.message else set()
    await playing.hears("after")
    assert playing.adapter.health().gaps.missed == 0


async def test_limits_are_kept_without_a_reply_too_many(playing: Playing) -> None:
    message = await playing.hears("hello")
    orders = [reply(message, f"Answer {n}.", f"k{n}") for n in range(NARROW + 5)]
    async with asyncio.TaskGroup() as group:
        for order in orders:
            group.create_task(playing.performs(order))
    said = [one.text for one in playing.platform.said_by_bot()]
    assert sorted(said) == sorted(f"Answer {n}." for n in range(NARROW + 5))


async def test_memory_of_what_was_has_an_end(playing: Playing) -> None:
    server = playing.platform.server
    for number in range(KEPT + 50):
        await playing.platform.say(f"message {number}")
    gc.collect()
    (session,) = server.gateway.sessions.values()
    assert all(len(kept) <= KEPT for kept in server.messages.values())
    assert session.frames.maxlen is not None
    assert len(server.requests) <= KEPT
    await playing.hears("after")
