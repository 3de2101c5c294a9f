"""Reactions, and what Discord's own AutoMod did, as events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from greenroom.message import EventKind
from tests.adapters.discord.stage import NOW, Running, running
from tests.platforms.discord.payloads import (
    FORUM,
    GUILD,
    HELP,
    ME,
    MEMBER,
    MODERATOR,
    MODS,
    POST,
    USERS,
    member,
)
from tests.platforms.discord.server import DIRECT, DiscordServer

THUMB = {"id": None, "name": "👍"}
ACME = {"id": "4001", "name": "acme", "animated": False}


def reaction(
    emoji: dict[str, Any], *, by: str = MODERATOR, channel: str = HELP, **more: Any
) -> dict[str, Any]:
    """A reaction as MESSAGE_REACTION_ADD carries it."""
    whole = {
        "user_id": by,
        "channel_id": channel,
        "message_id": "77",
        "guild_id": GUILD,
        "member": {**member(by), "user": USERS[by]},
        "emoji": emoji,
        "message_author_id": MEMBER,
        "burst": False,
        "type": 0,
        **more,
    }
    return {key: value for key, value in whole.items() if value is not None}


@pytest.mark.parametrize(
    ("emoji", "text"),
    [
        (THUMB, "👍"),
        (ACME, ":acme:"),
        ({"id": "4002", "name": None}, ":4002:"),
    ],
)
async def test_reaction_says_who_and_the_emoji_as_it_is_written(
    stage: Running, emoji: dict[str, Any], text: str
) -> None:
    await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", reaction(emoji))
    event = await stage.inbox.next()
    assert event.kind is EventKind.REACTION_ADDED
    assert event.text == text
    assert event.message_key == f"discord:{GUILD}:{HELP}:77"
    assert event.message is None
    assert event.actor is not None
    assert (event.actor.id, event.actor.name, event.actor.roles) == (MODERATOR, "mo", ("Mods",))
    assert event.actor.is_moderator is True


async def test_reaction_in_a_thread_counts_for_its_channel(stage: Running) -> None:
    await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", reaction(THUMB, channel=POST))
    assert (await stage.inbox.next()).message_key == f"discord:{GUILD}:{FORUM}:77"


async def test_reaction_taken_back_names_who_was_seen_before(stage: Running) -> None:
    await stage.received("hello")
    for who in (MEMBER, "9001"):
        bare = {"user_id": who, "channel_id": HELP, "message_id": "77", "guild_id": GUILD}
        await stage.server.gateway.dispatch("MESSAGE_REACTION_REMOVE", {**bare, "emoji": THUMB})
    events = [await stage.inbox.next() for _ in range(2)]
    assert {event.kind for event in events} == {EventKind.REACTION_REMOVED}
    assert [event.actor and event.actor.name for event in events] == ["ada", "9001"]


async def test_reaction_in_a_direct_message_stands_in_no_server(stage: Running) -> None:
    payload = reaction(THUMB, by=MEMBER, channel=DIRECT, guild_id=None, member=None)
    await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", payload)
    event = await stage.inbox.next()
    assert event.message_key == f"discord:@me:{DIRECT}:77"
    assert event.actor is not None
    assert (event.actor.id, event.actor.roles) == (MEMBER, None)


async def test_emoji_of_one_member_are_told_apart_and_replays_are_not(stage: Running) -> None:
    for emoji in (THUMB, ACME, THUMB):
        await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", reaction(emoji))
    keys = [(await stage.inbox.next()).key for _ in range(3)]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    "payload",
    [
        reaction(THUMB, by=ME),
        {},
        {"user_id": MEMBER, "channel_id": HELP, "message_id": "77", "guild_id": GUILD},
        reaction({}),
        reaction({"id": [], "name": 5}),
        reaction(THUMB, user_id="who?"),
        reaction(THUMB, channel_id={}),
        reaction(THUMB, message_id=True),
    ],
)
async def test_own_and_broken_reactions_are_no_events(
    stage: Running, payload: dict[str, Any]
) -> None:
    await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", payload)
    assert (await stage.received("next")).text == "next"


# -- AutoMod -------------------------------------------------------------------------------


def hit(action: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One action of a hit, as AUTO_MODERATION_ACTION_EXECUTION carries it."""
    return {
        "guild_id": GUILD,
        "action": action,
        "rule_id": "8001",
        "rule_trigger_type": 1,
        "user_id": MEMBER,
        "channel_id": HELP,
        "content": "buy free nitro now",
        "matched_keyword": "*nitro*",
        "matched_content": "nitro",
        **more,
    }


BLOCK = {"type": 1, "metadata": {}}
ALERT = {"type": 2, "metadata": {"channel_id": MODS}}
TIMEOUT = {"type": 3, "metadata": {"duration_seconds": 60}}


async def hear(stage: Running, payload: dict[str, Any]) -> Any:
    await stage.server.gateway.dispatch("AUTO_MODERATION_ACTION_EXECUTION", payload)
    return await stage.inbox.next()


async def test_hit_says_whom_what_and_the_text(stage: Running) -> None:
    await stage.received("hello")
    event = await hear(stage, hit(BLOCK))
    assert event.kind is EventKind.NATIVE_ACTION
    assert event.text == "AutoMod: “nitro” matched, the message was blocked"
    assert (event.actor.id, event.actor.name) == (MEMBER, "ada")
    message = event.message
    assert (message.text, message.author.name) == ("buy free nitro now", "ada")
    assert (message.community.id, message.channel.id) == (GUILD, HELP)
    assert message.permalink is None
    assert message.id


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (TIMEOUT, "AutoMod: “nitro” matched, the member was timed out for 60 seconds"),
        (ALERT, "AutoMod: “nitro” matched, the moderators were alerted"),
        ({"type": 4}, "AutoMod: “nitro” matched, the member was kept from talking"),
        ({"type": 77}, "AutoMod: “nitro” matched, Discord acted (77)"),
        ({}, "AutoMod: “nitro” matched, Discord acted (None)"),
    ],
)
async def test_hit_says_what_discord_did(stage: Running, action: dict[str, Any], text: str) -> None:
    assert (await hear(stage, hit(action))).text == text


async def test_actions_of_one_hit_have_one_key(stage: Running) -> None:
    first = await hear(stage, hit(BLOCK))
    alert = await hear(stage, hit(ALERT, alert_system_message_id="555"))
    again = await hear(stage, hit(TIMEOUT))
    assert first.key == alert.key == again.key
    other = await hear(stage, hit(BLOCK, content="something else"))
    theirs = await hear(stage, hit(BLOCK, user_id=MODERATOR))
    rule = await hear(stage, hit(BLOCK, rule_id="8002"))
    assert len({first.key, other.key, theirs.key, rule.key}) == 4


async def test_hit_on_a_message_that_stands_names_it(stage: Running) -> None:
    event = await hear(stage, hit(ALERT, message_id="77", alert_system_message_id="555"))
    assert event.message.key == f"discord:{GUILD}:{HELP}:77"
    assert event.message.permalink == f"https://discord.com/channels/{GUILD}/{HELP}/77"


async def test_hit_that_begins_with_its_alert_is_called_by_it(stage: Running) -> None:
    event = await hear(stage, hit(ALERT, alert_system_message_id="555"))
    assert event.message.id == "555"


async def test_same_words_later_are_another_hit(server: DiscordServer) -> None:
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    async with running(server, clock=clock) as stage:
        first = await hear(stage, hit(BLOCK))
        now[0] += timedelta(minutes=11)
        assert (await hear(stage, hit(BLOCK))).key != first.key


async def test_hit_without_content_still_says_who(stage: Running) -> None:
    payload = hit(BLOCK, content="", matched_content=None, matched_keyword=None)
    event = await hear(stage, payload)
    assert event.message is None
    assert event.text == "AutoMod: the message was blocked"
    named = await hear(stage, {**payload, "message_id": "77"})
    assert named.message_key == f"discord:{GUILD}:{HELP}:77"
    profile = await hear(stage, {**payload, "channel_id": None})
    assert profile.actor.id == MEMBER
    assert len({event.key, named.key, profile.key}) == 3


@pytest.mark.parametrize(
    "payload", [{}, {"guild_id": GUILD}, {"user_id": 5}, hit(BLOCK, user_id=[])]
)
async def test_broken_hit_stops_nothing(stage: Running, payload: dict[str, Any]) -> None:
    await stage.server.gateway.dispatch("AUTO_MODERATION_ACTION_EXECUTION", payload)
    assert (await stage.received("next")).text == "next"
