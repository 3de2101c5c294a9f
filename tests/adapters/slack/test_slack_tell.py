"""What is told to one person, or to the moderators: notices, answers, modmail."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from greenroom.adapters.slack.actions import MAYBE_SHOWN
from greenroom.adapters.slack.respond import USES, Answers, Respond
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Action, ActionKind, Channel, Message, Order, Outcome
from tests.adapters.slack.stage import NOW, Running
from tests.adapters.slack.test_slack_perform import MESSAGE, order
from tests.platforms.slack.blocks import faults_of_message
from tests.platforms.slack.server import CHANNEL, DESK, MEMBER

SPOKEN = replace(MESSAGE, id="13.22.test", text="/human my post")  # a command, which is nowhere
LONG = "This is a sentence & more. " * 500


def _respond(stage: Running, *, at: datetime = NOW, url: str | None = None) -> str:
    return str(Respond(at, MEMBER, url or stage.server.interactivity.hook("app", MEMBER, CHANNEL)))


def _answer(respond: str | None, text: str = "Taken.", *, key: str = "k1") -> Order:
    return order(ActionKind.ANSWER, text, key=key, ref=respond)


async def test_notice_is_for_the_author_alone(stage: Running) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.NOTICE, "removed <!here> @here"))
    assert outcome == Outcome()
    (shown,) = stage.server.interactivity.shown
    assert (shown["channel"], shown["user"]) == (CHANNEL, MEMBER)
    assert shown["text"] == "removed &lt;!here&gt; @\u2060here"
    assert shown["link_names"] is False
    assert "thread_ts" not in shown
    assert not stage.server.called("chat.postMessage")


async def test_notice_about_a_reply_stands_in_its_thread(stage: Running) -> None:
    reply = replace(MESSAGE, thread="1680000000.000100", reply_to="1680000000.000100")
    await stage.adapter.perform(order(ActionKind.NOTICE, "x", message=reply))
    assert stage.server.interactivity.shown[0]["thread_ts"] == "1680000000.000100"


async def test_long_notice_is_one_post_with_all_of_it(stage: Running) -> None:
    await stage.adapter.perform(order(ActionKind.NOTICE, LONG[:9_000]))
    (shown,) = stage.server.interactivity.shown
    sections = [block["text"]["text"] for block in shown["blocks"]]
    assert all(section.endswith("more.") for section in sections[:-1])
    assert len(" ".join(sections).replace("&amp;", "&")) == len(LONG[:9_000].strip())


@pytest.mark.parametrize("text", ["&" * 20_000, "<" * 4_000, LONG, "x" * 20_000, "😀" * 9_000])
async def test_any_notice_keeps_slacks_limits(stage: Running, text: str) -> None:
    await stage.adapter.perform(order(ActionKind.NOTICE, text))
    (shown,) = stage.server.interactivity.shown
    assert not faults_of_message(shown["blocks"])
    assert sum(len(block["text"]["text"]) for block in shown["blocks"]) <= 13_200


async def test_notice_with_an_unknown_outcome_is_not_repeated(stage: Running) -> None:
    notice = order(ActionKind.NOTICE, "removed")
    stage.server.lost_answers.add("chat.postEphemeral")
    with pytest.raises(RetryLater) as lost:
        await stage.adapter.perform(notice)
    assert lost.value.maybe_done
    outcome = await stage.adapter.perform(replace(notice, maybe_done=True))
    assert outcome == Outcome(MAYBE_SHOWN)
    assert len(stage.server.interactivity.shown) == 1


async def test_refused_notice_is_shown_later(stage: Running) -> None:
    notice = order(ActionKind.NOTICE, "removed")
    stage.server.fail("chat.postEphemeral", error="ratelimited", status=429, retry_after=0)
    with pytest.raises(RetryLater) as refused:
        await stage.adapter.perform(notice)
    assert not refused.value.maybe_done
    await stage.adapter.perform(notice)
    assert len(stage.server.interactivity.shown) == 1
    stage.server.fail("chat.postEphemeral", error="user_not_in_channel")
    with pytest.raises(DropMessage, match="not in the channel"):
        await stage.adapter.perform(order(ActionKind.NOTICE, "removed", key="k2"))


async def test_answer_needs_text_and_somebody(stage: Running) -> None:
    for ref in (None, "", "{", "[]", '{"at": "x"}', '{"at": 1e400}', '{"user": "U1"}'):
        with pytest.raises(DropMessage, match="whom to answer"):
            await stage.adapter.perform(_answer(ref))
    with pytest.raises(DropMessage, match="no text"):
        await stage.adapter.perform(_answer(_respond(stage), " "))


async def test_answers_are_taken_for_half_an_hour(stage: Running) -> None:
    late = _respond(stage, at=NOW - timedelta(minutes=31))
    with pytest.raises(DropMessage, match="30 minutes"):
        await stage.adapter.perform(_answer(late))
    await stage.adapter.perform(_answer(_respond(stage, at=NOW - timedelta(minutes=29))))
    assert len(stage.server.interactivity.shown) == 1


async def test_sixth_answer_is_refused_before_slack_does(stage: Running) -> None:
    respond = _respond(stage)
    for number in range(USES):
        await stage.adapter.perform(_answer(respond, key=f"k{number}"))
    with pytest.raises(DropMessage, match="5 answers"):
        await stage.adapter.perform(_answer(respond, key="k6"))
    assert len(stage.server.interactivity.shown) == USES


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/commands/T1/h1",
        "https://hooks.slack.com.evil.example/x",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com@evil.example/x",
        "https://evil.example\\@hooks.slack.com/x",
        "https://evil.example/#https://hooks.slack.com/",
        "file:///etc/passwd",
        "https://[",
        "https:///x",
        "\u202ehttps://hooks.slack.com/x",
        "https://hooks.slack.com/x\nHost: evil.example",
    ],
)
async def test_answers_go_to_slack_alone(stage: Running, url: str) -> None:
    with pytest.raises(DropMessage, match="not an address of Slack's"):
        await stage.adapter.perform(_answer(_respond(stage, url=url)))


class _Refusing(AbstractResolver):
    """Every host is a port of this machine where nobody listens."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=9, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


async def test_slacks_own_address_for_answers_is_tried() -> None:
    connector = aiohttp.TCPConnector(resolver=_Refusing())
    async with aiohttp.ClientSession(connector=connector) as session:
        answers = Answers(session, "https://slack.com/api/", clock=lambda: NOW)
        for url in ("https://hooks.slack.com/actions/T1/1/x", "https://slack.com/x"):
            with pytest.raises(RetryLater, match="cannot be reached"):
                await answers.post(Respond(NOW, MEMBER, url), {"text": "x"})
        with pytest.raises(DropMessage, match="not an address"):
            await answers.post(Respond(NOW, MEMBER, "https://files.slack.com/x"), {"text": "x"})


async def test_answers_follow_nobody_to_another_address(
    stage: Running,
) -> None:
    elsewhere = f"http://{stage.server.url}/api/chat.postMessage"
    url = f"http://{stage.server.url}/api/moved"

    def move() -> web.Response:
        return web.Response(status=307, headers={"Location": elsewhere})

    stage.server.faults["moved"].append(move)
    with pytest.raises(DropMessage, match="307"):
        await stage.adapter.perform(_answer(_respond(stage, url=url)))
    assert not stage.server.called("chat.postMessage")


async def test_answer_with_an_unknown_outcome_is_not_repeated(stage: Running) -> None:
    answer = _answer(_respond(stage))
    stage.server.interactivity.is_hook_lost = True
    with pytest.raises(RetryLater) as lost:
        await stage.adapter.perform(answer)
    assert lost.value.maybe_done
    assert await stage.adapter.perform(replace(answer, maybe_done=True)) == Outcome(MAYBE_SHOWN)
    assert len(stage.server.interactivity.shown) == 1


async def test_refused_answers_are_told_apart(stage: Running) -> None:
    hooks = stage.server.interactivity.hook_faults
    respond = _respond(stage)
    hooks.append(429)
    with pytest.raises(RetryLater) as limited:
        await stage.adapter.perform(_answer(respond))
    assert (limited.value.after_s, limited.value.maybe_done) == (7, False)
    hooks.append(503)
    with pytest.raises(RetryLater) as broken:
        await stage.adapter.perform(_answer(respond))
    assert broken.value.maybe_done
    unknown = f"http://{stage.server.url}/app/T1/nobody"
    with pytest.raises(DropMessage, match="used_url"):
        await stage.adapter.perform(_answer(_respond(stage, url=unknown)))
    with pytest.raises(RetryLater, match="cannot be reached"):
        await stage.adapter.perform(_answer(_respond(stage, url="http://127.0.0.1:9/x")))


async def test_answer_without_an_address_is_written_to_the_member_once(stage: Running) -> None:
    answer = _answer(str(Respond(NOW, "U7")))
    stage.server.lost_answers.add("chat.postMessage")
    with pytest.raises(RetryLater):
        await stage.adapter.perform(answer)
    stage.server.lost_answers.clear()
    await stage.adapter.perform(replace(answer, maybe_done=True))
    assert len(stage.server.messages["DU7"]) == 1


async def test_modmail_goes_to_the_desk_channel(stage: Running) -> None:
    action = Action(ActionKind.MODMAIL, text="please look <!channel>", subject="A raid")
    outcome = await stage.adapter.perform(Order("k1", action, MESSAGE))
    (call,) = stage.server.called("chat.postMessage")
    assert call.arguments["channel"] == DESK
    assert call.arguments["text"] == (
        f"A raid\nplease look &lt;!channel&gt;\nAbout {MESSAGE.permalink}"
    )
    assert outcome.ref is not None
    assert outcome.ref.startswith(f"{DESK}/")


async def test_long_report_says_that_it_was_cut(stage: Running) -> None:
    long = replace(MESSAGE, text=LONG)
    await stage.adapter.perform(order(ActionKind.REPORT, reason="spam", message=long))
    (call,) = stage.server.called("chat.postMessage")
    assert call.arguments["text"].endswith("…")


@pytest.mark.parametrize(
    "spoken", [SPOKEN, replace(SPOKEN, id="V1", channel=Channel(MEMBER))], ids=["command", "form"]
)
async def test_reply_to_a_command_is_a_direct_message(stage: Running, spoken: Message) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, "hello", message=spoken))
    (call,) = stage.server.called("chat.postMessage")
    assert call.arguments["channel"] == f"D{MEMBER}"
    assert "thread_ts" not in call.arguments
    assert "direct message" in outcome.detail
    await stage.adapter.perform(order(ActionKind.NOTICE, "psst", key="k2", message=spoken))
    is_nowhere = spoken.channel.id == MEMBER
    assert len(stage.server.messages[f"D{MEMBER}"]) == 1 + is_nowhere
    assert len(stage.server.interactivity.shown) == 1 - is_nowhere


@pytest.mark.parametrize("kind", [ActionKind.REMOVE, ActionKind.REACT, ActionKind.APPROVE])
async def test_nothing_else_can_be_done_to_a_command(stage: Running, kind: ActionKind) -> None:
    with pytest.raises(DropMessage, match="nowhere"):
        await stage.adapter.perform(order(kind, "eyes", message=SPOKEN))
