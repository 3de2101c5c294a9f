"""The queue inside a platform at work: a real ledger, sender and backstage behind an adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from greenroom.adapters.base import Adapter
from greenroom.backstage import Backstage
from greenroom.desk import RunningBot
from greenroom.ledger import Ledger
from greenroom.message import Event
from greenroom.sender import Sender


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class AtWork:
    """What takes events in, and remembers what became of them."""

    ledger: Ledger
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def intake(self, event: Event) -> bool:
        """As the loop's."""
        is_new = await self.ledger.inbox.put(event)
        self.arrived.set()
        return is_new


@asynccontextmanager
async def at_work(adapter: Adapter, folder: Path) -> AsyncIterator[AtWork]:
    """One live bot with a desk channel, whose commands and presses are worked as they come."""
    ledger = Ledger(folder / "ledger.db")
    sender = Sender(ledger, {adapter.bot: adapter}, clock=now)
    bot = RunningBot(
        adapter.bot, adapter.platform, "live", adapter.capabilities, has_desk_channel=True
    )
    backstage = Backstage(ledger, {bot.name: bot}, wake=sender.wake, clock=now)
    house = AtWork(ledger)

    async def work() -> None:
        after = 0
        while True:
            await house.arrived.wait()
            house.arrived.clear()
            for pending in await ledger.inbox.pending(after=after, limit=100):
                after = pending.seq
                if pending.event.command is not None:
                    await ledger.record.handled(await backstage.hear(pending), now())
                    sender.wake()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(way) for way in (sender.run(), backstage.run(), work())]
            yield house
            for task in tasks:
                task.cancel()
    finally:
        ledger.close()
