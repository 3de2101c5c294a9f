"""What every vector store keeps: the embedded engine and a server by the same suite."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from greenroom.context import Point, VectorStore
from greenroom.context.base import Payload, point_id
from greenroom.context.words import words_of_passage, words_of_question
from greenroom.errors import ConfigError, GiveUp
from tests.context.vectors import at

THINGS = "things"


def point(name: str, degrees: float, **payload: str | tuple[str, ...]) -> Point:
    return Point(point_id(name), at(degrees, size=8), {"name": name, **payload})


async def filled(store: VectorStore, *points: Point) -> VectorStore:
    await store.ensure(THINGS, size=8, keys=("name", "kind", "within"))
    await store.upsert(THINGS, points)
    return store


async def names(store: VectorStore, degrees: float = 0, **search: object) -> list[object]:
    where: Payload | None = search.get("where")  # type: ignore[assignment]  # one of two kinds
    limit = search.get("limit", 10)
    assert isinstance(limit, int)
    found = await store.search(THINGS, at(degrees, size=8), limit=limit, where=where)
    return [one.payload["name"] for one in found]


async def test_search_gives_the_nearest_first_with_its_cosine(store: VectorStore) -> None:
    await filled(store, point("far", 90), point("near", 10), point("same", 0), point("back", 180))
    found = await store.search(THINGS, at(0, size=8), limit=3)
    assert [one.payload["name"] for one in found] == ["same", "near", "far"]
    expected = [1, np.cos(np.radians(10)), 0]
    assert [one.score for one in found] == pytest.approx(expected, abs=1e-5)
    assert found[0].id == point_id("same")


async def test_search_reaches_down_to_minus_one(store: VectorStore) -> None:
    await filled(store, point("back", 180))
    found = await store.search(THINGS, at(0, size=8), limit=1)
    assert found[0].score == pytest.approx(-1, abs=1e-5)


async def test_search_of_an_empty_collection_finds_nothing(store: VectorStore) -> None:
    await filled(store)
    assert await names(store) == []
    assert await store.ids(THINGS) == frozenset()
    assert await store.count(THINGS) == 0


async def test_search_with_no_room_finds_nothing(store: VectorStore) -> None:
    await filled(store, point("a", 0))
    assert await names(store, limit=0) == []


async def hybrid(store: VectorStore) -> VectorStore:
    await store.ensure(THINGS, size=8, keys=("kind",), words=True)
    texts = {"near": "short links", "mid": "kind people", "far": "a xylophone", "none": ""}
    points = [
        Point(
            point_id(name),
            at(30 * place, size=8),
            {"name": name, "kind": "odd" if place % 2 else "even"},
            words_of_passage(text) if text else None,
        )
        for place, (name, text) in enumerate(texts.items())
    ]
    await store.upsert(THINGS, points)
    return store


async def test_search_by_words_too_finds_both_with_both_scores(store: VectorStore) -> None:
    await hybrid(store)
    asked = words_of_question("where is the xylophone?")
    found = await store.search(THINGS, at(0, size=8), limit=1, words=asked)
    assert [one.payload["name"] for one in found] == ["near", "far"]
    assert [one.score for one in found] == pytest.approx([1, np.cos(np.radians(60))], abs=1e-5)
    assert found[0].words == 0
    assert found[1].words > 0.5


async def test_search_by_words_too_keeps_to_where(store: VectorStore) -> None:
    await hybrid(store)
    asked = words_of_question("xylophone, or links")
    found = await store.search(THINGS, at(0, size=8), limit=5, where={"kind": "even"}, words=asked)
    assert {one.payload["name"] for one in found if one.words} == {"near", "far"}
    assert len(found) == 2


async def test_search_weighs_rare_words_more(store: VectorStore) -> None:
    await hybrid(store)
    more = [
        Point(point_id(str(n)), at(n, size=8), {"name": str(n)}, words_of_passage("links again"))
        for n in range(20)
    ]
    await store.upsert(THINGS, more)
    asked = words_of_question("links xylophone")
    found = await store.search(THINGS, at(0, size=8), limit=30, words=asked)
    scores = {one.payload["name"]: one.words for one in found}
    assert scores["far"] > 2 * scores["near"] > 0


async def test_search_by_no_words_is_by_meaning_alone(store: VectorStore) -> None:
    await hybrid(store)
    found = await store.search(THINGS, at(0, size=8), limit=2, words=words_of_question("the"))
    assert [one.payload["name"] for one in found] == ["near", "mid"]


async def test_words_outlast_compacting(store: VectorStore) -> None:
    await hybrid(store)
    await store.delete(THINGS, ids=[point_id("mid")])
    await store.compact(THINGS)
    asked = words_of_question("xylophone")
    found = await store.search(THINGS, at(0, size=8), limit=1, words=asked)
    assert [one.payload["name"] for one in found if one.words] == ["far"]


async def test_a_collection_without_words_gets_them(store: VectorStore) -> None:
    await filled(store, point("old", 0))
    await hybrid(store)
    asked = words_of_question("xylophone")
    found = await store.search(THINGS, at(60, size=8), limit=1, words=asked)
    assert [one.payload["name"] for one in found] == ["far"]
    await store.ensure(THINGS, size=8, words=True)  # and keeps what it has
    assert await store.count(THINGS) >= 4


async def test_where_holds_for_every_key(store: VectorStore) -> None:
    await filled(
        store,
        point("a", 0, kind="x", within=("faq", ".")),
        point("b", 1, kind="x", within=("rules", ".")),
        point("c", 2, kind="y", within=("faq", ".")),
    )
    assert await names(store, where={"kind": "x"}) == ["a", "b"]
    assert await names(store, where={"kind": "x", "within": "faq"}) == ["a"]
    assert await store.count(THINGS, where={"within": "."}) == 3


async def test_where_a_tuple_matches_any_of_its_texts(store: VectorStore) -> None:
    await filled(store, point("a", 0, kind="x"), point("b", 1, kind="y"), point("c", 2, kind="z"))
    assert await names(store, where={"kind": ("x", "z", "absent")}) == ["a", "c"]


async def test_where_an_empty_tuple_matches_nothing(store: VectorStore) -> None:
    await filled(store, point("a", 0, kind="x"))
    assert await names(store, where={"kind": ()}) == []
    assert await store.count(THINGS, where={"kind": ()}) == 0
    await store.delete(THINGS, where={"kind": ()})
    assert await store.count(THINGS) == 1


async def test_upsert_replaces_a_point_with_the_same_id(store: VectorStore) -> None:
    await filled(store, point("a", 0, kind="old"))
    await store.upsert(THINGS, [Point(point_id("a"), at(180, size=8), {"name": "a again"})])
    found = await store.search(THINGS, at(180, size=8), limit=5)
    assert [(one.payload, round(one.score, 4)) for one in found] == [({"name": "a again"}, 1)]


async def test_upsert_of_nothing_is_harmless(store: VectorStore) -> None:
    await filled(store)
    await store.upsert(THINGS, [])
    assert await store.count(THINGS) == 0


async def test_delete_by_id_leaves_the_others(store: VectorStore) -> None:
    await filled(store, point("a", 0), point("b", 1), point("c", 2))
    await store.delete(THINGS, ids=[point_id("a"), point_id("c"), point_id("never there")])
    assert await store.ids(THINGS) == {point_id("b")}


async def test_delete_by_filter_leaves_the_others(store: VectorStore) -> None:
    await filled(store, point("a", 0, kind="x"), point("b", 1, kind="y"))
    await store.delete(THINGS, where={"kind": "x"})
    assert await names(store) == ["b"]


async def test_delete_of_everything_by_mistake_is_refused(store: VectorStore) -> None:
    await filled(store, point("a", 0))
    with pytest.raises(ValueError, match="ids or where"):
        await store.delete(THINGS)
    with pytest.raises(ValueError, match="ids or where"):
        await store.delete(THINGS, where={})
    assert await store.count(THINGS) == 1


async def test_ids_go_over_several_pages(store: VectorStore) -> None:
    await filled(store, *(point(f"p{number}", number / 10) for number in range(2_345)))
    assert await store.ids(THINGS) == {point_id(f"p{number}") for number in range(2_345)}


async def test_compact_keeps_what_is_left(store: VectorStore) -> None:
    points = [point(f"p{number}", number / 10, kind="x") for number in range(1_500)]
    await filled(store, *points)
    await store.delete(THINGS, ids=[point_id("p0")])
    await store.compact(THINGS)
    await store.optimize(THINGS)
    assert await store.count(THINGS) == 1_499
    assert await names(store, limit=2, where={"kind": "x"}) == ["p1", "p2"]


async def test_ensure_again_changes_nothing(store: VectorStore) -> None:
    await filled(store, point("a", 0))
    await store.ensure(THINGS, size=8, keys=("name", "kind", "within"))
    assert await names(store) == ["a"]


async def test_ensure_with_a_further_key_makes_it_filterable(store: VectorStore) -> None:
    await filled(store, point("a", 0, later="1"), point("b", 1, later="2"))
    await store.ensure(THINGS, size=8, keys=("later",))
    assert await names(store, where={"later": "2"}) == ["b"]


async def test_ensure_refuses_another_size(store: VectorStore) -> None:
    await filled(store, point("a", 0))
    with pytest.raises(ConfigError, match=r"vectors of (another )?size .*(8|16)"):
        await store.ensure(THINGS, size=16)


async def test_collections_are_apart(store: VectorStore) -> None:
    await filled(store, point("a", 0))
    await store.ensure("others", size=8)
    assert await store.count("others") == 0
    await store.compact(THINGS)
    assert await names(store) == ["a"]


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u202eאב", "{{x}}'\";--", "x" * 1_000_000, ""])
async def test_payload_of_any_text_is_kept(store: VectorStore, text: str) -> None:
    await filled(store, point("a", 0, kind=text, within=(text, "b")))
    found = await store.search(THINGS, at(0, size=8), limit=1, where={"kind": text})
    kept = text.replace("\ud800", "?")
    assert found[0].payload == {"name": "a", "kind": kept, "within": (kept, "b")}


@pytest.mark.parametrize("number", [0.0, float("nan"), float("inf")])
async def test_vector_without_direction_is_refused(store: VectorStore, number: float) -> None:
    await filled(store)
    vector = np.full(8, number, dtype=np.float32)
    with pytest.raises(ValueError, match="not a direction"):
        await store.upsert(THINGS, [Point(point_id("a"), vector, {})])
    with pytest.raises(ValueError, match="not a direction"):
        await store.search(THINGS, vector, limit=1)
    assert await store.count(THINGS) == 0


async def test_many_calls_at_the_same_time_all_end(store: VectorStore) -> None:
    await filled(store, point("a", 0))
    async with asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(store.upsert(THINGS, [point(f"p{number}", 90)]))
            group.create_task(store.search(THINGS, at(0, size=8), limit=1))
    assert await store.count(THINGS) == 101


async def test_closed_store_says_so(store: VectorStore) -> None:
    await filled(store, point("a", 0))
    await store.close()
    await store.close()
    with pytest.raises(GiveUp, match="closed"):
        await store.count(THINGS)
