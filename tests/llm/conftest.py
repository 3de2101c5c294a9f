"""The shipped encoder, as grounding asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from greenroom.llm import Embed
from greenroom.triage.base import Vector
from greenroom.triage.pool import EncoderPool


@pytest.fixture
async def embed() -> AsyncIterator[Embed]:
    async with EncoderPool(threads=1) as pool:

        async def vector(text: str) -> Vector:
            found = (await pool.read(text)).embedding
            assert found is not None
            return found

        yield vector
