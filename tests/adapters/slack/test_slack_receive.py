"""What comes in from Slack, through Socket Mode and HTTP."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from greenroom.adapters.slack.link import IN_FLIGHT
from greenroom.message import EventKind
from tests.adapters.slack.stage import NOW, Running, event_body, said
from tests.platforms.slack.server import (
    BOT_ID,
    BOT_USER,
)


async def test_message_is_normalised(stage: Running) -> None:
    text = "hi <@UBOT>, see <https://a.example/?x=1&amp;y=2|this> &lt;b&gt; in <#C2|lounge>"
    await stage.deliver(event_body(said(text)))
    event = await stage.inbox.next()
    assert event.kind is EventKind.MESSAGE_POSTED
    message = event.message
    assert message is not None
    assert message.text == "hi @greenroom, see [this](https://a.example/?x=1&y=2) <b> in #lounge"
    assert message.links == ("https://a.example/?x=1&y=2",)
    assert message.mentions == (BOT_USER,)
    assert message.mentions_me
    assert message.key == "slack:T1:C1:1700000000.000100"
    assert (message.community.name, message.channel.name) == ("Acme", "help")
    assert (message.author.name, message.author.is_moderator) == ("Ada", True)
    assert message.author.roles == ("admin",)
    assert message.author.created_at is None
    assert message.posted_at == datetime(2023, 11, 14, 22, 13, 20, 100, UTC)
    assert message.permalink == "https://acme.slack.example/archives/C1/p1700000000000100"
    assert message.is_top_level
    assert message.revision == "0"
    assert event.received_at == NOW


async def test_reply_in_thread_says_what_it_answers(stage: Running) -> None:
    await stage.deliver(
        event_body(said("yes", ts="1700000001.000200", thread_ts="1700000000.000100"))
    )
    message = (await stage.inbox.next()).message
    assert message is not None
    assert message.thread == message.reply_to == "1700000000.000100"
    assert message.is_top_level is False
    assert message.permalink is not None
    assert message.permalink.endswith("?thread_ts=1700000000.000100&cid=C1")


async def test_files_come_as_attachments(stage: Running) -> None:
    file = {
        "name": "a.png",
        "url_private": "https://f.example/a",
        "mimetype": "image/png",
        "size": 5,
    }
    await stage.deliver(
        event_body(said("", subtype="file_share", files=[file, {"mode": "tombstone"}]))
    )
    message = (await stage.inbox.next()).message
    assert message is not None
    assert [(a.name, a.media_type, a.size_bytes) for a in message.attachments] == [
        ("a.png", "image/png", 5)
    ]


async def test_text_that_only_blocks_carry_is_read(stage: Running) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "buy <https://x.example>"}}
    await stage.deliver(event_body(said("", blocks=[section])))
    message = (await stage.inbox.next()).message
    assert message is not None
    assert message.text == "buy https://x.example"
    assert message.links == ("https://x.example",)


async def test_redelivery_has_the_same_key(stage: Running) -> None:
    for attempt in range(11):
        await stage.deliver(event_body(said("hello"), event_id=f"Ev{attempt}"), f"e{attempt}")
    for _ in range(11):
        await stage.inbox.next()
    assert len(stage.inbox.keys) == 1


async def test_app_mention_and_its_message_are_one_event(stage: Running) -> None:
    message = said("<@UBOT> hello")
    mention = {**message, "type": "app_mention"}
    del mention["channel_type"]
    await stage.deliver(event_body(message), "e1")
    await stage.deliver(event_body(mention, "Ev2"), "e2")
    first, second = await stage.inbox.next(), await stage.inbox.next()
    assert first.key == second.key
    assert first.message == second.message


async def test_edit_is_a_new_revision_of_the_same_message(stage: Running) -> None:
    after = {**said("fixed"), "edited": {"user": "U1", "ts": "1700000009.000000"}}
    change = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": "C1",
        "ts": "1700000009.000300",
        "message": after,
        "previous_message": said("typo"),
    }
    await stage.deliver(event_body(said("typo")), "e1")
    await stage.deliver(event_body(change), "e2")
    posted, edited = await stage.inbox.next(), await stage.inbox.next()
    assert posted.message is not None
    assert edited.message is not None
    assert edited.kind is EventKind.MESSAGE_EDITED
    assert edited.message.key == posted.message.key
    assert edited.message.text == "fixed"
    assert edited.message.revision == "1700000009.000000"
    assert edited.message.is_edited
    assert edited.key != posted.key


async def test_link_preview_is_no_edit(stage: Running) -> None:
    change = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "message": {**said("look"), "attachments": [{"from_url": "https://x.example"}]},
        "previous_message": said("look"),
    }
    await stage.deliver(event_body(change), "e1")
    assert await stage.acknowledged() == "e1"
    assert stage.inbox.events.empty()


@pytest.mark.parametrize("is_thread_root", [False, True])
async def test_deletion_names_the_message(stage: Running, is_thread_root: bool) -> None:
    ts = "1700000000.000100"
    gone = {"type": "message", "subtype": "message_deleted", "deleted_ts": ts}
    tombstone = {"subtype": "tombstone", "ts": ts, "thread_ts": ts, "text": "deleted"}
    if is_thread_root:
        gone = {"type": "message", "subtype": "message_changed", "message": tombstone}  # type: ignore[dict-item]
    await stage.deliver(event_body({**gone, "channel": "C1", "previous_message": said("x")}))
    event = await stage.inbox.next()
    assert event.kind is EventKind.MESSAGE_DELETED
    assert event.message_key == f"slack:T1:C1:{ts}"


async def test_own_message_is_marked(stage: Running) -> None:
    await stage.deliver(event_body(said("hi", user=BOT_USER, bot_id=BOT_ID)))
    message = (await stage.inbox.next()).message
    assert message is not None
    assert message.author.is_self


async def test_classic_bot_has_its_given_name(stage: Running) -> None:
    body = said("deploy done", subtype="bot_message", bot_id="B2", username="Deployer")
    del body["user"]
    await stage.deliver(event_body(body))
    message = (await stage.inbox.next()).message
    assert message is not None
    author = message.author
    assert (author.id, author.name, author.is_bot, author.is_self) == (
        "B2",
        "Deployer",
        True,
        False,
    )


async def test_notices_and_messages_for_one_only_are_passed_over(stage: Running) -> None:
    await stage.deliver(event_body(said("joined", subtype="channel_join")), "e1")
    await stage.deliver(event_body(said("psst", is_ephemeral=True)), "e2")
    await stage.deliver(event_body({"type": "reaction_added", "user": "U1"}), "e3")
    await stage.deliver(event_body(said("", subtype="huddle_thread", room={"id": "R1"})), "e4")
    assert sorted([await stage.acknowledged() for _ in range(4)]) == ["e1", "e2", "e3", "e4"]
    assert stage.inbox.events.empty()


async def test_joining_the_workspace_comes_once_and_a_channel_never(stage: Running) -> None:
    channel = {"type": "member_joined_channel", "user": "U1", "channel": "C1", "event_ts": "17.1"}
    team = {"type": "team_join", "user": {"id": "U7", "name": "new"}, "event_ts": "17.2"}
    await stage.deliver(event_body(channel), "e1")
    assert await stage.acknowledged() == "e1"
    await stage.deliver(event_body(team, "Ev2"), "e2")
    first = await stage.inbox.next()
    await stage.deliver(event_body(team, "Ev3"), "e3")
    again = await stage.inbox.next()
    assert first.kind is EventKind.MEMBER_JOINED
    assert first.key == again.key
    assert first.actor is not None
    assert first.actor.name == "new"


async def test_reactions_come_as_they_are_set_and_taken(stage: Running) -> None:
    item = {"type": "message", "channel": "C1", "ts": "1700000000.000100"}
    reaction = {"user": "U1", "reaction": "eyes", "item": item, "item_user": "U2"}
    for number, kind in enumerate(("reaction_added", "reaction_removed", "reaction_added")):
        body = {**reaction, "type": kind, "event_ts": f"1700000001.00000{number}"}
        await stage.deliver(event_body(body), f"e{number}")
    added, removed, again = [await stage.inbox.next() for _ in range(3)]
    assert [added.kind, removed.kind] == [EventKind.REACTION_ADDED, EventKind.REACTION_REMOVED]
    assert (added.message_key, added.text) == ("slack:T1:C1:1700000000.000100", "eyes")
    assert added.actor is not None
    assert added.actor.name == "Ada"
    assert len({added.key, removed.key, again.key}) == 3
    for odd in (
        {**reaction, "user": "UBOT"},
        {**reaction, "item": {"type": "file", "file": "F1"}},
        {**reaction, "item": None},
        {**reaction, "reaction": 5},
        {**reaction, "user": {"id": "U1"}},
    ):
        await stage.deliver(event_body({**odd, "type": "reaction_added"}), "odd")
        while await stage.acknowledged() != "odd":
            pass
    assert stage.inbox.events.empty()


async def test_names_are_asked_once(stage: Running) -> None:
    for number in range(5):
        await stage.deliver(event_body(said("x", ts=f"170000000{number}.000100")), f"e{number}")
        await stage.inbox.next()
    assert len(stage.server.called("users.info")) == 1
    assert len(stage.server.called("conversations.info")) == 1


async def test_unknown_member_keeps_the_id_as_name(stage: Running) -> None:
    stage.server.fail("users.info", error="ratelimited", status=429, retry_after=30)
    await stage.deliver(event_body(said("x", user="U404")))
    message = (await stage.inbox.next()).message
    assert message is not None
    assert (message.author.id, message.author.name) == ("U404", "U404")
    assert message.author.is_moderator is None


async def test_missing_scope_for_channels_leaves_members_known(stage: Running) -> None:
    stage.server.fail("conversations.info", error="missing_scope", needed="channels:read")
    for number in range(2):
        await stage.deliver(event_body(said("x", ts=f"170000000{number}.000100")), f"e{number}")
        message = (await stage.inbox.next()).message
        assert message is not None
        assert (message.channel.name, message.author.name) == (None, "Ada")
    assert len(stage.server.called("conversations.info")) == 1


async def test_slow_look_up_is_not_waited_for(
    stage: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom.adapters.slack.directory.LOOKUP_TIMEOUT_S", 0.01)
    stage.server.silent.add("users.info")
    for number in range(2):
        await stage.deliver(event_body(said("x", ts=f"170000000{number}.000100")), f"e{number}")
        message = (await stage.inbox.next()).message
        assert message is not None
        assert message.author.name == message.author.id
    assert len(stage.server.called("users.info")) == 1  # then it rests


async def test_acknowledgement_waits_for_the_intake(stage: Running) -> None:
    stage.inbox.open.clear()
    await stage.deliver(event_body(said("slow")), "slow")
    async with asyncio.timeout(5):
        await stage.inbox.entered.wait()
    await stage.deliver(event_body({"type": "app_home_opened"}), "other")
    assert await stage.acknowledged() == "other"  # came later, needs no intake
    stage.inbox.open.set()
    assert await stage.acknowledged() == "slow"


async def test_failed_intake_is_not_acknowledged(
    stage: Running, caplog: pytest.LogCaptureFixture
) -> None:
    stage.inbox.failure = OSError("disk full")
    await stage.deliver(event_body(said("lost?")), "e1")
    await stage.inbox.entered.wait()
    await stage.deliver(event_body({"type": "app_home_opened"}), "e2")
    assert await stage.acknowledged() == "e2"
    stage.inbox.failure = None
    await stage.deliver(event_body(said("lost?"), "Ev2"), "e3")
    assert await stage.acknowledged() == "e3"
    failed = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert any("disk full" in record.getMessage() for record in failed)
    assert any(record.exc_info for record in failed)


async def test_events_of_one_channel_keep_their_order(stage: Running) -> None:
    stage.inbox.open.clear()
    for number in range(IN_FLIGHT // 2):
        ts = f"17000000{number:02}.000100"
        await stage.deliver(event_body(said("x", ts=ts)), f"e{number}")
    stage.inbox.open.set()
    seen = [await stage.inbox.next() for _ in range(IN_FLIGHT // 2)]
    ids = [event.message.id for event in seen if event.message]
    assert ids == sorted(ids)


ODD_EVENTS: tuple[dict[str, Any], ...] = (
    {"type": ["message"]},
    {"type": "message", "channel": 5, "ts": "1"},
    {"type": "message", "channel": "C1", "ts": "nan", "subtype": ["x"], "text": 5},
    {"type": "message", "channel": "C1", "subtype": "message_changed", "message": []},
    {"type": "message", "channel": "C1", "subtype": "message_deleted"},
    {"type": "team_join", "user": {"id": 5}},
    {"type": "member_joined_channel"},
)


async def test_odd_frames_do_not_end_the_connection(stage: Running) -> None:
    for frame in (
        "",
        "[]",
        "{",
        "[" * 5000,
        '{"type": 5}',
        '{"type":"x","envelope_id":1,"payload":2}',
    ):
        await stage.socket.send_str(frame)
    for number, odd in enumerate(ODD_EVENTS):
        await stage.deliver(event_body(odd), f"odd{number}")
    await stage.deliver(event_body(said("still here", ts="1700000005.000100")), "e1")
    while (event := await stage.inbox.next()).message is None or event.message.text != "still here":
        pass
    assert stage.adapter.health().is_connected


async def test_hostile_text_passes_unchanged(stage: Running) -> None:
    texts = [
        "",
        "a" * 1_000_000,
        "\ud800 lone",
        "\u202egnihton\u200b",
        "".join(f"<@U{number}>" for number in range(10_000)),
        "<" * 50_000,
        "<!date^1^{date}|soon> <!here> <!subteam^S1|@team> <mailto:a@b.example|a@b.example>",
    ]
    found = []
    for number, text in enumerate(texts):
        await stage.deliver(event_body(said(text, ts=f"170000000{number}.000100")), f"e{number}")
        message = (await stage.inbox.next()).message
        assert message is not None
        found.append(message)
    assert [m.text for m in found[:4]] == texts[:4]
    assert len(found[4].mentions) == 10_000
    assert found[5].text == texts[5]
    assert found[6].text == "soon @here @team a@b.example"
