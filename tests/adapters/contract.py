"""What one conformance suite needs of each adapter's loopback platform.

A platform's folder registers by holding a module ``contract_stage.py`` with
``contract_stage() -> AbstractAsyncContextManager[Stage]``: it starts the platform's
loopback server and an adapter that runs against it, and ends both. A module of its own
keeps a platform's library out of the other platforms' tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from greenroom.adapters.base import Adapter
from greenroom.message import ActionKind, Event

COMMUNITIES = ("discord", "slack", "reddit")  # where people are, and say whom they answer
PLATFORMS = (*COMMUNITIES, "terminal", "replay", "example")

MEMBER = "member"  # someone whom the platform knows as a person
ITSELF = "itself"  # the adapter's own account

WAIT_S = 10.0  # on a loaded machine; nothing here waits for time to pass


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing that the adapter made the platform do."""

    kind: ActionKind
    target: str | None  # id of the message that it concerns; None where the platform hides it
    text: str | None = None


@dataclass(slots=True)
class Inbox:
    """An intake that keeps events, and blocks while ``open`` is cleared."""

    events: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    keys: set[str] = field(default_factory=set)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def __call__(self, event: Event) -> bool:
        self.entered.set()
        await self.open.wait()
        is_new = event.key not in self.keys
        self.keys.add(event.key)
        await self.events.put(event)
        return is_new

    async def next(self) -> Event:
        """The next event that comes in."""
        async with asyncio.timeout(WAIT_S):
            return await self.events.get()


class Stage(Protocol):
    """An adapter that runs, connected to its platform on loopback."""

    @property
    def adapter(self) -> Adapter:
        """Connected; ``run`` feeds ``inbox``."""

    @property
    def inbox(self) -> Inbox:
        """Where its events go."""

    @property
    def run(self) -> asyncio.Task[None]:
        """The task of ``adapter.run``; a test may cancel it."""

    @property
    def is_remote(self) -> bool:
        """The platform is another machine: requests can fail, and answers can be lost."""

    @property
    def acks(self) -> asyncio.Queue[str] | None:
        """Ids of messages as the platform hears that they are stored; None: it never hears."""

    async def say(self, text: str, *, author: str = MEMBER) -> str:
        """``MEMBER`` or ``ITSELF`` posts a message; returns its id there."""

    def sent(self) -> Sequence[Sent]:
        """Every action that took effect on the platform, oldest first."""

    def fail_next(self, status: int) -> None:
        """The next action's request is refused with this HTTP status and has no effect."""

    def lose_next(self) -> None:
        """The next action's request takes effect, but its answer never comes."""
