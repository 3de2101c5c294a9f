"""How long each kind of persona takes from a message to its reply, and how many it gives a second.

    python -m benchmarks.personas [--messages 200]

A whole house on embedded defaults: durable inbox, triage, Qdrant, decide, gate, record, outbox;
the platform is a recording that performs at once. Latency: one message at a time, from the moment
it is taken in to the moment the adapter is asked to reply. Rate: all messages at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import yaml

from greenroom.adapters.replay import ReplayAdapter
from greenroom.app import House, open_house
from greenroom.clock import utc_now
from greenroom.company import Company, gather
from greenroom.message import Author, Channel, Community, Event, EventKind, Message, Order, Outcome
from greenroom.starter import lay_out
from greenroom.triage.providers import cpu_features, describe_cpu

ASKED = (
    "how do I get the verified role?",
    "when is the next build night?",
    "may I post a link to my shop?",
    "how do I appeal a ban?",
    "can I write in German here?",
    "how do I ask a good question?",
    "what should I write in my introduction?",
    "which channels are there?",
)
TALK = ("hello there!", "I built a lamp today", "thank you", "that went wrong again", "good night")


@dataclass(frozen=True, slots=True)
class Part:
    """What one kind is measured with."""

    kind: str
    persona: str
    channel: str
    says: Callable[[int], str]
    mentions_me: bool = False


PARTS = (
    Part("assistant", "guide", "help", lambda n: f"{ASKED[n % len(ASKED)]} ({n})"),
    Part("companion", "host", "general", lambda n: f"{TALK[n % len(TALK)]} {n}", mentions_me=True),
    Part("curator", "archivist", "introductions", lambda n: f"Hi, I am number {n}, I mend radios."),
    Part("moderator", "warden", "general", lambda n: f"FREE NITRO for number {n}"),
    Part("advocate", "herald", "events", lambda n: f"when is build night number {n}?"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one kind: milliseconds, and replies a second."""

    kind: str
    messages: int
    replied: int
    p50_ms: float
    p99_ms: float
    replies_per_second: float


class Timed(ReplayAdapter):
    """Notes when it is asked to do something about a message."""

    asked: dict[str, float]
    arrived: asyncio.Event

    async def perform(self, order: Order) -> Outcome:
        self.asked.setdefault(order.message.key, time.perf_counter())
        self.arrived.set()
        return await super().perform(order)


async def measure(part: Part, messages: int) -> Result:
    """One kind, alone on stage."""
    with tempfile.TemporaryDirectory() as folder:
        company = _company(part, Path(folder))
        async with open_house(company) as house:
            adapter = house.adapters["replay"]
            assert isinstance(adapter, ReplayAdapter)
            adapter.__class__ = Timed  # the composition root made it
            assert isinstance(adapter, Timed)
            adapter.asked, adapter.arrived = {}, asyncio.Event()
            async with asyncio.TaskGroup() as group:
                running = group.create_task(house.loop.run())
                await _latencies(house, adapter, part, range(20))  # warm
                took = await _latencies(house, adapter, part, range(20, 20 + messages))
                rate = await _rate(house, adapter, part, range(20 + messages, 20 + 2 * messages))
                running.cancel()
    ms = sorted(1000 * one for one in took)
    p99 = ms[min(len(ms) - 1, int(0.99 * len(ms)))]
    return Result(
        part.kind, messages, len(ms), round(statistics.median(ms), 1), round(p99, 1), round(rate, 1)
    )


async def _latencies(
    house: House, adapter: Timed, part: Part, numbers: Sequence[int]
) -> list[float]:
    took = []
    for number in numbers:
        event = _event(part, number)
        began = time.perf_counter()
        await house.loop.take_in(event)
        answered = await _answer(adapter, event)
        if answered is not None:
            took.append(answered - began)
        await _settled(house)
    return took


async def _answer(adapter: Timed, event: Event) -> float | None:
    assert event.message is not None
    try:
        async with asyncio.timeout(5.0):
            while event.message.key not in adapter.asked:
                adapter.arrived.clear()
                await adapter.arrived.wait()
    except TimeoutError:
        return None
    return adapter.asked[event.message.key]


async def _rate(house: House, adapter: Timed, part: Part, numbers: Sequence[int]) -> float:
    events = [_event(part, number) for number in numbers]
    before, began = len(adapter.asked), time.perf_counter()
    await asyncio.gather(*(house.loop.take_in(event) for event in events))
    await _settled(house)
    last = max(adapter.asked.values())
    return (len(adapter.asked) - before) / (last - began)


async def _settled(house: House) -> None:
    while await house.ledger.inbox.depth() or await house.ledger.outbox.depth():  # noqa: ASYNC110
        await asyncio.sleep(0.002)


def _event(part: Part, number: int) -> Event:
    now = utc_now()
    message = Message(
        platform="replay",
        community=Community("recording", "the workshop"),
        channel=Channel(part.channel, part.channel),
        id=f"{part.kind}-{number}",
        author=Author(f"m{number}", f"member {number}"),
        text=part.says(number),
        mentions_me=part.mentions_me,
        posted_at=now,
    )
    return Event(EventKind.MESSAGE_POSTED, "replay", "replay", now, message)


def _company(part: Part, folder: Path) -> Company:
    list(lay_out(folder, bots=["replay"]))
    (folder / "silence.jsonl").write_text("", "utf-8")
    bot = {
        "adapter": "replay",
        "file": "silence.jsonl",
        "mode": "live",
        "personas": {part.persona: {"in": ["*"]}},
    }
    (folder / "bots" / "replay.yaml").write_text(yaml.safe_dump(bot), "utf-8")
    path = folder / "personas" / f"{part.persona}.yaml"
    persona = yaml.safe_load(path.read_text("utf-8"))
    persona["limits"] = {"replies_per_minute": 1_000_000, "per_member_per_hour": 1_000_000}
    path.write_text(yaml.safe_dump(persona, allow_unicode=True), "utf-8")
    company = gather(folder / "config.yaml")
    desk = company.deployment.config.desk.model_copy(update={"port": 0})
    config = company.deployment.config.model_copy(update={"desk": desk})
    return replace(company, deployment=replace(company.deployment, config=config))


def main() -> None:
    """Measure each kind, and print a table and JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--messages", type=int, default=200)
    messages = parser.parse_args().messages
    results = [asyncio.run(measure(part, messages)) for part in PARTS]
    print(f"CPU: {describe_cpu(cpu_features())}; {messages} messages a kind")
    print(f"{'kind':<12}{'replied':>9}{'p50 ms':>9}{'p99 ms':>9}{'replies/s':>11}")
    for one in results:
        print(
            f"{one.kind:<12}{one.replied:>9}{one.p50_ms:>9}{one.p99_ms:>9}"
            f"{one.replies_per_second:>11}"
        )
    print(json.dumps([asdict(one) for one in results]))


if __name__ == "__main__":
    main()
