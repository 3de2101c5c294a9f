"""What goes out to Slack: each action once, and every refusal told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from greenroom.adapters.slack import SlackAdapter
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Channel,
    Community,
    Message,
    Order,
    Outcome,
    Standing,
)
from tests.adapters.slack.stage import ADMIN, Inbox, Running, running, settings
from tests.platforms.slack.server import ADMIN_TOKEN, BOT_TOKEN, CHANNEL, DESK, MEMBER, SlackServer

MESSAGE = Message(
    platform="slack",
    community=Community("T1", "Acme"),
    channel=Channel(CHANNEL, "help"),
    id="1690000000.000100",
    author=Author(MEMBER, "Ada"),
    text="buy now <!channel>",
    permalink="https://acme.slack.example/archives/C1/p1690000000000100",
)


def order(kind: ActionKind, text: str | None = None, *, key: str = "k1", **more: object) -> Order:
    """An order about MESSAGE."""
    maybe_done = bool(more.pop("maybe_done", False))
    message = more.pop("message", MESSAGE)
    assert isinstance(message, Message)
    action = Action(kind, text=text, **more)  # type: ignore[arg-type]
    return Order(key, action, message, maybe_done)


def keep_message(stage: Running, **more: object) -> None:
    """Put MESSAGE into the workspace."""
    body = {"user": MEMBER, "text": MESSAGE.text, "ts": MESSAGE.id, **more}
    stage.server.messages[CHANNEL][MESSAGE.id] = body


async def test_reply_goes_to_the_thread_with_its_key(stage: Running) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, "Read the rules."))
    (call,) = stage.server.called("chat.postMessage")
    assert call.token == BOT_TOKEN
    assert call.arguments["channel"] == CHANNEL
    assert call.arguments["thread_ts"] == MESSAGE.id
    assert call.arguments["text"] == "Read the rules."
    assert call.arguments["metadata"] == {
        "event_type": "greenroom_order",
        "event_payload": {"key": "k1", "part": 0},
    }
    assert call.arguments["unfurl_links"] is False
    assert outcome.ref in stage.server.messages[CHANNEL]


async def test_reply_stays_in_the_thread_that_the_message_is_in(stage: Running) -> None:
    message = replace(MESSAGE, thread="1680000000.000100")
    await stage.adapter.perform(order(ActionKind.REPLY, "here", message=message))
    (call,) = stage.server.called("chat.postMessage")
    assert call.arguments["thread_ts"] == "1680000000.000100"


async def test_reply_summons_nobody(stage: Running) -> None:
    text = "you said <!channel> <@U9> @here @everyone & <https://evil.example|rules>"
    await stage.adapter.perform(order(ActionKind.REPLY, text))
    sent = stage.server.called("chat.postMessage")[0].arguments["text"]
    assert "<" not in sent
    assert "@here" not in sent
    assert "@everyone" not in sent
    assert "&amp; &lt;https" in sent


async def test_long_reply_is_split_at_sentences(stage: Running) -> None:
    text = "This is a sentence. " * 500
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, text))
    sent = [call.arguments["text"] for call in stage.server.called("chat.postMessage")]
    assert len(sent) == 3
    assert all(len(part) <= 3_900 and part.endswith("sentence.") for part in sent)
    assert outcome.ref is not None
    assert len(outcome.ref.split(",")) == 3


async def test_same_key_is_never_performed_twice(stage: Running) -> None:
    first = await stage.adapter.perform(order(ActionKind.REPLY, "once"))
    again = await stage.adapter.perform(order(ActionKind.REPLY, "once", maybe_done=True))
    assert first == again
    assert len(stage.server.called("chat.postMessage")) == 1


async def test_reply_whose_answer_was_lost_is_found_again(stage: Running) -> None:
    keep_message(stage)
    for _ in range(3):  # so that the look-up has to turn pages
        stage.server.post(CHANNEL, {"user": MEMBER, "text": "chat", "thread_ts": MESSAGE.id})
    stage.server.lost_answers.add("chat.postMessage")
    with pytest.raises(RetryLater) as lost:
        await stage.adapter.perform(order(ActionKind.REPLY, "once"))
    assert lost.value.maybe_done
    stage.server.lost_answers.clear()
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, "once", maybe_done=True))
    assert len(stage.server.called("chat.postMessage")) == 1
    assert outcome.ref is not None
    assert stage.server.messages[CHANNEL][outcome.ref]["text"] == "once"


async def test_failed_look_leaves_the_reply_in_doubt(stage: Running) -> None:
    keep_message(stage)
    stage.server.fail("conversations.replies", error="ratelimited", status=429, retry_after=5)
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(order(ActionKind.REPLY, "once", maybe_done=True))
    assert (caught.value.maybe_done, caught.value.after_s) == (True, 5)
    assert not stage.server.called("chat.postMessage")


async def test_half_sent_reply_is_completed(stage: Running) -> None:
    keep_message(stage)
    reply = order(ActionKind.REPLY, "This is a sentence. " * 300)
    stage.server.succeed("chat.postMessage")
    stage.server.fail("chat.postMessage", error="ratelimited", status=429, retry_after=3)
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(reply)
    assert (caught.value.maybe_done, caught.value.after_s) == (True, 3)
    await stage.adapter.perform(replace(reply, maybe_done=True))
    sent = [m for m in stage.server.messages[CHANNEL].values() if "metadata" in m]
    assert [m["metadata"]["event_payload"]["part"] for m in sent] == [0, 1]


async def test_key_in_a_members_message_is_not_ours(stage: Running) -> None:
    keep_message(stage)
    forged = {"event_type": "greenroom_order", "event_payload": {"key": "k1", "part": 0}}
    stage.server.post(
        CHANNEL, {"user": MEMBER, "text": "x", "thread_ts": MESSAGE.id, "metadata": forged}
    )
    await stage.adapter.perform(order(ActionKind.REPLY, "real", maybe_done=True))
    assert len(stage.server.called("chat.postMessage")) == 1


@pytest.mark.parametrize("kind", [ActionKind.REMOVE, ActionKind.SPAM, ActionKind.FILTER])
async def test_removal_deletes_with_the_admins_token(stage: Running, kind: ActionKind) -> None:
    keep_message(stage)
    outcome = await stage.adapter.perform(order(kind))
    assert outcome == Outcome(ref=MESSAGE.id)
    assert stage.server.called("chat.delete")[0].token == ADMIN_TOKEN
    assert MESSAGE.id not in stage.server.messages[CHANNEL]


async def test_removal_of_what_is_gone_is_done(stage: Running) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.REMOVE))
    assert outcome.detail == "already gone"


async def test_removal_without_user_token_says_what_is_missing(
    server: SlackServer, inbox: Inbox
) -> None:
    async with running(server, inbox) as stage:
        assert ActionKind.REMOVE not in stage.adapter.capabilities
        with pytest.raises(DropMessage, match=r"user_token.*bots/acme\.yaml"):
            await stage.adapter.perform(order(ActionKind.REMOVE))
    assert not server.called("chat.delete")


async def test_approve_posts_again_what_we_removed(stage: Running) -> None:
    keep_message(stage)
    await stage.adapter.perform(order(ActionKind.REMOVE))
    await stage.adapter.perform(order(ActionKind.APPROVE, key="k2"))
    (call,) = stage.server.called("chat.postMessage")
    assert "Ada wrote" in call.arguments["text"]
    assert "&gt; buy now &lt;!channel&gt;" in call.arguments["text"]
    assert "thread_ts" not in call.arguments


async def test_approve_after_a_restart_needs_the_removals_ref(stage: Running) -> None:
    with pytest.raises(DropMessage, match="cannot tell that it removed it"):
        await stage.adapter.perform(order(ActionKind.APPROVE))
    await stage.adapter.perform(order(ActionKind.APPROVE, key="k2", ref=MESSAGE.id))
    removed = replace(MESSAGE, standing=Standing(is_removed=True))
    await stage.adapter.perform(order(ActionKind.APPROVE, key="k3", message=removed))
    assert len(stage.server.called("chat.postMessage")) == 2


async def test_approve_of_what_stands_posts_nothing(stage: Running) -> None:
    keep_message(stage)
    outcome = await stage.adapter.perform(order(ActionKind.APPROVE, ref=MESSAGE.id))
    assert outcome.detail == "stands"
    assert not stage.server.called("chat.postMessage")


async def test_report_goes_to_the_desk_channel_once(stage: Running) -> None:
    report = order(ActionKind.REPORT, reason="spam")
    stage.server.lost_answers.add("chat.postMessage")
    with pytest.raises(RetryLater):
        await stage.adapter.perform(report)
    await stage.adapter.perform(replace(report, maybe_done=True))
    (call,) = stage.server.called("chat.postMessage")
    assert call.arguments["channel"] == DESK
    assert "spam" in call.arguments["text"]
    assert str(MESSAGE.permalink) in call.arguments["text"]


async def test_report_without_desk_channel_is_refused(server: SlackServer, inbox: Inbox) -> None:
    async with running(server, inbox, desk_channel=None) as stage:
        assert ActionKind.REPORT not in stage.adapter.capabilities
        with pytest.raises(DropMessage, match="desk_channel"):
            await stage.adapter.perform(order(ActionKind.REPORT))
    async with running(server, inbox, desk_channel="#nowhere") as stage:
        with pytest.raises(DropMessage, match="no channel #nowhere"):
            await stage.adapter.perform(order(ActionKind.REPORT))


async def test_message_goes_to_the_author_alone(stage: Running) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.MESSAGE, "a word"))
    (call,) = stage.server.called("chat.postMessage")
    assert call.arguments["channel"] == f"D{MEMBER}"
    assert outcome.ref is not None
    await stage.adapter.perform(order(ActionKind.RETRACT, key="k2", ref=outcome.ref))
    assert not stage.server.messages[f"D{MEMBER}"]


async def test_retract_deletes_every_part(stage: Running) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, "A sentence. " * 600))
    await stage.adapter.perform(order(ActionKind.RETRACT, key="k2", ref=outcome.ref))
    assert not stage.server.messages[CHANNEL]
    gone = await stage.adapter.perform(order(ActionKind.RETRACT, key="k3", ref=outcome.ref))
    assert gone.detail == "already gone"


@pytest.mark.parametrize("text", ["eyes", ":eyes:", "👀"])
async def test_react_takes_names_and_pictures(stage: Running, text: str) -> None:
    await stage.adapter.perform(order(ActionKind.REACT, text))
    assert stage.server.called("reactions.add")[0].arguments["name"] == "eyes"


async def test_reaction_that_is_there_is_done(stage: Running) -> None:
    stage.server.fail("reactions.add", error="already_reacted")
    outcome = await stage.adapter.perform(order(ActionKind.REACT, "eyes"))
    assert outcome.detail == "already there"
    with pytest.raises(DropMessage, match="emoji's name"):
        await stage.adapter.perform(order(ActionKind.REACT, "🦤", key="k2"))


async def test_what_slack_cannot_do_is_refused(stage: Running) -> None:
    assert ActionKind.BAN not in stage.adapter.capabilities
    with pytest.raises(DropMessage, match="no way to ban"):
        await stage.adapter.perform(order(ActionKind.BAN))
    for kind in stage.adapter.capabilities:
        assert "no way" not in str(await _outcome(stage, kind))


async def _outcome(stage: Running, kind: ActionKind) -> Outcome | str:
    try:
        return await stage.adapter.perform(order(kind, "eyes", key=kind.value, ref="1.0"))
    except DropMessage as error:
        return str(error)


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ({"error": "invalid_auth"}, ConfigError, "Bot User OAuth Token"),
        ({"error": "account_inactive"}, ConfigError, "switched off"),
        (
            {"error": "missing_scope", "needed": "chat:write"},
            ConfigError,
            "lacks the scope chat:write",
        ),
        ({"error": "missing_scope", "needed": "chat:write"}, ConfigError, "Reinstall to Workspace"),
        ({"error": "channel_not_found"}, DropMessage, "/invite"),
        ({"error": "is_archived"}, DropMessage, "archived"),
        ({"error": "something_new"}, DropMessage, "something_new"),
        ({"error": "internal_error"}, RetryLater, "internal_error"),
        ({"error": "fatal_error", "status": 500}, RetryLater, "fatal_error"),
        ({"error": "service_unavailable", "status": 503}, RetryLater, "service_unavailable"),
        ({"status": 502}, RetryLater, "HTTP 502"),
    ],
)
async def test_refusal_becomes_one_of_our_errors(
    stage: Running, fault: dict[str, object], error: type[Exception], says: str
) -> None:
    stage.server.fail("chat.postMessage", **fault)  # type: ignore[arg-type]
    with pytest.raises(error, match=says):
        await stage.adapter.perform(order(ActionKind.REPLY, "hi"))


async def test_rate_limit_says_how_long(stage: Running) -> None:
    stage.server.fail("chat.postMessage", error="ratelimited", status=429, retry_after=17)
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(order(ActionKind.REPLY, "hi"))
    assert caught.value.after_s == 17
    assert not caught.value.maybe_done


async def test_server_fault_leaves_a_send_uncertain_and_a_deletion_not(stage: Running) -> None:
    stage.server.fail("chat.postMessage", status=500)
    with pytest.raises(RetryLater) as send:
        await stage.adapter.perform(order(ActionKind.REPLY, "hi"))
    assert send.value.maybe_done
    stage.server.fail("chat.delete", status=500)
    with pytest.raises(RetryLater) as deletion:
        await stage.adapter.perform(order(ActionKind.REMOVE))
    assert not deletion.value.maybe_done


async def test_order_before_connecting_is_tried_later(server: SlackServer) -> None:
    adapter = SlackAdapter("acme", settings(server, user_token=ADMIN))
    with pytest.raises(RetryLater, match="not connected"):
        await adapter.perform(order(ActionKind.REPLY, "hi"))
