"""Commands in plain words, for places where a platform offers no commands: ``!optout``.

Only the command and nothing else is one, so that no rule misses words that stand behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from greenroom.message import Event, EventKind, Message

_LONGEST: Final = 200  # characters
_NUMBERS: Final = r"all|\d{1,9}(?:[\s,]{1,3}\d{1,9}){0,20}"
_COMMAND: Final = re.compile(
    r"\s*(?:<@[^>\s]{1,64}>\s*|@\S{1,64}\s+)?[/!]"
    rf"(?:(?P<memory>memory)(?:\s+(?P<rest>on|off|forget\s+(?:{_NUMBERS})))?"
    r"|(?P<other>opt-?out|opt-?in|why))"
    r"(?:\s+(?:please|now|thanks|thank you)){0,3}\s*[.!]?\s*",
    re.IGNORECASE,
)
_LEAVE: Final = re.compile(
    r"\s*(?:<@[^>\s]{1,64}>\s*|/?[@u]\S{1,64}\s+)?[/!]opt-?out\b", re.IGNORECASE
)
_BY_ADAPTER: Final = frozenset({"reddit"})  # it reads commands in words itself


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command as somebody wrote it."""

    name: str
    argument: str | None = None


def spoken_command(event: Event) -> Spoken | None:
    """The command that a member's message is; None if it is an ordinary one."""
    message = event.message
    if event.kind is not EventKind.MESSAGE_POSTED or message is None:
        return None
    if message.platform in _BY_ADAPTER or message.author.is_bot or message.author.is_self:
        return None
    if len(message.text) > _LONGEST or message.title:
        return None
    found = _COMMAND.fullmatch(message.text)
    if found is None:
        return None
    name = (found["memory"] or found["other"]).lower().replace("-", "")
    return Spoken(name, found["rest"])


def asks_to_be_left_alone(message: Message) -> bool:
    """True for what begins with ``/optout``: whatever it is to its platform, nobody answers it."""
    return _LEAVE.match(message.text[:_LONGEST]) is not None
