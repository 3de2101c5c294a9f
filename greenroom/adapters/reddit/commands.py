"""What members command by writing it, and how whoever commanded is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from greenroom.adapters.reddit.words import NAME
from greenroom.errors import DropMessage

_COMMAND = re.compile(
    r"[/!](human|appeal|why|memory|optout|optin)\b[\s:,.!?-]*(.*)", re.DOTALL | re.IGNORECASE
)
_LETTER = re.compile(r"letter:(t4_[a-z0-9]{1,13})")
_MODMAIL = re.compile(r"modmail:([A-Za-z0-9]{1,20})")
_MEMBER = re.compile(rf"member:({NAME})")


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it was written."""

    name: str
    argument: str | None = None


def read_command(text: str, me: str) -> Command | None:
    """The command at the start of a text, perhaps after our name; None if there is none."""
    called = re.match(rf"\s*/?u/{re.escape(me)}\b[\s:,.!-]*?(?=[/!\s]|$)", text, re.IGNORECASE)
    rest = text[called.end() :] if called else text
    found = _COMMAND.match(rest.lstrip())
    if found is None:
        return None
    return Command(found[1].lower(), found[2].strip() or None)


@dataclass(frozen=True, slots=True)
class Respond:
    """Where an answer goes: one of the three."""

    letter: str | None = None  # the private message that it answers
    conversation: str | None = None  # of modmail
    member: str | None = None  # who is written to

    def __str__(self) -> str:
        if self.letter is not None:
            return f"letter:{self.letter}"
        if self.conversation is not None:
            return f"modmail:{self.conversation}"
        return f"member:{self.member}"


def read_respond(ref: str | None) -> Respond:
    """What an event's ``respond`` stands for.

    Raises:
        DropMessage: It is none of ours.
    """
    if found := _LETTER.fullmatch(ref or ""):
        return Respond(letter=found[1])
    if found := _MODMAIL.fullmatch(ref or ""):
        return Respond(conversation=found[1])
    if found := _MEMBER.fullmatch(ref or ""):
        return Respond(member=found[1])
    raise DropMessage(f"Reddit has no way to answer {ref!a}")
