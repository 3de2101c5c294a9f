"""What comes in from Discord, and as what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from greenroom.adapters.discord.events import links_in
from greenroom.errors import RetryLater
from greenroom.message import ActionKind, Attachment, EventKind, MessageKind
from tests.adapters.discord.stage import NOW, Running, order, running
from tests.platforms.discord.payloads import (
    APPLICATION,
    FORUM,
    GUILD,
    HELP,
    HIDDEN,
    ME,
    MEMBER,
    MODERATOR,
    OWNER,
    POST,
    SLEEPING,
    USERS,
    guild,
    member,
    snowflake,
    time_of,
)
from tests.platforms.discord.server import DIRECT, DiscordServer


async def test_message_says_who_wrote_what_where_and_when(stage: Running) -> None:
    text = "see https://example.org/a?b=(c). <@2003> @everyone"
    mentions = [{**USERS[MODERATOR], "member": member(MODERATOR)}]
    files = [
        {
            "id": "1",
            "filename": "a<b>.png",
            "url": "https://cdn.example/a",
            "proxy_url": "https://cdn.example/p",
            "size": 12,
            "content_type": "image/png",
        }
    ]
    message = await stage.received(text, mentions=mentions, attachments=files)
    assert message.text == text
    assert (message.community.id, message.community.name) == (GUILD, "Acme")
    assert message.community.is_nsfw is False
    assert (message.channel.id, message.channel.name) == (HELP, "help")
    assert message.kind is MessageKind.COMMENT
    assert (message.author.id, message.author.name) == (MEMBER, "ada")
    assert message.author.roles == ("Verified",)
    assert message.author.is_moderator is False
    assert message.author.created_at == datetime(2015, 1, 1, tzinfo=UTC)
    assert message.author.joined_at == datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert message.author.comment_karma is None
    assert message.links == ("https://example.org/a?b=(c",)
    assert message.mentions == (MODERATOR,)
    assert message.mentions_me is False
    assert message.attachments == (
        Attachment("a<b>.png", "https://cdn.example/a", "image/png", 12),
    )
    assert message.posted_at == time_of(message.id)
    assert message.permalink == f"https://discord.com/channels/{GUILD}/{HELP}/{message.id}"
    assert (message.thread, message.reply_to, message.title) == (None, None, None)
    assert message.is_edited is False


@pytest.mark.parametrize(
    ("author", "expected"), [(MODERATOR, True), (OWNER, True), (MEMBER, False)]
)
async def test_moderator_is_who_may_moderate(stage: Running, author: str, expected: bool) -> None:
    message = await stage.received("hello", author=author)
    assert message.author.is_moderator is expected


async def test_adult_channel_is_told(stage: Running) -> None:
    message = await stage.received("hello", channel=HIDDEN)
    assert message.community.is_nsfw is True


async def test_reply_to_the_bot_is_addressed_to_it(stage: Running) -> None:
    ours = await stage.received("I am a bot", author=ME)
    answered = stage.server.messages[HELP][ours.id]
    message = await stage.received(
        "thanks",
        type=19,
        message_reference={"message_id": ours.id, "channel_id": HELP, "guild_id": GUILD},
        referenced_message=answered,
    )
    assert ours.author.is_self
    assert message.reply_to == ours.id
    assert message.mentions_me is True


async def test_mention_of_the_bot_is_addressed_to_it(stage: Running) -> None:
    message = await stage.received("<@2000> help", mentions=[{**USERS[ME], "member": member(ME)}])
    assert message.mentions_me is True


async def test_webhook_is_a_bot_and_ours_is_our_own(stage: Running) -> None:
    other = await stage.received("news", author="7001", webhook_id="7001")
    own = await stage.received(
        "verdict", author="7002", webhook_id="7002", application_id=APPLICATION
    )
    assert (other.author.is_bot, other.author.is_self) == (True, False)
    assert other.author.created_at is None
    assert (own.author.is_bot, own.author.is_self) == (True, True)


async def test_direct_message_stands_in_no_server(stage: Running) -> None:
    message = await stage.received("hi", channel=DIRECT, guild_id=None)
    assert (message.community.id, message.community.name) == ("@me", None)
    assert message.channel.id == DIRECT
    assert message.author.roles is None
    assert message.author.is_moderator is None
    assert message.mentions_me is True


async def test_message_from_a_server_not_told_of_yet_is_no_direct_one(stage: Running) -> None:
    message = await stage.received("hello", channel="8001", guild_id="8000")
    assert (message.community.id, message.community.name) == ("8000", None)
    assert message.channel.id == "8001"
    assert message.mentions_me is False
    assert message.permalink == f"https://discord.com/channels/8000/8001/{message.id}"


async def test_message_before_its_server_is_told_comes_in_with_less(server: DiscordServer) -> None:
    server.gateway.holds_back = True
    async with running(server) as stage:
        early = await stage.received("early")
        with pytest.raises(RetryLater, match="not told about the server"):
            await stage.adapter.perform(order(ActionKind.LABEL, early, "Verified"))
        await server.gateway.dispatch("GUILD_CREATE", guild())
        late = await stage.received("late")
    assert (early.community.id, early.community.name) == (GUILD, None)
    assert (early.author.roles, early.author.is_moderator) == (None, None)
    assert (late.community.name, late.author.roles) == ("Acme", ("Verified",))


async def test_forum_post_is_a_submission_and_its_answers_are_comments(stage: Running) -> None:
    post = await stage.received("here it is", channel=POST, id=POST)
    answer = await stage.received("nice", channel=POST, author=MODERATOR)
    assert (post.kind, post.title) == (MessageKind.TEXT_SUBMISSION, "A better logo")
    assert (post.channel.id, post.channel.name, post.thread) == (FORUM, "ideas", POST)
    assert post.author.is_submitter is True
    assert (answer.kind, answer.title, answer.thread) == (MessageKind.COMMENT, None, POST)
    assert answer.is_top_level is True
    assert answer.author.is_submitter is False


async def test_thread_that_slept_is_asked_for_once(stage: Running) -> None:
    first = await stage.received("anyone?", channel=SLEEPING)
    await stage.server.delete(first.id, channel=SLEEPING)
    event = await stage.inbox.next()
    assert (first.channel.id, first.channel.name, first.thread) == (HELP, "help", SLEEPING)
    assert event.message_key == first.key
    assert len(stage.server.did("GET", f"/channels/{SLEEPING}")) == 1


async def test_channel_that_nobody_knows_keeps_its_id(stage: Running) -> None:
    message = await stage.received("hello", channel="9999")
    assert (message.channel.id, message.channel.name, message.thread) == ("9999", None, None)
    assert message.community.name == "Acme"


async def test_forwarded_message_shows_what_it_carries(stage: Running) -> None:
    carried = {"type": 0, "content": "free nitro", "embeds": [], "attachments": [], "flags": 0}
    times = {"timestamp": "2026-01-02T03:04:05+00:00", "edited_timestamp": None}
    snapshot = {"message": {**carried, **times}}
    message = await stage.received(
        "",
        message_reference={"type": 1, "message_id": snowflake(), "channel_id": HELP},
        message_snapshots=[snapshot],
    )
    assert message.text == "free nitro"
    assert message.reply_to is None


async def test_poll_shows_its_question_and_options(stage: Running) -> None:
    poll = {
        "question": {"text": "Tabs?"},
        "answers": [
            {"answer_id": n, "poll_media": {"text": t}} for n, t in ((1, "yes"), (2, "no"))
        ],
        "expiry": "2026-01-03T03:04:05+00:00",
        "allow_multiselect": False,
        "layout_type": 1,
    }
    message = await stage.received("", poll=poll)
    assert message.text == "Tabs?"
    assert message.poll_options == ("yes", "no")


async def test_edit_is_a_new_revision_of_the_same_message(stage: Running) -> None:
    message = await stage.received("hello")
    await stage.server.edit(stage.server.messages[HELP][message.id], "free nitro")
    event = await stage.inbox.next()
    edited = event.message
    assert event.kind is EventKind.MESSAGE_EDITED
    assert edited is not None
    assert edited.key == message.key
    assert edited.text == "free nitro"
    assert edited.edited_at == datetime(2026, 1, 2, 5, tzinfo=UTC)
    assert edited.revision == "2026-01-02T05:00:00+00:00"
    assert edited.is_edited is True
    assert edited.author == message.author


async def test_update_without_an_edit_is_no_event(stage: Running) -> None:
    message = await stage.received("https://example.org")
    with_preview = {**stage.server.messages[HELP][message.id], "embeds": [{"type": "link"}]}
    await stage.server.gateway.dispatch("MESSAGE_UPDATE", with_preview)
    assert (await stage.received("next")).text == "next"


async def test_deletions_name_each_message(stage: Running) -> None:
    messages = [await stage.received(f"message {number}") for number in range(3)]
    await stage.server.delete(messages[0].id)
    await stage.server.delete(messages[1].id, messages[2].id)
    events = [await stage.inbox.next() for _ in messages]
    assert {event.kind for event in events} == {EventKind.MESSAGE_DELETED}
    assert [event.message_key for event in events] == [message.key for message in messages]
    assert len({event.key for event in events}) == 3


async def test_joining_tells_who(stage: Running) -> None:
    payload = {**member(MEMBER), "user": USERS[MEMBER], "guild_id": GUILD}
    await stage.server.gateway.dispatch("GUILD_MEMBER_ADD", payload)
    event = await stage.inbox.next()
    assert event.kind is EventKind.MEMBER_JOINED
    assert event.actor is not None
    assert (event.actor.id, event.actor.roles) == (MEMBER, ("Verified",))
    assert event.id == f"{GUILD}:2025-06-01T12:00:00+00:00"
    assert event.received_at == NOW


@pytest.mark.parametrize("kind", [6, 7, 18, 21, 24, 46, 999])
async def test_notices_by_discord_are_no_events(stage: Running, kind: int) -> None:
    await stage.server.say("", type=kind)
    assert (await stage.received("next")).text == "next"


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("MESSAGE_CREATE", {"id": "1", "channel_id": HELP, "guild_id": GUILD}),
        ("MESSAGE_CREATE", {"content": None}),
        ("MESSAGE_UPDATE", {"id": "1", "channel_id": HELP, "embeds": []}),
        ("MESSAGE_DELETE", {}),
        ("GUILD_MEMBER_ADD", {"guild_id": GUILD}),
        ("SOMETHING_NEW", {"what": ["ever"]}),
    ],
)
async def test_payload_without_what_it_needs_stops_nothing(
    stage: Running, name: str, payload: dict[str, Any]
) -> None:
    await stage.server.gateway.dispatch(name, payload)
    assert (await stage.received("next")).text == "next"
    assert len(stage.server.gateway.asked(2)) == 1


async def test_message_without_an_author_stops_nothing(stage: Running) -> None:
    await stage.server.gateway.dispatch(
        "MESSAGE_CREATE",
        {"id": "1", "channel_id": HELP, "guild_id": GUILD, "content": "x", "type": 0},
    )
    assert (await stage.received("next")).text == "next"


@pytest.mark.parametrize(
    "text",
    ["", "\ud800 half a character", "\u200b\u202e", "<@1> " * 10_000, "x" * 1_000_000],
    ids=["empty", "surrogate", "invisible", "mentions", "megabyte"],
)
async def test_any_text_comes_in_unchanged(stage: Running, text: str) -> None:
    assert (await stage.received(text)).text == text


def test_links_end_where_the_sentence_does() -> None:
    text = "(https://a.example/x), <https://b.example> **https://c.example/y_z** http://"
    assert links_in(text) == ("https://a.example/x", "https://b.example", "https://c.example/y_z")
