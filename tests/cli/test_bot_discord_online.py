"""``bot add discord`` against a Discord on loopback, with the real client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from greenroom.adapters.discord_invite import PERMISSIONS, invite_address, needed
from greenroom.company import gather
from greenroom.message import ActionKind
from tests.cli.conftest import Greenroom, Talk
from tests.cli.loopback import beside
from tests.platforms.discord.payloads import APPLICATION, GUILD, MODS, TOKEN
from tests.platforms.discord.server import DiscordServer, discord_server

CAST = ("warden", "*", "#mods")
NEEDS = frozenset({ActionKind.FILTER, ActionKind.APPROVE, ActionKind.CARD})
ENOUGH = sum(one.number for one in needed(NEEDS).values())


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with beside(discord_server) as server:
        server.places.grant(ENOUGH)
        yield server


@pytest.fixture
def endpoints(discord: DiscordServer) -> list[str]:
    return ["--set", f"endpoints.api={discord.api}"]


def posted(discord: DiscordServer) -> list[dict[str, Any]]:
    return [one.body for one in discord.effects if one.path.endswith(f"/{MODS}/messages")]


def test_a_bot_is_added_from_the_invite_to_a_test_message(
    talk: Talk,
    greenroom: Greenroom,
    deployment: Path,
    discord: DiscordServer,
    endpoints: list[str],
) -> None:
    servers = dict(discord.places.servers)
    discord.places.servers.clear()

    def invited() -> str:
        discord.places.servers.update(servers)
        return ""

    ended = talk("discord", *endpoints, answers=[*CAST, TOKEN, invited, "y"])
    assert (ended.code, ended.err) == (0, "")
    assert f"Signed in as greenroom ({APPLICATION})." in ended.out
    assert invite_address(APPLICATION, NEEDS) in ended.out
    assert "is in: Acme" in ended.out
    assert "A test message was posted: #mods in Acme" in ended.out
    (said,) = posted(discord)
    assert said["content"].startswith("Greenroom is here: Warden. In shadow mode")
    assert TOKEN not in ended.out + ended.err
    checked = greenroom("check", "--online", "--config", deployment / "config.yaml")
    assert (checked.code, checked.err) == (0, "")


def test_a_wrong_token_can_be_given_again(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    answers = [*CAST, "test-wrong", "y", TOKEN, "later"]
    ended = talk("discord", *endpoints, answers=answers)
    assert ended.code == 0
    assert "Discord does not accept the token" in ended.err
    assert "test-wrong" not in ended.out + ended.err
    assert (deployment / ".env").read_text() == f"DISCORD_TOKEN={TOKEN}\n"


def test_a_bot_that_was_not_invited_is_told_the_address_until_it_is(
    talk: Talk, discord: DiscordServer, endpoints: list[str]
) -> None:
    discord.places.servers.clear()
    ended = talk("discord", *endpoints, answers=[*CAST, TOKEN, "", "", "later", "n"])
    assert ended.code == 0
    assert ended.err.count("the bot is in no server") == 2
    assert posted(discord) == []


def test_a_missing_permission_is_told_with_what_to_click(
    talk: Talk,
    greenroom: Greenroom,
    deployment: Path,
    discord: DiscordServer,
    endpoints: list[str],
) -> None:
    discord.places.grant(ENOUGH & ~PERMISSIONS["manage_messages"].number, guild_id=GUILD)
    ended = talk("discord", *endpoints, answers=[*CAST, TOKEN, "", "later", "n"])
    assert ended.code == 0
    assert "it lacks Manage Messages in Acme" in ended.err
    config = deployment / "config.yaml"
    checked = greenroom("check", "--online", "--config", config, "--format", "json")
    lines = (deployment / "bots" / "discord.yaml").read_text().splitlines()
    (found,) = [one for one in json.loads(checked.out)["findings"] if one["level"] == "error"]
    assert (checked.code, lines[found["line"] - 1]) == (1, "personas:")
    assert invite_address(APPLICATION, NEEDS) in found["accepted"]
    gather(config)


def test_a_desk_channel_that_is_not_there_is_told_at_its_key(
    talk: Talk,
    greenroom: Greenroom,
    deployment: Path,
    discord: DiscordServer,
    endpoints: list[str],
) -> None:
    answers = ["warden", "*", "#lobby", TOKEN, "", "later", "y", "n"]
    ended = talk("discord", *endpoints, answers=answers)
    assert (ended.code, posted(discord)) == (0, [])
    assert "there is no text channel #lobby in Acme" in ended.err
    assert "the bot can write in no channel #lobby" in ended.err
    config = deployment / "config.yaml"
    checked = greenroom("check", "--online", "--config", config, "--format", "github")
    line = (
        (deployment / "bots" / "discord.yaml")
        .read_text()
        .split("\n")
        .index('desk_channel: "#lobby"       # where moderators read: cards, and reports')
    )
    assert f"discord.yaml,line={line + 1},col=1::discord: desk_channel" in checked.out


def test_an_intent_that_is_off_is_told(
    talk: Talk, discord: DiscordServer, endpoints: list[str]
) -> None:
    discord.has_content_intent = False
    answers = [*CAST, TOKEN, "", "later", "n"]
    assert "Message Content Intent is off" in talk("discord", *endpoints, answers=answers).err


def test_what_strangers_named_drives_no_terminal(
    talk: Talk, discord: DiscordServer, endpoints: list[str]
) -> None:
    discord.places.servers[GUILD]["name"] = "[bold]A\x1b[2J\u202ecme"
    discord.places.grant(0)
    ended = talk("discord", *endpoints, answers=[*CAST, TOKEN, "", "later", "n"])
    assert "[bold]A\\u001b[2J\\u202ecme" in ended.out
    assert not set("\x1b\u202e") & set(ended.out + ended.err)
