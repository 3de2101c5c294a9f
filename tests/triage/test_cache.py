"""What was read is not read again: remembered readings, and readings that are shared."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom.triage.base import (
    EMBEDDING_SIZE,
    EVERYTHING,
    SCORES_ONLY,
    Reading,
    Stage,
    Wants,
)
from greenroom.triage.cache import LONGEST, ReadingCache, may_settle
from greenroom.triage.pool import SHORT, EncoderPool
from greenroom.triage.windows import Windows

LINE = 0.5
BARE = Reading(scores={}, intent=None, intents={}, embedding=None, model="m", windows=1,
               windows_read=1)  # fmt: skip
INTENTS = replace(BARE, intents={"chat": 1.0})
VECTOR = replace(BARE, embedding=np.zeros(EMBEDDING_SIZE, dtype=np.float32))
WHOLE = replace(VECTOR, intents={"chat": 1.0}, language="en")
FIRST = replace(BARE, stage=Stage.FIRST)

READINGS = st.sampled_from([BARE, INTENTS, VECTOR, WHOLE, FIRST, replace(FIRST, language="en")])
WANTS = st.builds(
    Wants,
    intent=st.booleans(),
    embedding=st.booleans(),
    language=st.booleans(),
    floor=st.sampled_from([0.0, LINE, 0.9]),
)

_unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


# --- Remembering -----------------------------------------------------------------------


def test_the_least_recently_used_goes_first() -> None:
    cache = ReadingCache(3)
    for text in "abc":
        cache.keep(text, BARE)
    assert cache.find("a", SCORES_ONLY, line=None) is BARE  # and is the latest used now
    cache.keep("d", BARE)
    assert len(cache) == 3
    assert [text for text in "abcd" if cache.find(text, SCORES_ONLY, line=None)] == ["a", "c", "d"]


@_unhurried
@given(st.integers(0, 5), st.lists(st.tuples(st.sampled_from("abcdefgh"), READINGS), max_size=40))
def test_there_are_never_more_than_the_size(size: int, kept: list[tuple[str, Reading]]) -> None:
    cache = ReadingCache(size)
    for text, reading in kept:
        cache.keep(text, reading)
        assert len(cache) <= size
    assert len(cache) == min(size, len({text for text, _ in kept}))


def test_long_texts_are_not_kept() -> None:
    cache = ReadingCache(10)
    cache.keep("x" * LONGEST, BARE)
    cache.keep("x" * (LONGEST + 1), BARE)
    assert len(cache) == 1


@pytest.mark.parametrize("poorer", [BARE, INTENTS, VECTOR, FIRST])
def test_a_poorer_reading_never_replaces_a_richer(poorer: Reading) -> None:
    cache = ReadingCache(10)
    cache.keep("a", WHOLE)
    cache.keep("a", poorer)
    assert cache.find("a", EVERYTHING, line=LINE) is WHOLE


@pytest.mark.parametrize("poorer", [BARE, INTENTS, VECTOR, FIRST])
def test_a_richer_reading_replaces_a_poorer(poorer: Reading) -> None:
    cache = ReadingCache(10)
    cache.keep("a", poorer)
    assert cache.find("a", EVERYTHING, line=LINE) is None
    cache.keep("a", WHOLE)
    assert cache.find("a", EVERYTHING, line=LINE) is WHOLE


def test_the_encoder_says_more_than_the_first_stage() -> None:
    cache = ReadingCache(10)
    cache.keep("a", BARE)
    cache.keep("a", FIRST)
    assert cache.find("a", SCORES_ONLY, line=LINE) is BARE


@_unhurried
@given(st.lists(READINGS, min_size=1, max_size=6), WANTS, st.sampled_from([None, LINE]))
def test_what_is_found_has_all_that_is_wanted(
    kept: list[Reading], wants: Wants, line: float | None
) -> None:
    cache = ReadingCache(10)
    for reading in kept:
        cache.keep("a", reading)
    found = cache.find("a", wants, line=line)
    if found is None:
        return
    assert found.embedding is not None or not wants.embedding
    assert found.intents or not wants.intent
    assert found.language is not None or not wants.language
    assert found.stage is Stage.ENCODER or may_settle(wants, line)


@pytest.mark.parametrize(
    ("wants", "line", "is_enough"),
    [
        (Wants(intent=False, embedding=False, floor=LINE), LINE, True),
        (Wants(intent=False, embedding=False, floor=0.9), LINE, True),
        (Wants(intent=False, embedding=False, floor=0.49), LINE, False),
        (SCORES_ONLY, LINE, False),
        (Wants(intent=True, embedding=False, floor=0.9), LINE, False),
        (Wants(intent=False, embedding=True, floor=0.9), LINE, False),
        (Wants(intent=False, embedding=False, floor=1.0), None, False),
    ],
)
def test_a_first_stage_reading_is_found_only_where_it_may_settle(
    wants: Wants, line: float | None, is_enough: bool
) -> None:
    cache = ReadingCache(10)
    cache.keep("a", FIRST)
    assert (cache.find("a", wants, line=line) is FIRST) is is_enough is may_settle(wants, line)


# --- A raid's copies -------------------------------------------------------------------

RAID = (
    "FREE NITRO for @mika, claim it with code 123456 at https://gift.example/nitro?ref=17 noooooow",
    "free nitro for @lou.b, claim it with code 99887 at https://gift.example/nitro?u=8 nooooow",
    "Free  Nitro for <@U99ABC>, claim it\nwith code 55555555 at https://gift.example/nitro#x"
    " noooow",
    "fr\u200bee ni\u2060tro for u/some_one, claim it with code 10101010 at"
    " https://gift.example/nitro nooooooooooow",
    "𝐅𝐫𝐞𝐞 nitro for @a, claim it with code 10000 at https://gift.example/nitro?x noooow",
)


@dataclass
class Counted:
    """What an encoder was asked to read; it can be held back until the test lets it go."""

    texts: list[str] = field(default_factory=list)
    began: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
async def pool() -> EncoderPool:
    return EncoderPool(threads=1)


@pytest.fixture
def counted(pool: EncoderPool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """Wraps the pool's real encoder: counts, and waits for `go`."""
    seen, read = Counted(), pool._encoder.read_canonical

    def wrapped(text: str, wants: Wants, *, windows: Windows) -> Reading:
        seen.texts.append(text)
        seen.began.set()
        seen.go.wait(60)
        return read(text, wants, windows=windows)

    monkeypatch.setattr(pool._encoder, "read_canonical", wrapped)
    yield seen
    seen.go.set()


async def test_a_raids_copies_are_read_once(pool: EncoderPool, counted: Counted) -> None:
    counted.go.set()
    async with pool:
        readings = [await pool.read(text, SCORES_ONLY) for text in RAID]
    assert len(counted.texts) == 1
    assert (pool.counts.encoded, pool.counts.cached) == (1, len(RAID) - 1)
    assert all(reading is readings[0] for reading in readings)


async def test_another_message_is_no_copy(pool: EncoderPool, counted: Counted) -> None:
    counted.go.set()
    async with pool:
        for text in ("you are kind", "you are blind", "you are kind to 3", "you are kind to 4"):
            await pool.read(text, SCORES_ONLY)
    assert (pool.counts.encoded, pool.counts.cached) == (4, 0)


async def test_who_wants_more_has_it_read_again(pool: EncoderPool, counted: Counted) -> None:
    counted.go.set()
    async with pool:
        assert (await pool.read("hello there", SCORES_ONLY)).embedding is None
        assert (await pool.read("hello there")).embedding is not None
        assert (await pool.read("hello there", SCORES_ONLY)).embedding is not None
    assert (pool.counts.encoded, pool.counts.cached) == (2, 1)


async def test_long_texts_are_read_each_time() -> None:
    async with EncoderPool(threads=1) as pool:
        text = "word " * (SHORT // 5 + 1)
        first, second = [await pool.read(text, SCORES_ONLY) for _ in range(2)]
    assert (pool.counts.encoded, pool.counts.cached) == (2, 0)
    assert first.scores == second.scores


async def test_without_a_cache_nothing_is_remembered() -> None:
    async with EncoderPool(threads=1, cache=0) as pool:
        first, second = [await pool.read("hello there", SCORES_ONLY) for _ in range(2)]
    assert (pool.counts.encoded, pool.counts.cached) == (2, 0)
    assert first.scores == second.scores


# --- Sharing ---------------------------------------------------------------------------


async def _begun(pool: EncoderPool, counted: Counted, *texts: str) -> list[asyncio.Task[Reading]]:
    """Readers of `texts` that wait for the encoder, which holds the first of them."""
    readers = [asyncio.ensure_future(pool.read(text, SCORES_ONLY)) for text in texts]
    assert await asyncio.to_thread(counted.began.wait, 60)
    return readers


async def test_who_asks_for_what_is_being_read_waits_for_it(
    pool: EncoderPool, counted: Counted
) -> None:
    async with pool:
        readers = await _begun(pool, counted, RAID[0], RAID[1])
        assert pool.in_flight == 1
        counted.go.set()
        first, second = await asyncio.gather(*readers)
    assert len(counted.texts) == 1
    assert first is second
    assert (pool.counts.encoded, pool.counts.cached) == (1, 1)
    assert pool.in_flight == 0


async def test_who_wants_something_else_does_not_share(pool: EncoderPool, counted: Counted) -> None:
    counted.go.set()
    async with pool:
        bare, whole = await asyncio.gather(
            pool.read("hello there", SCORES_ONLY), pool.read("hello there", EVERYTHING)
        )
    assert len(counted.texts) == 2
    assert (bare.embedding is None, whole.embedding is None) == (True, False)


@pytest.mark.parametrize("leaver", [0, 1], ids=["who asked first leaves", "who joined leaves"])
async def test_a_reader_that_leaves_spoils_nothing_for_another(
    pool: EncoderPool, counted: Counted, leaver: int
) -> None:
    async with pool:
        readers = await _begun(pool, counted, "hello there", "hello there")
        readers[leaver].cancel()
        with pytest.raises(asyncio.CancelledError):
            await readers[leaver]
        counted.go.set()
        reading = await readers[1 - leaver]
    assert set(reading.scores) == set((await _alone("hello there")).scores)
    assert reading.scores == (await _alone("hello there")).scores
    assert len(counted.texts) == 1
    assert pool.in_flight == 0


async def test_what_all_readers_left_is_remembered_all_the_same(
    pool: EncoderPool, counted: Counted
) -> None:
    async with pool:
        (reader,) = await _begun(pool, counted, "hello there")
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        counted.go.set()
        again = await pool.read("hello there", SCORES_ONLY)
    assert len(counted.texts) == 1
    assert again.scores


async def test_an_error_reaches_every_reader_and_is_not_remembered(
    pool: EncoderPool, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(text: str, wants: Wants, *, windows: Windows) -> Reading:
        counted.began.set()
        counted.go.wait(60)
        raise ZeroDivisionError("odd")

    good = pool._encoder.read_canonical
    monkeypatch.setattr(pool._encoder, "read_canonical", breaks)
    async with pool:
        readers = await _begun(pool, counted, "hello there", "hello there")
        counted.go.set()
        found = await asyncio.gather(*readers, return_exceptions=True)
        monkeypatch.setattr(pool._encoder, "read_canonical", good)
        assert (await pool.read("hello there", SCORES_ONLY)).scores
    assert [type(error) for error in found] == [ZeroDivisionError] * 2


async def _alone(text: str) -> Reading:
    async with EncoderPool(threads=1) as pool:
        return await pool.read(text, SCORES_ONLY)
