"""Between deciding and the gate: a language model may word what was decided to be said.

Deciding stays pure, and what it decided is the fallback: a quotation with its source. The
model's words take its place only if they say what the evidence says (`greenroom.llm.ground`).
It decides nothing: all that it can add is a call for a person, where the persona's tools say so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from greenroom.llm import (
    TOOLS,
    Draft,
    Embed,
    Fault,
    Grounded,
    Prompt,
    Role,
    Turn,
    Unanswered,
    Why,
    a_prompt,
    ground,
    tidy,
)
from greenroom.llm.orders import reads_as_orders
from greenroom.llm.service import Service
from greenroom.message import (
    REMOVALS,
    Action,
    ActionKind,
    Decision,
    Message,
    Passage,
    Purpose,
    Severity,
)
from greenroom.personas.base import Cue, Performer, with_escalation
from greenroom.personas.gate import harm_in
from greenroom.personas.grounded import source_line
from greenroom.personas.handover import HANDED_OVER
from greenroom.personas.schema import Persona

MAX_INJECTION: Final = 0.5
"""What a member wrote is not shown to a model where triage reads it as an injection above this."""

_MAX_EVIDENCE: Final = 4  # passages that a request begins with

Recall = Callable[[Message], Awaitable[Sequence[Turn]]]
"""What was said before a message, oldest first."""


class Reader(Protocol):
    """What texts are read with; see `greenroom.senses.Senses`."""

    async def scores(self, text: str) -> Mapping[str, float]:
        """Triage's scores."""

    @property
    def embed(self) -> Embed:
        """Gives a text's embedding."""

    async def search(self, query: str, sources: Sequence[str]) -> Sequence[Passage]:
        """Passages of these sources that may answer, best first."""


async def _nothing_before(message: Message) -> Sequence[Turn]:  # noqa: ARG001 (a `Recall`)
    return ()


class Composer:
    """Lets a model word the replies of personas that ask for it.

    Args:
        service: The model; None: there is none, so fallbacks stay.
        reader: What texts are read with.
        personas: What the personas' files say, by name.
        recall: Finds what was said before.
    """

    def __init__(
        self,
        service: Service | None,
        *,
        reader: Reader,
        personas: Mapping[str, Persona],
        recall: Recall = _nothing_before,
    ) -> None:
        self.service = service
        self._reader = reader
        self._personas = personas
        self._recall = recall

    def set_personas(self, personas: Mapping[str, Persona]) -> None:
        """Other personas, from now on."""
        self._personas = personas

    async def compose(self, performer: Performer, decision: Decision, cue: Cue) -> Decision:
        """``decision``, its answer in the model's words if they hold; else as it is, with why.

        Nothing is asked where there is nothing to word: no answer from evidence (or turn of a
        conversation, if the persona may make small talk), or a person is to look at it anyway.
        """
        persona = self._personas.get(performer.name)
        if persona is None or persona.replies.source != "llm":
            return decision
        fallback = _fallback(decision, may_chat=persona.replies.small_talk)
        if fallback is None:
            return decision
        try:
            composed = await self._composed(persona, performer, decision, fallback, cue)
        except Unanswered as error:
            self._count(error.fault.why.value)
            note = f"not worded by the model, {error.fault}"
            return replace(decision, notes=(*decision.notes, note))
        self._count("handed_over" if _escalates(composed) else "composed")
        return composed

    async def _composed(
        self,
        persona: Persona,
        performer: Performer,
        decision: Decision,
        fallback: Action,
        cue: Cue,
    ) -> Decision:
        if self.service is None:
            raise Unanswered(Why.NO_MODEL, "llm.url or its key is not known here")
        prompt = await self._prompt(persona, decision, cue)

        async def search(query: str) -> Sequence[Passage]:
            found = await self._reader.search(query, performer.knowledge)
            least = persona.replies.min_evidence
            return _harmless([one for one in found if one.score >= least])

        draft = await self.service.draft(
            prompt,
            persona=performer.name,
            limit=persona.replies.tokens_per_day,
            tools=[TOOLS[name] for name in persona.replies.tools],
            search=search,
        )
        if draft.wants_person:
            return _handed_over(decision, fallback, draft.model)
        found = await self._checked(draft, prompt, persona)
        return _worded(decision, fallback, found, draft.model)

    async def _prompt(self, persona: Persona, decision: Decision, cue: Cue) -> Prompt:
        message = cue.message
        asked = f"{message.title}\n{message.text}" if message.title else message.text
        turns = await self._turns(cue)
        memories = [one.text for one in cue.signals.memories if persona.replies.small_talk]
        theirs = [turn.text for turn in turns if not turn.is_ours]
        for text in (asked, *theirs, *memories):
            if await self._is_injection(text):
                raise Unanswered(Why.INJECTION, "the message reads as an order to a model")
        least = persona.replies.min_evidence
        more = [one for one in cue.signals.knowledge if one.score >= least]
        evidence = [*decision.evidence, *(one for one in more if one not in decision.evidence)]
        passages = _harmless(evidence[:_MAX_EVIDENCE])
        if decision.evidence and not passages:
            raise Unanswered(Why.INJECTION, "the evidence reads as an order to a model")
        role = _role(persona, message)
        return a_prompt(role, passages, asked, turns=turns, memories=memories)

    async def _turns(self, cue: Cue) -> Sequence[Turn]:
        """What was said before: what deciding knew, or else what the ledger knows."""
        if cue.signals.conversation:
            return [Turn(one.text, is_ours=one.by != "member") for one in cue.signals.conversation]
        return await self._recall(cue.message)

    async def _is_injection(self, text: str) -> bool:
        if reads_as_orders(text):
            return True
        return (await self._reader.scores(text)).get("injection", 0.0) > MAX_INJECTION

    async def _checked(self, draft: Draft, prompt: Prompt, persona: Persona) -> Grounded:
        found = await ground(tidy(draft.text), prompt, draft.passages, self._reader.embed)
        if isinstance(found, Fault):
            raise Unanswered(found.why, found.detail)
        if persona.voice.avoided(found.text) is not None:
            raise Unanswered(Why.VOICE, "a word that its voice avoids")
        harm = await harm_in(self._reader.scores, found.text)
        if harm is not None:
            raise Unanswered(Why.HARM, harm)
        return found

    def _count(self, outcome: str) -> None:
        if self.service is not None:
            self.service.counts.replies[outcome] += 1


def _harmless(passages: Sequence[Passage]) -> list[Passage]:
    """Without those that read as orders: documents can be poisoned."""
    return [one for one in passages if not reads_as_orders(f"{one.heading}\n{one.text}")]


def _role(persona: Persona, message: Message) -> Role:
    return Role(
        name=persona.name,
        operator=persona.operator,
        about=persona.about,
        voice=persona.voice.manner(message.channel).tone,
        chats=persona.replies.small_talk,
    )


def _fallback(decision: Decision, *, may_chat: bool) -> Action | None:
    """The reply that the persona itself decided on, not one that a rule scripts.

    Where a person is called, or the message goes, words are not a model's business.
    """
    purposes = {Purpose.CHAT} if may_chat else set()
    if decision.evidence:
        purposes.add(Purpose.ANSWER)
    kinds = {action.kind for action in decision.actions}
    if kinds & (REMOVALS | {ActionKind.ESCALATE}):
        return None
    return next(
        (
            action
            for action in decision.actions
            if action.kind is ActionKind.REPLY and action.text and action.purpose in purposes
        ),
        None,
    )


def _escalates(decision: Decision) -> bool:
    return any(action.kind is ActionKind.ESCALATE for action in decision.actions)


def _worded(decision: Decision, fallback: Action, found: Grounded, model: str) -> Decision:
    sources = "\n".join(map(source_line, found.passages))
    text = f"{found.text}\n\n{sources}" if sources else found.text
    reply = replace(fallback, text=text, reason=f"{fallback.reason}; worded by {model}")
    return replace(
        decision,
        actions=tuple(reply if one is fallback else one for one in decision.actions),
        evidence=found.passages or decision.evidence,
        reason=reply.reason if decision.reason == fallback.reason else decision.reason,
        model=model,
    )


def _handed_over(decision: Decision, fallback: Action, model: str) -> Decision:
    reason = "the model asks for a person"
    reply = replace(fallback, text=HANDED_OVER, reason=reason, purpose=Purpose.HANDOVER)
    actions = tuple(reply if one is fallback else one for one in decision.actions)
    told = replace(decision, actions=actions, reason=reason, model=model)
    return with_escalation(told, reason, Severity.LOW)
