"""The pool: the same readings from many threads, a bounded queue, an orderly end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from greenroom.errors import GiveUp
from greenroom.triage.base import SCORES_ONLY, Reading, Triage, Wants
from greenroom.triage.pool import EncoderPool, usable_cores
from greenroom.triage.windows import Windows

TEXTS = [f"message number {number}, {'you idiot' if number % 5 == 0 else 'my friend'}"
         for number in range(40)]  # fmt: skip


def _same(one: Reading, other: Reading) -> bool:
    assert one.embedding is not None
    assert other.embedding is not None
    return one.scores == other.scores and bool((one.embedding == other.embedding).all())


async def test_readings_are_the_same_alone_and_side_by_side(
    read: Callable[[str], Reading],
) -> None:
    async with EncoderPool(threads=4) as pool:
        together = await asyncio.gather(*(pool.read(text) for text in TEXTS))
    assert all(_same(read(text), found) for text, found in zip(TEXTS, together, strict=True))


async def test_pool_is_a_triage() -> None:
    async with EncoderPool(threads=1) as pool:
        triage: Triage = pool
        reading = await triage.read("hello", SCORES_ONLY)
    assert reading.embedding is None
    assert reading.model.endswith(triage.digest[:12])


async def test_threads_default_to_the_usable_cores() -> None:
    async with EncoderPool() as pool:
        assert pool.threads == usable_cores() >= 1


async def test_full_pool_makes_the_reader_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async with EncoderPool(threads=1, waiting=1) as pool:
        go = _hold_back(pool, monkeypatch)
        readers = [asyncio.ensure_future(pool.read(text)) for text in TEXTS[:3]]
        await asyncio.sleep(0)
        assert pool.is_full
        go.set()
        assert len(await asyncio.gather(*readers)) == 3
        assert not pool.is_full


async def test_cancelled_reader_frees_its_place_when_the_thread_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with EncoderPool(threads=1, waiting=0) as pool:
        go = _hold_back(pool, monkeypatch)
        reader = asyncio.ensure_future(pool.read("hello"))
        await asyncio.sleep(0)
        await asyncio.to_thread(go.started.wait)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert pool.is_full
        go.set()
        assert (await pool.read("hello again")).windows == 1


async def test_close_finishes_what_was_accepted_and_then_refuses() -> None:
    pool = EncoderPool(threads=1)
    readers = [asyncio.ensure_future(pool.read(text)) for text in TEXTS[:8]]
    await asyncio.sleep(0)
    await pool.close()
    await pool.close()
    assert len(await asyncio.gather(*readers)) == 8
    with pytest.raises(GiveUp, match="closed"):
        await pool.read("too late")


class _Gate(threading.Event):
    """Set to let held readings go on; `started` is set when one has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Event()


def _hold_back(pool: EncoderPool, monkeypatch: pytest.MonkeyPatch) -> _Gate:
    """Let no reading of `pool` go on before the gate is set."""
    gate, read = _Gate(), pool._encoder.read_canonical

    def held(text: str, wants: Wants, *, windows: Windows) -> Reading:
        gate.started.set()
        gate.wait()
        return read(text, wants, windows=windows)

    monkeypatch.setattr(pool._encoder, "read_canonical", held)
    return gate
