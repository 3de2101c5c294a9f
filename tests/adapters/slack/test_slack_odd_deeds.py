"""What no one would send, and what may come all the same."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.adapters.slack.commands import USAGE
from greenroom.adapters.slack.interactions import FORGOTTEN
from tests.adapters.slack.deeds import Doing, doing
from tests.adapters.slack.stage import said
from tests.platforms.slack.server import SlackServer

TS = "1700000000.000100"


ODD: tuple[dict[str, Any], ...] = (
    {"type": "block_actions"},
    {"type": "block_actions", "actions": []},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": [None, 5, {}]},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": {"action_id": 5}},
    {
        "type": "block_actions",
        "user": {"id": "U1"},
        "actions": [{"action_id": "another.app", "value": "x"}, {"action_id": "greenroom.press.0"}],
    },
    {"type": "shortcut", "callback_id": "ask_human"},
    {"type": "shortcut", "callback_id": "another", "user": {"id": "U1"}, "trigger_id": "1"},
    {"type": "message_action", "callback_id": "report_message", "user": {"id": "U1"}},
    {"type": "message_action", "callback_id": "another", "user": {"id": "U1"}, "message": []},
    {"type": "view_submission", "user": {"id": "U1"}},
    {
        "type": "view_submission",
        "user": {"id": "U1"},
        "view": {"callback_id": "another", "id": "V"},
    },
    {"type": "view_closed", "user": {"id": "U1"}, "view": {"callback_id": "ask_human", "id": "V"}},
    {"type": "interactive_message", "callback_id": "x", "user": {"id": "U1"}},
    {"type": "block_suggestion", "action_id": "x", "user": {"id": "U1"}},
    {"type": "something_new", "user": {"id": "U1"}},
    {"type": 5},
    {"type": "block_actions", "user": 5, "team": 5, "channel": 5, "actions": [{}]},
    {"type": "view_submission", "user": {"id": "U1"}, "response_urls": None, "view": 5},
    {"type": "view_submission", "user": {"id": "U1"}, "view": {"id": 5, "callback_id": []}},
    {"type": "message_action", "authorizations": 5, "user": {"id": ["U1"]}},
    {"type": "event_callback", "event": 5},
    {"type": "event_callback"},
    {"command": "/human"},
    {"command": ["/human"], "user_id": "U1"},
)


async def test_odd_deeds_are_acknowledged_and_end_nothing(members: Doing) -> None:
    for odd in ODD:
        if members.transport == "http" and odd.get("command") == ["/human"]:
            continue
        shown = await members.do(odd)
        assert shown is None or shown["text"] == USAGE, odd
    assert members.inbox.events.empty()
    await members.do(members.slack.command("/human", "still here"))
    assert (await members.inbox.next()).text == "still here"


async def test_form_with_odd_company_is_read_all_the_same(members: Doing) -> None:
    await members.do(members.slack.message_shortcut(said("x", ts=TS)))
    sent = members.slack.submission("spam") | {"response_urls": None, "team": 5}
    assert await members.do(sent) is None
    assert (await members.inbox.next()).text == "spam"


@pytest.mark.parametrize(
    "body",
    [
        b"payload=" + b"[" * 100_000,
        b"payload=5",
        b"payload=%5B%5D",
        b"payload=",
        b"{",
        b"\xff",
        b"a" * 200_000,
    ],
)
async def test_http_refuses_what_nobody_can_read(server: SlackServer, body: bytes) -> None:
    async with doing(server, "http") as members:
        status, _ = await members.post(body, path="/slack/interactive")
        assert status in {200, 400}
        await members.do(members.slack.command("/human"))
        assert (await members.inbox.next()).command == "human"
        assert members.inbox.events.empty()


@pytest.mark.parametrize(
    "metadata",
    ["", "{", "[" * 3_000, "[]", '{"channel":5}', '{"channel":"C1","message":{"text":"x"}}', None],
)
async def test_form_that_lost_what_it_carried_says_so(members: Doing, metadata: str | None) -> None:
    await members.do(members.slack.message_shortcut(said("x", ts=TS)))
    sent = members.slack.submission("spam")
    sent["view"]["private_metadata"] = metadata
    shown = await members.do(sent)
    assert list(shown["errors"].values()) == [FORGOTTEN]
    sent["view"]["callback_id"] = "greenroom_note"
    shown = await members.do(sent)
    assert list(shown["errors"].values()) == [FORGOTTEN]
    assert members.inbox.events.empty()


async def test_form_without_a_state_is_one_without_text(members: Doing) -> None:
    await members.do(members.slack.message_shortcut(said("x", ts=TS)))
    states: tuple[Any, ...] = (None, {}, {"values": []}, {"values": {"greenroom_said": 5}})
    for state in states:
        sent = members.slack.submission("spam")
        sent["view"]["state"] = state
        assert await members.do(sent) is None
        assert (await members.inbox.next()).text is None


async def test_hostile_words_pass_unchanged(members: Doing) -> None:
    texts = ["\u202e\u200b(a+)+$", "a" * 100_000, "%s {x} '; --", "<" * 5_000]
    for text in texts:
        await members.do(members.slack.command("/human", text))
        assert (await members.inbox.next()).text == text
