"""What comes in from Reddit."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from greenroom.adapters.reddit import RedditAdapter
from greenroom.adapters.reddit.people import ONE_BY_ONE
from greenroom.errors import ConfigError, RetryLater
from greenroom.message import EventKind, Flair, MessageKind
from tests.adapters.reddit.stage import NOW, Inbox, Looks, Running, running, settings
from tests.platforms.reddit.server import ME, MEMBER, MODERATOR, PLACE, START, RedditServer


async def test_comment_is_normalised(stage: Running) -> None:
    post = stage.server.submit(title="Roses", selftext="how?", author=MODERATOR)
    text = f"ask u/{ME}, see [this](https://a.example/x) &amp; that"
    made = stage.server.comment(text, under=post, author_flair_text="expert")
    events = await stage.look()
    (event,) = [event for event in events if event.message and event.message.id == made["name"]]
    message = event.message
    assert message is not None
    assert event.kind is EventKind.MESSAGE_POSTED
    assert (message.kind, message.text) == (MessageKind.COMMENT, text)
    assert message.key == f"reddit:{PLACE}:{PLACE}:{made['name']}"
    assert message.community.name == "gardening"
    assert message.community.is_nsfw is False
    assert message.links == ("https://a.example/x",)
    assert message.mentions_me
    assert (message.thread, message.reply_to) == (post["name"], post["name"])
    assert message.is_top_level
    assert message.permalink == stage.server.url + made["permalink"]
    assert message.posted_at == datetime.fromtimestamp(made["created_utc"], UTC)
    author = message.author
    assert (author.name, author.comment_karma, author.post_karma) == (MEMBER, 7, -2)
    assert author.created_at == datetime.fromtimestamp(START - 86_400, UTC)
    assert (author.has_verified_email, author.is_moderator) == (True, False)
    assert author.flair == Flair("expert")
    parent = message.parent
    assert parent is not None
    assert (parent.id, parent.title, parent.author.name) == (post["name"], "Roses", MODERATOR)
    assert parent.kind is MessageKind.TEXT_SUBMISSION


async def test_answer_to_a_comment_is_not_top_level(stage: Running) -> None:
    first = stage.server.comment("one", under=stage.server.submit())
    stage.server.comment("two", under=first)
    messages = [event.message for event in await stage.look() if event.message]
    second = next(message for message in messages if message.text == "two")
    assert (second.is_top_level, second.reply_to) == (False, first["name"])


LINK = {"is_self": False, "url": "https://x.example/a", "domain": "x.example"}
POLL = {"poll_data": {"options": [{"text": "yes"}, {"text": "no"}]}}
CROSSPOST = {
    "crosspost_parent": "t3_orig",
    "crosspost_parent_list": [{"name": "t3_orig", "title": "O"}],
}


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"selftext": "words"}, MessageKind.TEXT_SUBMISSION),
        (LINK, MessageKind.LINK_SUBMISSION),
        ({"is_self": False, "is_gallery": True}, MessageKind.GALLERY_SUBMISSION),
        (POLL, MessageKind.POLL_SUBMISSION),
        (CROSSPOST, MessageKind.CROSSPOST_SUBMISSION),
    ],
)
async def test_submission_has_its_kind(
    stage: Running, facts: dict[str, object], kind: MessageKind
) -> None:
    stage.server.submit(link_flair_text="Help", link_flair_template_id="abc", **facts)
    (event,) = await stage.look()
    message = event.message
    assert message is not None
    assert message.kind is kind
    assert message.title == "A title"
    assert message.flair == Flair("Help", None, "abc")
    assert (message.domain == "x.example") is (kind is MessageKind.LINK_SUBMISSION)
    assert (message.poll_options == ("yes", "no")) is (kind is MessageKind.POLL_SUBMISSION)
    assert (message.crosspost is not None) is (kind is MessageKind.CROSSPOST_SUBMISSION)


async def test_things_come_oldest_first_and_once(stage: Running) -> None:
    post = stage.server.submit()
    made = [stage.server.comment(f"c{n}", under=post)["name"] for n in range(150)]
    events = await stage.look()
    ids = [event.message.id for event in events if event.message]
    assert ids == [post["name"], *made]
    assert await stage.look() == []


async def test_edit_of_a_recent_item_is_a_new_revision(server: RedditServer) -> None:
    server.moderators = [MODERATOR]  # so that only the plain listings tell
    async with running(server) as stage:
        made = server.comment("typo", under=server.submit())
        posted = [e for e in await stage.look() if e.message and e.message.id == made["name"]]
        made |= {"body": "fixed", "edited": START + 500}
        (edited,) = await stage.look()
        assert edited.kind is EventKind.MESSAGE_EDITED
        assert edited.message is not None
        assert posted[0].message is not None
        assert (edited.message.text, edited.message.revision) == ("fixed", str(int(START + 500)))
        assert edited.message.key == posted[0].message.key
        assert edited.key != posted[0].key
        assert await stage.look() == []


async def test_edit_of_an_old_item_comes_from_the_moderators_listing(stage: Running) -> None:
    old = next(iter(stage.server.things.values()))
    for _ in range(100):
        stage.server.submit()
    await stage.look()
    old |= {"selftext": "buy now", "edited": START + 900}
    (event,) = await stage.look()
    assert event.kind is EventKind.MESSAGE_EDITED
    assert event.message is not None
    assert (event.message.id, event.message.text) == (old["name"], "buy now")


async def test_reports_come_again_as_they_grow(stage: Running) -> None:
    made = stage.server.submit()
    await stage.look()
    made |= {"num_reports": 2, "user_reports": [["spam", 2, False, True]]}
    (first,) = await stage.look()
    assert first.kind is EventKind.MESSAGE_REPORTED
    assert first.message is not None
    assert (first.message.reports, first.text, first.actor) == (2, "spam (2)", None)
    assert await stage.look() == []
    made |= {"num_reports": 3, "mod_reports": [["rude", MODERATOR]]}
    (second,) = await stage.look()
    assert second.text == f"spam (2); rude ({MODERATOR})"
    assert second.key != first.key


async def test_report_by_a_moderator_alone_names_them(stage: Running) -> None:
    made = stage.server.submit()
    await stage.look()
    made |= {"num_reports": 1, "mod_reports": [["mine", ME]]}
    (event,) = await stage.look()
    assert event.actor is not None
    assert (event.actor.name, event.actor.is_self) == (ME, True)


async def test_own_and_moderators_messages_are_marked(stage: Running) -> None:
    stage.server.submit(author=ME)
    stage.server.submit(author=MODERATOR.upper())
    messages = [event.message for event in await stage.look() if event.message]
    assert [message.author.is_self for message in messages] == [True, False]
    assert [message.author.is_moderator for message in messages] == [True, True]


async def test_standing_is_read_where_moderators_see_it(stage: Running) -> None:
    stage.server.submit(removed=True, approved=False, spam=False)
    stage.server.submit(banned_by=True)
    stage.server.submit()
    standings = [event.message.standing for event in await stage.look() if event.message]
    assert [s.is_removed for s in standings] == [True, True, False]
    assert [s.is_spam_filtered for s in standings] == [False, True, False]
    assert [s.is_approved for s in standings] == [False, False, False]


async def test_author_facts_are_asked_once_and_their_lack_is_remembered(stage: Running) -> None:
    for _ in range(2):
        stage.server.submit()
        stage.server.submit(author="suspended")
        messages = [event.message for event in await stage.look() if event.message]
        assert messages[1].author.created_at is None
    assert len(stage.server.called("user/ada/about")) == 1
    assert len(stage.server.called("user/suspended/about")) == 1


async def test_many_new_authors_are_asked_for_at_once(stage: Running) -> None:
    for number in range(ONE_BY_ONE + 1):
        stage.server.users[f"m{number}"] = {"created_utc": START, "comment_karma": number}
        stage.server.submit(author=f"m{number}")
    messages = [event.message for event in await stage.look() if event.message]
    assert [message.author.comment_karma for message in messages] == list(range(ONE_BY_ONE + 1))
    assert len(stage.server.called("api/user_data_by_account_ids")) == 1
    assert not stage.server.called("user/m0/about")


async def test_failed_intake_is_found_again(server: RedditServer) -> None:
    looks, inbox = Looks(), Inbox()
    adapter = RedditAdapter("garden", settings(server), clock=lambda: NOW, sleep=looks)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_expect(OSError, adapter, inbox))
        await looks.asleep.get()
        made = [server.submit()["name"] for _ in range(3)]
        inbox.failure = OSError("disk full")
        await looks.wake.put(None)
        await task
    assert not adapter.health().is_connected
    async with asyncio.TaskGroup() as group:
        again = group.create_task(adapter.run(inbox))
        await looks.asleep.get()
        again.cancel()
    found = [inbox.events.get_nowait().message for _ in range(inbox.events.qsize())]
    assert [message.id for message in found if message] == made


async def _expect(error: type[Exception], adapter: RedditAdapter, inbox: Inbox) -> None:
    with pytest.raises(error):
        await adapter.run(inbox)


async def test_odd_things_do_not_end_the_run(stage: Running) -> None:
    stage.server.submit(
        title=5, selftext=None, edited="x", created_utc="never", num_reports=True,
        permalink=None, poll_data=[], media={"oembed": []}, crosspost_parent_list=[5],
        author=None, author_fullname=None, subreddit=None, link_flair_text={},
    )  # fmt: skip
    odd = await stage.look()  # the moderators' listings take it for edited and reported, too
    assert [event.message.title for event in odd if event.message] == [None] * 2
    hostile = ["\ud800", "\u202e\u200b", "u/a " * 10_000, "[" * 50_000, "x" * 40_000, ""]
    for text in hostile:
        stage.server.submit(selftext=text)
    found = [event.message.text for event in await stage.look() if event.message]
    assert found == hostile


@pytest.mark.parametrize(
    "wrong",
    [{"password": SecretStr("test-wrong")}, {"refresh_token": SecretStr("test-wrong")}],
)
async def test_wrong_sign_in_says_what_to_check(
    server: RedditServer, wrong: dict[str, object]
) -> None:
    with pytest.raises(ConfigError, match="two-factor"):
        await RedditAdapter("garden", settings(server, **wrong)).run(Inbox())


async def test_wrong_client_says_what_to_check(server: RedditServer) -> None:
    server.fail("api/v1/access_token", 401)
    with pytest.raises(ConfigError, match="client_id"):
        await RedditAdapter("garden", settings(server)).run(Inbox())


async def test_unknown_and_private_subreddits_are_named(server: RedditServer) -> None:
    with pytest.raises(ConfigError, match="no subreddit r/nowhere"):
        await RedditAdapter("garden", settings(server, subreddits=("nowhere",))).run(Inbox())
    server.fail("r/gardening/about", 403)
    with pytest.raises(ConfigError, match="cannot read r/gardening"):
        await RedditAdapter("garden", settings(server)).run(Inbox())


@pytest.mark.parametrize("path", ["api/v1/access_token", "api/v1/me", "r/gardening/new"])
async def test_server_fault_asks_for_another_run_at_once(server: RedditServer, path: str) -> None:
    server.fail(path, 503)
    with pytest.raises(RetryLater):
        await RedditAdapter("garden", settings(server)).run(Inbox())
    assert len(server.called(path)) == 1


async def test_too_many_requests_say_how_long(server: RedditServer) -> None:
    server.fail("r/gardening/new", 429, retry_after="42")
    with pytest.raises(RetryLater) as caught:
        await RedditAdapter("garden", settings(server)).run(Inbox())
    assert caught.value.after_s == 42


async def test_moderators_listing_that_is_refused_is_left_out(
    server: RedditServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("r/gardening/about/edited", 403)
    async with running(server) as stage:
        server.submit()
        assert len(await stage.look()) == 1
    assert len(server.called("r/gardening/about/edited")) == 1
    assert any("about/edited" in record.getMessage() for record in caplog.records)


async def test_cancelled_run_leaves_nothing_behind(server: RedditServer) -> None:
    before = asyncio.all_tasks()
    async with running(server) as stage:
        assert stage.adapter.health().is_connected
        assert stage.adapter.health().since == NOW
    assert stage.task.cancelled()
    assert not stage.adapter.health().is_connected
    leftover = [t for t in asyncio.all_tasks() - before if "reddit.py" in repr(t.get_coro())]
    assert leftover == []
