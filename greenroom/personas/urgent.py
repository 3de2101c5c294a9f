"""What comes before everything else that a persona does: nothing to bots, help, and a person."""

from __future__ import annotations

from greenroom.message import Decision
from greenroom.personas.base import Cue, Needs
from greenroom.personas.crisis import help_in_crisis, in_crisis
from greenroom.personas.handover import asks_for_a_person, hand_over, is_bot
from greenroom.personas.schema import Persona


def urgent(name: str, persona: Persona, cue: Cue) -> Decision | None:
    """What is decided whatever else the persona would do; None: nothing of this applies."""
    if is_bot(cue.message):
        return Decision(name)  # two bots never talk to each other
    reason = in_crisis(cue, persona.crisis) if persona.crisis else None
    if persona.crisis is not None and reason is not None:
        return help_in_crisis(name, persona.crisis, reason)
    if asks_for_a_person(cue.message):
        return hand_over(name, "asked for a person")
    return None


def urgent_needs(persona: Persona) -> Needs:
    """The scores by which a crisis is known."""
    if persona.crisis is None:
        return Needs()
    return Needs(scores=True, floor=persona.crisis.threshold)
