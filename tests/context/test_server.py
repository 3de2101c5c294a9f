"""The server leaf: what happens when the server is away, busy, or of another opinion."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from greenroom.context import Point, ServerStore
from greenroom.context.base import point_id
from greenroom.errors import ConfigError, GreenroomError, RetryLater
from tests.context.conftest import serving
from tests.context.qdrant_server import QdrantServer
from tests.context.vectors import at

Served = tuple[QdrantServer, ServerStore]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    server = QdrantServer()
    async with serving(server) as url:
        store = ServerStore(url, deadline_s=30)
        await store.ensure("things", size=8, keys=("text",))
        yield server, store
        await store.close()


async def test_server_that_is_away_can_be_retried() -> None:
    async with serving(QdrantServer()) as url:
        pass
    store = ServerStore(url)
    with pytest.raises(RetryLater, match=r"127\.0\.0\.1:\d+ cannot be reached: ConnectError"):
        await store.ensure("things", size=8)
    await store.close()


async def test_server_that_keeps_silent_is_left_at_the_deadline() -> None:
    server = QdrantServer()
    server.faults = [-1]
    async with serving(server) as url:
        store = ServerStore(url, deadline_s=0.05)
        with pytest.raises(RetryLater, match=r"did not answer in 0\.05 s"):
            await store.count("things")
        server.release.set()
        await store.close()


CALLS: dict[str, Callable[[ServerStore], Awaitable[object]]] = {
    "ensure": lambda store: store.ensure("things", size=8, keys=("text",)),
    "upsert": lambda store: store.upsert("things", [Point(point_id("a"), at(0, size=8), {})]),
    "search": lambda store: store.search("things", at(0, size=8), limit=1),
    "ids": lambda store: store.ids("things"),
    "count": lambda store: store.count("things"),
    "delete": lambda store: store.delete("things", ids=[point_id("a")]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (0, RetryLater, "cannot be reached"),
        (401, ConfigError, r"refuses the API key.*\n.*context\.api_key"),
        (403, ConfigError, r"refuses the API key.*\n.*context\.api_key"),
        (400, ConfigError, r"refuses a request: 400.*\n.*context\.url"),
        (408, RetryLater, "408"),
        (429, RetryLater, "busy"),
        (500, RetryLater, "500"),
        (503, RetryLater, "503"),
    ],
)
async def test_server_fault_becomes_ours(
    served: Served, call: str, status: int, kind: type[GreenroomError], says: str
) -> None:
    server, store = served
    server.faults = [status]
    with pytest.raises(kind, match=says) as caught:
        await CALLS[call](store)
    assert caught.value.__cause__ is not None
    if status == 429:
        assert isinstance(caught.value, RetryLater)
        assert caught.value.after_s == 7
    await CALLS[call](store)  # the fault has passed


async def test_server_gets_the_key_and_refuses_a_wrong_one() -> None:
    async with serving(QdrantServer(api_key="test-key")) as url:
        with pytest.warns(UserWarning, match="insecure connection"):
            right, wrong = ServerStore(url, api_key="test-key"), ServerStore(url, api_key="other")
        await right.ensure("things", size=8)
        with pytest.raises(ConfigError, match="refuses the API key"):
            await wrong.ensure("things", size=8)
        await right.close()
        await wrong.close()


async def test_server_keeps_deployments_apart_by_prefix() -> None:
    server = QdrantServer()
    async with serving(server) as url:
        one, two = ServerStore(url), ServerStore(url, prefix="second")
        for store in (one, two):
            await store.ensure("things", size=8)
        await one.upsert("things", [Point(point_id("a"), at(0, size=8), {})])
        assert (await one.count("things"), await two.count("things")) == (1, 0)
        await one.close()
        await two.close()
    assert sorted(server.collections) == ["greenroom_things", "second_things"]


async def test_server_that_is_no_qdrant_is_told_by_its_answer() -> None:
    async with serving(QdrantServer()) as url:
        store = ServerStore(f"{url}/some/other/site")
        with pytest.raises(ConfigError, match=r"404.*\n.*context\.url"):
            await store.ensure("things", size=8)
        await store.close()


async def test_server_without_its_library_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(ConfigError, match=r"not installed.*\n.*greenroom\[server\]"):
        ServerStore("http://127.0.0.1:6333")
