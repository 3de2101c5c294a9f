"""What a turn of a conversation adds to memory: facts, or the question whether it may. Pure."""

from __future__ import annotations

from dataclasses import replace

from greenroom.message import ActionKind, Decision, Purpose
from greenroom.personas.base import Cue
from greenroom.personas.facts import facts_of, learned_from
from greenroom.personas.memory import MemorySettings


def remembering(decision: Decision, cue: Cue, settings: MemorySettings) -> Decision:
    """``decision`` with what is learned from the message, if the member agreed.

    Who has never been asked is asked once, under a chat reply, when there is something to keep.
    """
    if not settings.is_long_term:
        return decision
    if decision.persona in cue.signals.consents:
        learned = learned_from(cue, decision.persona, days=settings.days)
        return replace(decision, learned=learned)
    reply = next((one for one in decision.actions if one.purpose is Purpose.CHAT), None)
    is_spoken = reply is not None and reply.kind is ActionKind.REPLY
    if not is_spoken or settings.asks is None or not facts_of(cue.message, now=cue.now):
        return decision
    asking = tuple(
        replace(one, text=f"{one.text}\n\n{settings.asks}") if one is reply else one
        for one in decision.actions
    )
    return replace(decision, actions=asking, asks_consent=True)
