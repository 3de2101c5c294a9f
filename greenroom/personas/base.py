"""The contract of a persona on stage: what it needs to know, and how it decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from greenroom.message import (
    Action,
    ActionKind,
    Decision,
    EventKind,
    Message,
    Purpose,
    Severity,
    Signals,
)
from greenroom.policies import Count


@dataclass(frozen=True, slots=True)
class Needs:
    """What triage and context must find before a persona can decide; nothing else is computed.

    Attributes:
        scores: Triage's scores.
        floor: The lowest score that it does anything at, 0..1.
        intent: Intent and sentiment.
        language: The language.
        precedents: Messages alike that people judged.
        likeness: How similar the message is to the knowledge as a whole.
        counts: What members did lately.
        alike_days: How far back earlier messages that say the same are looked for; 0: not at all.
        said: What was said in the thread, or in the channel in the last day.
        conversation: How many of the last turns between the member and it, if any.
        memories: What it remembers of the member, with their word on memory.
        knowledge: The sources it may quote; they are searched only for the messages that it
            wants to answer (``Performer.seeks_knowledge``).
    """

    scores: bool = False
    floor: float = 1.0
    intent: bool = False
    language: bool = False
    precedents: bool = False
    likeness: bool = False
    counts: frozenset[Count] = frozenset()
    alike_days: int = 0
    said: bool = False
    conversation: int = 0
    memories: bool = False
    knowledge: tuple[str, ...] = ()

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            scores=self.scores or other.scores,
            floor=min(self.floor, other.floor),
            intent=self.intent or other.intent,
            language=self.language or other.language,
            precedents=self.precedents or other.precedents,
            likeness=self.likeness or other.likeness,
            counts=self.counts | other.counts,
            alike_days=max(self.alike_days, other.alike_days),
            said=self.said or other.said,
            conversation=max(self.conversation, other.conversation),
            memories=self.memories or other.memories,
            knowledge=tuple(dict.fromkeys((*self.knowledge, *other.knowledge))),
        )


@dataclass(frozen=True, slots=True)
class Cue:
    """Everything a decision may rest on. Deciding is pure: the same cue, the same decision."""

    message: Message
    signals: Signals
    now: datetime
    trigger: EventKind = EventKind.MESSAGE_POSTED
    speaker: str | None = None  # the persona that has the word in this conversation
    is_partner: bool = False  # the author is whom it talks with
    assigned: Mapping[str, str] = field(default_factory=dict)  # variants, by persona/experiment


class Performer(Protocol):
    """A persona that can decide."""

    @property
    def name(self) -> str:
        """The persona's name: the stem of its YAML file."""

    @property
    def disclosure(self) -> str:
        """What stands under everything it says."""

    @property
    def knowledge(self) -> tuple[str, ...]:
        """The sources that it may quote."""

    def needs(self, cue: Cue) -> Needs:
        """What must be known before it can decide on this message; ``cue`` has no signals yet."""

    def seeks_knowledge(self, cue: Cue) -> bool:
        """True if deciding on this message takes a look into the knowledge."""

    def decide(self, cue: Cue) -> Decision:
        """What it makes of a message. No I/O, no clock, no randomness."""


def merge_needs(performers: Collection[Performer], cue: Cue) -> Needs:
    """What all of them together need to know of one message."""
    merged = Needs()
    for performer in performers:
        merged |= performer.needs(cue)
    return merged


def with_escalation(
    decision: Decision, reason: str, severity: Severity, purpose: Purpose | None = None
) -> Decision:
    """``decision`` with a case for a person, unless it opens one already.

    ``Purpose.ANSWER`` says that it is for want of an answer: another persona may have one.
    """
    if any(action.kind is ActionKind.ESCALATE for action in decision.actions):
        return decision
    return replace(
        decision,
        actions=(*decision.actions, Action(ActionKind.ESCALATE, reason=reason, purpose=purpose)),
        severity=max(decision.severity, severity, key=lambda level: level.rank),
        reason=decision.reason or reason,
    )
