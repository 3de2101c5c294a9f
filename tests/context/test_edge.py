"""The embedded store's files: kept over restarts and kills, guarded, and cleaned."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.context import EdgeStore, Point
from greenroom.context.base import point_id
from greenroom.context.shard import translated
from greenroom.errors import ConfigError, RetryLater
from tests.context.vectors import at

THINGS = "things"


async def store_with(folder: Path, *texts: str) -> EdgeStore:
    store = EdgeStore(folder)
    await store.ensure(THINGS, size=8, keys=("text",))
    points = [Point(point_id(text), at(i, size=8), {"text": text}) for i, text in enumerate(texts)]
    await store.upsert(THINGS, points)
    return store


def thing(text: str) -> Point:
    return Point(point_id(text), at(0, size=8), {"text": text})


async def texts_in(folder: Path) -> list[object]:
    store = EdgeStore(folder)
    await store.ensure(THINGS, size=8, keys=("text",))
    found = await store.search(THINGS, at(0, size=8), limit=100)
    await store.close()
    return [one.payload["text"] for one in found]


async def test_edge_reopens_what_it_closed(tmp_path: Path) -> None:
    await (await store_with(tmp_path, "a", "b")).close()
    assert await texts_in(tmp_path) == ["a", "b"]


WRITER = """
import asyncio, pathlib, sys
from tests.context.test_edge import THINGS, store_with, thing

async def main():
    store = await store_with(pathlib.Path(sys.argv[1]))
    while True:
        for number in range(40):
            await store.upsert(THINGS, [thing(str(number)), thing("again")])
            print("stored", number, flush=True)
            if number % 20 == 5:
                await store.optimize(THINGS)
        await store.compact(THINGS)

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 7, 40, 41, 55])
async def test_edge_keeps_what_was_stored_before_a_kill(tmp_path: Path, lines: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        stored = {process.stdout.readline().split()[1].decode() for _ in range(lines)}
        with pytest.raises(ConfigError, match=r"another Greenroom process.*\n.*context\.path"):
            EdgeStore(tmp_path)
        # Right after a line the writer is in the midst of the next write or of compacting.
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert stored <= set(await texts_in(tmp_path))


async def test_edge_lets_the_folder_go_when_closed(tmp_path: Path) -> None:
    first = await store_with(tmp_path, "a")
    with pytest.raises(ConfigError, match="another Greenroom process"):
        EdgeStore(tmp_path)
    await first.close()
    assert await texts_in(tmp_path) == ["a"]


async def test_edge_refuses_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("something else")
    with pytest.raises(ConfigError, match=r"file/qdrant: .*cannot be used"):
        EdgeStore(tmp_path / "file" / "qdrant")


def _garble(file: Path) -> None:
    file.write_bytes(b"\x93 not what was here" * 10)


def _halve(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("edge_config.json", _garble),
        ("segments/*/segment.json", _garble),
        ("segments/*/segment.json", Path.unlink),
        ("segments/*/version.info", _halve),
        ("wal/first-index", _garble),
        # This one makes the engine panic, which is no Exception in Python.
        ("segments/*/vector_storage/deleted/status.dat", _halve),
    ],
)
async def test_edge_says_what_to_do_about_damage(tmp_path: Path, name: str, damage: object) -> None:
    await (await store_with(tmp_path, "a")).close()
    [file, *_] = sorted((tmp_path / THINGS).glob(name))
    assert callable(damage)
    damage(file)
    with pytest.raises(ConfigError, match=rf"{THINGS}: .*cannot be read.*\n.*delete this folder"):
        EdgeStore(tmp_path)
    shutil.rmtree(tmp_path / THINGS)  # as it says, and the lock was let go of
    await (await store_with(tmp_path, "b")).close()
    assert await texts_in(tmp_path) == ["b"]


async def test_edge_begins_anew_where_creating_was_cut_short(tmp_path: Path) -> None:
    await (await store_with(tmp_path, "a")).close()
    (tmp_path / THINGS / "keys.txt").unlink()  # it is written last
    assert await texts_in(tmp_path) == []


async def test_edge_compact_leaves_no_byte_of_what_was_deleted(tmp_path: Path) -> None:
    store = await store_with(tmp_path, "secretword one", "kept two")
    assert _holds(tmp_path, b"secretword")
    await store.delete(THINGS, where={"text": "secretword one"})
    assert _holds(tmp_path, b"secretword")  # why compact is needed
    await store.compact(THINGS)
    assert not _holds(tmp_path, b"secretword")
    await store.close()
    assert await texts_in(tmp_path) == ["kept two"]


def _holds(folder: Path, needle: bytes) -> bool:
    return any(needle in file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("old_is_gone", [True, False])
async def test_edge_finishes_a_compacting_cut_short_at_the_end(
    tmp_path: Path, old_is_gone: bool
) -> None:
    copy = tmp_path / f"{THINGS}.new"
    await (await store_with(tmp_path / "elsewhere", "copied")).close()
    if not old_is_gone:
        await (await store_with(tmp_path, "old")).close()
    (tmp_path / "elsewhere" / THINGS).rename(copy)
    (copy / "complete").touch()
    assert await texts_in(tmp_path) == ["copied"]
    assert not copy.exists()
    assert await texts_in(tmp_path) == ["copied"]


@pytest.mark.parametrize("has_old", [True, False])
async def test_edge_drops_a_copy_that_was_not_finished(tmp_path: Path, has_old: bool) -> None:
    copy = tmp_path / f"{THINGS}.new"
    await (await store_with(tmp_path / "elsewhere", "half a copy")).close()
    if has_old:
        await (await store_with(tmp_path, "old")).close()
    (tmp_path / "elsewhere" / THINGS).rename(copy)
    assert await texts_in(tmp_path) == (["old"] if has_old else [])
    assert not copy.exists()


def test_translated_full_disk_can_be_retried(tmp_path: Path) -> None:
    with pytest.raises(RetryLater, match="no space left"), translated(tmp_path):
        raise OSError("Service runtime error: IO Error: No space left on device (os error 28)")


def test_translated_lets_an_interrupt_through(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), translated(tmp_path):
        raise KeyboardInterrupt
