"""What Discord says of a bot before it runs, and what is then to be done about it."""

from __future__ import annotations

import asyncio

import pytest
import yaml

from greenroom.adapters import discord_invite
from greenroom.adapters.discord import DiscordAdapter
from greenroom.adapters.discord_invite import PERMISSIONS, invite_address
from greenroom.errors import ConfigError, RetryLater
from greenroom.message import ActionKind
from tests.adapters.contract import WAIT_S
from tests.adapters.discord.stage import Running, Sleeps, adapter_for, running, settings
from tests.adapters.discord.test_manifest import ROOT
from tests.adapters.discord.test_sessions import tasks_of_the_adapter
from tests.platforms.discord.gateway import IDENTIFY
from tests.platforms.discord.payloads import APPLICATION, GUILD, ME, MODS, ROLE_ME, ROLE_MEMBERS
from tests.platforms.discord.server import DiscordServer

EVERYTHING = sum(one.number for one in PERMISSIONS.values())
NEEDS = frozenset({ActionKind.REMOVE, ActionKind.BAN, ActionKind.REPLY, ActionKind.CARD})


@pytest.fixture
def adapter(server: DiscordServer) -> DiscordAdapter:
    server.places.grant(EVERYTHING)
    return adapter_for(server, Sleeps())


async def lacks(adapter: DiscordAdapter, needs: frozenset[ActionKind] = NEEDS) -> list[ConfigError]:
    async with asyncio.timeout(WAIT_S):
        return list((await adapter.inspect(needs)).lacks)


def overwrite(server: DiscordServer, who: str, *, allow: int = 0, deny: int = 0) -> None:
    for one in server.places.servers[GUILD]["channels"]:
        if one["id"] == MODS:
            one["permission_overwrites"].append(
                {"id": who, "type": int(who == ME), "allow": str(allow), "deny": str(deny)}
            )


async def test_bot_that_has_all_lacks_nothing(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    access = await adapter.inspect(NEEDS)
    assert access.account == f"greenroom ({APPLICATION})"
    assert access.places == ("Acme",)
    assert access.lacks == ()
    assert server.gateway.asked(IDENTIFY) == []
    assert tasks_of_the_adapter() == []


async def test_running_bot_can_be_asked_too(server: DiscordServer) -> None:
    server.places.grant(EVERYTHING)
    async with running(server) as stage:
        assert (await stage.adapter.inspect(NEEDS)).lacks == ()
        await stage.received("hello")


async def test_missing_permissions_are_named_for_each_server(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    other = await server.places.server_named("Beta")
    await server.places.channel_named("mods", guild_id=other)
    server.places.grant(PERMISSIONS["embed_links"].number)
    server.places.grant(EVERYTHING & ~PERMISSIONS["ban_members"].number, guild_id=other)
    found = await lacks(adapter)
    assert [one.message for one in found] == [
        "it lacks Manage Messages and Ban Members in Acme",
        "it lacks Ban Members in Beta",
    ]
    invite = invite_address(APPLICATION, NEEDS)
    assert all(invite in (one.accepted or "") for one in found)
    assert "Server Settings, Roles" in (found[0].accepted or "")


async def test_administrator_has_all(adapter: DiscordAdapter, server: DiscordServer) -> None:
    server.places.grant(discord_invite.ADMINISTRATOR)
    overwrite(server, GUILD, deny=EVERYTHING)
    assert await lacks(adapter) == []


async def test_bot_in_no_server_is_told_the_address(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    server.places.servers.clear()
    (found,) = await lacks(adapter)
    assert found.message == "the bot is in no server"
    assert invite_address(APPLICATION, NEEDS) in (found.accepted or "")


@pytest.mark.parametrize(
    ("content", "members", "named"),
    [
        (False, True, "the Message Content Intent is off"),
        (True, False, "the Server Members Intent is off"),
        (False, False, "the Message Content Intent and Server Members Intent is off"),
    ],
)
async def test_intents_that_are_off_are_named(
    adapter: DiscordAdapter, server: DiscordServer, content: bool, members: bool, named: str
) -> None:
    server.has_content_intent, server.has_members_intent = content, members
    (found,) = await lacks(adapter)
    assert named in found.message
    assert "Privileged Gateway Intents" in (found.accepted or "")


async def test_desk_channel_that_is_not_there_is_named(server: DiscordServer) -> None:
    server.places.grant(EVERYTHING)
    (found,) = await lacks(adapter_for(server, Sleeps(), desk_channel="#nowhere"))
    assert found.message == "desk_channel: there is no text channel #nowhere in Acme"


async def test_desk_channel_by_its_id_is_one_of_one_server(server: DiscordServer) -> None:
    server.places.grant(EVERYTHING)
    other = await server.places.server_named("Beta")
    server.places.grant(EVERYTHING, guild_id=other)
    assert await lacks(adapter_for(server, Sleeps(), desk_channel=MODS)) == []
    (found,) = await lacks(adapter_for(server, Sleeps(), desk_channel="99999"))
    assert found.message == "desk_channel: there is no text channel 99999 in any server"


async def test_desk_channel_that_is_closed_to_the_bot_says_what_to_allow(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    overwrite(server, GUILD, deny=PERMISSIONS["view_channel"].number)
    (found,) = await lacks(adapter)
    assert found.message == (
        "desk_channel: it lacks View Channel, Send Messages and Embed Links in #mods of Acme"
    )
    assert "Edit Channel, Permissions" in (found.accepted or "")
    overwrite(server, ROLE_MEMBERS, allow=EVERYTHING)
    assert len(await lacks(adapter)) == 1
    overwrite(server, ROLE_ME, allow=PERMISSIONS["view_channel"].number)
    assert await lacks(adapter) == []
    overwrite(server, ME, deny=PERMISSIONS["send_messages"].number)
    (found,) = await lacks(adapter)
    assert found.message == "desk_channel: it lacks Send Messages in #mods of Acme"


async def test_card_needs_no_embeds_where_no_card_is_needed(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    overwrite(server, GUILD, deny=PERMISSIONS["embed_links"].number)
    assert await lacks(adapter, frozenset({ActionKind.REPORT})) == []
    assert len(await lacks(adapter)) == 1


async def test_wrong_token_is_refused(server: DiscordServer) -> None:
    wrong = adapter_for(server, Sleeps(), settings=settings(server, token="test-old-token"))
    with pytest.raises(ConfigError, match="does not accept the token"):
        await wrong.inspect(NEEDS)
    assert tasks_of_the_adapter() == []


async def test_server_that_is_away_is_asked_later() -> None:
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(RetryLater, match="cannot be reached"):
            await adapter_for(DiscordServer(url="127.0.0.1:9"), Sleeps()).inspect(NEEDS)


async def test_greeting_is_posted_where_moderators_read(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    assert await adapter.greet("Hello, moderators.") == "#mods in Acme"
    (posted,) = server.messages[MODS].values()
    assert posted["content"] == "Hello, moderators."
    assert server.gateway.asked(IDENTIFY) == []


async def test_greeting_without_a_desk_says_what_to_write(server: DiscordServer) -> None:
    with pytest.raises(ConfigError, match="desk_channel is not set"):
        await adapter_for(server, Sleeps(), desk_channel=None).greet("Hello.")


async def test_greeting_that_may_not_be_posted_says_what_to_allow(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    overwrite(server, GUILD, deny=PERMISSIONS["send_messages"].number)
    with pytest.raises(ConfigError, match="can write in no channel #mods") as caught:
        await adapter.greet("Hello.")
    assert "add the bot" in (caught.value.accepted or "")
    assert server.messages[MODS] == {}


async def test_greeting_works_while_the_bot_runs(stage: Running) -> None:
    assert await stage.adapter.greet("Hello.") == "#mods in Acme"


def test_permissions_are_those_of_the_connection_file() -> None:
    text = (ROOT / "adapters" / "discord.yaml").read_text(encoding="utf-8")
    told = yaml.safe_load(text)
    assert {name: set(one["for"]) for name, one in told["permissions"].items()} == {
        name: set(one.actions) for name, one in PERMISSIONS.items()
    }
    watching = sum(PERMISSIONS[name].number for name in discord_invite.WATCHING)
    assert told["invite"] == {
        "scope": discord_invite.SCOPE,
        "watching": watching,
        "everything": EVERYTHING,
    }


def test_address_asks_for_what_is_needed_and_no_more() -> None:
    assert invite_address("42", frozenset()) == (
        "https://discord.com/oauth2/authorize?client_id=42"
        "&scope=bot+applications.commands&permissions=66560"
    )
    number = 66560 + PERMISSIONS["ban_members"].number
    assert invite_address("42", frozenset({ActionKind.UNBAN})).endswith(f"={number}")
