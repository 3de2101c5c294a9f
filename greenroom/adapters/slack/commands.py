"""Slash commands: ``/human``, or ``/greenroom human`` where another app took the short name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from greenroom.adapters.slack.payload import Payload, word

COMMANDS: Final = ("human", "appeal", "why", "memory", "optout", "optin")
OURS: Final = "greenroom"
USAGE: Final = (
    "Type `/human` to reach a person, `/why` to hear why something was done to your message, "
    "`/appeal` and your reasons to object, `/memory` to see what is remembered of you, `/optout` "
    "to be left alone by automated personas, `/optin` to come back. If another app answers "
    "instead, put `/greenroom` in front: `/greenroom human`."
)


@dataclass(frozen=True, slots=True)
class Given:
    """A command as somebody typed it."""

    name: str
    argument: str

    @property
    def spoken(self) -> str:
        """The command as an utterance."""
        return f"/{self.name} {self.argument}".rstrip()


def read_command(body: Payload) -> Given | None:
    """The command in a payload; ``None`` if it is none that we know."""
    name = (word(body, "command") or "").removeprefix("/").lower()
    rest = (word(body, "text") or "").strip()
    if name == OURS:
        name, rest = (*rest.split(None, 1), "", "")[:2]
        name = name.removeprefix("/").lower()
    return Given(name, rest.strip()) if name in COMMANDS else None
