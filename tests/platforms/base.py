"""What every platform on loopback can be asked, by the demo, the soak and the benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .faults import Fault


@dataclass(frozen=True, slots=True)
class Said:
    """One message that stands on the platform."""

    id: str
    author: str
    text: str
    answers: str | None = None  # id of the message that it answers


class Platform(Protocol):
    """A community on loopback, which speaks its platform's wire."""

    @property
    def bot(self) -> Mapping[str, Any]:
        """The keys of a ``bots/NAME.yaml`` that connects to it, ``adapter`` included."""

    async def say(self, text: str, *, author: str = "ada", channel: str = "help") -> str:
        """A member posts; whoever listens is told. Returns the message's id."""

    async def order(self, fault: Fault) -> None:
        """Let something go wrong, at once or at the next request or event."""

    def said_by_bot(self) -> Sequence[Said]:
        """What the bot posted and still stands, oldest first."""
