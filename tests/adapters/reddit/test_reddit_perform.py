"""What goes out to Reddit: each action once, and every refusal told apart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from greenroom.adapters.reddit import RedditAdapter
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import (
    ActionKind,
    Flair,
    Message,
)
from tests.adapters.reddit.orders import last, order
from tests.adapters.reddit.stage import Running, running, settings
from tests.platforms.reddit.server import ME, MEMBER, SUBREDDIT, RedditServer

PATHS = {
    ActionKind.REMOVE: ("api/remove", {"spam": "False"}),
    ActionKind.SPAM: ("api/remove", {"spam": "True"}),
    ActionKind.FILTER: ("api/remove", {"spam": "False"}),
    ActionKind.APPROVE: ("api/approve", {}),
    ActionKind.REPORT: ("api/report", {"reason": "rule 1"}),
    ActionKind.LOCK: ("api/lock", {}),
}


CROWD = ActionKind.SET_POST_CROWD_CONTROL_LEVEL
NO_SCOPE = {"www_authenticate": 'Bearer realm="reddit", error="insufficient_scope"'}


async def test_reply_is_a_comment_under_its_message(stage: Running, comment: Message) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, comment, "Read the rules."))
    assert last(stage, "api/comment")["thing_id"] == comment.id
    assert outcome.ref is not None
    assert stage.server.things[outcome.ref]["body"] == "Read the rules."
    assert not stage.server.called("api/distinguish")


async def test_reply_can_be_pinned_and_locked(stage: Running, post: Message) -> None:
    reply = order(ActionKind.REPLY, post, "Welcome.", sticky=True, lock=True)
    outcome = await stage.adapter.perform(reply)
    pinned = last(stage, "api/distinguish")
    assert (pinned["id"], pinned["how"], pinned["sticky"]) == (outcome.ref, "yes", "true")
    assert last(stage, "api/lock")["id"] == outcome.ref


async def test_reply_that_cannot_be_pinned_stands(stage: Running, post: Message) -> None:
    stage.server.fail("api/distinguish", 403)
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, post, "Welcome.", sticky=True))
    assert outcome.ref in stage.server.things
    assert "make it a moderator" in outcome.detail


async def test_reply_calls_nobody(stage: Running, comment: Message) -> None:
    text = "u/ada said /u/grace and https://www.reddit.com/u/x"
    await stage.adapter.perform(order(ActionKind.REPLY, comment, text))
    sent = last(stage, "api/comment")["text"]
    assert "u/ada" not in sent
    assert "u/grace" not in sent
    assert sent.replace("\u2060", "") == text


async def test_long_reply_is_cut_at_a_sentence(stage: Running, comment: Message) -> None:
    await stage.adapter.perform(order(ActionKind.REPLY, comment, "A sentence here. " * 1_000))
    sent = last(stage, "api/comment")["text"]
    assert 9_900 < len(sent) <= 10_000
    assert sent.endswith("here.…")


async def test_same_key_is_never_performed_twice(stage: Running, comment: Message) -> None:
    reply = order(ActionKind.REPLY, comment, "once")
    first = await stage.adapter.perform(reply)
    assert await stage.adapter.perform(replace(reply, maybe_done=True)) == first
    assert len(stage.server.called("api/comment")) == 1


async def test_reply_whose_answer_was_lost_is_found_again(stage: Running, comment: Message) -> None:
    reply = order(ActionKind.REPLY, comment, "once  upon u/ada \n", sticky=True)
    stage.server.lost_answers.add("api/comment")
    with pytest.raises(RetryLater) as lost:
        await stage.adapter.perform(reply)
    assert lost.value.maybe_done
    outcome = await stage.adapter.perform(replace(reply, maybe_done=True))
    assert len(stage.server.called("api/comment")) == 1
    assert outcome.ref is not None
    assert stage.server.things[outcome.ref]["author"] == ME
    assert last(stage, "api/distinguish")["id"] == outcome.ref


async def test_reply_that_never_arrived_is_sent_after_the_look(
    stage: Running, post: Message, comment: Message
) -> None:
    await stage.adapter.perform(order(ActionKind.REPLY, post, "same words", key="k0"))
    reply = order(ActionKind.REPLY, comment, "same words", maybe_done=True)
    outcome = await stage.adapter.perform(reply)
    assert outcome.ref is not None
    assert stage.server.things[outcome.ref]["parent_id"] == comment.id


async def test_failed_look_leaves_the_reply_in_doubt(stage: Running, comment: Message) -> None:
    stage.server.fail(f"user/{ME}/comments", 429, retry_after="5")
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(order(ActionKind.REPLY, comment, "once", maybe_done=True))
    assert (caught.value.maybe_done, caught.value.after_s) == (True, 5)
    assert not stage.server.called("api/comment")


async def test_failed_reply_is_not_repeated_by_the_library(
    stage: Running, comment: Message
) -> None:
    for status in (500, 502, 503, 504):
        stage.server.fail("api/comment", status)
        with pytest.raises(RetryLater) as caught:
            await stage.adapter.perform(order(ActionKind.REPLY, comment, "hi"))
        assert caught.value.maybe_done
    assert len(stage.server.called("api/comment")) == 4


@pytest.mark.parametrize("kind", PATHS)
async def test_moderation_reaches_its_address(
    stage: Running, comment: Message, kind: ActionKind
) -> None:
    path, fields = PATHS[kind]
    await stage.adapter.perform(order(kind, comment, reason="rule 1"))
    sent = last(stage, path)
    assert sent.get("id", sent.get("thing_id")) == comment.id
    assert {key: str(sent[key]).title() for key in fields} == {
        key: value.title() for key, value in fields.items()
    }


async def test_action_on_the_parent_reaches_the_submission(
    stage: Running, post: Message, comment: Message
) -> None:
    await stage.adapter.perform(order(ActionKind.REMOVE, comment, on_parent=True))
    assert last(stage, "api/remove")["id"] == post.id


@pytest.mark.parametrize(
    ("kind", "value", "path", "fields"),
    [
        (ActionKind.SET_LOCKED, False, "api/unlock", {}),
        (ActionKind.SET_STICKY, True, "api/set_subreddit_sticky", {"state": "true"}),
        (ActionKind.SET_STICKY, 1, "api/set_subreddit_sticky", {"num": "1"}),
        (ActionKind.SET_STICKY, False, "api/set_subreddit_sticky", {"state": "false"}),
        (ActionKind.SET_NSFW, True, "api/marknsfw", {}),
        (ActionKind.SET_NSFW, False, "api/unmarknsfw", {}),
        (ActionKind.SET_SPOILER, True, "api/spoiler", {}),
        (ActionKind.SET_SPOILER, False, "api/unspoiler", {}),
        (ActionKind.SET_CONTEST_MODE, True, "api/set_contest_mode", {"state": "true"}),
        (ActionKind.SET_ORIGINAL_CONTENT, True, "api/set_original_content", {}),
        (ActionKind.SET_SUGGESTED_SORT, "best", "api/set_suggested_sort", {"sort": "confidence"}),
        (CROWD, "STRICT", "api/update_crowd_control_level", {"level": "3"}),
    ],
)
async def test_switch_reaches_its_address(
    stage: Running,
    post: Message,
    kind: ActionKind,
    value: bool | int | str,
    path: str,
    fields: Mapping[str, str],
) -> None:
    await stage.adapter.perform(order(kind, post, value=value))
    sent = last(stage, path)
    assert {key: str(sent[key]).lower() for key in fields} == dict(fields)


async def test_switch_of_a_submission_refuses_a_comment(stage: Running, comment: Message) -> None:
    with pytest.raises(DropMessage, match="needs a submission"):
        await stage.adapter.perform(order(ActionKind.SET_NSFW, comment))
    bad = order(CROWD, comment, on_parent=True, value="max")
    with pytest.raises(DropMessage, match="crowd control is one of"):
        await stage.adapter.perform(bad)


async def test_flair_is_set_and_kept_unless_overwritten(stage: Running, post: Message) -> None:
    chosen = Flair("Solved", template_id="abc")
    await stage.adapter.perform(order(ActionKind.SET_FLAIR, post, flair=chosen))
    sent = last(stage, f"r/{SUBREDDIT}/api/selectflair")
    assert (sent["link"], sent["flair_template_id"], sent["text"]) == (post.id, "abc", "Solved")
    flaired = replace(post, flair=Flair("Help"))
    kept = await stage.adapter.perform(order(ActionKind.SET_FLAIR, flaired, flair=chosen, key="k2"))
    assert "kept" in kept.detail
    again = order(ActionKind.SET_FLAIR, flaired, flair=chosen, overwrite=True, key="k3")
    await stage.adapter.perform(again)
    assert len(stage.server.called(f"r/{SUBREDDIT}/api/selectflair")) == 2


async def test_flair_of_an_author_is_set(stage: Running, comment: Message) -> None:
    chosen = Flair("Helper", css_class="green")
    flair = order(ActionKind.SET_FLAIR, comment, flair=chosen, on_author=True)
    await stage.adapter.perform(flair)
    sent = last(stage, f"r/{SUBREDDIT}/api/flair")
    assert (sent["name"], sent["text"], sent["css_class"]) == (MEMBER, "Helper", "green")


async def test_ban_lasts_whole_days_and_can_be_undone(stage: Running, comment: Message) -> None:
    ban = order(ActionKind.BAN, comment, "Come back later.", duration_s=90_000, reason="spam")
    await stage.adapter.perform(ban)
    sent = last(stage, f"r/{SUBREDDIT}/api/friend")
    assert (sent["name"], sent["type"], sent["duration"]) == (MEMBER, "banned", "2")
    assert (sent["ban_reason"], sent["ban_message"]) == ("spam", "Come back later.")
    await stage.adapter.perform(order(ActionKind.UNBAN, comment, key="k2"))
    assert last(stage, f"r/{SUBREDDIT}/api/unfriend")["name"] == MEMBER
    await stage.adapter.perform(order(ActionKind.BAN, comment, key="k3"))
    assert "duration" not in last(stage, f"r/{SUBREDDIT}/api/friend")


@pytest.mark.parametrize("kind", [ActionKind.MESSAGE, ActionKind.MODMAIL])
async def test_message_is_sent_once_though_its_answer_was_lost(
    stage: Running, comment: Message, kind: ActionKind
) -> None:
    message = order(kind, comment, "a word", subject="About\nyour post " + "x" * 200)
    stage.server.lost_answers.add("api/compose")
    with pytest.raises(RetryLater):
        await stage.adapter.perform(message)
    await stage.adapter.perform(replace(message, maybe_done=True))
    (sent,) = stage.server.letters.sent
    assert sent["dest"].lstrip("#/r") in (MEMBER, SUBREDDIT)
    assert len(sent["subject"]) <= 100
    assert "\n" not in sent["subject"]


async def test_retract_deletes_our_comment(stage: Running, comment: Message) -> None:
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, comment, "oops"))
    await stage.adapter.perform(order(ActionKind.RETRACT, comment, ref=outcome.ref, key="k2"))
    assert stage.server.things[str(outcome.ref)]["body"] == "[deleted]"
    with pytest.raises(DropMessage, match="takes back only"):
        await stage.adapter.perform(order(ActionKind.RETRACT, comment, ref="t4_x", key="k3"))


async def test_account_that_moderates_nothing_offers_less(server: RedditServer) -> None:
    server.moderators = []
    before = RedditAdapter("garden", settings(server)).capabilities
    assert ActionKind.REMOVE in before
    async with running(server) as stage:
        assert ActionKind.REMOVE not in stage.adapter.capabilities
        assert ActionKind.REPLY in stage.adapter.capabilities
    assert not server.called(f"r/{SUBREDDIT}/about/reports")


async def test_what_reddit_cannot_do_is_refused(stage: Running, comment: Message) -> None:
    assert ActionKind.TIMEOUT not in stage.adapter.capabilities
    with pytest.raises(DropMessage, match="no way to timeout"):
        await stage.adapter.perform(order(ActionKind.TIMEOUT, comment))
    with pytest.raises(DropMessage, match="neither a comment nor"):
        await stage.adapter.perform(order(ActionKind.REMOVE, replace(comment, id="x/../y")))


@pytest.mark.parametrize(
    ("code", "message", "error", "says"),
    [
        ("THREAD_LOCKED", "", DropMessage, "locked"),
        ("DELETED_COMMENT", "", DropMessage, "gone"),
        ("TOO_OLD", "", DropMessage, "archived"),
        ("SOMETHING_NEW", "because", DropMessage, "because"),
        ("USER_REQUIRED", "", ConfigError, "sign-in"),
        ("RATELIMIT", "Take a break for 9 minutes before trying again.", RetryLater, "9 minutes"),
    ],
)
async def test_refusal_becomes_one_of_our_errors(
    stage: Running, comment: Message, code: str, message: str, error: type[Exception], says: str
) -> None:
    stage.server.refuse("api/comment", code, message)
    with pytest.raises(error, match=says) as caught:
        await stage.adapter.perform(order(ActionKind.REPLY, comment, "hi"))
    if isinstance(caught.value, RetryLater):
        assert (caught.value.after_s, caught.value.maybe_done) == (540, False)


@pytest.mark.parametrize(
    ("status", "headers", "error", "says"),
    [
        (403, {}, DropMessage, "lacks the permission"),
        (403, NO_SCOPE, ConfigError, "scope"),
        (404, {}, DropMessage, "gone"),
        (413, {}, DropMessage, "too large"),
        (429, {"retry_after": "17"}, RetryLater, "pause"),
        (500, {}, RetryLater, "HTTP 500"),
    ],
)
async def test_status_becomes_one_of_our_errors(
    stage: Running,
    comment: Message,
    status: int,
    headers: dict[str, str],
    error: type[Exception],
    says: str,
) -> None:
    stage.server.fail("api/remove", status, **headers)
    with pytest.raises(error, match=says) as caught:
        await stage.adapter.perform(order(ActionKind.REMOVE, comment))
    if isinstance(caught.value, RetryLater):
        assert not caught.value.maybe_done
        assert caught.value.after_s == (17 if status == 429 else None)


async def test_order_under_way_when_the_run_ends_is_tried_later(
    stage: Running, comment: Message
) -> None:
    assert stage.adapter._live is not None
    actions = stage.adapter._live.actions
    stage.task.cancel()
    await asyncio.wait([stage.task])
    with pytest.raises(RetryLater, match="cannot be reached"):
        await actions.perform(order(ActionKind.REPLY, comment, "hi"))


async def test_order_before_connecting_is_tried_later(
    server: RedditServer, comment: Message
) -> None:
    adapter = RedditAdapter("garden", settings(server))
    for maybe_done in (False, True):
        reply = order(ActionKind.REPLY, comment, "hi", maybe_done=maybe_done)
        with pytest.raises(RetryLater, match="not connected") as caught:
            await adapter.perform(reply)
        assert caught.value.maybe_done is maybe_done  # an earlier try's doubt stays
