"""Slack is answered in time, whatever the load; a lost connection loses no event."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest
from aiohttp import web

from greenroom.adapters.slack import SlackAdapter, http, link, socket
from greenroom.errors import RetryLater
from tests.adapters.slack.stage import NOW, Inbox, Running, event_body, running, said, settings
from tests.platforms.faults import Fault
from tests.platforms.slack.interactivity import in_envelope
from tests.platforms.slack.platform import pushing
from tests.platforms.slack.server import SlackServer, envelope, signed


async def _until(stage: Running, links: int) -> None:
    async with asyncio.timeout(5):
        while len(stage.server.connections.links) != links:
            await asyncio.sleep(0.005)


async def test_slow_intake_is_answered_in_time_and_delivered_again(
    http_stage: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_TIMEOUT_S", 0.05)
    http_stage.inbox.open.clear()
    body = json.dumps(event_body(said("slow"))).encode()
    assert http_stage.adapter.address is not None
    url = "http://{}:{}/slack/events".format(*http_stage.adapter.address)
    async with http_stage.http.post(url, data=body, headers=signed(body)) as answer:
        assert answer.status == 503
        assert "X-Slack-No-Retry" not in answer.headers
    http_stage.inbox.open.set()
    again = signed(body) | {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_error"}
    assert (await http_stage.post(body, again))[0] == 200
    assert (await http_stage.inbox.next()).message is not None


async def test_retries_over_http_are_known_by_their_key(http_stage: Running) -> None:
    assert http_stage.adapter.address is not None
    url = "http://{}:{}/slack/events".format(*http_stage.adapter.address)
    async with pushing(http_stage.server, url):
        await http_stage.server.say("once")
        http_stage.server.ordered.order(Fault.DUPLICATE)
        await http_stage.server.say("twice")
        keys = [(await http_stage.inbox.next()).key for _ in range(3)]
    assert (len(set(keys)), keys[1]) == (2, keys[2])
    assert http_stage.adapter.health().gaps.duplicate == 1


async def test_body_that_is_too_large_is_refused_unread(
    http_stage: Running,
) -> None:
    body = json.dumps(event_body(said("x" * (http.MOST_BYTES + 1)))).encode()
    assert http_stage.adapter.address is not None
    url = "http://{}:{}/slack/events".format(*http_stage.adapter.address)
    async with http_stage.http.post(url, data=io.BytesIO(body), headers=signed(body)) as answer:
        assert answer.status == 413
    assert http_stage.inbox.events.empty()
    ordinary = json.dumps(event_body(said("still here"))).encode()
    assert (await http_stage.post(ordinary))[0] == 200


async def test_request_that_trickles_in_is_not_waited_for(
    http_stage: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_TIMEOUT_S", 0.05)
    assert http_stage.adapter.address is not None
    reader, writer = await asyncio.open_connection(*http_stage.adapter.address)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    async with asyncio.timeout(5):
        assert b"408" in await reader.readline()
    writer.close()


@pytest.mark.parametrize("path", ["/", "/slack/install", "/slack/nothing"])
async def test_other_paths_are_not_there(http_stage: Running, path: str) -> None:
    assert http_stage.adapter.address is not None
    url = "http://{}:{}{}".format(*http_stage.adapter.address, path)
    async with http_stage.http.get(url) as answer:
        assert answer.status == 404


async def test_unacknowledged_envelope_comes_again_and_is_known(
    server: SlackServer, inbox: Inbox
) -> None:
    async with running(server, inbox) as stage:
        await server.say("stored")
        first = await inbox.next()
        assert await stage.acknowledged()
        server.ordered.order(Fault.DUPLICATE)
        await server.say("twice")
        keys = [(await inbox.next()).key for _ in range(2)]
        assert keys[0] == keys[1] != first.key
    assert stage.adapter.health().gaps.duplicate == 1


async def test_half_a_frame_ends_the_connection_and_the_event_comes_again(
    server: SlackServer, inbox: Inbox
) -> None:
    adapter = SlackAdapter("acme", settings(server), clock=lambda: NOW)
    for text in ("whole", "half"):
        async with asyncio.TaskGroup() as group:
            run = group.create_task(_lost(adapter, inbox))
            async with asyncio.timeout(5):
                await adapter.ready.wait()
            if text == "whole":
                await server.say(text)
                await inbox.next()
                server.ordered.order(Fault.HALF_FRAME)
                await server.say("half")
                assert isinstance(await run, RetryLater)
                continue
            texts = set()  # on the next connection, beside what is looked up
            while "half" not in texts:
                event = await inbox.next()
                texts.add(event.message and event.message.text)
            server.connections.cut()
    assert len(inbox.keys) == 2


async def _lost(adapter: SlackAdapter, inbox: Inbox) -> Exception | None:
    try:
        await adapter.run(inbox)
    except RetryLater as error:
        return error
    return None


async def test_what_came_in_is_stored_though_its_connection_is_gone(
    server: SlackServer, inbox: Inbox
) -> None:
    adapter = SlackAdapter("acme", settings(server), clock=lambda: NOW)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        run = group.create_task(_lost(adapter, inbox))
        await adapter.ready.wait()
        inbox.open.clear()
        await server.say("in flight")
        await inbox.entered.wait()
        server.connections.cut()
        while adapter.health().is_connected:
            await asyncio.sleep(0.005)
        inbox.open.set()
        assert isinstance(await run, RetryLater)
    assert (await inbox.next()).message is not None


async def test_successor_that_slack_refuses_is_tried_again(
    stage: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "AGAIN_S", 0.01)
    stage.server.fail("apps.connections.open", error="internal_error")
    stage.server.fail("apps.connections.open", status=503)
    await stage.server.connections.refresh()
    await _until(stage, 2)
    assert stage.adapter.health().is_connected
    assert not stage.task.done()


async def test_old_connection_is_left_after_a_while(
    stage: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "RETIRE_S", 0.05)
    old = stage.server.connections.links[0]
    await stage.server.connections.refresh()
    await _until(stage, 2)
    await _until(stage, 1)
    assert stage.server.connections.links[0] is not old
    await stage.server.say("after")
    assert (await stage.inbox.next()).message is not None


async def test_many_handovers_leave_one_connection(
    stage: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "RETIRE_S", 0.01)
    for number in range(5):
        await stage.server.connections.refresh()
        async with asyncio.timeout(5):
            while len(stage.server.called("apps.connections.open")) < number + 2:
                await asyncio.sleep(0.005)
        await _until(stage, 1)
    await stage.server.say("after")
    assert (await stage.inbox.next()).message is not None


@pytest.mark.parametrize(("accepts", "shown"), [(True, True), (None, True), (False, False)])
async def test_acknowledgement_shows_only_what_slack_takes(
    stage: Running, accepts: bool | None, shown: bool
) -> None:
    frame = in_envelope(stage.server.interactivity.command("/dance"), "e1")
    del frame["accepts_response_payload"]
    if accepts is not None:
        frame["accepts_response_payload"] = accepts
    await stage.socket.send_json(frame)
    assert await stage.acknowledged() == "e1"
    assert bool(stage.server.ack_payloads["e1"]) is shown


async def test_ticket_of_a_connection_is_in_no_log(
    server: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "greenroom")
    adapter = SlackAdapter("acme", settings(server), clock=lambda: NOW)
    server.faults["apps.connections.open"].append(
        lambda: _opened(f"ws://{server.url}/link/?ticket=test-ticket")
    )
    with pytest.raises(RetryLater, match="403") as caught:
        await adapter.run(Inbox())
    assert "test-ticket" not in str(caught.value) + caplog.text


def _opened(url: str) -> web.Response:
    return web.json_response({"ok": True, "url": url})


async def test_flood_is_taken_in_whole_and_in_order(stage: Running) -> None:
    for number in range(500):
        body = event_body(said("x", ts=f"{1700000000 + number}.000100"))
        await stage.socket.send_json(envelope(body, f"e{number}"))
    events = [await stage.inbox.next() for _ in range(500)]
    ids = [event.message.id for event in events if event.message]
    assert ids == sorted(ids)
    async with asyncio.timeout(5):
        for _ in range(500):
            await stage.server.acks.get()


async def test_connection_without_a_successor_is_given_up(
    server: SlackServer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "AGAIN_S", 0.01)
    monkeypatch.setattr(socket, "SUCCEED_S", 0.05)
    adapter = SlackAdapter("acme", settings(server), clock=lambda: NOW)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        run = group.create_task(_lost(adapter, inbox))
        await adapter.ready.wait()
        for _ in range(200):
            server.fail("apps.connections.open", status=503)
        await server.connections.refresh()
        assert isinstance(await run, RetryLater)
    assert not adapter.health().is_connected
