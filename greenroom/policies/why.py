"""Why a rule did not fire: the first check that did not hold, and what it saw. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.message import EventKind, Fired, Message, Signals
from greenroom.policies.author import ThresholdsCheck
from greenroom.policies.base import Bound, Found, Policy, Result, Rule, Situation
from greenroom.policies.checks import SearchCheck
from greenroom.policies.evaluate import evaluate
from greenroom.policies.logic import Branch, GroupCheck, hold
from greenroom.policies.own import NumberCheck
from greenroom.policies.scene import Scene, Subject


@dataclass(frozen=True, slots=True)
class Why:
    """What became of one rule on one message.

    Attributes:
        rule: The rule.
        has_fired: Whether it fired.
        because: In words: the check that did not hold, or why the rule was not asked.
        check: That check as the rule has it, if it was one.
    """

    rule: Rule
    has_fired: bool
    because: str
    check: str | None = None


def find_rule(policies: Sequence[Policy], name: str) -> Rule | None:
    """A rule by ``policy#index``, by its index alone, or by its name."""
    rules = [rule for policy in policies for rule in policy.rules]
    wanted = name.strip().lower()
    for rule in rules:
        if wanted in (f"{rule.policy}#{rule.index}".lower(), f"#{rule.index}", str(rule.index)):
            return rule
    return next((rule for rule in rules if rule.name.lower() == wanted), None)


def rule_called(
    policies: Sequence[Policy], name: str, *, owner: str = "", file: Path | None = None
) -> Rule:
    """As `find_rule`.

    Args:
        policies: Where to look.
        name: The rule.
        owner: Whose policies they are, for the fault.
        file: Their file, if it is one.

    Raises:
        ConfigError: There is no such rule; it says which there are.
    """
    found = find_rule(policies, name)
    if found is None:
        rules = [rule for policy in policies for rule in policy.rules]
        known = [f"{rule.policy}#{rule.index}" for rule in rules] + [rule.name for rule in rules]
        raise ConfigError(
            f"{owner} has no rule `{name}`".strip(), file=file, accepted=suggest(name, known)
        )
    return found


def why(
    policies: Sequence[Policy],
    rule: Rule,
    message: Message,
    signals: Signals,
    situation: Situation,
) -> Why:
    """Why ``rule`` fired on a message, or did not.

    Args:
        policies: All that are asked: an earlier removal may have come first.
        rule: One of theirs.
        message: What was written.
        signals: What triage and context found.
        situation: As ``evaluate`` takes it.
    """
    found = evaluate(policies, message, signals, now=situation.now, situation=situation)
    fired = next((one for one in found.fired if _is(one, rule)), None)
    if fired is not None:
        seen = [hit.check for hit in fired.hits] or ["its type alone"]
        return Why(rule, True, f"fired: {', '.join(seen)}")
    if not found.fired and found.notes and message.author.is_self:
        return Why(rule, False, found.notes[0])
    scene = Scene(message, signals, situation)
    kept_out = _kept_out(rule, scene)
    if kept_out is not None:
        return Why(rule, False, kept_out)
    version = rule.version_for(message.kind)
    assert version is not None, "rules for other types were kept out"
    missed = _missed(version.checks, version.needs, scene)
    if missed is not None:
        return Why(rule, False, missed[1], missed[0])
    if rule.moderators_exempt and message.author.is_moderator:
        return Why(rule, False, "moderators are exempt (moderators_exempt: false changes that)")
    first = next((one for one in found.fired if _is_removal(policies, one)), None)
    if rule.is_removal and first is not None:
        return Why(rule, False, f"an earlier removal fired: {first.policy}#{first.rule}")
    return Why(rule, False, found.notes[0] if found.notes else "the same rule ran already")


def _is(fired: Fired, rule: Rule) -> bool:
    return (fired.policy, fired.rule) == (rule.policy, rule.index)


def _is_removal(policies: Sequence[Policy], fired: Fired) -> bool:
    return any(_is(fired, rule) and rule.is_removal for one in policies for rule in one.rules)


def _kept_out(rule: Rule, scene: Scene) -> str | None:
    """Why the rule's checks were not asked at all."""
    message, situation = scene.message, scene.situation
    if message.standing.is_removed:
        return "a moderator removed it already: no rule runs"
    if rule.is_removal and message.standing.is_approved:
        return "a moderator approved it: no rule removes it"
    if situation.trigger is EventKind.MESSAGE_REPORTED and not rule.has_reports:
        return "a report asks only rules that have `reports`"
    if message.kind not in rule.kinds:
        return f"`type`: the message is a {message.kind}"
    if rule.version_for(message.kind) is None:
        what = "submission" if message.kind.is_submission else "comment"
        return f"the rule does nothing on a {what}: some key of it is for another type"
    if rule.is_once and rule.digest in situation.ran:
        return "it ran on this item before"
    return None


def _missed(
    checks: Sequence[Bound], needs: Sequence[str], scene: Scene
) -> tuple[str | None, str] | None:
    """The first check, cheapest first, that does not hold, and why."""
    for part in needs:
        if scene.subject(part) is None:
            return part, f"there is no `{part}`: the message is no crosspost"
    discarded: str | None = None
    for bound in checks:
        subject = scene.subject(bound.part)
        if subject is None:
            return bound.check.written, f"the message has no `{bound.part}`"
        found = bound.check.test(subject, scene)
        if isinstance(found, Found):
            continue
        if found is not Result.DISCARDED:
            return bound.check.written, _told(bound, subject, scene, found)
        discarded = discarded or bound.check.written
    if discarded is None or not isinstance(hold(checks, needs, scene), Result):
        return None
    return discarded, f"`{discarded}` has nothing to look at on this message"


def _told(bound: Bound, subject: Subject, scene: Scene, found: Result) -> str:
    check = bound.check
    name = f"`{check.written}`"
    if isinstance(check, GroupCheck):
        return _group_told(check, scene, found)
    if found is Result.UNKNOWN:
        return f"{name} is not known here: what is unknown does not hold"
    if isinstance(check, SearchCheck):
        return _search_told(check, subject, scene)
    if isinstance(check, NumberCheck):
        value = (check.value(scene) or 0.0) / check.comparison.unit
        return f"{name} is {_number(value)}, wanted {check.comparison.wanted}"
    if isinstance(check, ThresholdsCheck):
        return "; ".join(_thresholds_told(check, subject, scene))
    return f"{name} is not so"


def _number(value: float) -> str:
    return "under 0.001" if 0 < abs(value) < 0.001 else f"{value:.4g}"


def _search_told(check: SearchCheck, subject: Subject, scene: Scene) -> str:
    for name in check.fields:
        for text in subject.texts(name) or ():
            match = check.matcher.search(text, scene) if check.key.is_negated else None
            if match is not None:
                return f"`{check.written}` found {text.raw[match.start : match.end]!r} in {name}"
    if check.key.is_negated:
        return f"`{check.written}` found a disguised form of one of its values"
    return f"`{check.written}` found none of its values in {' or '.join(check.fields)}"


def _thresholds_told(check: ThresholdsCheck, subject: Subject, scene: Scene) -> Iterator[str]:
    assert subject.author is not None
    now = scene.situation.now
    for one in check.thresholds:
        if not one.holds(subject.author, now):
            hit = one.hit(subject.author, now)
            value = "not known" if hit.value is None else f"{hit.value:.4g}"
            yield f"`{one.written}` is {value}, wanted {one.comparison.wanted}"


def _group_told(check: GroupCheck, scene: Scene, found: Result) -> str:
    if check.kind == "not" and found is Result.FAILED:
        held = next(branch for branch in check.branches if _holds(branch, scene))
        return f"`{check.written}`: {', '.join(one.check.written for one in held.checks)} holds"
    missed = [_missed(branch.checks, branch.needs, scene) for branch in check.branches]
    told = [one[1] for one in missed if one is not None]
    if check.kind == "all":
        return told[0]
    return f"`{check.written}`: " + "; ".join(told)


def _holds(branch: Branch, scene: Scene) -> bool:
    return not isinstance(hold(branch.checks, branch.needs, scene), Result)
