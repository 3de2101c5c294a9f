"""The assistant: answers from the community's knowledge, or hands over to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from greenroom.message import Action, Decision, EventKind, Purpose, Severity
from greenroom.personas.base import Cue, Needs, with_escalation
from greenroom.personas.grounded import best_evidence, grounded_reply
from greenroom.personas.handover import (
    asks_for_a_person,
    is_bot,
    wants_an_answer,
    without_answers,
)
from greenroom.personas.moderator import consult, decision_of, needs_of, rules_want
from greenroom.personas.schema import Persona
from greenroom.personas.templates import pick, situation_of
from greenroom.personas.urgent import urgent, urgent_needs
from greenroom.policies import Policy


class AssistantPersona:
    """Its policies say when to answer (``action: reply``); its knowledge says what.

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
        self.knowledge = persona.knowledge

    def needs(self, cue: Cue) -> Needs:
        """What its rules ask; its knowledge, where one of them could still want an answer."""
        wanted = rules_want(self.policies, cue)
        found = needs_of(wanted) | urgent_needs(self.persona)
        if not wanted.reply or not self._may_answer(cue):
            return found
        if self.persona.replies.source == "template":
            return found | Needs(intent=True)
        return found | Needs(knowledge=self.knowledge, conversation=self.persona.memory.turns)

    def seeks_knowledge(self, cue: Cue) -> bool:
        """Where a rule wants an answer, and the message may have one."""
        if not self.persona.knowledge or not self._may_answer(cue):
            return False
        return any(wants_an_answer(action) for action in consult(self.policies, cue).actions)

    def decide(self, cue: Cue) -> Decision:
        """A grounded reply where a rule asks for one; no evidence, no answer."""
        first = urgent(self.name, self.persona, cue)
        if first is not None:
            return first
        found = consult(self.policies, cue)
        decision = decision_of(self.name, found)
        open_replies = [action for action in found.actions if wants_an_answer(action)]
        if not open_replies or not self._may_answer(cue):
            return replace(decision, actions=without_answers(decision.actions))
        return self._answer(cue, decision, open_replies[0])

    def _may_answer(self, cue: Cue) -> bool:
        is_new = cue.trigger is EventKind.MESSAGE_POSTED
        return is_new and not is_bot(cue.message) and not asks_for_a_person(cue.message)

    def _answer(self, cue: Cue, decision: Decision, asked: Action) -> Decision:
        kept = without_answers(decision.actions)
        if self.persona.replies.source == "template":
            return self._say(cue, replace(decision, actions=kept), asked)
        passages = cue.signals.knowledge
        threshold = self.persona.replies.min_evidence
        evidence = best_evidence(passages, min_evidence=threshold)
        if evidence is not None:
            text = grounded_reply(cue.message.text, evidence)
            reason = f"answered from {evidence.source} (evidence {evidence.score:.2f})"
            reply = replace(asked, text=text, reason=reason, purpose=Purpose.ANSWER)
            return replace(decision, actions=(*kept, reply), evidence=(evidence,), reason=reason)
        best = max((passage.score for passage in passages), default=None)
        found = "none" if best is None else f"{best:.2f}"
        reason = f"no evidence to answer from: best {found}, needs {threshold:.2f}"
        unanswered = replace(decision, actions=kept, evidence=passages[:3], reason=reason)
        return self._unanswered(unanswered, reason)

    def _say(self, cue: Cue, decision: Decision, asked: Action) -> Decision:
        """What the file says for the situation."""
        situations = situation_of(cue.signals)
        said = pick(self.persona.replies.templates, situations, cue.message)
        if said is None:
            return self._unanswered(decision, f"has no words for `{situations[0]}`")
        reason = f"said what it says for `{said[0]}`"
        reply = replace(asked, text=said[1], reason=reason, purpose=Purpose.CHAT)
        return replace(decision, actions=(*decision.actions, reply), reason=reason)

    def _unanswered(self, decision: Decision, reason: str) -> Decision:
        if self.persona.replies.otherwise == "silence":
            return replace(decision, notes=(*decision.notes, reason))
        return with_escalation(decision, reason, Severity.LOW, Purpose.ANSWER)
