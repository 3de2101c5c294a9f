"""Stores for the tests of context: the conformance suite runs over all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from greenroom.context import EdgeStore, ServerStore, VectorStore
from tests.context.qdrant_server import QdrantServer


@asynccontextmanager
async def serving(server: QdrantServer) -> AsyncIterator[str]:
    """The address at which `server` answers."""
    runner = web.AppRunner(server.app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(params=["edge", "server"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorStore]:
    """Each leaf in turn, empty."""
    if request.param == "edge":
        edge = EdgeStore(tmp_path / "qdrant")
        yield edge
        await edge.close()
        return
    async with serving(QdrantServer()) as url:
        store = ServerStore(url)
        yield store
        await store.close()
