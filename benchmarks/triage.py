"""How much of raw onnxruntime's pace the triage stage keeps, and what its short cuts gain.

    python -m benchmarks.triage [--texts 1000] [--model FOLDER] [--data ../shared/data] [--json]

Raw: the bare session on texts that were spelled and tokenised beforehand, one message a run.
Ours: ``EncoderPool.read`` from the text to the reading, on an event loop. They take turns in
rounds, since these machines drift, and medians are told. The stream that the cascade is measured
on comes from files beside the project, from rows that trained nothing: it says how fast it is
there, and the model's card says how good.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import streams
from greenroom.triage.base import HEADS, SCORES_ONLY, Stage, Wants
from greenroom.triage.encoder import Encoder
from greenroom.triage.manifest import SHIPPED, Manifest, load_manifest
from greenroom.triage.pool import EncoderPool, usable_cores
from greenroom.triage.providers import open_session, provider_named
from greenroom.triage.runs import OneByOne
from greenroom.triage.spelling import canonical
from greenroom.triage.windows import Ids, Windower

ROUNDS: Final = 5
IN_FLIGHT: Final = 16
"""Readers at a time; the loop's workers are 32."""

ALL: Final = Wants()
"""All outputs of the model, as raw computes them."""

GUARDED: Final = Wants(intent=False, embedding=False, floor=0.6)
"""What a moderator's rules on scores want."""

OUTPUTS: Final = ("scores", "sentiment", "intents", "embedding")

Figures = dict[str, float | str | None]
Pace = Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, and with what."""

    folder: Path
    manifest: Manifest
    windower: Windower
    session: Any
    texts: int

    def pool(
        self, *, threads: int | None = 1, cascade: bool = False, cache: int = 0
    ) -> EncoderPool:
        return EncoderPool(self.folder, threads=threads, cascade=cascade, cache=cache)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--data", type=Path, default=streams.DATA)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    manifest = load_manifest(options.model)
    windower = Windower(manifest.tokenizer_file, max_tokens=manifest.max_tokens)
    session = open_session(manifest.model_file, provider_named("cpu"))
    bench = Bench(options.model, manifest, windower, session, options.texts)
    figures = asyncio.run(_measure(bench, options.data))
    print(json.dumps(figures, indent=2) if options.json else "\n".join(_table(figures)))


def _table(figures: Figures) -> Iterator[str]:
    for name, value in figures.items():
        shown = f"{value:,.3f}" if isinstance(value, float) else "-" if value is None else value
        yield f"{name:>44}  {shown}"


async def _measure(bench: Bench, data: Path) -> Figures:
    chat = streams.chat(bench.texts)
    benign = streams.benign_heavy(data, bench.texts)
    if not benign:
        _warn(f"THE SHARED DATA IS NOT IN {data}: the cascade is measured on the demo's chat, "
              "which holds much more harm than a community's")  # fmt: skip
    if bench.manifest.certificate is None:
        _warn(f"THE MODEL {bench.manifest.short_name} HAS NO FIRST STAGE: no cascade is measured")
    return {
        "machine": f"{platform.machine()}, {usable_cores()} cores, Python "
        f"{platform.python_version()}",
        "model": bench.manifest.short_name,
        "chat: texts": len(chat),
        **await _against_raw(bench, chat),
        **await _at_half_load(bench, chat, "chat", wants=ALL),
        **_shares(bench, chat),
        "benign-heavy stream": "of the shared data" if benign else "ABSENT, demo's chat instead",
        **await _cascade(bench, benign or chat),
        **await _raid(bench, chat),
    }


def _warn(text: str) -> None:
    print(f"!!! {text}", file=sys.stderr)


# --- Against raw onnxruntime -------------------------------------------------------------


async def _against_raw(bench: Bench, texts: Sequence[str]) -> Figures:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(bench.pool())
        every = await stack.enter_async_context(bench.pool(threads=None))
        paces: dict[str, Pace] = {
            "raw, one at a time": lambda part: _raw(bench, part, 1),
            "ours, one thread": lambda part: _ours(one, part, ALL),
            "ours, one thread, one reader": lambda part: _ours(one, part, ALL, in_flight=1),
            "raw, on all cores": lambda part: _raw(bench, part, usable_cores()),
            "ours, on all cores": lambda part: _ours(every, part, ALL),
        }
        found = await _rounds(paces, texts)
    return _paces("chat", found) | {
        "chat: ratio, one thread (aim 0.95)": _ratio(found, "ours, one thread", RAW),
        "chat: ratio, one thread, one reader": _ratio(found, "ours, one thread, one reader", RAW),
        "chat: ratio, all cores": _ratio(found, "ours, on all cores", "raw, on all cores"),
        "chat: ratio, all cores to raw one at a time": _ratio(found, "ours, on all cores", RAW),
    }


RAW: Final = "raw, one at a time"


async def _rounds(paces: dict[str, Pace], texts: Sequence[str]) -> dict[str, list[float]]:
    """Texts a second of each pace, round by round; each round has texts of its own."""
    size = max(1, len(texts) // ROUNDS)
    found: dict[str, list[float]] = {name: [] for name in paces}
    for number in range(min(ROUNDS, len(texts))):
        part = texts[number * size : (number + 1) * size]
        for name, pace in paces.items():
            if number == 0:
                await pace(part[:20])  # warm
            found[name].append(await pace(part))
    return found


def _paces(stream: str, found: dict[str, list[float]]) -> Figures:
    return {f"{stream}: {name}, texts/s": statistics.median(v) for name, v in found.items()}


def _ratio(found: dict[str, list[float]], ours: str, raw: str) -> float:
    return statistics.median(a / b for a, b in zip(found[ours], found[raw], strict=True))


async def _raw(bench: Bench, texts: Sequence[str], threads: int) -> float:
    """The bare session, a message a run, all outputs; on threads of its own, as ours is."""
    runner = OneByOne(bench.session)
    windows = [bench.windower.cut(canonical(text)).ids for text in texts]

    def read(ids: Sequence[Ids]) -> None:
        runner.run(OUTPUTS, ids)

    with ThreadPoolExecutor(threads) as executor:
        began = time.perf_counter()
        await asyncio.to_thread(lambda: list(executor.map(read, windows)))
        return len(texts) / (time.perf_counter() - began)


async def _ours(
    pool: EncoderPool, texts: Sequence[str], wants: Wants, *, in_flight: int = IN_FLIGHT
) -> float:
    waiting = iter(texts)

    async def reader() -> None:
        for text in waiting:
            await pool.read(text, wants)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(reader())
    return len(texts) / (time.perf_counter() - began)


async def _at_half_load(
    bench: Bench, texts: Sequence[str], stream: str, *, wants: Wants, cascade: bool = False
) -> Figures:
    async with bench.pool(threads=None, cascade=cascade) as pool:
        rate = await _ours(pool, texts[: len(texts) // 2], wants) / 2
        took: list[float] = []

        async def one(text: str) -> None:
            began = time.perf_counter()
            await pool.read(text, wants)
            took.append(time.perf_counter() - began)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, text in enumerate(texts[len(texts) // 2 :]):
                await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                group.create_task(one(text))
    cuts = statistics.quantiles(took, n=100)
    name = f"{stream}: latency at {rate:,.0f} texts/s (half load), ms,"
    return {f"{name} p50": cuts[49] * 1000, f"{name} p99": cuts[98] * 1000}


def _shares(bench: Bench, texts: Sequence[str]) -> Figures:
    """Where a text's time goes, on one thread and nothing else."""
    runner = OneByOne(bench.session)
    spelled, spelling = _timed(lambda: [canonical(text) for text in texts])
    cut, tokenising = _timed(lambda: [bench.windower.cut(said) for said in spelled])
    _, reading = _timed(lambda: [runner.run(OUTPUTS, windows.ids) for windows in cut])
    whole = spelling + tokenising + reading
    return {
        "chat: spelling, share of the time": spelling / whole,
        "chat: tokenising, share of the time": tokenising / whole,
        "chat: onnxruntime, share of the time": reading / whole,
    }


def _timed(work: Callable[[], list[Any]]) -> tuple[list[Any], float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


# --- The first stage and the cache -------------------------------------------------------


async def _cascade(bench: Bench, texts: Sequence[str]) -> Figures:
    async with bench.pool(cascade=True) as pool:
        paces: dict[str, Pace] = {
            RAW: lambda part: _raw(bench, part, 1),
            "ours, one thread": lambda part: _ours(pool, part, GUARDED),
        }
        found = await _rounds(paces, texts)
    figures = {"benign-heavy: texts": len(texts), **_paces("benign-heavy", found)}
    if bench.manifest.certificate is None:
        return figures | {"benign-heavy: cascade": "NO FIRST STAGE in this model"}
    ratio = _ratio(found, "ours, one thread", RAW)
    latency = await _at_half_load(bench, texts, "benign-heavy", wants=GUARDED, cascade=True)
    settled = await _settled(bench, texts, bench.manifest.certificate.line)
    return figures | {"benign-heavy: ratio (aim 10)": ratio, **settled, **latency}


async def _settled(bench: Bench, texts: Sequence[str], line: float) -> Figures:
    """What the first stage settled, held against the encoder's own readings."""
    encoder = Encoder(bench.folder)
    async with bench.pool(cascade=True) as pool:
        stages = [(await pool.read(text, GUARDED)).stage for text in texts]
    worst = [max(encoder.read(text, SCORES_ONLY).scores[head] for head in HEADS) for text in texts]
    over = [stage for stage, score in zip(stages, worst, strict=True) if score >= line]
    return {
        "benign-heavy: settled by the first stage": stages.count(Stage.FIRST) / len(stages),
        f"benign-heavy: texts over the line ({line:g})": len(over),
        "benign-heavy: of them settled wrongly": over.count(Stage.FIRST),
    }


async def _raid(bench: Bench, among: list[str]) -> Figures:
    texts = streams.raid(among, bench.texts)
    paces: dict[str, Pace] = {}
    async with AsyncExitStack() as stack:
        without = await stack.enter_async_context(bench.pool())
        paces["no cache"] = lambda part: _ours(without, part, ALL)
        remembering = await stack.enter_async_context(bench.pool(cache=4096))
        paces["cache"] = lambda part: _ours(remembering, part, ALL)
        found = await _rounds(paces, texts)
        counts = remembering.counts
    return _paces("raid", found) | {
        "raid: gain of the cache": _ratio(found, "cache", "no cache"),
        "raid: remembered": counts.cached / (counts.cached + counts.encoded),
    }


if __name__ == "__main__":
    main()
