"""The right fact comes to mind, and none where none fits: the shipped model, real Qdrant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from greenroom.context import EdgeStore, MemoryIndex
from greenroom.context.base import Vector
from greenroom.recollection import LEAST_LIKE
from greenroom.triage.base import EMBEDDING_ONLY
from greenroom.triage.pool import EncoderPool
from tests.context.test_memory import FACT, MIKA
from tests.personas.memories import FACTS, FITS, FITS_NOTHING
from tests.samples import NOON


async def test_the_fact_that_fits_comes_to_mind(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path / "q")
    index = MemoryIndex(store)
    async with EncoderPool(threads=1) as pool:

        async def embed(text: str) -> Vector:
            vector = (await pool.read(text, EMBEDDING_ONLY)).embedding
            assert vector is not None
            return vector

        async def recalled(text: str) -> list[int]:
            found = await index.recall(await embed(text), MIKA, "friend", now=NOON)
            return [fact for fact, score in found if score >= LEAST_LIKE]

        for number, text in enumerate(FACTS):
            await index.remember(replace(FACT, id=number), await embed(text))
        right = [(await recalled(text))[:1] == [fact] for text, fact in FITS]
        wrong = [bool(await recalled(text)) for text in FITS_NOTHING]
    await store.close()
    assert sum(right) >= 14
    assert sum(wrong) <= 1
