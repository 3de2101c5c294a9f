"""The recording's part in the conformance suite: a file that grows while it is played."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from greenroom.adapters.replay import ReplayAdapter
from greenroom.adapters.settings import ReplaySettings
from greenroom.message import Order, Outcome
from tests.adapters.contract import Sent, Stage
from tests.adapters.local_stage import local_stage


class Watched(ReplayAdapter):
    """A recording shows nothing of what is done: so what is asked of it is noted."""

    def __init__(self, settings: ReplaySettings) -> None:
        super().__init__("acme", settings)
        self.effects: dict[str, Sent] = {}

    async def perform(self, order: Order) -> Outcome:
        outcome = await super().perform(order)
        action = order.action
        self.effects.setdefault(outcome.ref or "", Sent(action.kind, None, action.text))
        return outcome


@asynccontextmanager
async def contract_stage() -> AsyncIterator[Stage]:
    """An empty recording that is played, and written at its end."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "messages.jsonl"
        file.touch()
        settings = ReplaySettings(file=file, messages_per_second=None, follow=True)
        adapter = Watched(settings)

        def speak(text: str, number: int) -> str:
            with file.open("a") as recording:
                recording.write(json.dumps({"id": f"m{number}", "text": text}) + "\n")
            return f"m{number}-0"

        def shown() -> Sequence[Sent]:
            return list(adapter.effects.values())

        async with local_stage(adapter, speak, shown) as stage:
            yield stage
