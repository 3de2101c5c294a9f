"""What context costs and how well it answers: run ``python -m benchmarks.context``.

Prints, on the embedded engine: search times at several sizes with and without a filter, a
verdict's and an erasure's time, the memory that opening two collections adds, and how the
questions of ``tests/context/questions.py`` fare by what is embedded of a section.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np

from greenroom.context import DEFAULT_MIN_EVIDENCE, EdgeStore, Point
from greenroom.context.base import VECTOR_SIZE, Vector, point_id
from greenroom.context.files import read_folder
from greenroom.context.knowledge import searchable
from greenroom.context.markdown import Chunk
from greenroom.triage.encoder import Encoder
from tests.context.questions import HELD_OUT, SECOND, TUNING

THRESHOLDS = (0.36, DEFAULT_MIN_EVIDENCE, 0.45, 0.5)
SIZES = (2_000, 5_000, 20_000, 100_000)
ROOT = Path(__file__).parents[1]
KEYS = ("community", "author", "message", "model")


def main() -> None:
    """Everything, one after the other; the memory in a process of its own."""
    if sys.argv[1:2] == ["memory"]:
        asyncio.run(_memory(Path(sys.argv[2])))
        return
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_time_searches(Path(folder), size))
            if size <= 20_000:
                command = [sys.executable, "-m", "benchmarks.context", "memory", folder]
                subprocess.run(command, check=True, cwd=ROOT)
    _retrieval()


async def _time_searches(folder: Path, size: int) -> None:
    random = np.random.default_rng(7)
    store = EdgeStore(folder)
    await store.ensure("precedents", size=VECTOR_SIZE, keys=KEYS)
    begun = time.perf_counter()
    for start in range(0, size, 500):
        await store.upsert("precedents", [_point(random, start + n) for n in range(500)])
    filling = time.perf_counter() - begun
    if size <= 20_000:
        await store.ensure("knowledge", size=VECTOR_SIZE, keys=("within",))
    print(f"{size:>7,} points, stored in {filling:.1f} s")

    async def search() -> None:
        await store.search("precedents", _direction(random), limit=5)

    async def filtered() -> None:
        await store.search(
            "precedents", _direction(random), limit=5, where={"community": "c3", "model": "m"}
        )

    async def remember() -> None:
        await store.upsert("precedents", [_point(random, 1)])

    async def erase() -> None:
        await store.delete("precedents", where={"author": "u5"})
        await store.compact("precedents")

    await _report("search everything", search, 300)
    await _report("search one community of 20", filtered, 300)
    await _report("store one point", remember, 50)
    await _report("erase one member and compact", erase, 3)
    await store.close()


async def _report(name: str, work: Callable[[], Awaitable[None]], times: int) -> None:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - begun) * 1_000)
    p50, p99 = np.percentile(taken, [50, 99])
    print(f"        {name:<30} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms")


def _point(random: np.random.Generator, number: int) -> Point:
    payload = {
        "community": f"c{number % 20}",
        "author": f"u{number % 2_000}",
        "message": f"discord:c:general:{number}",
        "model": "m",
        "text": "a message of ordinary length that somebody judged " * 3,
    }
    return Point(point_id("bench", str(number)), _direction(random), payload)


def _direction(random: np.random.Generator) -> Vector:
    vector = random.standard_normal(VECTOR_SIZE, dtype=np.float32)
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


async def _memory(folder: Path) -> None:
    before = _resident_mb()
    store = EdgeStore(folder)
    await store.ensure("precedents", size=VECTOR_SIZE, keys=KEYS)
    await store.ensure("knowledge", size=VECTOR_SIZE, keys=("within",))
    random = np.random.default_rng(9)
    for _ in range(300):
        await store.search("precedents", _direction(random), limit=5)
    after = _resident_mb()
    await store.close()
    own, file = (now - then for now, then in zip(after, before, strict=True))
    print(
        f"        memory: two collections opened and searched add {own:.0f} MB of their own and "
        f"{file:.0f} MB of pages of their files, which the system may drop"
    )


def _resident_mb() -> tuple[float, float]:
    """This process's own memory, and its pages of files."""
    lines = Path("/proc/self/status").read_text().split("\n")
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    own, file = (int(facts[key].split()[0]) / 1_024 for key in ("RssAnon", "RssFile"))
    return own, file


def _retrieval() -> None:
    encoder = Encoder()
    cache: dict[str, Vector] = {}

    def embed(text: str) -> Vector:
        if text not in cache:
            vector = encoder.read(text).embedding
            assert vector is not None
            cache[text] = vector
        return cache[text]

    chunks = read_folder(ROOT / "knowledge")
    variants: dict[str, tuple[Callable[[Chunk], Sequence[str]], int]] = {
        "the whole under its headings": (lambda chunk: searchable(chunk)[:1], 1),
        "+ its heading": (lambda chunk: searchable(chunk)[:2], 1),
        "+ what is also asked": (
            lambda chunk: searchable(chunk)[: 2 + len(chunk.also_asked)],
            1,
        ),
        "+ each sentence": (searchable, 1),
        "the same, mean of the best two": (searchable, 2),
    }
    print(f"\nretrieval with {encoder.manifest.short_name}: first passage right")
    print(f"        {'':<32}{'tuning':>8}{'second':>8}{'held out':>10}{'off-topic held back':>22}")
    for name, (texts, best) in variants.items():
        vectors = [np.array([embed(text) for text in texts(chunk)]) for chunk in chunks]
        _print_variant(name, chunks, vectors, best, embed)
    _print_thresholds(
        chunks, [np.array([embed(text) for text in searchable(c)]) for c in chunks], embed
    )


def _print_thresholds(
    chunks: list[Chunk], vectors: list[Vector], embed: Callable[[str], Vector]
) -> None:
    """What a line under the best passage's score does to the questions held out."""

    def scores(question: str) -> Vector:
        query = embed(question)
        return np.array([np.sort(rows @ query)[-2:].mean() for rows in vectors])

    found = [(scores(question), right) for question, right in HELD_OUT.answerable.items()]
    answers = [(chunks[int(one.argmax())].title in right, one.max()) for one, right in found]
    off_topic = [text for one in (TUNING, SECOND, HELD_OUT) for text in one.unanswerable]
    highest = [scores(text).max() for text in off_topic]
    print("\nmin_evidence: held out right, wrong, handed over; off-topic held back")
    for line in THRESHOLDS:
        right = np.mean([is_right and score >= line for is_right, score in answers])
        wrong = np.mean([not is_right and score >= line for is_right, score in answers])
        held = np.mean([score < line for score in highest])
        print(f"{line:12.2f}{right:15.2f}{wrong:7.2f}{1 - right - wrong:13.2f}{held:22.2f}")


def _print_variant(
    name: str,
    chunks: list[Chunk],
    vectors: list[Vector],
    best: int,
    embed: Callable[[str], Vector],
) -> None:
    def scores(question: str) -> Vector:
        query = embed(question)
        return np.array([np.sort(rows @ query)[-best:].mean() for rows in vectors])

    rights = [
        np.mean(
            [
                chunks[int(scores(question).argmax())].title in right
                for question, right in questions.answerable.items()
            ]
        )
        for questions in (TUNING, SECOND, HELD_OUT)
    ]
    off_topic = [text for one in (TUNING, SECOND, HELD_OUT) for text in one.unanswerable]
    held = np.mean([scores(text).max() < DEFAULT_MIN_EVIDENCE for text in off_topic])
    print(
        f"        {name:<32}"
        + "{:8.2f}{:8.2f}{:10.2f}".format(*map(float, rights))
        + f"{held:22.2f}"
    )


if __name__ == "__main__":
    main()
