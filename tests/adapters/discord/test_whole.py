"""A message whose payload lacks something, or has it odd, is still the message that it is."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.adapters.discord.stage import Running
from tests.adapters.discord.test_tolerance import DOCUMENTED, ODD, mutations, paths, still_hears
from tests.platforms.discord.gateway import IDENTIFY, RESUME
from tests.platforms.discord.payloads import (
    FORUM,
    GUILD,
    HELP,
    MEMBER,
    MODERATOR,
    USERS,
    channel,
    guild,
    member,
    message,
    role,
    thread,
)

FILE = {"id": "70", "filename": "a.png", "url": "https://cdn.test/a.png", "size": 5}
FORWARDED = {"message": {"content": "said elsewhere", "type": 0, "attachments": [FILE]}}
RICH = message(
    HELP,
    MEMBER,
    "hello there",
    id="1456484269424640100",
    type=19,
    attachments=[{**FILE, "proxy_url": FILE["url"], "content_type": "image/png"}],
    embeds=[{"type": "rich", "title": "a link", "timestamp": "2026-01-01T00:00:00+00:00"}],
    mentions=[{**USERS[MODERATOR], "member": member(MODERATOR)}],
    message_reference={"message_id": "1456484269424640099", "channel_id": HELP, "guild_id": GUILD},
    referenced_message=message(HELP, MODERATOR, "before", id="1456484269424640099"),
    message_snapshots=[FORWARDED],
    poll={"question": {"text": "Which?"}, "answers": [{"poll_media": {"text": "this"}}]},
    reactions=[{"count": 1, "emoji": {"name": "👍"}}],
    sticker_items=[{"id": "5", "name": "wave", "format_type": 1}],
    thread=thread("1456484269424640100", "A thread", HELP),
)
NEEDED = {("id",), ("channel_id",), ("author",), ("author", "id")}
ALSO_KNOWN = {("guild_id",)}  # without it, it is a direct message
CONTENT = {("content",)}

EVENTS: dict[str, Any] = {
    "MESSAGE_UPDATE": {**RICH, "edited_timestamp": "2026-01-02T05:00:00+00:00"},
    "MESSAGE_DELETE": {"id": "1", "channel_id": HELP, "guild_id": GUILD},
    "MESSAGE_DELETE_BULK": {"ids": ["1", "2"], "channel_id": HELP, "guild_id": GUILD},
    "GUILD_MEMBER_ADD": {**member(MEMBER), "user": USERS[MEMBER], "guild_id": GUILD},
    "GUILD_ROLE_CREATE": {"guild_id": GUILD, "role": role("3009", "New")},
    "GUILD_ROLE_UPDATE": {"guild_id": GUILD, "role": role("3009", "Newer")},
    "GUILD_ROLE_DELETE": {"guild_id": GUILD, "role_id": "3009"},
    "CHANNEL_CREATE": channel("1800", "new", permission_overwrites=[{"id": GUILD, "type": 0}]),
    "CHANNEL_UPDATE": channel("1800", "newer"),
    "CHANNEL_DELETE": channel("1800", "newer"),
    "THREAD_CREATE": thread("1801", "New", FORUM),
    "THREAD_UPDATE": thread("1801", "Newer", FORUM),
    "THREAD_DELETE": {"id": "1801", "guild_id": GUILD, "parent_id": FORUM, "type": 11},
    "THREAD_LIST_SYNC": {"guild_id": GUILD, "channel_ids": [FORUM], "threads": [], "members": []},
    "GUILD_EMOJIS_UPDATE": {"guild_id": GUILD, "emojis": [{"id": "4001", "name": "acme"}]},
}


def conversations(stage: Running) -> tuple[int, int]:
    gateway = stage.server.gateway
    return len(gateway.asked(IDENTIFY)), len(gateway.asked(RESUME))


@pytest.mark.parametrize("odd", [..., *ODD], ids=repr)
async def test_message_comes_in_without_whatever_else(stage: Running, odd: Any) -> None:
    count = 0
    for path in paths(RICH):
        if path in NEEDED | ALSO_KNOWN:
            continue
        changed = json.loads(json.dumps(RICH))
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        if odd is ...:
            del inner[path[-1]]
        else:
            inner[path[-1]] = odd
        changed["id"] = str(int(RICH["id"]) + count)
        count += 1
        if path == ("type",) and odd in (True, -1, 10**30):
            continue  # Discord's own notices have other types; of those nothing comes in
        await stage.server.gateway.dispatch("MESSAGE_CREATE", changed)
        event = await stage.inbox.next()
        found = event.message
        assert found is not None
        assert (found.id, found.channel.id, found.author.id) == (changed["id"], HELP, MEMBER), path
        if path not in CONTENT:
            assert found.text == "hello there", path
        assert found.author.name
        assert all(isinstance(one.name, str) for one in found.attachments)
    assert conversations(stage) == (1, 0)


async def test_message_is_in_the_server_that_its_channel_is_in(stage: Running) -> None:
    unsaid = {key: value for key, value in RICH.items() if key != "guild_id"}
    await stage.server.gateway.dispatch("MESSAGE_CREATE", unsaid)
    event = await stage.inbox.next()
    assert event.message is not None
    assert (event.message.community.name, event.message.channel.name) == ("Acme", "help")
    assert event.message.author.roles == ("Verified",)


@pytest.mark.parametrize("path", sorted(NEEDED))
async def test_message_without_what_makes_it_one_is_passed_over(
    stage: Running, path: tuple[str, ...]
) -> None:
    for changed in mutations({"outer": RICH}):
        inner = changed.get("outer")
        if isinstance(inner, dict):
            await stage.server.gateway.dispatch("MESSAGE_CREATE", _without(inner, path))
    await still_hears(stage)
    assert conversations(stage) == (1, 0)


def _without(whole: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    if len(path) == 1:
        return {key: value for key, value in whole.items() if key != path[0]}
    inner = whole.get(path[0])
    return {**whole, path[0]: _without(inner, path[1:])} if isinstance(inner, dict) else whole


@pytest.mark.parametrize("name", EVENTS)
async def test_odd_field_of_any_event_stops_nothing(stage: Running, name: str) -> None:
    for changed in mutations(EVENTS[name]):
        await stage.server.gateway.dispatch(name, changed)
    await still_hears(stage)
    assert conversations(stage) == (1, 0)


async def test_odd_field_of_a_server_leaves_the_rest_of_it(stage: Running) -> None:
    whole = guild()
    whole["members"] = [{**whole["members"][0]}]
    for number, changed in enumerate(mutations(whole)):
        if number % 5 == 0 and isinstance(changed.get("id"), str):  # a part of many thousands
            await stage.server.gateway.say({"op": 0, "t": "GUILD_CREATE", "s": 2, "d": changed})
    await stage.server.gateway.say({"op": 0, "t": "GUILD_CREATE", "s": 2, "d": guild()})
    message = await stage.received("hello")
    assert (message.community.name, message.channel.name) == ("Acme", "help")
    assert message.author.roles == ("Verified",)
    assert conversations(stage) == (1, 0)


async def test_no_field_of_what_discord_documents_is_taken_for_granted(stage: Running) -> None:
    if not DOCUMENTED.exists():
        pytest.skip(f"{DOCUMENTED.name} is not at hand")
    blocks = [one["payload"] for one in json.loads(DOCUMENTED.read_text(encoding="utf-8"))]
    names = itertools.cycle(["MESSAGE_CREATE", "INTERACTION_CREATE", "GUILD_MEMBER_ADD"])
    sent = 0
    for block in blocks:
        if not isinstance(block, dict):
            continue
        for changed in itertools.islice(mutations(block), 0, None, 7):
            frame = {"op": 0, "t": next(names), "s": 2, "d": changed}
            await stage.server.gateway.say(frame)
            sent += 1
    assert sent > 2_000
    await still_hears(stage)
    assert conversations(stage) == (1, 0)
