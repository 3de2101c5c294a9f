"""Facts are found by likeness, by whose they are, until they expire or are forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from greenroom.context import EdgeStore, MemoryIndex, VectorStore
from greenroom.message import Member, Remembered
from tests.context.vectors import at
from tests.samples import NOON

MIKA = Member("discord", "c1", "u1")
FACT = Remembered(
    id=1,
    number=1,
    member=MIKA,
    persona="friend",
    kind="likes",
    text="I love zymurgy",
    source="discord:c1:ch1:m1",
    confidence=0.8,
    learned_at=NOON,
    expires_at=NOON + timedelta(days=90),
)


async def recalled(index: MemoryIndex, member: Member = MIKA, persona: str = "friend") -> list[int]:
    return [fact for fact, _ in await index.recall(at(0), member, persona, now=NOON)]


async def test_the_nearest_come_first_with_their_likeness(store: VectorStore) -> None:
    index = MemoryIndex(store)
    await index.remember(FACT, at(60))
    await index.remember(replace(FACT, id=2), at(20))
    (near, score), (far, _) = await index.recall(at(0), MIKA, "friend", now=NOON)
    assert (near, far) == (2, 1)
    assert score == pytest.approx(0.9397, abs=1e-3)


async def test_nobody_recalls_what_is_anothers(store: VectorStore) -> None:
    index = MemoryIndex(store)
    await index.remember(FACT, at(0))
    assert await recalled(index) == [1]
    for other in (
        replace(MIKA, id="u2"),
        replace(MIKA, community="c2"),
        replace(MIKA, platform="slack"),
    ):
        assert await recalled(index, other) == []
    assert await recalled(index, persona="stranger") == []


async def test_expired_facts_are_not_recalled(store: VectorStore) -> None:
    index = MemoryIndex(store)
    await index.remember(replace(FACT, expires_at=NOON), at(0))
    assert await recalled(index) == []


async def test_the_same_fact_again_is_one(store: VectorStore) -> None:
    index = MemoryIndex(store)
    await index.remember(FACT, at(0))
    await index.remember(FACT, at(90))
    assert await index.count() == 1


async def test_facts_are_forgotten_one_by_one_and_by_account(store: VectorStore) -> None:
    index = MemoryIndex(store)
    for number, member in enumerate(
        [MIKA, MIKA, replace(MIKA, community="@me"), replace(MIKA, id="u2")], start=1
    ):
        await index.remember(replace(FACT, id=number, member=member), at(0))
    await index.forget([2, 99])
    assert await recalled(index) == [1]
    await index.forget_member(MIKA)
    assert await recalled(index) == []
    assert await index.count() == 1
    await index.forget([])
    await index.forget_member(MIKA)


async def test_another_models_facts_rest_and_can_be_forgotten(store: VectorStore) -> None:
    await MemoryIndex(store, model="old").remember(FACT, at(0))
    index = MemoryIndex(store, model="new")
    assert (await recalled(index), await index.count()) == ([], 0)
    await index.forget([1])
    assert await MemoryIndex(store, model="old").count() == 0


async def test_no_words_are_in_qdrant_and_no_trace_after_forgetting(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path / "q")
    index = MemoryIndex(store)
    await index.remember(FACT, at(0))
    await index.remember(replace(FACT, id=2, source="discord:c1:ch1:other"), at(0))
    written = b"".join(path.read_bytes() for path in files(tmp_path))
    assert b"zymurgy" not in written
    assert FACT.source.encode() in written
    await index.forget([1])
    assert FACT.source.encode() not in b"".join(path.read_bytes() for path in files(tmp_path))
    await store.close()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
