"""What a persona makes of a message, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenroom.message.actions import Action, ActionKind
from greenroom.message.people import Member
from greenroom.message.signals import Passage


class Severity(StrEnum):
    """How soon a person should look; ordered by ``rank``."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (low) to 3 (critical), for sorting a queue."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Hit:
    """One check that held, and where: offsets are characters in the original field."""

    check: str  # as written in the rule: `body+title (includes)`, `triage.toxicity`
    field: str | None = None
    matched: str | None = None
    start: int | None = None
    end: int | None = None
    value: float | None = None
    wanted: str | None = None  # what the value was compared with: `> 0.9`


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule that fired, with the checks that made it."""

    policy: str  # the policy's name: the stem of its file
    rule: int  # index in the file, from 0
    name: str  # what a person calls it: its comment or its first check
    line: int | None = None
    hits: tuple[Hit, ...] = ()
    would: tuple[ActionKind, ...] = ()  # of a rule in shadow mode: what it would have ordered


@dataclass(frozen=True, slots=True)
class Fact:
    """What a member said of themselves, and how long it is worth keeping."""

    kind: str  # name | pronouns | place | likes | dislikes | plan | about | note
    text: str  # the member's own words
    confidence: float  # 0 to 1
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Remembered:
    """One fact as it is kept. ``number`` names it to the member."""

    id: int
    number: int
    member: Member
    persona: str
    kind: str
    text: str
    source: str  # key of the message in which the member said so
    confidence: float
    learned_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What one persona makes of one message."""

    persona: str
    actions: tuple[Action, ...] = ()
    severity: Severity = Severity.LOW
    reason: str | None = None
    trace: tuple[Fired, ...] = ()
    evidence: tuple[Passage, ...] = ()
    notes: tuple[str, ...] = ()  # what was held back, and why
    learned: tuple[Fact, ...] = ()  # kept only with the member's consent
    asks_consent: bool = False  # what it says asks whether it may remember
    version: str | None = None  # of the persona's files, SHA-256
    model: str | None = None  # the language model that worded its reply, with its version
