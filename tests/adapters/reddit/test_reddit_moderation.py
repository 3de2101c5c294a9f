"""Removal reasons, notes, bans: as the subreddit has them, and each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from greenroom.adapters.reddit.notes import LABELS, read_label
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import ActionKind, Message, Order
from tests.adapters.reddit.orders import last, order
from tests.adapters.reddit.stage import Running
from tests.platforms.reddit.moderation import LABELS as ALL_LABELS
from tests.platforms.reddit.server import ME, MEMBER, SUBREDDIT

REASONS = {"15a": "No Spam", "15b": "Be kind", "15c": "Be kind"}
LIST = f"api/v1/{SUBREDDIT}/removal_reasons"


async def twice(stage: Running, path: str, wanted: Order) -> str:
    """Perform it with a lost answer, and again as the sender does; what the second try says."""
    stage.server.lost_answers.add(path)
    with pytest.raises(RetryLater) as lost:
        await stage.adapter.perform(wanted)
    assert lost.value.maybe_done
    stage.server.lost_answers.clear()
    return (await stage.adapter.perform(replace(wanted, maybe_done=True))).detail


@pytest.mark.parametrize("wanted", ["no spam", " NO SPAM ", "15a", "15A"])
@pytest.mark.parametrize("kind", [ActionKind.REMOVE, ActionKind.SPAM, ActionKind.FILTER])
async def test_removal_has_its_reason_by_title_or_id(
    stage: Running, comment: Message, kind: ActionKind, wanted: str
) -> None:
    stage.server.reasons = dict(REASONS)
    removal = order(kind, comment, removal_reason=wanted, reason="links to a shop")
    outcome = await stage.adapter.perform(removal)
    assert outcome.detail == "done"
    assert stage.server.things[comment.id]["removed"]
    assert stage.server.given_reasons[comment.id] == {
        "item_ids": [comment.id],
        "mod_note": "links to a shop",
        "reason_id": "15a",
    }


async def test_first_reason_of_a_title_is_taken_and_reasons_are_asked_for_once(
    stage: Running, post: Message, comment: Message
) -> None:
    stage.server.reasons = dict(REASONS)
    for number, message in enumerate((post, comment)):
        removal = order(ActionKind.REMOVE, message, removal_reason="be kind", key=f"k{number}")
        await stage.adapter.perform(removal)
    assert {one["reason_id"] for one in stage.server.given_reasons.values()} == {"15b"}
    assert len(stage.server.called(LIST)) == 1


async def test_unknown_reason_keeps_nothing_from_being_removed(
    stage: Running, comment: Message
) -> None:
    stage.server.reasons = dict(REASONS)
    outcome = await stage.adapter.perform(
        order(ActionKind.REMOVE, comment, removal_reason="Off topic")
    )
    assert stage.server.things[comment.id]["removed"]
    assert "no removal reason 'Off topic'" in outcome.detail
    assert "No Spam" in outcome.detail
    assert not stage.server.given_reasons


@pytest.mark.parametrize("path", [LIST, "api/v1/modactions/removal_reasons"])
async def test_reason_that_cannot_be_given_is_told(
    stage: Running, comment: Message, path: str
) -> None:
    stage.server.reasons = dict(REASONS)
    stage.server.fail(path, 403)
    outcome = await stage.adapter.perform(
        order(ActionKind.REMOVE, comment, removal_reason="No Spam")
    )
    assert stage.server.things[comment.id]["removed"]
    assert "removed, but without the reason" in outcome.detail


async def test_removal_without_a_reason_asks_for_none(stage: Running, comment: Message) -> None:
    await stage.adapter.perform(order(ActionKind.REMOVE, comment, reason="rule 1"))
    assert not stage.server.called(LIST)
    assert not stage.server.given_reasons


async def test_reply_is_distinguished_and_pinned_only_under_a_submission(
    stage: Running, post: Message, comment: Message
) -> None:
    said = order(ActionKind.REPLY, comment, "Hi.", distinguish=True, sticky=True)
    outcome = await stage.adapter.perform(said)
    assert stage.server.things[str(outcome.ref)]["distinguished"] == "moderator"
    assert "sticky" not in last(stage, "api/distinguish")
    above = order(ActionKind.REPLY, comment, "Hi.", on_parent=True, sticky=True, key="k2")
    outcome = await stage.adapter.perform(above)
    assert stage.server.things[str(outcome.ref)]["stickied"]
    plain = order(ActionKind.REPLY, post, "Hello.", distinguish=True, key="k3")
    outcome = await stage.adapter.perform(plain)
    assert not stage.server.things[str(outcome.ref)]["stickied"]


async def test_note_is_about_the_author_and_the_post(stage: Running, comment: Message) -> None:
    text = "spam warning: sells watches"
    outcome = await stage.adapter.perform(order(ActionKind.MOD_NOTE, comment, text))
    (note,) = stage.server.notes
    assert (note["id"], note["user"], note["subreddit"]) == (outcome.ref, MEMBER, SUBREDDIT)
    assert note["user_note_data"] == {
        "label": "SPAM_WARNING",
        "note": "sells watches",
        "reddit_id": comment.id,
    }


async def test_long_note_is_cut_and_has_no_label(stage: Running, comment: Message) -> None:
    await stage.adapter.perform(order(ActionKind.MOD_NOTE, comment, "note: " + "long " * 100))
    (note,) = stage.server.notes
    assert len(note["user_note_data"]["note"]) <= 250
    assert note["user_note_data"]["note"].startswith("note: long")
    assert note["user_note_data"]["label"] is None


@pytest.mark.parametrize(
    ("text", "label", "note"),
    [
        ("[Helpful User]: thanks", "HELPFUL_USER", "thanks"),
        ("perma-ban: x", "PERMA_BAN", "x"),
        ("ban:", None, "ban:"),
        ("see: there", None, "see: there"),
        ("ban", None, "ban"),
    ],
)
def test_label_is_read_from_the_notes_beginning(text: str, label: str | None, note: str) -> None:
    assert read_label(text) == (label, note)


def test_labels_are_reddits() -> None:
    assert LABELS == ALL_LABELS


async def test_note_whose_answer_was_lost_is_not_doubled(stage: Running, comment: Message) -> None:
    note = order(ActionKind.MOD_NOTE, comment, "ban: again")
    assert await twice(stage, "api/mod/notes", note) == "noted by an earlier try"
    assert len(stage.server.notes) == 1


async def test_ban_whose_answer_was_lost_is_not_said_again(
    stage: Running, comment: Message
) -> None:
    ban = order(ActionKind.BAN, comment, "Come back later.", duration_s=86_400)
    path = f"r/{SUBREDDIT}/api/friend"
    assert await twice(stage, path, ban) == "banned by an earlier try"
    assert len(stage.server.called(path)) == 1
    assert stage.server.banned == {MEMBER: 1}


async def test_ban_that_never_arrived_is_done_after_the_look(
    stage: Running, comment: Message
) -> None:
    await stage.adapter.perform(order(ActionKind.BAN, comment, maybe_done=True))
    assert MEMBER in stage.server.banned


@pytest.fixture
def since_later(comment: Message) -> Message:
    """The comment, as written after all that was sent so far."""
    return replace(comment, posted_at=datetime.now(UTC) + timedelta(days=1))


async def test_same_words_of_before_are_no_earlier_try(
    stage: Running, comment: Message, since_later: Message
) -> None:
    for kind, path in ((ActionKind.MESSAGE, "api/compose"), (ActionKind.MOD_NOTE, "api/mod/notes")):
        await stage.adapter.perform(order(kind, comment, "same words", key=f"{kind}1"))
        again = order(kind, since_later, "same words", key=f"{kind}2", maybe_done=True)
        await stage.adapter.perform(again)
        assert len([call for call in stage.server.effects if call.path == path]) == 2


async def test_moderators_actions_need_a_moderator(stage: Running, comment: Message) -> None:
    stage.server.moderators.remove(ME)
    for kind in (ActionKind.REMOVE, ActionKind.BAN, ActionKind.MOD_NOTE):
        with pytest.raises(DropMessage, match="lacks the permission"):
            await stage.adapter.perform(order(kind, comment, key=kind))
