"""How much of raw onnxruntime's pace the whole pipeline keeps, in one run.

    python -m benchmarks.pipeline [--messages 1500]

Raw: the shipped model on the demo's messages, tokenised beforehand, one message a run:
once one at a time, once on as many threads as the pipeline uses. Pipeline: the same
messages from ``take_in`` to the recorded decision (inbox, triage, context, decide, gate,
record), durable, with the starter personas. Raw and pipeline take turns in rounds, since
these machines drift, and medians are printed. Latency: the pipeline fed at half of its own
pace.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from greenroom.adapters.replay import read_lines, to_message
from greenroom.app import House, open_house
from greenroom.clock import utc_now
from greenroom.company import Company, gather
from greenroom.ledger import Change
from greenroom.message import Event, EventKind, Message
from greenroom.starter import demo_recording, lay_out
from greenroom.triage.manifest import SHIPPED, load_manifest
from greenroom.triage.windows import Windower

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Result:
    """One run. Rates are messages a second, times milliseconds, memory MiB."""

    machine: str
    messages: int
    threads: int
    raw_one_at_a_time: float
    raw_all_threads: float
    pipeline: float
    ratio_to_one_at_a_time: float
    ratio_to_all_threads: float
    p50_ms: float
    p99_ms: float
    half_load: float
    peak_memory_mib: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    messages = list(_messages(options.messages))
    result = asyncio.run(_measure(messages))
    if options.json:
        print(json.dumps({name: getattr(result, name) for name in Result.__slots__}))
        return
    for name in Result.__slots__:
        value = getattr(result, name)
        print(f"{name:>24}  {value:.2f}" if isinstance(value, float) else f"{name:>24}  {value}")


def _messages(count: int) -> Iterator[Message]:
    lines = list(read_lines(demo_recording()))
    for number in range(count):
        line = lines[number % len(lines)]
        message = to_message(line, now=utc_now(), round_number=number // len(lines))
        yield message


async def _measure(messages: Sequence[Message]) -> Result:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        list(lay_out(Path(folder), bots=["replay"]))
        (Path(folder) / "messages.jsonl").write_bytes(demo_recording().read_bytes())
        company = _quiet(gather(Path(folder) / "config.yaml"))
        async with open_house(
            company,
        ) as house:
            threads = house.senses.triage.threads  # type: ignore[attr-defined]  # the pool's
            running = asyncio.create_task(house.loop.run())
            await _push(house, messages[:50], rate=None, suffix="warm")
            rounds = [
                await _round(house, part, threads, str(number))
                for number, part in enumerate(_parts(messages))
            ]
            pipeline = statistics.median(one[2] for one in rounds)
            _, latencies = await _push(
                house, messages[: len(messages) // 2], rate=pipeline / 2, suffix="half"
            )
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    cuts = statistics.quantiles(latencies, n=100)
    return Result(
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        messages=len(messages),
        threads=threads,
        raw_one_at_a_time=statistics.median(one[0] for one in rounds),
        raw_all_threads=statistics.median(one[1] for one in rounds),
        pipeline=pipeline,
        ratio_to_one_at_a_time=statistics.median(one[2] / one[0] for one in rounds),
        ratio_to_all_threads=statistics.median(one[2] / one[1] for one in rounds),
        p50_ms=cuts[49] * 1000,
        p99_ms=cuts[98] * 1000,
        half_load=pipeline / 2,
        peak_memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _parts(messages: Sequence[Message]) -> list[Sequence[Message]]:
    size = len(messages) // ROUNDS
    return [messages[number * size : (number + 1) * size] for number in range(ROUNDS)]


async def _round(
    house: House, messages: Sequence[Message], threads: int, suffix: str
) -> tuple[float, float, float]:
    """Messages a second: raw one at a time, raw on all threads, the pipeline."""
    _raw(messages[:50], threads)  # warm, and the disk is done with the round before
    alone = _raw(messages, 1)
    together = _raw(messages, threads)
    pipeline, _ = await _push(house, messages, rate=None, suffix=suffix)
    return alone, together, pipeline


def _quiet(company: Company) -> Company:
    """The company without the replay's own messages: this benchmark feeds its own."""
    deployment = company.deployment
    bot = deployment.bots["replay"]
    empty = deployment.folder / "empty.jsonl"
    empty.write_text("")
    settings = bot.settings.model_copy(update={"file": empty, "loop": False})
    desk = deployment.config.desk.model_copy(update={"port": 0})
    config = deployment.config.model_copy(update={"desk": desk})
    bots = {"replay": replace(bot, settings=settings)}
    return replace(company, deployment=replace(deployment, config=config, bots=bots))


def _raw(messages: Sequence[Message], threads: int) -> float:
    """Messages a second of the bare session: tokenised beforehand, one message a run."""
    manifest = load_manifest(SHIPPED)
    windower = Windower(manifest.tokenizer_file, max_tokens=manifest.max_tokens)
    texts = [[_feed(ids) for ids in windower.cut(message.text).ids] for message in messages]
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(manifest.model_file, options)

    def read(windows: list[dict[str, npt.NDArray[np.int64]]]) -> None:
        for feed in windows:
            session.run(None, feed)

    with ThreadPoolExecutor(threads) as executor:
        list(executor.map(read, texts[:20]))
        began = time.perf_counter()
        list(executor.map(read, texts))
        return len(texts) / (time.perf_counter() - began)


def _feed(ids: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
    return {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }


async def _push(
    house: House, messages: Sequence[Message], *, rate: float | None, suffix: str
) -> tuple[float, list[float]]:
    """Feed messages at ``rate`` a second (None: as fast as they are taken); pace, latencies."""
    began_at: dict[str, float] = {}
    latencies: list[float] = []
    slots = asyncio.Semaphore(256)  # a platform has so many deliveries in flight at most

    async def push(message: Message) -> None:
        event = Event(EventKind.MESSAGE_POSTED, "replay", "replay", utc_now(), message)
        await house.loop.take_in(event)

    with house.ledger.feed.watch() as changes:
        watcher = asyncio.create_task(_collect(changes, began_at, latencies, len(messages), slots))
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, message in enumerate(messages):
                await slots.acquire()
                if rate is not None:
                    await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                named = replace(message, id=f"{message.id}-{suffix}-{number}")
                began_at[named.key] = time.perf_counter()
                group.create_task(push(named))
        await watcher
        return len(messages) / (time.perf_counter() - began), latencies


async def _collect(
    changes: asyncio.Queue[Change],
    began_at: dict[str, float],
    latencies: list[float],
    count: int,
    slots: asyncio.Semaphore,
) -> None:
    while len(latencies) < count:
        change = await changes.get()
        if change.topic == "message" and change.message in began_at:
            latencies.append(time.perf_counter() - began_at.pop(change.message))
            slots.release()


if __name__ == "__main__":
    main()
