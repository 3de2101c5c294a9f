"""Whoever acts in Slack hears in time, however slow the rest is."""

from __future__ import annotations

import logging

import pytest

from greenroom.adapters.slack import door, interactions
from greenroom.adapters.slack.link import IN_FLIGHT
from greenroom.message import EventKind
from tests.adapters.slack.deeds import Doing, doing, show_card, until
from tests.adapters.slack.stage import event_body, said
from tests.platforms.slack.server import SlackServer

TS = "1700000000.000100"


async def test_slow_intake_is_acknowledged_in_time_and_loses_nothing(
    members: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ACT_TIMEOUT_S", 0.05)
    members.inbox.open.clear()
    shown = await members.do(members.slack.command("/human", "slow"))
    assert shown == {"response_type": "ephemeral", "text": door.TRY_AGAIN}
    members.inbox.open.set()
    assert (await members.inbox.next()).text == "slow"


async def test_slow_intake_leaves_the_form_open_with_a_word(
    members: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await members.do(members.slack.message_shortcut(said("x", ts=TS)))
    (block,) = [it for it in members.slack.opened[-1].view["blocks"] if it["type"] == "input"]
    monkeypatch.setattr(door, "ACT_TIMEOUT_S", 0.05)
    members.inbox.open.clear()
    shown = await members.do(members.slack.submission("slow"))
    assert shown == {"response_action": "errors", "errors": {block["block_id"]: door.TRY_AGAIN}}
    members.inbox.open.set()
    assert (await members.inbox.next()).text == "slow"


async def test_slow_press_is_told_beside_the_card(
    members: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await show_card(members)
    monkeypatch.setattr(door, "ACT_TIMEOUT_S", 0.05)
    members.inbox.open.clear()
    assert await members.do(members.slack.press(card, "Leave it")) is None
    await until(lambda: members.slack.shown)
    assert members.slack.shown[-1]["text"] == door.TRY_AGAIN
    members.inbox.open.set()
    assert (await members.inbox.next()).kind is EventKind.BUTTON_PRESSED


async def test_deeds_do_not_wait_behind_events(
    server: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ACT_TIMEOUT_S", 0.05)
    async with doing(server, "socket") as members:
        members.inbox.open.clear()
        for number in range(IN_FLIGHT + 10):
            event = said("x", ts=f"1700000000.{number:06}")
            await members.running.deliver(event_body(event), f"e{number}")
        shown = await members.do(members.slack.command("/human", "in a storm"))
        assert shown == {"response_type": "ephemeral", "text": door.TRY_AGAIN}
        members.inbox.open.set()
        heard = [await members.inbox.next() for _ in range(IN_FLIGHT + 11)]
    assert [event.text for event in heard if event.command] == ["in a storm"]


async def test_failed_intake_tells_whoever_acted_to_try_again(
    members: Doing, caplog: pytest.LogCaptureFixture
) -> None:
    members.inbox.failure = OSError("disk full")
    shown = await members.do(members.slack.command("/human"))
    assert shown == {"response_type": "ephemeral", "text": door.TRY_AGAIN}
    failed = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert any("disk full" in record.getMessage() and record.exc_info for record in failed)
    members.inbox.failure = None
    await members.do(members.slack.command("/human", "second try"))
    assert (await members.inbox.next()).text == "second try"


async def test_form_that_slack_is_slow_to_open_is_given_up(
    members: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "OPEN_TIMEOUT_S", 0.05)
    members.server.silent.add("views.open")
    await members.do(members.slack.message_shortcut(said("x", ts=TS)))
    await until(lambda: members.slack.shown)
    assert members.slack.shown[-1]["text"] == interactions.NO_FORM


async def test_report_does_not_wait_long_for_the_whole_message(
    members: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "LOOKUP_TIMEOUT_S", 0.05)
    members.server.silent.add("conversations.replies")
    await members.do(members.slack.message_shortcut(said("long " * 2_000, ts=TS)))
    assert await members.do(members.slack.submission("spam")) is None
    message = (await members.inbox.next()).message
    assert message is not None
    assert message.text.startswith("long long")
    assert message.text.endswith("…")
