"""Plays a scenario through a whole house: real ledger, Qdrant, model, loop and outbox.

Only the platform is a recording without messages, which performs whatever it is asked, and time
is the script's. What members read comes back as a transcript.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from greenroom.app import House, open_house
from greenroom.company import gather
from greenroom.ledger import Case
from greenroom.ledger.codec import decode
from greenroom.message import Action, Author, Channel, Community, Event, EventKind, Message
from greenroom.scheduler import Scheduler
from greenroom.starter import lay_out

FOLDER = Path(__file__).parent
BOT = "replay"
_WAIT_S = 30.0
_DONE = """
SELECT o.id, o.by, o.action, o.state, m.channel FROM outbox o JOIN messages m ON m.key = o.message
WHERE o.id > ? ORDER BY o.id
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, and what should come of it."""

    line: int
    says: str | None = None
    by: str = "mika"
    where: str = "general"
    thread: str | None = None
    after: timedelta | None = None
    repeat: int = 1
    expect: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script, as its file says it."""

    name: str
    title: str
    about: str
    personas: dict[str, list[str]]  # each with the channels in which it is on stage
    begins: datetime
    script: tuple[Step, ...]
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)  # of a persona's file


@dataclass(frozen=True, slots=True)
class Did:
    """What a persona did."""

    persona: str
    channel: str
    action: Action
    state: str


@dataclass(frozen=True, slots=True)
class Happened:
    """A step, and what came of it."""

    step: Step
    at: datetime
    did: tuple[Did, ...] = ()
    cases: tuple[Case, ...] = ()


def scenarios() -> list[Path]:
    """Every script."""
    return sorted(FOLDER.glob("*.yaml"))


def read_scenario(path: Path) -> Scenario:
    """A script from its file."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    steps = tuple(_step(number, one) for number, one in enumerate(raw["script"], start=1))
    return Scenario(
        path.stem,
        raw["title"],
        raw["about"],
        raw["personas"],
        datetime.fromisoformat(raw["begins"]),
        steps,
        raw.get("changes", {}),
    )


def _step(number: int, raw: dict[str, Any]) -> Step:
    known = dict(raw)
    known["where"] = str(known.pop("in", "general")).removeprefix("#")
    if "after" in known:
        amount, unit = str(known["after"]).split()
        known["after"] = timedelta(**{unit.rstrip("s") + "s": float(amount)})
    return Step(number, **known)


@dataclass(slots=True)
class Clock:
    """The script's time."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Stage:
    """A house that runs, and the script's time."""

    house: House
    scenario: Scenario
    clock: Clock
    said: int = 0
    seen: int = 0  # the last effect that was told
    cases: set[int] = field(default_factory=set)

    async def play(self) -> list[Happened]:
        """The whole script."""
        return [await self._step(step) for step in self.scenario.script]

    async def _step(self, step: Step) -> Happened:
        if step.after is not None:
            self.clock.now += step.after
            await self._occasions()
        if step.says is not None:
            for _ in range(step.repeat):
                self.clock.now += timedelta(seconds=20)
                await self.house.loop.take_in(self._event(step, step.says))
        await self._settled()
        return await self._what_happened(step)

    def _event(self, step: Step, text: str) -> Event:
        self.said += 1
        message = Message(
            platform="replay",
            community=Community("recording", "the workshop"),
            channel=Channel(step.where, step.where),
            id=f"s{self.said}",
            author=Author(step.by, step.by),
            text=text,
            thread=step.thread,
            mentions_me=text.startswith("@"),
            posted_at=self.clock.now,
            permalink=f"https://chat.example/{step.where}/{self.said}",
        )
        return Event(EventKind.MESSAGE_POSTED, BOT, "replay", self.clock.now, message)

    async def _occasions(self) -> None:
        scheduler = Scheduler(self.house.loop.take_in, self.clock)
        await scheduler.look(BOT, self.house.loop.stages[BOT])

    async def _settled(self) -> None:
        """Until nothing waits: neither in the inbox nor in the outbox."""
        ledger = self.house.ledger
        async with asyncio.timeout(_WAIT_S):
            while True:
                waiting = await ledger.inbox.depth() or await ledger.outbox.depth()
                if not waiting and not await ledger.memories.unindexed():
                    return
                await asyncio.sleep(0.01)

    async def _what_happened(self, step: Step) -> Happened:
        with closing(sqlite3.connect(self.house.ledger.path)) as connection:
            rows = connection.execute(_DONE, (self.seen,)).fetchall()
        did = [Did(by.removeprefix("persona:"), where, decode(Action, action), state)
               for _, by, action, state, where in rows]  # fmt: skip
        self.seen = rows[-1][0] if rows else self.seen
        queue = await self.house.ledger.cases.queue(limit=200)
        opened = sorted(
            (case for case, _ in queue if case.id not in self.cases), key=lambda case: case.id
        )
        self.cases.update(case.id for case in opened)
        return Happened(step, self.clock.now, tuple(did), tuple(opened))


@asynccontextmanager
async def on_stage(scenario: Scenario, folder: Path) -> AsyncIterator[Stage]:
    """The starter's deployment with the scenario's personas, on a recording without messages."""
    list(lay_out(folder, bots=["replay"]))
    _change(folder, scenario)
    company = gather(folder / "config.yaml")
    desk = company.deployment.config.desk.model_copy(update={"port": 0})
    config = company.deployment.config.model_copy(update={"desk": desk})
    company = replace(company, deployment=replace(company.deployment, config=config))
    clock = Clock(scenario.begins)
    async with open_house(company, clock=clock) as house:
        running = asyncio.create_task(house.loop.run())
        try:
            yield Stage(house, scenario, clock)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _change(folder: Path, scenario: Scenario) -> None:
    """The bot's file, and what the scenario wants otherwise in a persona's."""
    places = {name: {"in": channels} for name, channels in scenario.personas.items()}
    (folder / "silence.jsonl").write_text("", "utf-8")
    bot = {
        "adapter": "replay",
        "file": "silence.jsonl",
        "channels": ["general", "help", "introductions", "events", "digest"],
        "mode": "live",
        "personas": places,
    }
    (folder / "bots" / "replay.yaml").write_text(yaml.safe_dump(bot), "utf-8")
    for name, changes in scenario.changes.items():
        path = folder / "personas" / f"{name}.yaml"
        whole = yaml.safe_load(path.read_text("utf-8"))
        path.write_text(yaml.safe_dump({**whole, **changes}, allow_unicode=True), "utf-8")
