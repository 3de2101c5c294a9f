"""What members do with Greenroom in Slack, over Socket Mode and over HTTP."""

from __future__ import annotations

import pytest

from greenroom.adapters.slack.commands import USAGE
from greenroom.message import Action, ActionKind, EventKind, Order
from tests.adapters.slack.deeds import Doing, doing
from tests.adapters.slack.stage import NOW, said
from tests.platforms.slack.interactivity import in_form
from tests.platforms.slack.server import CHANNEL, MEMBER, SlackServer

TS = "1700000000.000100"


@pytest.mark.parametrize("name", ["human", "appeal", "why", "memory", "optout", "optin"])
async def test_command_is_the_utterance_that_it_is(members: Doing, name: str) -> None:
    given = members.slack.command(f"/{name}", "my post &amp; I <@UBOT> ")
    assert await members.do(given) is None
    event = await members.inbox.next()
    assert (event.kind, event.command) == (EventKind.COMMAND_GIVEN, name)
    assert event.text == "my post & I @greenroom"
    message, actor = event.message, event.actor
    assert message is not None
    assert actor is not None
    assert (message.id, message.text) == (given["trigger_id"], f"/{name} my post & I @greenroom")
    assert (message.channel.id, message.channel.name) == (CHANNEL, "help")
    assert (message.author, message.author.id) == (actor, MEMBER)
    assert (actor.name, actor.is_moderator, actor.roles) == ("Ada", True, ("admin",))
    assert event.respond is not None
    assert message.posted_at == NOW


@pytest.mark.parametrize(
    ("command", "text", "heard"),
    [
        ("/greenroom", "human", ("human", None)),
        ("/greenroom", "  /WHY  was it removed ", ("why", "was it removed")),
        ("/greenroom", "optout", ("optout", None)),
        ("/memory", "forget 2", ("memory", "forget 2")),
        ("/Human", "", ("human", None)),
        ("/human", "my payload is gone", ("human", "my payload is gone")),
        ("/human", "a=b&payload=%5B", ("human", "a=b&payload=%5B")),
    ],
)
async def test_command_comes_by_our_own_name_as_well(
    members: Doing, command: str, text: str, heard: tuple[str, str | None]
) -> None:
    assert await members.do(members.slack.command(command, text)) is None
    event = await members.inbox.next()
    assert (event.command, event.text) == heard


@pytest.mark.parametrize(
    ("command", "text"), [("/greenroom", ""), ("/greenroom", "dance"), ("/x", "")]
)
async def test_unknown_command_is_told_what_there_is(
    members: Doing, command: str, text: str
) -> None:
    shown = await members.do(members.slack.command(command, text))
    assert shown == {"response_type": "ephemeral", "text": USAGE}
    assert members.inbox.events.empty()


async def test_command_delivered_twice_has_one_key(members: Doing) -> None:
    given = members.slack.command("/human")
    await members.do(given)
    await members.do(given)
    assert (await members.inbox.next()).key == (await members.inbox.next()).key
    await members.do(members.slack.command("/human"))
    await members.inbox.next()
    assert len(members.inbox.keys) == 2


@pytest.mark.parametrize("path", ["/slack/events", "/slack/commands", "/slack/interactive"])
async def test_http_takes_deeds_at_each_path(server: SlackServer, path: str) -> None:
    async with doing(server, "http") as members:
        assert await members.do(members.slack.command("/human"), path=path) is None
        assert (await members.inbox.next()).command == "human"
        await members.do(members.slack.shortcut(), path=path)
        assert len(members.slack.opened) == 1


async def test_http_refuses_deeds_that_slack_did_not_sign(server: SlackServer) -> None:
    async with doing(server, "http") as members:
        body = in_form(members.slack.command("/human"))
        forged = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _ = await members.running.post(body, forged)
        assert status == 401
        assert members.inbox.events.empty()


async def test_report_brings_the_message_whole(members: Doing) -> None:
    reported = said(
        "buy &lt;now&gt; <https://x.example>", ts=TS, user="U2", thread_ts="1690000000.1"
    )
    assert await members.do(members.slack.message_shortcut(reported)) is None
    form = members.slack.opened[-1]
    assert form.view["title"]["text"] == "Report to moderators"
    assert members.inbox.events.empty()
    assert await members.do(members.slack.submission("  it is spam ")) is None
    event = await members.inbox.next()
    assert (event.kind, event.text, event.id) == (EventKind.MESSAGE_REPORTED, "it is spam", form.id)
    message = event.message
    assert message is not None
    assert (message.key, message.text) == (f"slack:T1:C1:{TS}", "buy <now> https://x.example")
    assert (message.author.id, message.thread) == ("U2", "1690000000.1")
    assert event.actor is not None
    assert event.actor.id == MEMBER
    assert not members.server.called("conversations.replies")


async def test_report_without_a_reason_is_one(members: Doing) -> None:
    await members.do(members.slack.message_shortcut(said("x", ts=TS)))
    await members.do(members.slack.submission(None))
    event = await members.inbox.next()
    assert (event.text, event.kind) == (None, EventKind.MESSAGE_REPORTED)
    assert event.message is not None
    await members.do(members.slack.submission("again"))
    assert (await members.inbox.next()).key == event.key


async def test_reported_message_that_fits_no_form_is_looked_up(members: Doing) -> None:
    reported = said("long " * 2_000, ts=TS)
    members.server.messages[CHANNEL][TS] = reported
    await members.do(members.slack.message_shortcut(reported))
    await members.do(members.slack.submission("spam"))
    message = (await members.inbox.next()).message
    assert message is not None
    assert message.text == reported["text"]


async def test_reported_message_that_nobody_finds_comes_cut(members: Doing) -> None:
    await members.do(members.slack.message_shortcut(said("\u20ac" * 9_000, ts=TS)))
    await members.do(members.slack.submission("spam"))
    message = (await members.inbox.next()).message
    assert message is not None
    assert message.text.startswith("\u20ac" * 1_000)
    assert message.text.endswith("…")
    assert message.author.id == MEMBER


async def test_report_of_an_edited_message_names_its_revision(members: Doing) -> None:
    edited = said("x", ts=TS, edited={"user": "U1", "ts": "1700000009.000000"})
    await members.do(members.slack.message_shortcut(edited))
    await members.do(members.slack.submission())
    message = (await members.inbox.next()).message
    assert message is not None
    assert message.revision == "1700000009.000000"


async def test_global_shortcut_asks_for_a_person(members: Doing) -> None:
    assert await members.do(members.slack.shortcut(user="U7")) is None
    assert await members.do(members.slack.submission("my account")) is None
    event = await members.inbox.next()
    assert (event.kind, event.command, event.text) == (
        EventKind.COMMAND_GIVEN,
        "human",
        "my account",
    )
    assert event.message is not None
    assert event.message.text == "/human my account"
    assert event.actor is not None
    assert (event.actor.id, event.actor.name) == ("U7", "name-of-U7")


async def _answer(members: Doing, text: str, *, key: str = "a1") -> None:
    event = await members.inbox.next()
    subject = event.message
    assert subject is not None
    order = Order(key, Action(ActionKind.ANSWER, text=text, ref=event.respond), subject)
    await members.running.adapter.perform(order)


async def test_answers_reach_whoever_acted_and_nobody_else(members: Doing) -> None:
    await members.do(members.slack.command("/why"))
    await _answer(members, "Nothing was done <!channel>.")
    await members.do(members.slack.message_shortcut(said("x", ts=TS), user="U3"))
    await members.do(members.slack.submission())
    await _answer(members, "Thank you.", key="a2")
    assert members.slack.shown == [
        {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": "Nothing was done &lt;!channel&gt;.",
            "user": MEMBER,
            "channel": CHANNEL,
        },
        {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": "Thank you.",
            "user": "U3",
            "channel": CHANNEL,
        },
    ]
    assert not members.server.called("chat.postMessage")


async def test_answer_to_a_shortcut_from_nowhere_is_a_direct_message(members: Doing) -> None:
    await members.do(members.slack.shortcut(user="U7"))
    await members.do(members.slack.submission())
    await _answer(members, "Somebody will write to you.")
    (call,) = members.server.called("chat.postMessage")
    assert (call.arguments["channel"], call.arguments["text"]) == (
        "DU7",
        "Somebody will write to you.",
    )
