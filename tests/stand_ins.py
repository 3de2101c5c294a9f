"""A platform on which tests decide what goes wrong. It keeps the adapter contract."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from greenroom.adapters.base import Health, Intake
from greenroom.message import ActionKind, Event, Order, Outcome


class ScriptedAdapter:
    """Yields the given events, then stays connected; performs by a script.

    Args:
        bot: The bot's name.
        events: What it feeds at once.
        script: Called for each order before it counts as performed; may raise.
    """

    platform = "discord"
    capabilities = frozenset(ActionKind)

    def __init__(
        self,
        bot: str = "b",
        events: tuple[Event, ...] = (),
        script: Callable[[Order], None] = lambda order: None,
    ) -> None:
        self.bot = bot
        self.events = events
        self.script = script
        self.performed: list[Order] = []
        self.tried: list[Order] = []
        self.idle = asyncio.Event()

    async def run(self, intake: Intake) -> None:
        for event in self.events:
            await intake(event)
        self.idle.set()
        await asyncio.Event().wait()

    async def perform(self, order: Order) -> Outcome:
        self.tried.append(order)
        self.script(order)
        self.performed.append(order)
        return Outcome(ref=f"ref-{len(self.performed)}")

    def health(self) -> Health:
        return Health(is_connected=self.idle.is_set())
