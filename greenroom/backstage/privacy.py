"""What members command about themselves: what is remembered of them, and to be left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from greenroom.desk.wording import listed
from greenroom.ledger import Consent, Forget, Handled, Ledger, Pending
from greenroom.message import Member, Message, Remembered
from greenroom.plan import answer_to

SHOWN: Final = 1_800  # characters; platforms take 2,000

ON: Final = (
    "Memory is on here: personas may keep what you say about yourself, for a limited time."
    " To see it: /memory. To turn it off and erase it: /memory off."
)
OFF: Final = "Memory is off here, and what was remembered of you here is erased."
IS_ON: Final = "Memory is on here. To turn it off and erase what it holds: /memory off."
IS_OFF: Final = "Memory is off here: nothing is remembered of you. To turn it on: /memory on."
IS_OUT: Final = (
    "You opted out: no automated persona answers, profiles or remembers you. To change that: /optin"
)
NOTHING: Final = "Nothing is remembered of you."
ERASE: Final = "To erase one: /memory forget 1. To erase all: /memory forget all."
MORE: Final = "And {} more."
ALL_GONE: Final = "Everything that was remembered of you is erased."
GONE: Final = "Erased: {}."
NONE_SUCH: Final = "There is nothing under that number. To see the list: /memory"
USAGE: Final = "Type /memory, /memory on, /memory off, /memory forget 1 or /memory forget all."
OPTED_OUT: Final = (
    "From now on no automated persona answers, profiles or remembers you, and what was remembered"
    " is erased. The rules still hold for you as for everybody. Commands go on working: /human"
    " for a person, /optin to come back."
)
OPTED_IN: Final = (
    "Personas may answer you again. Nothing is remembered of you unless you type /memory on."
)

_FORGET: Final = re.compile(
    r"forget\s+(?:(all)|(\d{1,9}(?:[\s,]{1,3}\d{1,9}){0,20}))", re.IGNORECASE
)


class Privacy:
    """Obeys ``memory``, ``optout`` and ``optin``.

    Args:
        ledger: Consents and facts.
        clock: The time now, in UTC.
    """

    def __init__(self, ledger: Ledger, *, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock

    async def memory(self, pending: Pending, message: Message, _mode: str) -> Handled:
        """Show what is remembered, turn it on or off, or erase of it."""
        member, asked = message.member, " ".join((pending.event.text or "").lower().split())
        if not asked:
            return _told(pending, await self._shown(member))
        if asked == "off":
            return _told(pending, OFF, Consent(member, "memory", "withdrawn", source=message.key))
        if asked == "on":
            if self._ledger.consents.has_opted_out(member):
                return _told(pending, IS_OUT)
            return _told(pending, ON, Consent(member, "memory", "given", source=message.key))
        wanted = _FORGET.fullmatch(asked)
        if wanted is None:
            return _told(pending, USAGE)
        if wanted[1]:
            return replace(_told(pending, ALL_GONE), forget=Forget(member))
        return await self._forget(pending, member, tuple(map(int, re.findall(r"\d+", wanted[2]))))

    async def opt_out(self, pending: Pending, message: Message, _mode: str) -> Handled:
        """Nobody answers, profiles or remembers from here on; what is remembered is erased."""
        consent = Consent(message.member, "answers", "withdrawn", source=message.key)
        return _told(pending, OPTED_OUT, consent)

    async def opt_in(self, pending: Pending, message: Message, _mode: str) -> Handled:
        """Personas may answer again."""
        consent = Consent(message.member, "answers", "given", source=message.key)
        return _told(pending, OPTED_IN, consent)

    async def _forget(self, pending: Pending, member: Member, numbers: Sequence[int]) -> Handled:
        there = {fact.number for fact in await self._ledger.memories.of(member, self._clock())}
        found = tuple(sorted(there.intersection(numbers)))
        if not found:
            return _told(pending, NONE_SUCH)
        told = GONE.format(listed(map(str, found)))
        return replace(_told(pending, told), forget=Forget(member, found))

    async def _shown(self, member: Member) -> str:
        if self._ledger.consents.has_opted_out(member):
            return IS_OUT
        facts = await self._ledger.memories.of(member, self._clock())
        is_on = self._ledger.consents.memory(member, "*") == "given"
        head = IS_ON if is_on else IS_OFF
        if not facts:
            return f"{head}\n{NOTHING}" if is_on else head
        lines, room = [head], SHOWN - len(head) - len(ERASE)
        for index, fact in enumerate(facts):
            line = await self._line(fact)
            room -= len(line) + 1
            if room < len(MORE) + 4:
                lines.append(MORE.format(len(facts) - index))
                break
            lines.append(line)
        return "\n".join((*lines, ERASE))

    async def _line(self, fact: Remembered) -> str:
        kept = await self._ledger.messages.get(fact.source)
        link = kept.message.permalink if kept else None
        place = link or (kept.message.channel.name if kept else None)
        where = f", {place}" if place else ""
        return (
            f"{fact.number}. {fact.kind}: “{' '.join(fact.text.split())}”"
            f" (you said so on {fact.learned_at:%Y-%m-%d}{where}; {fact.persona} keeps it until"
            f" {fact.expires_at:%Y-%m-%d}; sure to {fact.confidence:.0%})"
        )


def _told(pending: Pending, text: str, *said: Consent) -> Handled:
    return Handled(
        pending.seq,
        pending.event,
        message=pending.event.message,
        planned=answer_to(pending.event, text),
        consents=said,
    )
