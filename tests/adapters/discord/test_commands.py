"""Commands: offered once, given anywhere, answered in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from greenroom.adapters.discord.commands import COMMANDS, REPORT, TRIES
from greenroom.message import EventKind, MessageKind
from tests.adapters.contract import WAIT_S, Inbox
from tests.adapters.discord.stage import NOW, Running, Sleeps, adapter_for, running
from tests.platforms.discord.interactions import DEFERRED, Interactions
from tests.platforms.discord.payloads import (
    FORUM,
    GUILD,
    HELP,
    ME,
    MEMBER,
    MODERATOR,
    POST,
    time_of,
)
from tests.platforms.discord.server import DIRECT, DiscordServer

PATH = "/applications/2001/commands"


async def offered(stage: Running) -> Interactions:
    """What members can do, once the bot's commands are in their menus."""
    async with asyncio.timeout(WAIT_S):
        await stage.server.interactions.offered.wait()
    return stage.server.interactions


def names(interactions: Interactions) -> list[str]:
    return [one["name"] for one in interactions.commands]


async def test_commands_are_offered_where_they_make_sense(stage: Running) -> None:
    interactions = await offered(stage)
    assert names(interactions) == ["human", "appeal", "why", "memory", "optout", "optin", REPORT]
    assert [one["contexts"] for one in interactions.commands] == [[0, 1]] * 6 + [[0]]
    assert {tuple(one["integration_types"]) for one in interactions.commands} == {(0,)}
    (put,) = stage.server.did("PUT", PATH)
    assert all(option["required"] is False for one in put.body for option in one.get("options", []))


async def test_commands_that_are_offered_already_are_left_alone(server: DiscordServer) -> None:
    for start in (1, 2):
        async with running(server) as stage:
            await offered(stage)
            while len(server.did("GET", PATH)) < start:
                await asyncio.sleep(0.01)
            await stage.received("hello")
    assert len(server.did("PUT", PATH)) == 1
    assert server.did("POST", PATH) == []


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Old words"},
        {"options": []},
        {"contexts": [0]},
        {"contexts": None},
        {"type": 2},
        {"name": {"odd": []}},
    ],
)
async def test_commands_that_changed_are_offered_anew(
    server: DiscordServer, change: Mapping[str, Any]
) -> None:
    old = [{**one, "id": "1"} for one in COMMANDS]
    server.interactions.commands = [{**old[0], **change}, *old[1:]]
    async with running(server) as stage:
        interactions = await offered(stage)
    ours = {(one["name"], one["type"]) for one in COMMANDS}
    assert ours <= {(str(one["name"]), one["type"]) for one in interactions.commands}


async def test_commands_of_others_stay(server: DiscordServer) -> None:
    theirs = {"id": "1", "name": "music", "type": 1, "description": "Play something"}
    server.interactions.commands = [theirs]
    async with running(server) as stage:
        await offered(stage)
        while len(server.did("POST", PATH)) < len(COMMANDS):
            await asyncio.sleep(0.01)
        await stage.received("hello")
    assert names(server.interactions) == [
        "music",
        "human",
        "appeal",
        "why",
        "memory",
        "optout",
        "optin",
        REPORT,
    ]
    assert server.did("PUT", PATH) == []


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_server_without_commands_is_told_of_and_enough(
    server: DiscordServer, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    server.interactions.refuses_commands = status
    async with running(server) as stage:
        async with asyncio.timeout(WAIT_S):
            while "scope=bot+applications.commands" not in caplog.text:
                await asyncio.sleep(0.01)
        await stage.received("hello")
    assert "/human" in caplog.text


async def test_busy_server_is_asked_again(server: DiscordServer) -> None:
    server.interactions.refuses_commands = 503

    @dataclass(slots=True)
    class Until(Sleeps):
        async def __call__(self, seconds: float) -> None:
            self.asked.append(seconds)
            if len(self.asked) == TRIES - 1:
                server.interactions.refuses_commands = None

    sleeps = Until()
    adapter = adapter_for(server, sleeps)
    async with asyncio.TaskGroup() as group:
        run = group.create_task(adapter.run(Inbox()))
        async with asyncio.timeout(WAIT_S):
            await server.interactions.offered.wait()
        run.cancel()
    assert sleeps.asked == [5.0, 10.0, 20.0, 40.0]


@pytest.mark.parametrize(
    ("command", "said", "text"),
    [
        ("human", "my post is gone", "/human my post is gone"),
        ("human", None, "/human"),
        ("appeal", "it was a joke @everyone", "/appeal it was a joke @everyone"),
        ("why", None, "/why"),
        ("memory", "forget 2", "/memory forget 2"),
        ("optout", None, "/optout"),
    ],
)
async def test_command_comes_in_as_an_utterance(
    stage: Running, command: str, said: str | None, text: str
) -> None:
    given = await (await offered(stage)).command(command, said)
    event = await stage.inbox.next()
    message = event.message
    assert message is not None
    assert event.kind is EventKind.COMMAND_GIVEN
    assert (event.command, event.text) == (command, said)
    assert (message.id, message.text, message.kind) == (given.id, text, MessageKind.COMMENT)
    assert (message.community.id, message.channel.id, message.thread) == (GUILD, HELP, None)
    assert message.author == event.actor
    assert (message.author.id, message.author.name) == (MEMBER, "ada")
    assert message.author.roles == ("Verified",)
    assert message.author.is_moderator is False
    assert message.posted_at == time_of(given.id)
    assert event.received_at == NOW
    assert event.respond == given.respond
    async with asyncio.timeout(WAIT_S):
        await given.told.wait()
    assert given.callback == {"type": DEFERRED, "data": {"flags": 64}}
    assert given.after_s < 3


async def test_command_in_a_thread_stands_in_its_channel(stage: Running) -> None:
    await (await offered(stage)).command("human", channel=POST)
    event = await stage.inbox.next()
    assert event.message is not None
    assert (event.message.channel.id, event.message.thread) == (FORUM, POST)


async def test_command_in_a_direct_message_stands_in_no_server(stage: Running) -> None:
    given = await (await offered(stage)).command("why", channel=DIRECT, in_guild=False)
    event = await stage.inbox.next()
    assert event.message is not None
    assert event.message.community.id == "@me"
    assert event.message.channel.id == DIRECT
    assert event.actor is not None
    assert (event.actor.id, event.actor.roles, event.actor.is_moderator) == (MEMBER, None, None)
    async with asyncio.timeout(WAIT_S):
        await given.told.wait()


async def test_replayed_command_has_the_same_key_and_harms_nothing(stage: Running) -> None:
    given = await (await offered(stage)).command("human", "help")
    first = await stage.inbox.next()
    await given.told.wait()
    await stage.server.gateway.dispatch("INTERACTION_CREATE", given.payload)
    again = await stage.inbox.next()
    assert again.key == first.key
    await stage.received("next")
    assert stage.adapter.health().gaps.duplicate == 1


# -- reports -------------------------------------------------------------------------------


async def test_report_asks_why_and_comes_in_with_the_whole_message(stage: Running) -> None:
    about = await stage.received("free nitro", author=MODERATOR)
    interactions = await offered(stage)
    posted = stage.server.messages[HELP][about.id]
    asked = await interactions.on_message(REPORT, posted)
    await asyncio.wait_for(asked.told.wait(), WAIT_S)
    assert asked.callback is not None
    modal = asked.callback["data"]
    assert modal["title"] == REPORT
    assert modal["components"][0]["label"] == "What is wrong with it? (optional)"
    assert modal["components"][0]["component"]["required"] is False
    assert stage.inbox.events.empty()
    given = await interactions.submit(asked, "a scam", message=None)
    event = await stage.inbox.next()
    assert event.kind is EventKind.MESSAGE_REPORTED
    assert event.message is not None
    assert event.message.key == about.key
    assert (event.message.text, event.message.author.name) == ("free nitro", "mo")
    assert event.actor is not None
    assert (event.actor.id, event.text, event.id) == (MEMBER, "a scam", given.id)
    assert event.respond == given.respond
    await asyncio.wait_for(given.told.wait(), WAIT_S)
    assert given.is_ephemeral
    assert given.shown is not None
    assert "Thank you" in given.shown["content"]
    assert stage.server.did("GET", f"/messages/{about.id}") == []


async def test_report_needs_no_reason(stage: Running) -> None:
    about = await stage.received("free nitro")
    interactions = await offered(stage)
    asked = await interactions.on_message(REPORT, stage.server.messages[HELP][about.id])
    await asked.told.wait()
    await interactions.submit(asked, " ", by=MODERATOR, message=None)
    event = await stage.inbox.next()
    assert (event.text, event.actor and event.actor.id) == (None, MODERATOR)


async def test_report_opened_before_a_restart_is_taken_after_it(server: DiscordServer) -> None:
    async with running(server) as stage:
        about = await stage.received("free nitro", channel=POST)
        interactions = await offered(stage)
        asked = await interactions.on_message(REPORT, server.messages[POST][about.id])
        await asked.told.wait()
    async with running(server) as stage:
        await interactions.submit(asked, "a scam", message=None)
        event = await stage.inbox.next()
    assert event.kind is EventKind.MESSAGE_REPORTED
    assert event.message is not None
    assert (event.message.key, event.message.text) == (about.key, "free nitro")
    assert event.message.thread == POST
    assert len(server.did("GET", f"/channels/{POST}/messages/{about.id}")) == 1


async def test_report_of_what_is_gone_is_told_to_who_reported(server: DiscordServer) -> None:
    async with running(server) as stage:
        about = await stage.received("free nitro")
        interactions = await offered(stage)
        asked = await interactions.on_message(REPORT, server.messages[HELP][about.id])
        await asked.told.wait()
    del server.messages[HELP][about.id]
    async with running(server) as stage:
        given = await interactions.submit(asked, "a scam", message=None)
        await asyncio.wait_for(given.told.wait(), WAIT_S)
        await stage.received("next")
    assert given.is_ephemeral
    assert given.shown is not None
    assert "cannot see that message" in given.shown["content"]


async def test_report_of_the_bots_own_message_says_whose_it_is(stage: Running) -> None:
    about = await stage.received("I am a bot", author=ME)
    interactions = await offered(stage)
    asked = await interactions.on_message(REPORT, stage.server.messages[HELP][about.id])
    await asked.told.wait()
    await interactions.submit(asked, "it lies", message=None)
    event = await stage.inbox.next()
    assert event.message is not None
    assert event.message.author.is_self


@pytest.mark.parametrize(
    "told",
    [
        {"content": 5, "author": "nobody"},
        {"author": {"id": MEMBER, "username": "ada"}},
        {"content": "free", "author": {"username": "ada"}},
    ],
)
async def test_report_of_a_message_that_came_along_in_part_is_looked_up(
    stage: Running, told: dict[str, Any]
) -> None:
    about = await stage.received("free nitro")
    interactions = await offered(stage)
    asked = await interactions.on_message(REPORT, {"id": about.id, "channel_id": HELP, **told})
    await asked.told.wait()
    await interactions.submit(asked, "odd", message=None)
    event = await stage.inbox.next()
    assert event.message is not None
    assert (event.message.key, event.message.text) == (about.key, "free nitro")


async def test_report_of_what_came_along_in_part_and_is_gone_has_that_part(stage: Running) -> None:
    interactions = await offered(stage)
    known = {"id": "77", "channel_id": HELP, "author": {"id": MEMBER, "username": "ada"}}
    asked = await interactions.on_message(REPORT, known)
    await asked.told.wait()
    await interactions.submit(asked, "odd", message=None)
    event = await stage.inbox.next()
    assert event.message is not None
    assert (event.message.id, event.message.author.id) == ("77", MEMBER)


async def test_report_of_a_message_that_came_along_broken_stops_nothing(stage: Running) -> None:
    interactions = await offered(stage)
    broken = {"id": "77", "channel_id": HELP, "content": 5, "author": "nobody"}
    asked = await interactions.on_message(REPORT, broken)
    await asked.told.wait()
    given = await interactions.submit(asked, "odd", message=None)
    await asyncio.wait_for(given.told.wait(), WAIT_S)
    assert given.shown is not None
    assert (await stage.received("next")).text == "next"


async def test_report_of_a_message_of_which_little_is_told_comes_in(server: DiscordServer) -> None:
    async with running(server) as stage:
        about = await stage.received("free nitro")
        interactions = await offered(stage)
        asked = await interactions.on_message(REPORT, server.messages[HELP][about.id])
        await asked.told.wait()
    bare = {"id": about.id, "content": "free nitro", "author": {"id": MEMBER, "username": "ada"}}
    server.messages[HELP][about.id] = bare
    async with running(server) as stage:
        await interactions.submit(asked, "a scam", message=None)
        event = await stage.inbox.next()
    assert event.message is not None
    assert (event.message.key, event.message.text) == (about.key, "free nitro")
    assert event.message.author.name == "ada"
