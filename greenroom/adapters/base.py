"""The contract between a platform and Greenroom: events out, actions in, capabilities, health."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from greenroom.message import ActionKind, Event, Order, Outcome

Intake = Callable[[Event], Awaitable[bool]]
"""Stores an event durably; true if it is new. Acknowledge to the platform only after it returns."""

Clock = Callable[[], datetime]
"""The time now, in UTC."""


@dataclass(frozen=True, slots=True)
class Health:
    """How an adapter fares, for the desk and the log."""

    is_connected: bool = False
    since: datetime | None = None  # when it last connected
    last_event_at: datetime | None = None
    detail: str = ""


class Adapter(Protocol):
    """A platform's connection for one bot.

    ``run`` connects and feeds ``intake`` until cancelled, or until the connection ends:
    ``RetryLater`` asks the supervisor to start it again with back-off, ``ConfigError`` and
    ``GiveUp`` end the process. ``perform`` carries out one order while ``run`` runs; it
    raises ``RetryLater`` (with ``maybe_done`` when the outcome is unknown) or
    ``DropMessage``, and never performs one key twice.
    """

    @property
    def bot(self) -> str:
        """The bot's name: the stem of its YAML file."""

    @property
    def platform(self) -> str:
        """``discord``, ``slack``, ``reddit``, ``terminal`` or ``replay``."""

    @property
    def capabilities(self) -> frozenset[ActionKind]:
        """What the platform can do."""

    async def run(self, intake: Intake) -> None:
        """Connect and feed ``intake``."""

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order."""

    def health(self) -> Health:
        """How it fares."""
