"""Every message once in, every reply once out, while the platform misbehaves.

    python -m benchmarks.soak [--platform discord] [--seconds 600] [--every 3]

Members talk on a platform on loopback; the real adapter, library, supervisor, inbox, outbox and
sender are between it and a part that answers every fourth message. Every few seconds one of the
faults of ``tests/platforms/faults.py`` is ordered. At the end the platform behaves; then all that
was said must be in the ledger once, and all that was ordered must stand on the platform once.
The model is left out: nothing here decides.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from greenroom.adapters.base import Adapter
from greenroom.clock import utc_now
from greenroom.company import gather, make_adapter
from greenroom.ledger import Handled, Ledger, Pending, Planned, order_key
from greenroom.message import Action, ActionKind, Event, EventKind
from greenroom.sender import Sender
from greenroom.starter import lay_out
from greenroom.supervisor import Backoff, supervise
from tests.platforms.base import Platform
from tests.platforms.faults import Fault

PLATFORMS = ("discord", "slack", "reddit")
ANSWERED = 4  # every so manieth message
CALM_S = 120.0  # for what is under way when the faults end
SAMPLE_S = 2.0
MEMBERS, CHANNELS = 20, ("help", "general", "random")


@dataclass(slots=True)
class Result:
    """What a soak came to; memory is the process's, in MiB, the platform's included."""

    platform: str
    seconds: float
    faults: dict[str, int]
    said: int
    lost: int
    answered: int
    unanswered: int
    doubled: int
    repeated_deliveries: int
    backfilled: int
    missed: int
    memory_first_third: float
    memory_last_third: float


@dataclass(slots=True)
class Watch:
    """What was seen while it ran."""

    said: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    ordered: set[str] = field(default_factory=set)  # texts of replies
    replies: dict[str, str] = field(default_factory=dict)  # the platform's id: text
    memory: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", choices=PLATFORMS, action="append")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two faults")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in options.platform or PLATFORMS:
        result = asyncio.run(
            soak(name, seconds=options.seconds, every_s=options.every, seed=options.seed)
        )
        print(json.dumps(asdict(result), indent=1), flush=True)


async def soak(name: str, *, seconds: float, every_s: float = 3.0, seed: int = 1) -> Result:
    """One platform, for so long."""
    module = importlib.import_module(f"tests.platforms.{name}.platform")
    with tempfile.TemporaryDirectory(prefix="greenroom-soak-") as folder:
        async with module.platform() as platform:
            adapter = _adapter(Path(folder), name, platform)
            ledger = Ledger(Path(folder) / "ledger.db")
            try:
                return await _soak(platform, adapter, ledger, seconds, every_s, random.Random(seed))
            finally:
                ledger.close()


def _adapter(folder: Path, name: str, platform: Platform) -> Adapter:
    list(lay_out(folder, bots=[]))
    bot = {"mode": "live", "personas": {"warden": {"in": ["*"]}}, **platform.bot}
    (folder / "bots").mkdir(exist_ok=True)
    (folder / "bots" / f"{name}.yaml").write_text(yaml.safe_dump(bot))
    company = gather(folder / "config.yaml")
    return make_adapter(company.deployment.bots[name], company.deployment)


async def _soak(
    platform: Platform,
    adapter: Adapter,
    ledger: Ledger,
    seconds: float,
    every_s: float,
    chance: random.Random,
) -> Result:
    watch = Watch()
    sender = Sender(
        ledger,
        {adapter.bot: adapter},
        clock=utc_now,
        deadline_s=10.0,
        attempts=100,
        backoff=Backoff(first_s=0.2, cap_s=3.0),
    )
    arrived = asyncio.Event()

    async def take_in(event: Event) -> bool:
        is_new = await ledger.inbox.put(event)
        if is_new:
            arrived.set()
        return is_new

    backoff = Backoff(first_s=0.2, cap_s=3.0)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(supervise(adapter, take_in, backoff=backoff)),
            group.create_task(sender.run()),
            group.create_task(_decide(ledger, sender, arrived, watch)),
            group.create_task(_look(platform, watch)),
        ]
        await _until(lambda: adapter.health().is_connected, 30.0)
        await _misbehave(platform, watch, seconds, every_s, chance)
        await _until(lambda: watch.said <= watch.stored, CALM_S)
        await _until(lambda: watch.ordered <= set(watch.replies.values()), CALM_S)
        await asyncio.sleep(2 * SAMPLE_S)  # for what would come twice
        for task in tasks:
            task.cancel()
    return _result(adapter, watch, seconds)


async def _misbehave(
    platform: Platform, watch: Watch, seconds: float, every_s: float, chance: random.Random
) -> None:
    """Members talk at a few messages a second, and now and then something breaks."""
    end, next_fault = time.monotonic() + seconds, time.monotonic() + every_s
    number = 0
    while time.monotonic() < end:
        number += 1
        author, channel = f"member{number % MEMBERS}", chance.choice(CHANNELS)
        watch.said.add(await platform.say(f"message {number}", author=author, channel=channel))
        if time.monotonic() >= next_fault:
            fault = chance.choice(list(Fault))
            await platform.order(fault)
            watch.faults[fault] += 1
            next_fault = time.monotonic() + every_s
        await asyncio.sleep(chance.uniform(0.05, 0.35))


async def _decide(ledger: Ledger, sender: Sender, arrived: asyncio.Event, watch: Watch) -> None:
    """Instead of the loop: note what came, and answer every fourth message."""
    after = 0
    while True:
        arrived.clear()
        batch = await ledger.inbox.pending(after=after, limit=256)
        for pending in batch:
            after = pending.seq
            await ledger.record.handled(_handled(pending, watch), utc_now())
            sender.wake()
        if not batch:
            await arrived.wait()


def _handled(pending: Pending, watch: Watch) -> Handled:
    event, message = pending.event, pending.event.message
    if event.kind is not EventKind.MESSAGE_POSTED or message is None or message.author.is_self:
        return Handled(pending.seq, event)
    assert message.id not in watch.stored, f"{message.key} came in twice"
    watch.stored.add(message.id)
    planned: tuple[Planned, ...] = ()
    if len(watch.stored) % ANSWERED == 0:
        text = f"I read {message.text}."
        watch.ordered.add(text)
        action = Action(ActionKind.REPLY, text=text)
        key = order_key(event.bot, message, action, by="soak")
        planned = (Planned(action, event.bot, "soak", key),)
    return Handled(pending.seq, event, "live", message, planned=planned)


async def _look(platform: Platform, watch: Watch) -> None:
    """Note what the bot said, as the platform has it, and how large the process is."""
    while True:
        for said in platform.said_by_bot():
            watch.replies[said.id] = said.text
        watch.memory.append(_memory_mib())
        await asyncio.sleep(SAMPLE_S)


async def _until(holds: Callable[[], bool], seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 (what it waits for has no event)
                await asyncio.sleep(0.1)


def _memory_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return (
        int(next(row for row in status.splitlines() if row.startswith("VmRSS:")).split()[1]) / 1024
    )


def _result(adapter: Adapter, watch: Watch, seconds: float) -> Result:
    third = max(1, len(watch.memory) // 3)
    counts = Counter(text for text in watch.replies.values() if text in watch.ordered)
    gaps = adapter.health().gaps
    return Result(
        platform=adapter.platform,
        seconds=seconds,
        faults=dict(watch.faults),
        said=len(watch.said),
        lost=len(watch.said - watch.stored),
        answered=len(counts),
        unanswered=len(watch.ordered - set(counts)),
        doubled=sum(count - 1 for count in counts.values()),
        repeated_deliveries=gaps.duplicate,
        backfilled=gaps.backfilled,
        missed=gaps.missed,
        memory_first_third=statistics.mean(watch.memory[:third]),
        memory_last_third=statistics.mean(watch.memory[-third:]),
    )


if __name__ == "__main__":
    main()
