"""A person can always step in: how a member asks for one."""

from __future__ import annotations

import re

from greenroom.message import Message

_COMMAND = re.compile(r"^\s*(?:<@[^>]+>\s*|@\S+\s+)?[/!]human\b", re.IGNORECASE)
_WORDS = re.compile(
    r"\b(?:talk|speak|chat|get|reach|ask|need|want|call|contact)\b.{0,30}"
    r"\b(?:human|person|people|moderator|someone real|staff)\b",
    re.IGNORECASE | re.DOTALL,
)


def asks_for_a_person(message: Message) -> bool:
    """True for ``/human`` or ``!human``, or for words to that effect said to the bot itself."""
    if _COMMAND.match(message.text[:200]):
        return True
    return bool(message.mentions_me and _WORDS.search(message.text[:2000]))
