"""How Slack is connected, over Socket Mode and HTTP, and how that ends."""

from __future__ import annotations

import asyncio
import json

import pytest

from greenroom.adapters.settings import Listen
from greenroom.adapters.slack import SlackAdapter
from greenroom.errors import ConfigError, RetryLater
from tests.adapters.slack.stage import NOW, Inbox, Running, event_body, running, said, settings
from tests.platforms.slack.server import (
    APP_TOKEN,
    SlackServer,
    envelope,
    signed,
)


async def test_refresh_moves_to_a_new_connection(stage: Running) -> None:
    await stage.socket.send_json({"type": "disconnect", "reason": "warning"})
    await stage.socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
    async with asyncio.timeout(5):
        stage.socket = await stage.server.sockets.get()
    await stage.deliver(event_body(said("after")))
    assert (await stage.inbox.next()).message is not None
    assert len(stage.server.called("apps.connections.open")) == 2


async def test_uninstalled_app_ends_with_what_to_do(server: SlackServer, inbox: Inbox) -> None:
    adapter = SlackAdapter("acme", settings(server), clock=lambda: NOW)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(_uninstall(server))
        with pytest.raises(ConfigError, match="removed from the Slack workspace Acme"):
            await adapter.run(inbox)
    assert not adapter.health().is_connected


async def _uninstall(server: SlackServer) -> None:
    socket = await server.sockets.get()
    body = event_body({"type": "app_uninstalled"})
    await socket.send_json({"type": "events_api", "envelope_id": "e", "payload": body})


@pytest.mark.parametrize(
    ("frame", "error", "says"),
    [
        (None, RetryLater, "closed"),
        ({"type": "disconnect", "reason": "link_disabled"}, ConfigError, "switched off"),
    ],
)
async def test_lost_connection_asks_to_be_started_again(
    server: SlackServer, inbox: Inbox, frame: object, error: type[Exception], says: str
) -> None:
    async def lose() -> None:
        socket = await server.sockets.get()
        if frame is not None:
            await socket.send_json(frame)
        else:
            await socket.close()

    adapter = SlackAdapter("acme", settings(server), clock=lambda: NOW)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(lose())
        with pytest.raises(error, match=says):
            await adapter.run(inbox)


async def test_run_can_be_started_again(server: SlackServer, inbox: Inbox) -> None:
    adapter = SlackAdapter("acme", settings(server), clock=lambda: NOW)
    for number in range(2):
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            task = group.create_task(adapter.run(inbox))
            socket = await server.sockets.get()
            body = event_body(said("x", ts=f"170000000{number}.000100"))
            await socket.send_json(envelope(body, f"e{number}"))
            assert (await inbox.next()).message is not None
            task.cancel()
    assert len(inbox.keys) == 2


async def test_socket_without_hello_is_given_up(
    server: SlackServer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom.adapters.slack.link.CALL_TIMEOUT_S", 0.05)
    server.connections.says_hello = False
    with pytest.raises(RetryLater, match="closed"):
        await SlackAdapter("acme", settings(server), clock=lambda: NOW).run(inbox)


async def test_wrong_tokens_say_where_to_get_them(server: SlackServer, inbox: Inbox) -> None:
    with pytest.raises(ConfigError, match="Bot User OAuth Token"):
        await SlackAdapter("acme", settings(server, token="test-wrong")).run(inbox)
    with pytest.raises(ConfigError, match="app_token"):
        await SlackAdapter("acme", settings(server, app_token="test-wrong")).run(inbox)
    assert APP_TOKEN not in [call.token for call in server.calls]


async def test_missing_core_scopes_are_named_at_the_start(
    server: SlackServer, inbox: Inbox
) -> None:
    server.scopes = "chat:write"
    with pytest.raises(ConfigError, match="channels:history, users:read"):
        await SlackAdapter("acme", settings(server)).run(inbox)


async def test_unreachable_slack_is_retried_later(server: SlackServer, inbox: Inbox) -> None:
    server.fail("auth.test", status=503)
    with pytest.raises(RetryLater, match="503"):
        await SlackAdapter("acme", settings(server)).run(inbox)
    server.fail("apps.connections.open", error="ratelimited", status=429, retry_after=7)
    with pytest.raises(RetryLater) as caught:
        await SlackAdapter("acme", settings(server)).run(inbox)
    assert caught.value.after_s == 7


async def test_http_event_is_taken_in_and_answered(http_stage: Running) -> None:
    status, _ = await http_stage.post(json.dumps(event_body(said("over http"))).encode())
    assert status == 200
    assert (await http_stage.inbox.next()).message is not None


async def test_http_answers_the_url_verification(http_stage: Running) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "echo this"}).encode()
    status, text = await http_stage.post(body)
    assert (status, "echo this" in text) == (200, True)


async def test_http_refuses_what_slack_did_not_sign(http_stage: Running) -> None:
    body = json.dumps(event_body(said("forged"))).encode()
    wrong = signed(body, secret="test-other-secret")
    for headers in (wrong, signed(body, age_s=600), {"Content-Type": "application/json"}):
        status, _ = await http_stage.post(body, headers)
        assert status == 401
    status, _ = await http_stage.post(b"\xff\xfe", wrong)
    assert status in {400, 401}
    assert http_stage.inbox.events.empty()


async def test_http_failed_intake_is_not_acknowledged(http_stage: Running) -> None:
    http_stage.inbox.failure = OSError("disk full")
    body = json.dumps(event_body(said("again please"))).encode()
    status, _ = await http_stage.post(body)
    assert status == 500
    http_stage.inbox.failure = None
    status, _ = await http_stage.post(body)
    assert status == 200


async def test_http_port_in_use_is_said(http_stage: Running, server: SlackServer) -> None:
    assert http_stage.adapter.address is not None
    taken = Listen(port=http_stage.adapter.address[1])
    with pytest.raises(ConfigError, match="cannot listen on 127"):
        await SlackAdapter("acme", settings(server, transport="http", listen=taken)).run(Inbox())


async def test_cancelled_run_leaves_nothing_behind(server: SlackServer, inbox: Inbox) -> None:
    before = asyncio.all_tasks()
    async with running(server, inbox) as stage:
        stage.inbox.open.clear()
        await stage.deliver(event_body(said("in flight")), "e1")
        await stage.inbox.entered.wait()
    assert stage.task.cancelled()
    assert server.acks.empty()
    assert {
        task for task in asyncio.all_tasks() - before if "slack" in repr(task.get_coro())
    } == set()
    assert not stage.adapter.health().is_connected
