"""Who has the word: one conversation, one speaker.

A conversation is a thread, or what a member and a persona say to each other in a channel. Whoever
spoke last in it keeps the word for some minutes, so that no second persona joins in. Where answers
come quicker than a person types, as of another bot that does not say that it is one, it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from greenroom.message import Message

KEPT: Final = timedelta(minutes=15)
QUICK: Final = timedelta(seconds=2)
"""An answer to an answer that comes within this was hardly typed by a person."""

MOST_QUICK: Final = 5  # such answers in a row, before no more is said
_MOST: Final = 20_000  # conversations; the longest silent is forgotten


@dataclass(frozen=True, slots=True)
class Word:
    """Who has the word in a conversation, and whom they talk with."""

    speaker: str | None = None
    is_partner: bool = False  # the author of the message is whom the speaker talks with
    is_rushed: bool = False  # answers have come quicker than a person types, again and again


@dataclass(slots=True)
class _Held:
    speaker: str
    at: datetime
    partners: set[str]
    quick: int = 0  # answers in a row that came right after the one before


class Floor:
    """Remembers who spoke last, in memory; a start fills it from the ledger."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def word(self, message: Message, now: datetime) -> Word:
        """Who has the word where a message stands."""
        held = next((self._held[key] for key in _conversations(message) if key in self._held), None)
        if held is None or now - held.at > KEPT:
            return Word()
        is_rushed = held.quick >= MOST_QUICK and now - held.at < QUICK
        return Word(held.speaker, message.author.id in held.partners, is_rushed)

    def took(self, message: Message, persona: str, now: datetime) -> None:
        """``persona`` has answered a message."""
        for key in (*_conversations(message), f"{_place(message)}:{message.id}"):
            held = self._held.pop(key, None)
            goes_on = held is not None and held.speaker == persona
            partners = held.partners if held is not None and goes_on else set()
            is_quick = held is not None and goes_on and now - held.at < QUICK
            quick = held.quick + 1 if held is not None and is_quick else 0
            self._held[key] = _Held(persona, now, partners | {message.author.id}, quick)
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
