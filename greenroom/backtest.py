"""A policy tried on the past: what would have changed, and whether people agree.

Two sides read the same messages: what is tried, and what it is compared with, which is the record
of what was decided or another policy. A message is *caught* by a side that would do something
against it (`INTERVENTIONS`). Where people judged a message, a side is right to catch it if they
acted on it or upheld what was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from greenroom.counting import longest_rate
from greenroom.experiments.intervals import Share
from greenroom.ledger import Verdict
from greenroom.message import ActionKind, Decision, Fired, Message, Signals
from greenroom.policies import Count, Policy, Situation, Wants, evaluate, wants
from greenroom.rates import Rates

INTERVENTIONS: Final = frozenset({
    ActionKind.REMOVE, ActionKind.SPAM, ActionKind.FILTER, ActionKind.REPORT, ActionKind.ESCALATE,
    ActionKind.TIMEOUT, ActionKind.BAN, ActionKind.LOCK, ActionKind.REDACT, ActionKind.STRIKE,
})  # fmt: skip
"""What is done against a message or its author, or asks a person to look."""

SAMPLES: Final = 5
_HELD: Final = frozenset({Verdict.UPHOLD, Verdict.ACT})


@dataclass(frozen=True, slots=True)
class Past:
    """One message of the past.

    Attributes:
        message: The message.
        signals: What was known of it.
        at: When it came, for ages.
        is_bad: What people made of it; ``None``: nobody judged it.
        decisions: What was decided then; ``None`` where there is no record of that.
    """

    message: Message
    signals: Signals
    at: datetime
    is_bad: bool | None = None
    decisions: tuple[Decision, ...] | None = None


def verdict_is_bad(verdict: Verdict | None) -> bool | None:
    """Whether a person found a message bad; ``None``: nobody judged it."""
    return None if verdict is None else verdict in _HELD


@dataclass(slots=True)
class RuleTally:
    """How one rule fared.

    Attributes:
        policy: Its policy.
        index: Its number in the file.
        name: What a person calls it.
        line: Its line.
        is_shadow: Whether it is in shadow mode; it is counted as if it were live.
        fired: Messages on which it fired.
        bad: Of those that people judged, how many they found bad.
        judged: How many people judged.
    """

    policy: str
    index: int
    name: str
    line: int
    is_shadow: bool
    fired: int = 0
    bad: int = 0
    judged: int = 0

    @property
    def precision(self) -> Share:
        """Of its messages that people judged, those that they found bad."""
        return Share(self.bad, self.judged)


@dataclass(frozen=True, slots=True)
class Sample:
    """A message that one side catches and the other does not."""

    message: Message
    is_bad: bool | None
    why: tuple[str, ...]


@dataclass(slots=True)
class Side:
    """What one side caught."""

    caught: int = 0
    caught_bad: int = 0
    caught_judged: int = 0
    bad: int = 0

    def count(self, *, is_caught: bool, is_bad: bool | None) -> None:
        """One more message."""
        self.caught += is_caught
        self.bad += is_bad is True
        self.caught_judged += is_caught and is_bad is not None
        self.caught_bad += is_caught and is_bad is True

    @property
    def precision(self) -> Share:
        """Of what it caught and people judged, what they found bad."""
        return Share(self.caught_bad, self.caught_judged)

    @property
    def recall(self) -> Share:
        """Of what people found bad, what it caught."""
        return Share(self.caught_bad, self.bad)


@dataclass(slots=True)
class Backtest:
    """What came of it.

    Attributes:
        policies: What was tried.
        messages: How many there were.
        judged: How many of them people judged.
        is_compared: Whether there is anything to compare with.
        unread: Messages on which a rule wanted signals that nobody had computed: there it could
            not fire.
        tried: What is tried.
        compared: What it is compared with.
        newly_caught: How many only `tried` catches.
        newly_released: How many only `compared` catches.
        caught_samples: Some of them, those that people judged first.
        released_samples: The same of the released.
        rules: Each rule of what is tried, in the files' order.
    """

    policies: tuple[Policy, ...]
    messages: int = 0
    judged: int = 0
    unread: int = 0
    is_compared: bool = False
    tried: Side = field(default_factory=Side)
    compared: Side = field(default_factory=Side)
    newly_caught: int = 0
    newly_released: int = 0
    caught_samples: list[Sample] = field(default_factory=list)
    released_samples: list[Sample] = field(default_factory=list)
    rules: dict[tuple[str, int], RuleTally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for policy in self.policies:
            for rule in policy.rules:
                self.rules[policy.name, rule.index] = RuleTally(
                    policy.name, rule.index, rule.name, rule.line, rule.is_shadow
                )


async def backtest(
    policies: Sequence[Policy],
    past: AsyncIterator[Past],
    *,
    than: Sequence[Policy] | None = None,
    samples: int = SAMPLES,
) -> Backtest:
    """Try policies on the past.

    Args:
        policies: What is tried; rules in shadow mode count as if they were live.
        past: Messages, oldest first.
        than: What it is compared with; ``None``: what was decided then by policies of the same
            names, nothing where there is no record.
        samples: How many messages of each kind are kept to be shown.
    """
    found = Backtest(tuple(policies))
    names = {policy.name for policy in policies}
    needy = any(policy.needs_scores for policy in policies) or bool(_counts(policies))
    rates = Rates(longest_rate((*policies, *(than or ()))))
    wanted = [count for count in _counts((*policies, *(than or ()))) if count.check == "rate"]
    async for one in past:
        one = _with_rates(one, rates, wanted)
        situation = Situation(one.at, disclaimer="")
        tried = evaluate(policies, one.message, one.signals, now=one.at, situation=situation)
        is_caught = _is_caught((action.kind for action in tried.actions), tried.fired)
        why = tried.explanations
        found.is_compared |= than is not None or one.decisions is not None
        if than is None:
            before, was = _recorded(one.decisions or (), names)
        else:
            old = evaluate(than, one.message, one.signals, now=one.at, situation=situation)
            before = _is_caught((action.kind for action in old.actions), ())
            was = old.explanations
        found.messages += 1
        found.judged += one.is_bad is not None
        if needy:
            found.unread += _is_unread(one, wants(policies, one.message, situation))
        found.tried.count(is_caught=is_caught, is_bad=one.is_bad)
        found.compared.count(is_caught=before, is_bad=one.is_bad)
        _count_rules(found.rules, tried.fired, one.is_bad)
        if is_caught and not before:
            found.newly_caught += 1
            _keep(found.caught_samples, Sample(one.message, one.is_bad, why), samples)
        if before and not is_caught:
            found.newly_released += 1
            _keep(found.released_samples, Sample(one.message, one.is_bad, was), samples)
    return found


def _is_unread(one: Past, wanted: Wants) -> bool:
    """Whether a rule that could fire wants what nobody computed."""
    has_counts = all(count.key in one.signals.counts for count in wanted.counts)
    return (wanted.scores and not one.signals.scores) or not has_counts


def _counts(policies: Iterable[Policy]) -> set[Count]:
    return {count for policy in policies for rule in policy.rules for count in rule.counts}


def _with_rates(one: Past, rates: Rates, wanted: Sequence[Count]) -> Past:
    """The message with the rates that nobody counted then, of the messages before it."""
    if not wanted:
        return one
    rates.saw(one.message, one.at)
    counted = {count.key: rates.tell(one.message, count, one.at) for count in wanted}
    signals = replace(one.signals, counts={**counted, **one.signals.counts})
    return replace(one, signals=signals)


def _is_caught(kinds: Iterable[ActionKind], fired: Iterable[Fired]) -> bool:
    would = (kind for one in fired for kind in one.would)
    return not INTERVENTIONS.isdisjoint((*kinds, *would))


def _recorded(decisions: Sequence[Decision], names: Iterable[str]) -> tuple[bool, tuple[str, ...]]:
    """Whether rules of these policies did something against a message, and which rules fired."""
    known = set(names)
    actions = [action for decision in decisions for action in decision.actions]
    ours = [one.kind for one in actions if (one.rule or "").rpartition("#")[0] in known]
    why = tuple(
        f"{fired.policy}:{fired.line or '?'} {fired.name}"
        for decision in decisions
        for fired in decision.trace
        if fired.policy in known
    )
    return _is_caught(ours, ()), why


def _count_rules(
    rules: Mapping[tuple[str, int], RuleTally], fired: Sequence[Fired], is_bad: bool | None
) -> None:
    for place, count in Counter((one.policy, one.rule) for one in fired).items():
        tally = rules[place]
        tally.fired += count
        tally.judged += is_bad is not None
        tally.bad += is_bad is True


def _keep(samples: list[Sample], sample: Sample, most: int) -> None:
    """Those that people judged first, then the newest."""
    samples.append(sample)
    samples.sort(key=lambda one: one.is_bad is None)
    if len(samples) > most:
        unjudged = next((i for i, one in enumerate(samples) if one.is_bad is None), most)
        del samples[min(unjudged, most)]
