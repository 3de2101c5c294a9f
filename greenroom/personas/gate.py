"""The gate: what a persona is about to say or do passes here before it is ordered.

Its text is read by the same triage as members' texts, it carries the disclosure and at first
contact how to be left alone, it stays within the persona's limits, and what the platform cannot
do is taken out. Whatever is held back is said in the decision's notes, and a person gets to see it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from greenroom.message import (
    OURS,
    SPOKEN,
    TO_ONE,
    Action,
    ActionKind,
    Decision,
    Message,
    Purpose,
    Severity,
)
from greenroom.personas.base import with_escalation
from greenroom.personas.contact import FirstContact
from greenroom.personas.schema import Limits
from greenroom.personas.voice import Voice

K = TypeVar("K")

Scores = Callable[[str], Awaitable[Mapping[str, float]]]
"""Triage's scores of a text."""

MAXHARM = 0.5  # what a persona may say at most scores this on any head
HARM = ("toxicity", "insult", "hate", "threat", "obscene", "sexual", "scam", "self_harm")
_MAX_MEMBERS = 10_000  # members whose replies are counted; the longest silent is forgotten


class Gate:
    """Holds back what must not go out.

    Args:
        scores: Reads an outgoing text.
        limits: Each persona's limits.
        voices: Each persona's voice; what has none speaks as it is written.
        first_contact: What a persona's first words to a member carry besides.
    """

    def __init__(
        self,
        scores: Scores,
        limits: Mapping[str, Limits],
        *,
        voices: Mapping[str, Voice] | None = None,
        first_contact: FirstContact | None = None,
    ) -> None:
        self._scores = scores
        self._limits = limits
        self._voices = voices or {}
        self.first_contact = first_contact
        self._by_persona: dict[str, deque[datetime]] = {}
        self._by_member: dict[tuple[str, str], deque[datetime]] = {}

    def set_rules(self, limits: Mapping[str, Limits], voices: Mapping[str, Voice]) -> None:
        """Other limits and voices, from now on; what was said before counts."""
        self._limits = limits
        self._voices = voices

    async def admit(
        self,
        decision: Decision,
        message: Message,
        *,
        capabilities: frozenset[ActionKind],
        disclosure: str,
        now: datetime,
    ) -> Decision:
        """``decision`` with what may go out, and notes on what may not."""
        admitted: list[Action] = []
        held: list[str] = []
        for action in decision.actions:
            action = self._voiced(decision.persona, action, message)
            why = await self._objection(decision.persona, action, message, capabilities, now)
            if why is None:
                admitted.append(_disclosed(action, disclosure))
            else:
                held.append(f"{action.kind} held back: {why}")
        actions = await self._introduced(decision.persona, admitted, message, now)
        passed = replace(decision, actions=actions, notes=(*decision.notes, *held))
        if not held:
            return passed
        return with_escalation(passed, held[0], Severity.LOW)

    def _voiced(self, persona: str, action: Action, message: Message) -> Action:
        """Its own words in its voice; the operator's for a crisis stay as they are."""
        voice = self._voices.get(persona)
        if voice is None or not _is_own(action) or not action.text:
            return action
        return replace(action, text=voice.spoken(action.text, message.channel))

    async def _introduced(
        self, persona: str, admitted: Sequence[Action], message: Message, now: datetime
    ) -> tuple[Action, ...]:
        """The first thing said carries the first contact's line, if this is the first contact."""
        said = next((one for one in admitted if one.kind in TO_ONE and _is_tellable(one)), None)
        if said is None or self.first_contact is None:
            return tuple(admitted)
        line = await self.first_contact.line(persona, message.member, now)
        if line is None:
            return tuple(admitted)
        introduced = replace(said, footer=f"{said.footer}\n{line}" if said.footer else line)
        return tuple(introduced if one is said else one for one in admitted)

    async def _objection(
        self,
        persona: str,
        action: Action,
        message: Message,
        capabilities: frozenset[ActionKind],
        now: datetime,
    ) -> str | None:
        if action.kind in OURS:
            return None
        if action.kind not in capabilities:
            return f"{message.platform} cannot do it"
        if action.kind not in SPOKEN or not action.text or action.purpose is Purpose.CRISIS:
            return None
        word = self._voices[persona].avoided(action.text) if persona in self._voices else None
        if word is not None:
            return f"it says “{word}”, which its voice avoids"
        harm = await harm_in(self._scores, action.text)
        if harm is not None:
            return harm
        if action.kind is ActionKind.REPLY:
            return self._over_limit(persona, message, now)
        return None

    def _over_limit(self, persona: str, message: Message, now: datetime) -> str | None:
        limits = self._limits[persona]
        minute = _recent(self._by_persona, persona, now - timedelta(minutes=1))
        if len(minute) >= limits.replies_per_minute:
            return f"limit of {limits.replies_per_minute} replies a minute"
        member = (persona, f"{message.platform}:{message.community.id}:{message.author.id}")
        hour = _recent(self._by_member, member, now - timedelta(hours=1))
        if len(hour) >= limits.per_member_per_hour:
            return f"limit of {limits.per_member_per_hour} replies to one member an hour"
        minute.append(now)
        hour.append(now)
        _forget_oldest(self._by_member)
        return None


async def harm_in(scores: Scores, text: str) -> str | None:
    """What is harmful about a text that is to go out, or None."""
    found = await scores(text)
    worst = max(HARM, key=lambda head: found.get(head, 0.0))
    if found.get(worst, 0.0) <= MAXHARM:
        return None
    return f"its text reads as {worst} ({found[worst]:.2f})"


def _recent(seen: dict[K, deque[datetime]], key: K, since: datetime) -> deque[datetime]:
    times = seen.pop(key, None) or deque()
    seen[key] = times  # most recently used last
    while times and times[0] <= since:
        times.popleft()
    return times


def _forget_oldest(seen: dict[K, deque[datetime]]) -> None:
    while len(seen) > _MAX_MEMBERS:
        del seen[next(iter(seen))]


def _is_own(action: Action) -> bool:
    return action.purpose not in (None, Purpose.CRISIS)


def _disclosed(action: Action, disclosure: str) -> Action:
    """With the disclosure under it, in a paragraph of its own.

    Somewhere in the text it does not count: quoted, hidden or taken back it discloses nothing.
    """
    if action.kind not in SPOKEN or not action.text:
        return action
    if action.text == disclosure or action.text.endswith(f"\n\n{disclosure}"):
        return action
    return replace(action, footer=disclosure)


def _is_tellable(action: Action) -> bool:
    """Somebody in need hears what helps, and nothing else."""
    return bool(action.text) and action.purpose is not Purpose.CRISIS
