"""Workspaces that add the app by themselves: OAuth, tokens at rest, and who hears what."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from greenroom.adapters.settings import Listen, SlackEndpoints, SlackInstall, SlackSettings
from greenroom.adapters.slack import SlackAdapter
from greenroom.adapters.slack.install import INSTALL, REDIRECT, States
from greenroom.adapters.slack.store import Installed, InstallStore
from greenroom.adapters.slack.web import Tokens
from greenroom.errors import ConfigError, DropMessage
from greenroom.message import Action, ActionKind, Message, Order
from tests.adapters.slack.stage import NOW, Inbox, event_body, said
from tests.platforms.slack.delivery import SECRET, signed
from tests.platforms.slack.oauth import CLIENT_ID, CLIENT_SECRET
from tests.platforms.slack.server import APP_TOKEN, CHANNEL, MEMBER, SlackServer

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
TEAMS = {"T1": "Acme", "T2": "Umbra"}


@dataclass(slots=True)
class Visiting:
    """An adapter that can be installed, and a visitor's browser."""

    adapter: SlackAdapter
    server: SlackServer
    inbox: Inbox
    http: aiohttp.ClientSession
    socket: Any = None

    @property
    def base(self) -> str:
        """Where the visitor finds it."""
        assert self.adapter.address is not None
        return "http://{}:{}".format(*self.adapter.address)

    async def begin(self) -> Mapping[str, str]:
        """Open the install page; returns what it hands to Slack's."""
        async with self.http.get(f"{self.base}{INSTALL}", allow_redirects=False) as answer:
            assert answer.status == 302
            address = answer.headers["Location"]
        return {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}

    async def allow(self, team: str = "T1", **asked: str) -> str:
        """Press Allow on Slack's page; returns the address to which it sends the visitor back."""
        self.server.oauth.chosen = team
        given = dict(await self.begin()) | asked
        url = f"http://{self.server.url}/oauth/v2/authorize"
        async with self.http.get(url, params=given, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return answer.headers["Location"]

    async def come_back(self, address: str) -> tuple[int, str]:
        """Follow Slack's redirect, to wherever the adapter listens in this test."""
        parts = urlsplit(address)
        async with self.http.get(f"{self.base}{parts.path}?{parts.query}") as answer:
            return answer.status, await answer.text()

    async def install(self, team: str = "T1") -> tuple[int, str]:
        """All of it."""
        return await self.come_back(await self.allow(team))

    async def tell(self, team: str, event: Mapping[str, Any], **outer: Any) -> None:
        """Slack tells of something in a workspace."""
        body = {
            **event_body(event),
            "team_id": team,
            "authorizations": [{"team_id": team}],
            **outer,
        }
        if self.socket is not None:
            payload = {"type": "events_api", "envelope_id": "e1", "payload": body}
            await self.socket.send_json(payload)
            async with asyncio.timeout(5):
                await self.server.acks.get()
            return
        packed = json.dumps(body).encode()
        async with self.http.post(
            f"{self.base}/slack/events", data=packed, headers=signed(packed)
        ) as answer:
            assert answer.status == 200


def _settings(server: SlackServer, folder: Path, **more: Any) -> SlackSettings:
    install = {
        "client_id": CLIENT_ID,
        "client_secret": SecretStr(CLIENT_SECRET),
        "key": SecretStr(KEY),
        "store": folder / "data" / "slack-installs.json",
        **more.pop("install", {}),
    }
    given: dict[str, Any] = {
        "install": SlackInstall(**install),
        "transport": "http",
        "signing_secret": SecretStr(SECRET),
        "listen": Listen(port=0),
        "endpoints": SlackEndpoints(
            api=f"http://{server.url}/api/", authorize=f"http://{server.url}/oauth/v2/authorize"
        ),
    }
    return SlackSettings(**(given | more))


@asynccontextmanager
async def visiting(server: SlackServer, folder: Path, **more: Any) -> AsyncIterator[Visiting]:
    inbox = Inbox()
    settings = _settings(server, folder, **more)
    adapter = SlackAdapter("acme", settings, clock=lambda: NOW, desk_channel="#mods")
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        task = group.create_task(adapter.run(inbox))
        found = Visiting(adapter, server, inbox, http)
        try:
            async with asyncio.timeout(5):
                await adapter.ready.wait()
                if settings.transport == "socket":
                    found.socket = await server.sockets.get()
            yield found
        finally:
            task.cancel()


@pytest.fixture
def two_teams(server: SlackServer) -> SlackServer:
    team = server.add_team("T2", "Umbra")
    team.open("C2", "help")
    team.users["U2"] = {"id": "U2", "name": "bob"}
    return server


def _order(message: Message, text: str) -> Order:
    return Order(f"k-{text}", Action(ActionKind.REPLY, text=text), message)


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_two_workspaces_install_and_each_hears_its_own(
    two_teams: SlackServer, tmp_path: Path, transport: str
) -> None:
    app = {"transport": transport, "app_token": SecretStr(APP_TOKEN)}
    async with visiting(two_teams, tmp_path, **app) as site:
        for team, name in TEAMS.items():
            status, page = await site.install(team)
            assert (status, f"Invite it to channels of {name}" in page) == (200, True)
        for team, channel, user in (("T1", CHANNEL, MEMBER), ("T2", "C2", "U2")):
            await site.tell(team, said("hello", channel=channel, user=user, team=team))
            message = (await site.inbox.next()).message
            assert message is not None
            assert (message.community.id, message.community.name) == (team, TEAMS[team])
            assert message.author.name in {"Ada", "bob"}  # each looked up in its own workspace
            outcome = await site.adapter.perform(_order(message, f"reply in {team}"))
            assert outcome.ref in two_teams.teams[team].messages[channel]
            (call,) = [
                it
                for it in two_teams.called("chat.postMessage")
                if it.arguments["channel"] == channel
            ]
            assert call.token == f"test-bot-token-{team}"


async def test_shared_channel_is_told_by_its_authorization(
    two_teams: SlackServer, tmp_path: Path
) -> None:
    async with visiting(two_teams, tmp_path) as site:
        await site.install("T2")
        await site.tell("T9", said("x", channel="C2"), authorizations=[{"team_id": "T2"}])
        message = (await site.inbox.next()).message
        assert message is not None
        assert message.community.id == "T2"
        await site.tell("T9", said("y"))  # nobody of ours
        assert site.inbox.events.empty()


async def test_commands_reach_the_workspace_that_they_are_given_in(
    two_teams: SlackServer, tmp_path: Path
) -> None:
    async with visiting(two_teams, tmp_path) as site:
        await site.install("T1")
        await site.install("T2")
        for team in TEAMS:
            command = two_teams.interactivity.command("/human", "help") | {"team_id": team}
            body = "&".join(f"{key}={value}" for key, value in command.items()).encode()
            headers = signed(body) | {"Content-Type": "application/x-www-form-urlencoded"}
            url = f"{site.base}/slack/commands"
            async with site.http.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200
            message = (await site.inbox.next()).message
            assert message is not None
            assert message.community.id == team


async def test_tokens_lie_encrypted_and_for_nobody_else(
    two_teams: SlackServer, tmp_path: Path
) -> None:
    async with visiting(two_teams, tmp_path, install={"removes": True}) as site:
        assert ActionKind.REMOVE in site.adapter.capabilities
        await site.install("T1")
        await site.install("T2")
    store = tmp_path / "data" / "slack-installs.json"
    raw = store.read_bytes()
    for token in ("test-bot-token", "test-user-token", CLIENT_SECRET, "Acme"):
        assert token.encode() not in raw
        assert base64.b64encode(token.encode())[:-4] not in raw
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert list(store.parent.iterdir()) == [store]
    known = {one.team_id: one for one in await InstallStore(store, KEY).load()}
    assert {team: one.tokens.bot for team, one in known.items()} == {
        team: f"test-bot-token-{team}" for team in TEAMS
    }
    assert known["T1"].tokens.admin == "test-user-token-T1"
    assert "test-bot-token" not in repr(known)


async def test_restart_serves_everybody_again(two_teams: SlackServer, tmp_path: Path) -> None:
    async with visiting(two_teams, tmp_path) as site:
        await site.install("T2")
    async with visiting(two_teams, tmp_path) as site:
        await site.tell("T2", said("hello again", channel="C2", user="U2"))
        assert (await site.inbox.next()).message is not None


@pytest.mark.parametrize(
    "event",
    [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["BOT"]}}],
)
async def test_removed_app_is_forgotten_and_the_others_go_on(
    two_teams: SlackServer, tmp_path: Path, event: dict[str, Any]
) -> None:
    async with visiting(two_teams, tmp_path) as site:
        await site.install("T1")
        await site.install("T2")
        await site.tell("T2", said("hello", channel="C2", user="U2"))
        message = (await site.inbox.next()).message
        assert message is not None
        if "tokens" in event:
            event = event | {"tokens": {"bot": [two_teams.teams["T2"].bot_user]}}
        await site.tell("T2", event)
        with pytest.raises(DropMessage, match="not installed"):
            await site.adapter.perform(_order(message, "too late"))
        await site.tell("T2", said("who is there", channel="C2", ts="1700000009.000100"))
        await site.tell("T1", said("still here"))
        assert (await site.inbox.next()).message is not None
        assert site.inbox.events.empty()
    store = InstallStore(tmp_path / "data" / "slack-installs.json", KEY)
    assert [one.team_id for one in await store.load()] == ["T1"]


async def test_revoked_user_token_is_forgotten_alone(server: SlackServer, tmp_path: Path) -> None:
    async with visiting(server, tmp_path, install={"removes": True}) as site:
        await site.install("T1")
        await site.tell("T1", {"type": "tokens_revoked", "tokens": {"oauth": ["UADMIN", 5]}})
        await site.tell("T1", said("still here"))
        message = (await site.inbox.next()).message
        assert message is not None
        with pytest.raises(DropMessage, match="user_token"):
            await site.adapter.perform(Order("k", Action(ActionKind.REMOVE), message))
    (known,) = await InstallStore(tmp_path / "data" / "slack-installs.json", KEY).load()
    assert known.tokens == Tokens("test-bot-token-T1")


async def test_install_page_asks_for_what_is_needed(server: SlackServer, tmp_path: Path) -> None:
    async with visiting(server, tmp_path) as site:
        asked = await site.begin()
        assert asked["client_id"] == CLIENT_ID
        assert {"chat:write", "channels:history", "commands"} <= set(asked["scope"].split(","))
        assert "user_scope" not in asked
    async with visiting(server, tmp_path, install={"removes": True}) as site:
        assert (await site.begin())["user_scope"] == "chat:write"


async def test_state_is_good_once_and_not_for_long(server: SlackServer, tmp_path: Path) -> None:
    async with visiting(server, tmp_path) as site:
        back = await site.allow()
        assert (await site.come_back(back))[0] == 200
        calls = len(server.called("oauth.v2.access"))
        for bad in (back, f"{REDIRECT}?code=x", f"{REDIRECT}?code=x&state=", f"{REDIRECT}?state=y"):
            assert (await site.come_back(bad))[0] == 400
        assert len(server.called("oauth.v2.access")) == calls  # Slack is not even asked
    times = [NOW]
    states = States(KEY, clock=lambda: times[0])
    state = states.make()
    times[0] += timedelta(minutes=11)
    assert not states.use(state)
    fresh = states.make()
    assert not States(OTHER_KEY, clock=lambda: times[0]).use(fresh)
    assert not states.use(fresh[:-2] + "xx")
    assert states.use(fresh)
    assert not states.use(fresh)


async def test_visitor_is_told_what_went_wrong(server: SlackServer, tmp_path: Path) -> None:
    async with visiting(server, tmp_path, install={"teams": ("T7",)}) as site:
        status, page = await site.install("T1")
        assert (status, "not meant for that workspace" in page) == (400, True)
        server.oauth.is_refused = True
        status, page = await site.install("T1")
        assert (status, "Nothing was installed" in page) == (200, True)
        server.oauth.is_refused = False
        server.fail("oauth.v2.access", error="ratelimited", status=429, retry_after=1)
        assert (await site.install("T1"))[0] == 503
    async with visiting(server, tmp_path, install={"client_secret": SecretStr("no")}) as site:
        status, page = await site.install("T1")
        assert (status, "Its log says why" in page) == (500, True)
        assert "bad_client_secret" not in page
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "test-bot-token", "team": None, "is_enterprise_install": True},
        {"access_token": 5, "team": {"id": "T1"}},
        {},
    ],
)
async def test_answer_without_a_workspace_or_token_is_refused(
    server: SlackServer, tmp_path: Path, answer: dict[str, Any]
) -> None:
    server.faults["oauth.v2.access"].append(lambda: web.json_response({"ok": True, **answer}))
    async with visiting(server, tmp_path) as site:
        status, page = await site.install()
        assert (status, "not in an organisation" in page) == (400, True)


async def test_hostile_names_stay_text(server: SlackServer, tmp_path: Path) -> None:
    server.teams["T1"].name = "<script>alert(1)</script>"
    async with visiting(server, tmp_path) as site:
        status, page = await site.install("T1")
        assert (status, "<script>" in page) == (200, False)


async def test_store_with_another_key_or_broken_stops_the_start(
    server: SlackServer, tmp_path: Path
) -> None:
    async with visiting(server, tmp_path) as site:
        await site.install("T1")
    path = tmp_path / "data" / "slack-installs.json"
    other = {"install": {"key": SecretStr(OTHER_KEY)}}
    with pytest.raises(ConfigError, match="cannot be read"):
        await SlackAdapter("acme", _settings(server, tmp_path, **other)).run(Inbox())
    entries = json.loads(path.read_text())
    entries["installs"]["T2"] = entries["installs"]["T1"]  # somebody moved it
    for broken in (json.dumps(entries), "[]x", '{"installs": {"T1": 5}}'):
        path.write_text(broken)
        with pytest.raises(ConfigError, match="cannot be read"):
            await InstallStore(path, KEY).load()


async def test_key_is_changed_by_giving_both_once(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    await InstallStore(path, KEY).put(Installed("T1", "Acme", Tokens("test-bot-token")))
    assert len(await InstallStore(path, f"{OTHER_KEY}, {KEY}").load()) == 1
    assert len(await InstallStore(path, OTHER_KEY).load()) == 1
    with pytest.raises(ConfigError):
        await InstallStore(path, KEY).load()


@pytest.mark.parametrize("key", ["", ",", "short", "!" * 44, secrets.token_hex(40)])
async def test_wrong_key_says_how_one_is_made(
    server: SlackServer, tmp_path: Path, key: str
) -> None:
    given = {"install": {"key": SecretStr(key)}}
    with pytest.raises(ConfigError, match="openssl rand") as caught:
        await SlackAdapter("acme", _settings(server, tmp_path, **given)).run(Inbox())
    assert len(key) < 5 or key not in str(caught.value)


async def test_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = InstallStore(tmp_path / "file" / "store.json", KEY)
    with pytest.raises(ConfigError, match="cannot be written"):
        await store.put(Installed("T1", "Acme", Tokens("test-bot-token")))


async def test_workspace_whose_token_died_leaves_the_others_alone(
    two_teams: SlackServer, tmp_path: Path
) -> None:
    async with visiting(two_teams, tmp_path) as site:
        await site.install("T1")
        await site.install("T2")
    del two_teams.tokens["test-bot-token-T1"]
    async with visiting(two_teams, tmp_path) as site:
        await site.tell("T2", said("hello", channel="C2", user="U2"))
        assert (await site.inbox.next()).message is not None


async def test_store_is_found_from_the_deployments_folder(
    server: SlackServer, tmp_path: Path
) -> None:
    given = {"install": {"store": Path("data/x.json")}}
    placed = _settings(server, tmp_path, **given).within(tmp_path)
    assert placed.install is not None
    assert placed.install.store == tmp_path / "data" / "x.json"


def test_a_token_or_install_must_be_given() -> None:
    with pytest.raises(ValidationError, match="install for several workspaces"):
        SlackSettings(app_token=SecretStr("x"))


async def test_own_token_beside_installs(two_teams: SlackServer, tmp_path: Path) -> None:
    own = {"token": SecretStr("test-bot-token")}
    async with visiting(two_teams, tmp_path, **own) as site:
        await site.install("T2")
        await site.tell("T1", said("at home"))
        await site.tell("T2", said("away", channel="C2", user="U2"))
        found = [(await site.inbox.next()).message for _ in range(2)]
        assert [message and message.community.id for message in found] == ["T1", "T2"]
