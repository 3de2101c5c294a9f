"""Judged messages are found by likeness, by their own community, until they are forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from greenroom.context import EdgeStore, Precedents, VectorStore
from greenroom.context.precedents import MAX_TEXT, author_key
from greenroom.message import Author, Channel, Community, Message, Precedent
from tests.context.vectors import at


def message(
    id_: str = "1", *, author: str = "u1", community: str = "c1", text: str = "hi"
) -> Message:
    return Message(
        platform="discord",
        community=Community(community),
        channel=Channel("general"),
        id=id_,
        author=Author(author, f"name of {author}"),
        text=text,
    )


async def verdicts(precedents: Precedents, community: str = "c1") -> list[tuple[str, str]]:
    found = await precedents.similar(at(0), community=community)
    return [(precedent.message.rpartition(":")[2], precedent.verdict) for precedent in found]


async def test_similar_gives_the_nearest_first_with_all_it_knows(store: VectorStore) -> None:
    precedents = Precedents(store)
    await precedents.remember(message("far"), "dismiss", at(80))
    await precedents.remember(message("near", text="buy now"), "uphold", at(20), case="7")
    best, other = await precedents.similar(at(0), community="c1")
    assert best.score == pytest.approx(0.9397, abs=1e-3)
    expected = Precedent("discord:c1:general:near", "buy now", "uphold", best.score, "7")
    assert best == expected
    assert (other.message, other.case) == ("discord:c1:general:far", None)


async def test_similar_gives_no_more_than_asked(store: VectorStore) -> None:
    precedents = Precedents(store)
    for number in range(4):
        await precedents.remember(message(str(number)), "act", at(number))
    assert len(await precedents.similar(at(0), community="c1", limit=3)) == 3


async def test_similar_sees_only_its_own_community(store: VectorStore) -> None:
    precedents = Precedents(store)
    await precedents.remember(message("here"), "uphold", at(0))
    await precedents.remember(message("there", community="c2"), "act", at(0))
    assert await verdicts(precedents) == [("here", "uphold")]
    assert await verdicts(precedents, "c2") == [("there", "act")]
    assert await verdicts(precedents, "c3") == []


async def test_remember_replaces_an_earlier_verdict(store: VectorStore) -> None:
    precedents = Precedents(store)
    await precedents.remember(message("1"), "uphold", at(0))
    await precedents.remember(message("1", text="edited"), "overturn", at(5))
    [only] = await precedents.similar(at(0), community="c1")
    assert (only.verdict, only.text) == ("overturn", "edited")


async def test_remember_keeps_title_and_text_up_to_a_bound(store: VectorStore) -> None:
    precedents = Precedents(store)
    long = replace(message(text="\ud800" + "x" * 1_000_000), title="A title")
    await precedents.remember(long, "act", at(0))
    [only] = await precedents.similar(at(0), community="c1")
    assert only.text.startswith("A title\n?xxx")
    assert len(only.text) == MAX_TEXT


async def test_similar_compares_with_its_own_model_only(store: VectorStore) -> None:
    await Precedents(store, model="one@1").remember(message("1"), "uphold", at(0))
    newer = Precedents(store, model="two@2")
    assert await verdicts(newer) == []
    await newer.remember(message("1"), "uphold", at(0))
    assert await verdicts(newer) == [("1", "uphold")]


async def test_forget_erases_one_message(store: VectorStore) -> None:
    precedents = Precedents(store)
    await precedents.remember(message("1"), "uphold", at(0))
    await precedents.remember(message("2"), "act", at(1))
    await precedents.forget(message("1").key)
    await precedents.forget("discord:c1:general:never")
    assert await verdicts(precedents) == [("2", "act")]


async def test_forget_author_erases_in_every_community_and_of_every_model(
    store: VectorStore,
) -> None:
    older, precedents = Precedents(store, model="old"), Precedents(store, model="new")
    await older.remember(message("1"), "uphold", at(0))
    await precedents.remember(message("2", community="c2"), "act", at(0))
    await precedents.remember(message("3", author="u2"), "act", at(0))
    elsewhere = replace(message("4"), platform="slack")  # another person with the same id
    await precedents.remember(elsewhere, "act", at(1))
    await precedents.forget_author(author_key(message()))
    assert await verdicts(older) == []
    assert await verdicts(precedents, "c2") == []
    assert await verdicts(precedents) == [("3", "act"), ("4", "act")]


async def test_forget_leaves_no_byte_on_disk(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    precedents = Precedents(store)
    await precedents.remember(message("1", author="memberone", text="my secretword"), "act", at(0))
    await precedents.remember(message("2", author="membertwo"), "act", at(0))
    await precedents.forget_author("discord:memberone")
    await store.close()
    contents = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"membertwo" in contents
    assert b"secretword" not in contents
    assert b"memberone" not in contents
