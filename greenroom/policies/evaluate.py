"""The order of evaluation: what some policies, together, make of one message. Pure.

1. Removal rules (base action remove, spam, filter) by priority: the first that fires is the
   last that is asked.
2. All other rules by priority; every one that fires acts. Ties keep the files' order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from greenroom.message import (
    ActionKind,
    Author,
    EventKind,
    Fired,
    Flair,
    Message,
    Severity,
    Signals,
)
from greenroom.policies.base import (
    Cost,
    Evaluation,
    Filled,
    Held,
    Policy,
    Result,
    Rule,
    Situation,
    Step,
    Version,
    Wants,
)
from greenroom.policies.logic import hold
from greenroom.policies.orders import fill
from greenroom.policies.placeholders import Filling
from greenroom.policies.program import program_of
from greenroom.policies.scene import Scene


def evaluate(
    policies: Sequence[Policy],
    message: Message,
    signals: Signals,
    *,
    now: datetime,
    own_names: Collection[str] = (),
    situation: Situation | None = None,
) -> Evaluation:
    """Ask all rules of some policies about one message.

    Args:
        policies: One persona's policies, in its order.
        signals: What triage and context found; empty where nothing asked for it.
        now: For ages.
        own_names: Accounts whose messages no rule looks at.
        situation: All circumstances at once, instead of ``now`` and ``own_names``.
    """
    situation = situation or Situation(now, own_names=own_names)
    skipped = _why_skipped(message, situation)
    if skipped is not None:
        return Evaluation(notes=(skipped,))
    run = _Run(Scene(message, signals, situation))
    removals, others = program_of(tuple(policies)).candidates(run.scene)
    for rule in removals:
        if run.ask(rule):
            break
    for rule in others:
        run.ask(rule)
    return run.evaluation()


def wants(policies: Sequence[Policy], message: Message, situation: Situation) -> Wants:
    """What must be computed before ``evaluate`` can tell: what rules that could still fire ask.

    Rules that need no signal go first: a removal by words alone leaves later removals unasked.
    """
    if _why_skipped(message, situation) is not None:
        return Wants()
    scene = Scene(message, Signals(), situation)
    removals, others = program_of(tuple(policies)).candidates(scene)
    found = Wants()
    for rule in (*_until_sure(removals, scene), *others):
        version = _applicable(rule, scene) if _is_dear(rule) or _replies(rule) else None
        if version is None or _held(version, scene, below=Cost.SIGNAL) is None:
            continue
        found = Wants(
            scores=found.scores or rule.needs_scores,
            floor=min(found.floor, rule.floor) if rule.needs_scores else found.floor,
            intent=found.intent or rule.needs_intent,
            language=found.language or rule.needs_language,
            precedents=found.precedents or rule.needs_precedents,
            likeness=found.likeness or rule.needs_likeness,
            counts=found.counts | rule.counts,
            reply=found.reply or _replies(rule),
        )
    return found


def _until_sure(removals: Sequence[Rule], scene: Scene) -> Iterator[Rule]:
    """Removal rules up to the first that fires whatever the signals are."""
    for rule in removals:
        yield rule
        if not _is_dear(rule) and _fires(rule, scene):
            return


def _fires(rule: Rule, scene: Scene) -> bool:
    """Whether a removal fires and ends the removals."""
    version = _applicable(rule, scene)
    is_exempt = rule.moderators_exempt and scene.message.author.is_moderator
    is_idle = is_exempt or rule.is_shadow
    return version is not None and not is_idle and _held(version, scene) is not None


def _is_dear(rule: Rule) -> bool:
    needs = (
        rule.needs_scores,
        rule.needs_precedents,
        rule.needs_language,
        rule.needs_likeness,
    )
    return any(needs) or bool(rule.counts)


def _replies(rule: Rule) -> bool:
    return ActionKind.REPLY in rule.actions_used


def _why_skipped(message: Message, situation: Situation) -> str | None:
    names = {name.lower() for name in situation.own_names}
    if message.author.is_self or message.author.name.lower() in names:
        return "no rule looks at Greenroom's own messages"
    if message.standing.is_removed:
        return "a moderator removed it already: no rule runs"
    return None


def _applicable(rule: Rule, scene: Scene) -> Version | None:
    """The version of a rule that may be asked at all here, moderators not yet considered."""
    message, situation = scene.message, scene.situation
    if rule.is_removal and message.standing.is_approved:
        return None
    if situation.trigger is EventKind.MESSAGE_REPORTED and not rule.has_reports:
        return None
    if rule.is_once and rule.digest in situation.ran:
        return None
    return rule.version_for(message.kind)


def _held(version: Version, scene: Scene, *, below: Cost | None = None) -> Held | None:
    """The checks that hold, in the rule's order, or None if one does not."""
    held = hold(version.checks, version.needs, scene, below=below)
    return None if isinstance(held, Result) else held


@dataclass(slots=True)
class _Run:
    """One evaluation as it goes: what fired so far, and what that has changed."""

    scene: Scene
    fired: list[Fired] = field(default_factory=list)
    filled: list[Filled] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    severity: Severity = Severity.LOW
    flaired: set[str] = field(default_factory=set)

    def ask(self, rule: Rule) -> bool:
        """Ask one rule; true if it fired, and not in shadow mode."""
        if rule.is_once and rule.digest in self.ran:
            return False  # the same text twice is the same rule
        version = _applicable(rule, self.scene)
        held = None if version is None else _held(version, self.scene)
        if version is None or held is None:
            return False
        if rule.moderators_exempt and self.scene.message.author.is_moderator:
            self._note(rule, "moderators are exempt (moderators_exempt: false changes that)")
            return False
        hits = tuple(hit for _, found in held for hit in found.hits)
        fired = Fired(rule.policy, rule.index, rule.name, rule.line, hits)
        if rule.is_shadow:
            kinds = dict.fromkeys(step.kind for step in version.steps)
            self.fired.append(replace(fired, would=tuple(kinds)))
            return False
        self.fired.append(fired)
        self.severity = max(self.severity, rule.severity, key=lambda one: one.rank)
        if rule.is_once:
            self.ran.append(rule.digest)
        filling = Filling(self.scene, held)
        for step in version.steps:
            if self._is_due(step, rule):
                self._fill(step, rule, filling)
        return True

    def evaluation(self) -> Evaluation:
        """What it came to."""
        return Evaluation(
            tuple(self.fired),
            tuple(self.filled),
            self.severity,
            tuple(self.scene.notes),
            tuple(self.ran),
        )

    def _fill(self, step: Step, rule: Rule, filling: Filling) -> None:
        name = f"{rule.policy}#{rule.index}"
        disclaimer = self.scene.situation.disclaimer
        action, shown = fill(step, filling, rule=name, disclaimer=disclaimer)
        if step.key == "redact" and action.text == "":
            self._note(rule, "too much to black out: it is not said again")
            return
        self.filled.append(Filled(step.part, step.key, shown, action))

    def _is_due(self, step: Step, rule: Rule) -> bool:
        message = self.scene.message
        item = message.parent if step.part == "parent_submission" else message
        if step.kind is ActionKind.APPROVE and not _is_approvable(item, rule):
            self._note(rule, "approve acts on spam-filtered or, with `reports:`, reported items")
            return False
        if step.kind is ActionKind.SET_FLAIR:
            return self._is_flair_due(step, rule, item)
        return True

    def _is_flair_due(self, step: Step, rule: Rule, item: Message | None) -> bool:
        owner: Message | Author | None = item
        if step.part == "author":
            owner = self.scene.message.author
        has_flair = step.part in self.flaired or (owner is not None and _is_set(owner.flair))
        if has_flair and not step.overwrite:
            self._note(rule, "there is a flair already (overwrite_flair: true replaces it)")
            return False
        self.flaired.add(step.part)
        return True

    def _note(self, rule: Rule, why: str) -> None:
        self.scene.notes.append(f"rule {rule.index} ({rule.name}): {why}")


def _is_approvable(item: Message | None, rule: Rule) -> bool:
    if item is None:
        return False
    return bool(item.standing.is_spam_filtered) or (rule.has_reports and bool(item.reports))


def _is_set(flair: Flair | None) -> bool:
    return flair is not None and bool(flair.text or flair.css_class)
