"""Review cards' buttons in Slack, pressed over Socket Mode and over HTTP."""

from __future__ import annotations

import pytest

from greenroom.adapters.slack.interactions import NO_FORM
from greenroom.message import EventKind
from tests.adapters.slack.deeds import Doing, doing, show_card, until
from tests.platforms.slack.server import DESK


async def test_pressed_button_comes_back_as_it_was_given(members: Doing) -> None:
    card = await show_card(members)
    pressed = members.slack.press(card, "Leave it")
    assert await members.do(pressed) is None
    event = await members.inbox.next()
    assert (event.kind, event.command) == (EventKind.BUTTON_PRESSED, "case:1:dismiss:0123abcd")
    assert event.message_key == f"slack:T1:{DESK}:{card['ts']}"
    assert (event.id, event.text) == (pressed["trigger_id"], None)
    assert event.actor is not None
    assert (event.actor.is_moderator, event.actor.roles) == (True, ("admin",))
    assert event.respond is not None


async def test_button_that_asks_opens_a_form_which_outlives_us(members: Doing) -> None:
    card = await show_card(members)
    assert await members.do(members.slack.press(card, "Remove")) is None
    form = members.slack.opened[-1]
    assert form.view["title"]["text"] == "Remove"
    assert form.view["blocks"][0]["label"]["text"] == "Note for the record"
    assert members.inbox.events.empty()
    async with doing(members.server, members.transport) as later:  # another process
        assert await later.do(later.slack.submission("third time")) is None
        event = await later.inbox.next()
    assert (event.command, event.text) == ("case:1:remove:0123abcd", "third time")
    assert event.message_key == f"slack:T1:{DESK}:{card['ts']}"
    assert (event.id, event.kind) == (form.id, EventKind.BUTTON_PRESSED)


async def test_link_button_is_acknowledged_and_nothing_more(members: Doing) -> None:
    card = await show_card(members)
    assert await members.do(members.slack.press(card, "Open in the desk")) is None
    assert members.inbox.events.empty()


async def test_member_whom_slack_does_not_name_can_press(members: Doing) -> None:
    card = await show_card(members)
    members.server.fail("users.info", error="ratelimited", status=429, retry_after=30)
    await members.do(members.slack.press(card, "Leave it", user="U404"))
    actor = (await members.inbox.next()).actor
    assert actor is not None
    assert (actor.id, actor.name, actor.is_moderator, actor.roles) == (
        "U404",
        "name-of-U404",
        None,
        None,
    )


async def test_form_that_cannot_open_is_said_to_whoever_pressed(
    members: Doing, caplog: pytest.LogCaptureFixture
) -> None:
    card = await show_card(members)
    members.server.fail("views.open", error="expired_trigger_id")
    assert await members.do(members.slack.press(card, "Remove")) is None
    await until(lambda: members.slack.shown)
    assert members.slack.shown[-1]["text"] == NO_FORM
    assert "expired_trigger_id" in caplog.text
    assert not members.slack.opened
