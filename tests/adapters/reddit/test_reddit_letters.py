"""Private messages, mentions elsewhere and modmail: heard, answered, commanded by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from greenroom.adapters.base import Gaps
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Action, ActionKind, Event, EventKind, Message, MessageKind, Order
from tests.adapters.reddit.stage import Running, running
from tests.platforms.reddit.server import ME, MEMBER, MODERATOR, PLACE, START, RedditServer


def write(server: RedditServer, body: str, **more: Any) -> dict[str, Any]:
    """A member writes to the bot."""
    return server.letters.write(body, author=more.pop("author", MEMBER), at=server.now(), **more)


def write_modmail(
    server: RedditServer, body: str, conversation: dict[str, Any] | None = None, **more: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A member writes to the moderators: the conversation and the message."""
    found = conversation or server.letters.open("My post", ("gardening", PLACE))
    author = more.pop("author", MEMBER)
    return found, server.letters.add(found, body, author, server.now(), **more)


def message_of(event: Event) -> Message:
    """An event's message."""
    assert event.message is not None
    return event.message


def answer(event: Event, text: str, **more: Any) -> Order:
    """The answer to whoever acted."""
    return Order(
        "k1", Action(ActionKind.ANSWER, text=text, ref=event.respond, **more), message_of(event)
    )


async def test_private_message_comes_in_with_its_subject(stage: Running) -> None:
    letter = write(stage.server, "may I ask https://a.example/?", subject="A question")
    (event,) = await stage.look()
    message = message_of(event)
    assert event.kind is EventKind.MESSAGE_POSTED
    assert (message.channel.id, message.channel.name) == ("inbox", "inbox")
    assert (message.id, message.title) == (letter["name"], "A question")
    assert message.kind is MessageKind.COMMENT
    assert message.thread == letter["name"]
    assert message.mentions_me
    assert message.links == ("https://a.example/?",)
    assert message.community.name == f"u_{ME}"
    assert (message.author.name, message.author.comment_karma) == (MEMBER, 7)
    assert message.posted_at == datetime.fromtimestamp(letter["created_utc"], UTC)
    assert await stage.look() == []


async def test_letters_of_nobody_and_of_moderators_are_left_out(stage: Running) -> None:
    write(stage.server, "you are banned", subreddit="gardening", author="gardening")
    stage.server.letters.inbox[-1]["author"] = None
    write(stage.server, "welcome", author="reddit", distinguished="admin")
    write(stage.server, "to myself", author=ME)
    assert await stage.look() == []


async def test_mention_elsewhere_comes_from_the_inbox_and_ours_does_not(stage: Running) -> None:
    post = stage.server.submit(subreddit="elsewhere", subreddit_id="t5_other")
    other = stage.server.comment(
        f"ask u/{ME}", under=post, subreddit="elsewhere", subreddit_id="t5_other"
    )
    stage.server.letters.notice(other, "username_mention")
    ours = stage.server.comment(f"u/{ME} hello", under=stage.server.submit())
    stage.server.letters.notice(ours, "username_mention")
    events = await stage.look()
    assert [message_of(event).id for event in events][1:] == [ours["name"], other["name"]]
    message = message_of(events[-1])
    assert (message.channel.id, message.community.name) == ("inbox", "elsewhere")
    assert message.mentions_me
    assert message.permalink == f"{stage.server.url}{other['permalink']}?context=3"
    assert message.thread == post["name"]
    assert await stage.look() == []


async def test_modmail_comes_in_with_its_conversation(stage: Running) -> None:
    conversation, written = write_modmail(stage.server, "why was it removed?")
    (event,) = await stage.look()
    message = message_of(event)
    assert event.kind is EventKind.MESSAGE_POSTED
    assert (message.channel.id, message.id) == ("modmail", written["id"])
    assert (message.title, message.thread) == ("My post", conversation["id"])
    assert (message.community.id, message.community.name) == (PLACE, "gardening")
    assert message.text == "why was it removed?"
    assert message.permalink == f"https://mod.reddit.com/mail/perma/{conversation['id']}"
    assert (message.author.name, message.author.id) == (MEMBER, "t2_ada")
    assert message.author.is_moderator is False
    assert message.posted_at is not None
    assert await stage.look() == []


async def test_only_members_are_heard_in_modmail_and_each_message_once(stage: Running) -> None:
    conversation, _ = write_modmail(stage.server, "one")
    assert len(await stage.look()) == 1
    write_modmail(stage.server, "we look", conversation, author=MODERATOR, is_moderator=True)
    write_modmail(stage.server, "a note", conversation, is_internal=True)
    write_modmail(stage.server, "auto", conversation, author="AutoModerator")
    write_modmail(stage.server, "by the bot", conversation, author=ME, is_moderator=True)
    assert await stage.look() == []
    write_modmail(stage.server, "two", conversation)
    write_modmail(stage.server, "three", conversation)
    assert [message_of(event).text for event in await stage.look()] == ["two", "three"]


async def test_modmail_written_before_is_history(server: RedditServer) -> None:
    conversation, _ = write_modmail(server, "old")
    write(server, "old letter")
    async with running(server) as stage:
        assert stage.found() == []
        write_modmail(server, "new", conversation)
        write_modmail(server, "another")
        assert [message_of(event).text for event in await stage.look()] == ["new", "another"]


async def test_restart_hears_what_was_written_since(server: RedditServer) -> None:
    write(server, "old letter")
    write_modmail(server, "old")
    for _ in range(300):
        server.now()
    write_modmail(server, "late")
    write(server, "late letter")
    since = datetime.fromtimestamp(START + 250, UTC)
    async with running(server, since=since) as stage:
        texts = [message_of(event).text for event in stage.found()]
        assert sorted(texts) == ["late", "late letter"]
        assert stage.adapter.health().gaps == Gaps(backfilled=2)


async def test_many_conversations_are_paged_through(stage: Running) -> None:
    for n in range(40):
        write_modmail(stage.server, f"m{n}")
    assert [message_of(event).text for event in await stage.look()] == [f"m{n}" for n in range(40)]
    for n in range(120):
        write_modmail(stage.server, f"n{n}")
    assert len(await stage.look()) == 100
    assert stage.adapter.health().gaps.missed == 1


async def test_appeals_of_the_banned_are_heard(stage: Running) -> None:
    conversation, _ = write_modmail(stage.server, "I am sorry")
    conversation["state"] = 6
    seen = [event for _ in range(7) for event in await stage.look()]
    assert [message_of(event).text for event in seen] == ["I am sorry"]


async def test_modmail_that_may_not_be_read_is_left_out(server: RedditServer) -> None:
    server.permissions[ME] = ["posts"]
    async with running(server) as stage:
        server.submit()
        assert len(await stage.look()) == 1
    assert len(server.called("api/mod/conversations")) == 2  # once for each state


async def test_token_without_the_new_scopes_still_watches(server: RedditServer) -> None:
    server.tokens.scope = "identity read history submit"
    async with running(server) as stage:
        server.submit()
        assert len(await stage.look()) == 1


@pytest.mark.parametrize(
    ("text", "command", "argument"),
    [
        ("/human please", "human", "please"),
        ("!appeal my post was fine\nreally", "appeal", "my post was fine\nreally"),
        ("  /WHY", "why", None),
        (f"u/{ME} !why", "why", None),
        ("/memory forget all", "memory", "forget all"),
        ("!optout", "optout", None),
        (f"/u/{ME.upper()}: /human, now", "human", "now"),
    ],
)
async def test_command_is_heard_in_letters_and_modmail(
    stage: Running, text: str, command: str, argument: str | None
) -> None:
    letter = write(stage.server, text)
    conversation, _ = write_modmail(stage.server, text)
    events = await stage.look()
    assert [event.kind for event in events] == [EventKind.COMMAND_GIVEN] * 2
    for event in events:
        assert (event.command, event.text) == (command, argument)
        assert event.actor == message_of(event).author
        assert message_of(event).text == text
    assert [event.respond for event in events] == [
        f"letter:{letter['name']}",
        f"modmail:{conversation['id']}",
    ]


@pytest.mark.parametrize("text", ["/humanity", "a /human", "!whynot", f"u/{ME}2 !why", "//why"])
async def test_what_only_looks_like_a_command_is_none(stage: Running, text: str) -> None:
    write(stage.server, text)
    assert [event.kind for event in await stage.look()] == [EventKind.MESSAGE_POSTED]


async def test_command_in_a_comment_must_be_said_to_the_bot(stage: Running) -> None:
    post = stage.server.submit()
    stage.server.comment("!appeal to whom?", under=post)
    own = stage.server.comment("Removed. Write /why to hear more.", under=post, author=ME)
    assert EventKind.COMMAND_GIVEN not in [event.kind for event in await stage.look()]
    stage.server.comment(f"!appeal u/{ME} it was fine", under=post)
    stage.server.comment("/why", under=own)
    events = await stage.look()
    assert [event.kind for event in events] == [
        EventKind.MESSAGE_POSTED,
        EventKind.COMMAND_GIVEN,
    ] * 2
    assert [(e.command, e.respond) for e in events if e.command] == [
        ("appeal", f"member:{MEMBER}"),
        ("why", f"member:{MEMBER}"),
    ]
    assert len({event.key for event in events}) == 4


async def test_answer_to_a_letter_is_a_letter_said_once(stage: Running) -> None:
    letter = write(stage.server, "/human")
    (event,) = await stage.look()
    order = answer(event, "Somebody comes, u/ada.")
    stage.server.lost_answers.add("api/comment")
    with pytest.raises(RetryLater) as lost:
        await stage.adapter.perform(order)
    assert lost.value.maybe_done
    outcome = await stage.adapter.perform(replace(order, maybe_done=True))
    (sent,) = stage.server.letters.sent
    assert (sent["parent_id"], sent["dest"], sent["name"]) == (letter["name"], MEMBER, outcome.ref)
    assert sent["body"].replace("\u2060", "") == "Somebody comes, u/ada."


async def test_answer_in_modmail_is_the_moderators_and_said_once(stage: Running) -> None:
    conversation, _ = write_modmail(stage.server, "!why")
    (event,) = await stage.look()
    path = f"api/mod/conversations/{conversation['id']}"
    stage.server.lost_answers.add(path)
    with pytest.raises(RetryLater):
        await stage.adapter.perform(answer(event, "Rule 1."))
    stage.server.lost_answers.clear()
    outcome = await stage.adapter.perform(replace(answer(event, "Rule 1."), maybe_done=True))
    written = conversation["messages"][outcome.ref]
    assert written["bodyMarkdown"] == "Rule 1."
    assert written["author"]["isHidden"]
    assert not written["isInternal"]
    assert conversation["numMessages"] == 2


async def test_answer_to_a_comment_is_a_letter_to_its_author(stage: Running) -> None:
    stage.server.comment(f"u/{ME} /why", under=stage.server.submit())
    event = (await stage.look())[-1]
    await stage.adapter.perform(answer(event, "Rule 1."))
    (sent,) = stage.server.letters.sent
    assert (sent["dest"], sent["subject"], sent["body"]) == (MEMBER, "About r/gardening", "Rule 1.")


@pytest.mark.parametrize("ref", [None, "", "member:", "letter:t4_../x", "modmail:a/b", "x" * 200])
async def test_answer_to_nobody_is_refused(stage: Running, ref: str | None) -> None:
    write(stage.server, "/human")
    (event,) = await stage.look()
    with pytest.raises(DropMessage, match="no way to answer"):
        await stage.adapter.perform(answer(replace(event, respond=ref), "hello"))


async def test_reply_stands_where_the_letter_does(stage: Running) -> None:
    write(stage.server, "hello")
    conversation, _ = write_modmail(stage.server, "hello")
    for number, event in enumerate(await stage.look()):
        reply = Order(f"k{number}", Action(ActionKind.REPLY, text="Hi."), message_of(event))
        assert (await stage.adapter.perform(reply)).ref
    assert [sent["body"] for sent in stage.server.letters.sent] == ["Hi."]
    assert [one["bodyMarkdown"] for one in conversation["messages"].values()] == ["hello", "Hi."]


@pytest.mark.parametrize(
    "kind", [ActionKind.REMOVE, ActionKind.APPROVE, ActionKind.LOCK, ActionKind.SET_FLAIR]
)
async def test_letters_are_not_moderated(stage: Running, kind: ActionKind) -> None:
    write(stage.server, "hello")
    write_modmail(stage.server, "hello")
    effects = len(stage.server.effects)
    for event in await stage.look():
        with pytest.raises(DropMessage):
            await stage.adapter.perform(Order(f"k-{event.key}", Action(kind), message_of(event)))
    assert len(stage.server.effects) == effects


async def test_writer_of_modmail_can_be_banned_and_of_a_letter_not(stage: Running) -> None:
    write_modmail(stage.server, "hello")
    write(stage.server, "hello")
    letter, modmail = await stage.look()
    await stage.adapter.perform(Order("k1", Action(ActionKind.BAN), message_of(modmail)))
    assert list(stage.server.banned) == [MEMBER]
    with pytest.raises(DropMessage, match="which subreddit"):
        await stage.adapter.perform(Order("k2", Action(ActionKind.BAN), message_of(letter)))
