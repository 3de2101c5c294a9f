"""Who has the word: one conversation, one speaker.

A conversation is a thread, or what a member and a persona say to each other in a channel. Whoever
spoke last in it keeps the word for some minutes, so that no second persona joins in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from greenroom.message import Message

KEPT: Final = timedelta(minutes=15)
_MOST: Final = 20_000  # conversations; the longest silent is forgotten


@dataclass(frozen=True, slots=True)
class Word:
    """Who has the word in a conversation, and whom they talk with."""

    speaker: str | None = None
    is_partner: bool = False  # the author of the message is whom the speaker talks with


@dataclass(slots=True)
class _Held:
    speaker: str
    at: datetime
    partners: set[str]


class Floor:
    """Remembers who spoke last, in memory; a start fills it from the ledger."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def word(self, message: Message, now: datetime) -> Word:
        """Who has the word where a message stands."""
        held = next((self._held[key] for key in _conversations(message) if key in self._held), None)
        if held is None or now - held.at > KEPT:
            return Word()
        return Word(held.speaker, message.author.id in held.partners)

    def took(self, message: Message, persona: str, now: datetime) -> None:
        """``persona`` has answered a message."""
        for key in (*_conversations(message), f"{_place(message)}:{message.id}"):
            held = self._held.pop(key, None)
            partners = held.partners if held and held.speaker == persona else set()
            self._held[key] = _Held(persona, now, partners | {message.author.id})
        while len(self._held) > _MOST:
            del self._held[next(iter(self._held))]


def _conversations(message: Message) -> Iterator[str]:
    """The thread, if it stands in one; else the channel with this member."""
    if message.thread:
        yield f"{_place(message)}:{message.thread}"
    else:
        yield f"{_place(message)}::{message.author.id}"


def _place(message: Message) -> str:
    return f"{message.platform}:{message.community.id}:{message.channel.id}"
