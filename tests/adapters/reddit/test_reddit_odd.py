"""Whatever Reddit sends, the loop goes on: each field missing, mistyped, or not as it was."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from greenroom.adapters.reddit.client import signed_in
from greenroom.errors import RetryLater
from greenroom.message import EventKind, MessageKind
from tests.adapters.reddit.stage import Running, settings
from tests.platforms.faults import Fault
from tests.platforms.reddit.server import MEMBER, PLACE, SUBREDDIT, RedditServer
from tests.platforms.reddit.things import Thing, base36, listing

ODD: tuple[Any, ...] = (None, True, -1, 3.5, "", "\ud800 <b>", [], {}, [None], {"x": []}, 10**30)
MISSING = object()
PATHS = {
    "r/gardening/new": "t3",
    "r/gardening/comments": "t1",
    "r/gardening/about/edited": "t3",
    "r/gardening/about/reports": "t1",
    "r/gardening/about/modqueue": "t1",
    "message/inbox": "t4",
}


def whole(server: RedditServer, kind: str) -> Thing:
    """A thing that has all that Reddit may send, and not only what is common."""
    more: Thing = {
        "edited": 1_700_000_100.5, "num_reports": 2, "user_reports": [["spam", 2, False, True]],
        "mod_reports": [["rude", "grace"]], "author_flair_text": "old hand", "banned_by": True,
        "approved_at_utc": 1_700_000_200, "all_awardings": [{"name": "Gold", "count": 1}],
    }  # fmt: skip
    if kind == "t4":
        return server.letters.write("!why is it?", author=MEMBER, at=server.now())
    post = server.submit(
        link_flair_text="Help", is_gallery=True, url="https://x.example/a",
        media={"oembed": {"author_name": "a", "title": "t"}, "type": "x.example"},
        poll_data={"options": [{"id": "1", "text": "yes"}], "total_vote_count": 3},
        crosspost_parent="t3_orig", crosspost_parent_list=[{"name": "t3_orig", "author": "a"}],
        gallery_data={"items": [{"media_id": "m", "id": 1}]}, **more,
    )  # fmt: skip
    if kind == "t3":
        return post
    return server.comment("u/greenroom_bot /why", under=post, **more)


def variants(thing: Mapping[str, Any], kind: str) -> Iterator[Thing]:
    """The thing with one field at a time missing or odd; each has a name of its own."""
    number = 0
    for field in thing:
        for value in (MISSING, *ODD):
            number += 1
            odd = copy.deepcopy(dict(thing))
            if value is MISSING:
                del odd[field]
            else:
                odd[field] = value
            if field != "name":
                odd["name"] = f"{kind}_{base36(int('zz000', 36) + number)}"
            yield odd


@pytest.mark.parametrize("path", PATHS)
async def test_each_field_may_be_missing_or_odd(stage: Running, path: str) -> None:
    kind, server = PATHS[path], stage.server
    odd = list(variants(whole(server, kind), kind))
    server.things.clear()
    server.letters.inbox.clear()
    for start in range(0, len(odd), 100):
        part = odd[start : start + 100]
        server.fail(path, 200, body=listing_of(part, kind))
        events = await stage.look()
        assert all(event.kind in EventKind and event.key for event in events)
    name = server.submit()["name"]
    assert name in await stage.ids()


@pytest.mark.parametrize("path", ["r/gardening/new", "r/gardening/comments"])
async def test_odd_things_are_told_of_all_the_same(stage: Running, path: str) -> None:
    kind, server = PATHS[path], stage.server
    odd = list(variants(whole(server, kind), kind))
    server.things.clear()
    told: set[str] = set()
    for start in range(0, len(odd), 100):
        server.fail(path, 200, body=listing_of(odd[start : start + 100], kind))
        told |= set(await stage.ids())
    names = {thing["name"] for thing in odd if isinstance(thing.get("name"), str)}
    assert len(told) > 0.95 * len(names)


def listing_of(things: list[Thing], kind: str) -> dict[str, Any]:
    """A listing of things, some of which have no name."""
    page = listing([])
    page["data"]["children"] = [{"kind": kind, "data": thing} for thing in things]
    return page


ANSWERS: tuple[Any, ...] = (
    [], {}, "words", 5, None, {"data": None}, {"data": []}, {"data": {"children": None}},
    {"data": {"children": [None, 5, {}, {"kind": "t3"}, {"kind": "more", "data": {"count": 5}}]}},
    {"data": {"children": {}, "after": 5}}, {"error": 403, "message": "Forbidden"},
)  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
async def test_answer_of_another_shape_is_an_empty_one(stage: Running, answer: Any) -> None:
    paths = [*PATHS, "api/mod/conversations", "api/info", "user/ada/about"]
    for path in paths:
        stage.server.fail(path, 200, body=answer if answer is not None else "null")
    assert await stage.look() == []
    name = stage.server.submit()["name"]
    assert name in await stage.ids()


@pytest.mark.parametrize(
    ("conversation", "message"),
    [
        ({}, {}),
        ({"owner": None}, {"author": None}),
        ({"owner": []}, {"author": {"name": 5, "id": "x"}}),
        ({"id": 5, "subject": None}, {"bodyMarkdown": None}),
        ({"objIds": None, "authors": None}, {"date": "yesterday"}),
        ({"lastUpdated": 5, "numMessages": "many"}, {"date": None, "id": None}),
        ({"isInternal": "no"}, {"isInternal": None, "author": []}),
        ({"owner": {"displayName": []}}, {"author": {"name": MEMBER, "id": -5, "isMod": None}}),
    ],
)
async def test_odd_modmail_does_not_end_the_run(
    stage: Running, conversation: dict[str, Any], message: dict[str, Any]
) -> None:
    letters = stage.server.letters
    odd = letters.open("odd", (SUBREDDIT, PLACE))
    written = letters.add(odd, "odd", MEMBER, stage.server.now())
    path = f"api/mod/conversations/{odd['id']}"
    whole_one = {"conversation": odd, "messages": {written["id"]: written | message, "x": 5}}
    stage.server.fail(path, 200, body=whole_one)
    heads = {
        odd["id"]: {**{k: v for k, v in odd.items() if k != "messages"}, **conversation},
        "y": 7,
    }
    listed = {"conversations": heads, "conversationIds": [odd["id"], None, "gone", "y"]}
    stage.server.fail("api/mod/conversations", 200, body=listed)
    await stage.look()
    fine = letters.open("fine", (SUBREDDIT, PLACE))
    letters.add(fine, "fine", MEMBER, stage.server.now())
    assert "fine" in [event.message.text for event in await stage.look() if event.message]


async def test_what_reddit_really_sends_is_read(stage: Running) -> None:
    post = stage.server.submit(
        is_self=False, is_gallery=True, author=None, edited=True, selftext=None,
        gallery_data=None, media_metadata={"m": {"status": "failed"}}, likes=None,
        removed_by_category=None, crosspost_parent_list=[], poll_data=None,
    )  # fmt: skip
    stage.server.comment("[removed]", under=post, author="[deleted]", author_fullname=None)
    stage.server.comment("Tom &amp; Jerry <3 & more", under=post, edited=1_700_000_300.0)
    gallery, removed, plain = await stage.look()
    assert gallery.message is not None
    assert gallery.message.kind is MessageKind.GALLERY_SUBMISSION
    assert (gallery.message.author.name, gallery.message.revision) == ("[deleted]", "1")
    assert removed.message is not None
    assert removed.message.text == "[removed]"
    assert plain.message is not None
    assert plain.message.text == "Tom &amp; Jerry <3 & more"  # raw_json keeps it as it was written
    assert plain.message.revision == "1700000300"
    assert all(call.data["raw_json"] == "1" for call in stage.server.calls if call.method == "GET")


async def test_half_an_answer_is_asked_for_again(server: RedditServer) -> None:
    server.submit()
    server.ordered.order(Fault.HALF_FRAME)
    async with signed_in(settings(server)) as web:
        with pytest.raises(RetryLater):
            await web.page("r/gardening/new")
        assert len((await web.page("r/gardening/new")).things) == 1
