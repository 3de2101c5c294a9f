"""What Slack lets the account do, told before the bot runs; and channels that it joins."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from greenroom.adapters.settings import SlackInstall
from greenroom.adapters.slack import SlackAdapter
from greenroom.adapters.slack.actions import ALWAYS, WITH_DESK_CHANNEL
from greenroom.adapters.slack.scopes import BOT_SCOPES, SCOPES
from greenroom.adapters.slack.store import Installed, InstallStore
from greenroom.adapters.slack.web import Tokens
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import REMOVALS, Action, ActionKind, Channel, Order
from tests.adapters.slack.stage import ADMIN, Inbox, running, settings
from tests.adapters.slack.test_slack_install import KEY
from tests.adapters.slack.test_slack_perform import MESSAGE
from tests.platforms.slack.server import ADMIN_USER, DESK, SlackServer
from tests.platforms.slack.server import SCOPES as GIVEN

EVERYTHING = ALWAYS | WITH_DESK_CHANNEL | REMOVALS


def _adapter(server: SlackServer, desk: str | None = "#mods", **more: Any) -> SlackAdapter:
    return SlackAdapter("acme", settings(server, user_token=ADMIN, **more), desk_channel=desk)


@pytest.fixture
def staffed(server: SlackServer) -> SlackServer:
    """With an admin whose token we have."""
    server.users[ADMIN_USER] = {"id": ADMIN_USER, "name": "grace", "is_admin": True}
    return server


async def _lacks(adapter: SlackAdapter, *needs: ActionKind) -> str:
    access = await adapter.inspect(frozenset(needs) or EVERYTHING)
    return "\n".join(str(lack) for lack in access.lacks)


async def test_account_that_may_do_everything_lacks_nothing(staffed: SlackServer) -> None:
    access = await _adapter(staffed).inspect(EVERYTHING)
    assert access.account == "greenroom (UBOT)"
    assert access.places == ("Acme",)
    assert access.lacks == ()
    assert not staffed.connections.links  # nothing is connected for it
    assert not staffed.effects


@pytest.mark.parametrize(
    ("scope", "need"),
    [
        ("chat:write", ActionKind.REPLY),
        ("channels:history", ActionKind.REPLY),  # needed whatever is wanted
        ("channels:read", ActionKind.REPLY),
        ("reactions:write", ActionKind.REACT),
        ("im:write", ActionKind.MESSAGE),
        ("commands", ActionKind.ANSWER),
    ],
)
async def test_missing_scope_is_named_with_what_to_click(
    staffed: SlackServer, scope: str, need: ActionKind
) -> None:
    staffed.scopes = ",".join(set(GIVEN.split(",")) - {scope})
    told = await _lacks(_adapter(staffed, desk=None), need)
    assert f"lacks the scope {scope}" in told
    assert "Reinstall to Workspace" in told


async def test_scope_that_nothing_needs_is_not_talked_about(staffed: SlackServer) -> None:
    staffed.scopes = ",".join(set(GIVEN.split(",")) - {"reactions:write", "im:write", "commands"})
    assert await _lacks(_adapter(staffed, desk=None), ActionKind.REPLY) == ""


async def test_server_that_says_no_scopes_is_believed(staffed: SlackServer) -> None:
    staffed.scopes = None
    assert await _lacks(_adapter(staffed)) == ""


async def test_joining_needs_its_scope_before_anything_runs(staffed: SlackServer) -> None:
    staffed.scopes = ",".join(set(GIVEN.split(",")) - {"channels:join"})
    adapter = _adapter(staffed, join=("*",))
    assert "channels:join" in await _lacks(adapter)
    with pytest.raises(ConfigError, match="channels:join"):
        await adapter.run(Inbox())


async def test_app_token_that_slack_refuses_is_said(staffed: SlackServer) -> None:
    told = await _lacks(_adapter(staffed, app_token=SecretStr("test-wrong")))
    assert "app_token" in told
    assert "connections:write" in told
    over_http = _adapter(staffed, transport="http", app_token=None)
    assert await _lacks(over_http) == ""


async def test_desk_channel_without_the_bot_says_invite(staffed: SlackServer) -> None:
    staffed.home.rooms[DESK].members.clear()
    assert "/invite @Greenroom" in await _lacks(_adapter(staffed))
    assert "desk_channel C9: the bot is not in it" in await _lacks(_adapter(staffed, desk=DESK))
    staffed.home.rooms[DESK].members.add("UBOT")
    staffed.home.rooms[DESK].is_archived = True
    assert "archived" in await _lacks(_adapter(staffed, desk=DESK))


async def test_removing_needs_an_admins_token(staffed: SlackServer) -> None:
    staffed.users[ADMIN_USER]["is_admin"] = False
    assert "is no admin of Acme" in await _lacks(_adapter(staffed))
    assert await _lacks(_adapter(staffed), ActionKind.REPLY) == ""
    wrong = SlackAdapter("acme", settings(staffed, user_token=SecretStr("test-wrong")))
    assert "user_token: Slack does not accept" in await _lacks(wrong)
    none = SlackAdapter("acme", settings(staffed))
    assert "removing needs user_token" in await _lacks(none, ActionKind.REMOVE)


async def test_wrong_token_or_silent_slack_is_raised(staffed: SlackServer) -> None:
    wrong = SlackAdapter("acme", settings(staffed, token=SecretStr("test-wrong")))
    with pytest.raises(ConfigError, match="Bot User OAuth Token"):
        await wrong.inspect(EVERYTHING)
    staffed.fail("auth.test", status=503)
    with pytest.raises(RetryLater):
        await _adapter(staffed).inspect(EVERYTHING)


async def test_greeting_goes_to_the_desk_channel(staffed: SlackServer) -> None:
    assert await _adapter(staffed).greet("Hello <!channel>") == "#mods in Acme"
    (call,) = staffed.effects
    assert call.arguments["channel"] == DESK
    assert "<" not in call.arguments["text"]
    with pytest.raises(ConfigError, match="no desk_channel"):
        await _adapter(staffed, desk=None).greet("Hello")
    with pytest.raises(ConfigError, match="/invite"):
        await _adapter(staffed, desk="#nowhere").greet("Hello")


async def test_installed_workspaces_are_asked_each(staffed: SlackServer, tmp_path: Path) -> None:
    install = SlackInstall(
        client_id="1.2",
        client_secret=SecretStr("test-client-secret"),
        key=SecretStr(KEY),
        store=tmp_path / "store.json",
    )
    given = settings(staffed, token=None, install=install)
    adapter = SlackAdapter("acme", given, desk_channel="#mods")
    access = await adapter.inspect(frozenset())
    assert "no Slack workspace has installed the app" in str(access.lacks[0])
    with pytest.raises(ConfigError, match="no Slack workspace"):
        await adapter.greet("Hello")
    staffed.add_team("T2", "Umbra", token="test-bot-token-T2").open("C2", "mods")
    for team, token in (("T1", "test-bot-token"), ("T2", "test-bot-token-T2")):
        store = InstallStore(tmp_path / "store.json", KEY)
        await store.load()
        await store.put(Installed(team, team, Tokens(token)))
    access = await adapter.inspect(frozenset())
    assert access.places == ("Acme", "Umbra")
    assert await adapter.greet("Hello") == "#mods in Acme and #mods in Umbra"


def test_every_action_has_its_scopes_and_the_app_asks_for_them() -> None:
    assert set(SCOPES) == EVERYTHING
    assert {scope for scopes in SCOPES.values() for scope in scopes} <= set(BOT_SCOPES)


async def test_channels_are_joined_at_the_start(
    server: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    server.pages["conversations.list"] = 2
    for channel, name in (("C3", "general"), ("C4", "random"), ("C5", "locked"), ("C6", "old")):
        server.home.open(channel, name, members=set())
    server.home.rooms["C5"].is_private = True
    server.home.rooms["C6"].is_archived = True
    async with running(server, Inbox(), join=("#general", "C4", "locked", "typo")):
        await _until_joined(server, "C3", "C4")
    assert "UBOT" not in server.home.rooms["C5"].members
    assert "'locked'" in caplog.text
    assert "'typo'" in caplog.text
    called = [call.arguments["channel"] for call in server.called("conversations.join")]
    assert sorted(called) == ["C3", "C4"]  # in the others it was, or may not be


async def test_star_joins_every_public_channel(server: SlackServer) -> None:
    for number in range(3, 8):
        server.home.open(f"C{number}", f"room{number}", members=set())
    server.fail("conversations.join", error="too_many_members")
    async with running(server, Inbox(), join=("*",)):
        await _until_joined(server, "C4", "C5", "C6", "C7")  # one failed, and the others went on
    assert "UBOT" not in server.home.rooms["C3"].members


async def _until_joined(server: SlackServer, *channels: str) -> None:
    async with asyncio.timeout(5):
        while not all("UBOT" in server.home.rooms[one].members for one in channels):
            await asyncio.sleep(0.005)


def _reply(channel: str) -> Order:
    message = replace(MESSAGE, channel=Channel(channel, "somewhere"))
    return Order(f"k-{channel}", Action(ActionKind.REPLY, text="hello"), message)


async def test_reply_joins_a_public_channel_once(server: SlackServer) -> None:
    server.home.open("C3", "general", members=set())
    async with running(server, Inbox()) as stage:
        outcome = await stage.adapter.perform(_reply("C3"))
        assert outcome.ref in server.messages["C3"]
    assert len(server.called("conversations.join")) == 1
    assert len(server.called("chat.postMessage")) == 2


async def test_reply_that_cannot_join_says_invite(server: SlackServer) -> None:
    server.home.open("C3", "general", members=set())
    async with running(server, Inbox()) as stage:
        for error in ("method_not_supported_for_channel_type", "missing_scope"):
            server.fail("conversations.join", error=error)
            with pytest.raises(DropMessage, match="/invite"):
                await stage.adapter.perform(_reply("C3"))
        server.fail("chat.postMessage", error="not_in_channel")
        server.fail("chat.postMessage", error="not_in_channel")
        with pytest.raises(DropMessage, match="/invite"):  # joined, and still not in it
            await stage.adapter.perform(_reply("C3"))
    assert len(server.called("conversations.join")) == 3
