"""The companion: keeps a conversation going, and gets a person where one is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from greenroom.message import Action, ActionKind, Decision, EventKind, Memory, Purpose, Severity
from greenroom.personas.base import Cue, Needs, with_escalation
from greenroom.personas.grounded import best_evidence, grounded_reply
from greenroom.personas.handover import (
    is_bot,
    without_answers,
)
from greenroom.personas.moderator import consult, decision_of, needs_of, rules_want
from greenroom.personas.remembering import remembering
from greenroom.personas.schema import Persona
from greenroom.personas.templates import fill, pick, situation_of
from greenroom.personas.trying import said_or_tried, tried
from greenroom.personas.urgent import urgent, urgent_needs
from greenroom.policies import Policy

RECALLED: Final = 0.35
"""Similarity (cosine) from which a memory fits what was said."""

_ASKING: Final = frozenset({"question", "help"})


class CompanionPersona:
    """Several turns with a member, who begins them.

    It speaks to who speaks to it: by a mention, in a direct message, or while their conversation
    goes on. Whatever else is said, words of a crisis reach a person, and get the operator's
    resources.

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
        """Scores for a crisis; the rest only of what may be said to it."""
        found = needs_of(rules_want(self.policies, cue))
        found |= urgent_needs(self.persona)
        if self._may_learn(cue):
            found |= Needs(memories=self.persona.memory.is_long_term)
        if not self._may_answer(cue):
            return found
        turns = self.persona.memory.turns
        return found | Needs(
            intent=True, language=True, conversation=turns, knowledge=self.knowledge
        )

    def seeks_knowledge(self, cue: Cue) -> bool:
        """Where somebody asks it something."""
        asks = cue.signals.intent in _ASKING
        return bool(self.knowledge) and asks and self._may_answer(cue)

    def decide(self, cue: Cue) -> Decision:
        """A turn of the conversation, if it is in one."""
        first = urgent(self.name, self.persona, cue)
        if first is not None:
            return first
        decision = decision_of(self.name, consult(self.policies, cue))
        decision = replace(decision, actions=without_answers(decision.actions))
        if self._may_answer(cue):
            decision = self._turn(cue, decision)
        if self._may_learn(cue):
            return remembering(decision, cue, self.persona.memory)
        return decision

    def _may_answer(self, cue: Cue) -> bool:
        return cue.trigger is EventKind.MESSAGE_POSTED and self._is_addressed(cue)

    def _may_learn(self, cue: Cue) -> bool:
        """An edit takes back what was learned from the message before, and may say it anew."""
        is_edit = cue.trigger is EventKind.MESSAGE_EDITED
        return (is_edit and self._is_addressed(cue)) or self._may_answer(cue)

    def _is_addressed(self, cue: Cue) -> bool:
        if is_bot(cue.message):
            return False
        return bool(cue.message.mentions_me) or self._is_in_conversation(cue)

    def _is_in_conversation(self, cue: Cue) -> bool:
        is_to_others = bool(cue.message.mentions)
        return cue.speaker == self.name and cue.is_partner and not is_to_others

    def _turn(self, cue: Cue, decision: Decision) -> Decision:
        signals, message = cue.signals, cue.message
        if not self.persona.voice.speaks(signals.language):
            return self._unanswered(decision, f"does not speak {signals.language}")
        evidence, chosen = None, None
        if signals.intent in _ASKING:
            least = self.persona.replies.min_evidence
            evidence = best_evidence(signals.knowledge, min_evidence=least)
        if evidence is not None:
            reason = f"answered from {evidence.source} (evidence {evidence.score:.2f})"
            text, purpose = grounded_reply(message.text, evidence), Purpose.ANSWER
            decision = replace(decision, evidence=(evidence,))
        else:
            memory = next((one for one in signals.memories if self._recalls(one)), None)
            said = pick(
                said_or_tried(self.persona),
                situation_of(
                    signals, has_memory=memory is not None, is_first=not signals.conversation
                ),
                message,
                said=[turn.text for turn in signals.conversation if turn.by == self.name],
                memory=memory.text if memory else "",
            )
            if said is None:
                return self._unanswered(decision, "has no words for this")
            situation, text = said
            chosen = tried(self.name, self.persona, situation, cue)
            if chosen is not None:
                text = fill(chosen.text, message, memory=memory.text if memory else "")
            why = f"; remembered: {memory.why}" if memory and situation == "recall" else ""
            reason, purpose = f"said what it says for `{situation}`{why}", Purpose.CHAT
        reply = Action(
            ActionKind.REPLY,
            text=text,
            reason=reason,
            purpose=purpose,
            experiment=chosen.experiment if chosen else None,
            variant=chosen.variant if chosen else None,
        )
        return replace(
            decision, actions=(*decision.actions, reply), reason=decision.reason or reason
        )

    def _recalls(self, memory: Memory) -> bool:
        return memory.persona in ("", self.name) and memory.score >= RECALLED

    def _unanswered(self, decision: Decision, reason: str) -> Decision:
        if self.persona.replies.otherwise == "silence":
            return replace(decision, notes=(*decision.notes, reason))
        return with_escalation(decision, reason, Severity.LOW, Purpose.ANSWER)
