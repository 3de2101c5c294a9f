"""What a policy is, once compiled: rules, their checks and steps, and what they come to.

Policy ── Rule ── Version (one for comments, one for submissions)
                    ├── Bound check: which part of the message, and what must hold there
                    └── Step: one action to fill and order
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from greenroom.errors import ConfigError
from greenroom.message import (
    Action,
    ActionKind,
    EventKind,
    Fired,
    Hit,
    MessageKind,
    Severity,
)

if TYPE_CHECKING:
    from greenroom.documents import KeyPath
    from greenroom.policies.asked import Asked
    from greenroom.policies.placeholders import Template
    from greenroom.policies.scene import Scene, Subject
    from greenroom.policies.search import Matcher
    from greenroom.policies.shelf import Shelf
    from greenroom.policies.tests import PolicyTest

BOT_DISCLAIMER: Final = (
    "*I am a bot, and this was done automatically. If you think it is a mistake,"
    " please contact the moderators.*"
)


class Cost(IntEnum):
    """Checks are asked in this order, so that the dear ones are seldom asked."""

    FACT = 0
    THRESHOLD = 1
    LITERAL = 2
    PATTERN = 3
    SIGNAL = 4


class Result(IntEnum):
    """What became of a check that did not hold."""

    FAILED = 0
    DISCARDED = 1  # nothing to look at: `url` on a text post
    UNKNOWN = 2  # nobody knows: karma on Discord; under `not:` it does not hold either


@dataclass(frozen=True, slots=True)
class Found:
    """A check that held: the hits for the trace, and what ``{{match}}`` may quote."""

    hits: tuple[Hit, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Count:
    """A number about what members did lately, which the loop finds before deciding.

    Attributes:
        check: ``rate`` or ``history``.
        kind: What is counted: messages, copies, removals, …
        per: Whose: member, channel or community.
        within_s: How far back, in seconds.
    """

    check: str
    kind: str
    per: str
    within_s: int

    @property
    def key(self) -> str:
        """Its name among the signals: ``rate.messages/member/10``."""
        return f"{self.check}.{self.kind}/{self.per}/{self.within_s}"


class Check(Protocol):
    """One line of a rule that must hold."""

    @property
    def written(self) -> str:
        """The key as the rule has it."""

    @property
    def cost(self) -> Cost:
        """How dear it is to ask."""

    @property
    def is_search(self) -> bool:
        """Searches can be discarded; if all of a part's are, the part fails."""

    def test(self, subject: Subject, scene: Scene) -> Found | Result:
        """Whether it holds for ``subject``."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A check and the part of the message that it looks at."""

    part: str  # message, author, parent_submission, subreddit, crosspost_author, …
    check: Check
    order: int  # its place in the rule


Held = tuple[tuple[Bound, Found], ...]
"""The checks of a rule that held, in its order, each with what it found."""


@dataclass(frozen=True, slots=True)
class FlairTemplate:
    """A flair to set; ``shape`` is how the rule wrote it: text, list or group."""

    shape: str
    text: Template
    css_class: Template | None = None
    template_id: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action of a rule, to be filled when the rule fires. ``key`` is the YAML key."""

    key: str
    kind: ActionKind
    part: str = "message"  # message, author or parent_submission
    text: Template | None = None
    subject: Template | None = None
    reason: Template | None = None
    flair: FlairTemplate | None = None
    overwrite: bool = False
    value: str | int | bool | None = None
    duration_s: int | None = None
    sticky: bool = False
    lock: bool = False
    removal_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A rule as it applies to comments, or to submissions."""

    checks: tuple[Bound, ...]  # cheapest first
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()  # parts without which the rule does not apply


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One section of a policy."""

    policy: str
    index: int  # from 0 over the file's mapping sections
    name: str
    line: int
    kinds: frozenset[MessageKind]
    comment: Version | None
    submission: Version | None
    priority: int = 0
    is_removal: bool = False
    is_shadow: bool = False  # it is asked and told of, and does nothing
    moderators_exempt: bool = False
    has_reports: bool = False  # `reports:` is present
    is_once: bool = False  # comment, modmail, message or report: once per item
    digest: str = ""  # of the rule's text
    severity: Severity = Severity.LOW
    heads: frozenset[str] = frozenset()
    needs_scores: bool = False
    floor: float = 0.0  # no score below this can make it fire
    needs_intent: bool = False  # or sentiment
    needs_language: bool = False
    needs_precedents: bool = False
    needs_likeness: bool = False  # to the knowledge
    counts: frozenset[Count] = frozenset()  # what must be counted before it can fire
    actions_used: frozenset[ActionKind] = frozenset()
    asked: tuple[Asked, ...] = ()  # its checks as they are written

    def version_for(self, kind: MessageKind) -> Version | None:
        """What applies to a message of ``kind``, if anything does."""
        if kind not in self.kinds:
            return None
        return self.submission if kind.is_submission else self.comment


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A compiled rule file. Compared by identity: a file read anew is another policy."""

    name: str
    file: Path
    rules: tuple[Rule, ...]
    warnings: tuple[ConfigError, ...] = ()
    faults: tuple[ConfigError, ...] = ()  # only when read with strict=False
    size: int = 0  # rules in the file, those with faults included
    tests: tuple[PolicyTest, ...] = ()

    @property
    def needs_scores(self) -> bool:
        """True if some rule asks what only the model knows."""
        return any(rule.needs_scores for rule in self.rules)

    @property
    def needs_language(self) -> bool:
        """True if some rule asks for the language."""
        return any(rule.needs_language for rule in self.rules)

    @property
    def needs_precedents(self) -> bool:
        """True if some rule asks for similar messages that people judged."""
        return any(rule.needs_precedents for rule in self.rules)

    @property
    def needs_likeness(self) -> bool:
        """True if some rule asks how similar a message is to the knowledge."""
        return any(rule.needs_likeness for rule in self.rules)

    @property
    def heads(self) -> frozenset[str]:
        """The triage heads that rules ask for."""
        return frozenset().union(*(rule.heads for rule in self.rules))

    @property
    def actions_used(self) -> frozenset[ActionKind]:
        """All that its rules may order, so that `check` can say what a platform cannot do."""
        return frozenset().union(*(rule.actions_used for rule in self.rules))


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds an evaluation; the engine itself has no clock and no memory.

    Args:
        now: For ages.
        trigger: A report runs only the rules that have ``reports:``.
        own_names: Accounts whose messages no rule looks at, besides ``author.is_self``.
        ran: Digests of once-only rules that already ran on this item.
        disclaimer: Added to comments and direct messages.
    """

    now: datetime
    trigger: EventKind = EventKind.MESSAGE_POSTED
    own_names: Collection[str] = ()
    ran: Collection[str] = ()
    disclaimer: str = BOT_DISCLAIMER


@dataclass(frozen=True, slots=True)
class Filled:
    """One action as ordered, with the key that ordered it and the value as the rule shapes it."""

    part: str
    key: str
    shown: object
    action: Action


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What some policies make of one message."""

    fired: tuple[Fired, ...] = ()
    filled: tuple[Filled, ...] = ()
    severity: Severity = Severity.LOW
    notes: tuple[str, ...] = ()  # what was held back, and why
    ran: tuple[str, ...] = ()  # digests of the once-only rules that fired: remember them

    @property
    def actions(self) -> tuple[Action, ...]:
        """What to do, in order."""
        return tuple(filled.action for filled in self.filled)

    @property
    def explanations(self) -> tuple[str, ...]:
        """Why, a line for each rule that fired."""
        return tuple(map(_explained, self.fired))


@dataclass(frozen=True, slots=True)
class Wants:
    """What rules that could still fire would have to know.

    Attributes:
        scores: Triage's scores.
        floor: The lowest score at which one of these rules could fire.
        intent: Intent or sentiment.
        language: The language.
        precedents: Messages alike that people judged.
        likeness: How similar the message is to the knowledge.
        counts: What members did lately.
        reply: One of the rules would reply.
    """

    scores: bool = False
    floor: float = 1.0
    intent: bool = False
    language: bool = False
    precedents: bool = False
    likeness: bool = False
    counts: frozenset[Count] = frozenset()
    reply: bool = False


@dataclass(slots=True)
class Known:
    """What the writer of a rule may name."""

    heads: Collection[str]
    intents: Collection[str]
    shelf: Shelf
    shared: dict[KeyPath, Matcher] = field(default_factory=dict)  # compiled once for both versions


def _explained(fired: Fired) -> str:
    where = f"{fired.policy}:{fired.line}" if fired.line else fired.policy
    hits = "; ".join(map(hit_in_words, fired.hits)) or "its type alone"
    would = f" (in shadow mode: would {', '.join(fired.would)})" if fired.would else ""
    return f"{where} {fired.name}: {hits}{would}"


def hit_in_words(hit: Hit) -> str:
    """One check that held: what it found, or the number that it compared."""
    if hit.matched is not None:
        return f"{hit.check} found “{hit.matched}”"
    if hit.value is None:
        return hit.check
    compared = f", wanted {hit.wanted}" if hit.wanted else ""
    return f"{hit.check} is {hit.value:.4g}{compared}"
