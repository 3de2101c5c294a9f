"""The moderator: applies its policies, and leaves to people what they say to escalate."""

from __future__ import annotations

from collections.abc import Sequence

from greenroom.message import Decision, EventKind, Severity
from greenroom.personas.base import Cue, Needs, with_escalation
from greenroom.personas.handover import asks_for_a_person
from greenroom.personas.schema import Persona
from greenroom.policies import Evaluation, Policy, Situation, Wants, evaluate, wants


class ModeratorPersona:
    """Decides by rules alone.

    Args:
        name: The stem of the persona's file.
        persona: What the file says.
        policies: Its policies, in the file's order.
    """

    def __init__(self, name: str, persona: Persona, policies: Sequence[Policy]) -> None:
        self.name = name
        self.persona = persona
        self.policies = tuple(policies)
        self.disclosure = persona.disclosure
        self.knowledge: tuple[str, ...] = ()

    def needs(self, cue: Cue) -> Needs:
        """What the rules ask that could still fire."""
        return needs_of(rules_want(self.policies, cue))

    def seeks_knowledge(self, cue: Cue) -> bool:  # noqa: ARG002 (the contract's)
        """Never: rules quote nothing."""
        return False

    def decide(self, cue: Cue) -> Decision:
        """What the rules make of the message; a plea for a person is a case in any event."""
        found = consult(self.policies, cue)
        decision = decision_of(self.name, found)
        if cue.trigger is EventKind.MESSAGE_REPORTED:
            return with_escalation(decision, "reported by a member", Severity.MEDIUM)
        if asks_for_a_person(cue.message):
            return with_escalation(decision, "asked for a person", Severity.MEDIUM)
        return decision


def consult(policies: Sequence[Policy], cue: Cue) -> Evaluation:
    """What the policies say; the gate, not the rule engine, adds the persona's disclosure."""
    situation = _situation(cue)
    return evaluate(policies, cue.message, cue.signals, now=cue.now, situation=situation)


def rules_want(policies: Sequence[Policy], cue: Cue) -> Wants:
    """What those rules ask that could still fire."""
    return wants(policies, cue.message, _situation(cue))


def needs_of(found: Wants) -> Needs:
    """What rules want, as a persona's needs."""
    return Needs(
        scores=found.scores,
        floor=found.floor,
        intent=found.intent,
        language=found.language,
        likeness=found.likeness,
        counts=found.counts,
        precedents=found.precedents,
    )


def _situation(cue: Cue) -> Situation:
    return Situation(cue.now, trigger=cue.trigger, disclaimer="")


def decision_of(name: str, found: Evaluation) -> Decision:
    """An evaluation as this persona's decision."""
    reasons = [action.reason for action in found.actions if action.reason]
    return Decision(
        persona=name,
        actions=found.actions,
        severity=found.severity,
        reason=reasons[0] if reasons else None,
        trace=found.fired,
        notes=found.notes,
    )
