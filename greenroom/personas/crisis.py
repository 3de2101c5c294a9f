"""Somebody in need: a person hears of it at once, and the operator's own words are said.

What a member says of themselves is looked for in plain words of several languages, and in the
``self_harm`` score. It errs towards a person: an alarm too many costs a moderator a minute.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from greenroom.fold import fold
from greenroom.message import Action, ActionKind, Decision, Purpose, Severity
from greenroom.personas.base import Cue, with_escalation
from greenroom.personas.fields import Strict, Text

_PHRASES: Final = re.compile(
    r"""
    \b(?:
      (?:kill|hurt|harm|hang|cut|cutting|hurting|killing|harming)\s+my\s?self
    | end(?:ing)?\s+(?:my\s+life|it\s+all)
    | (?:take|taking)\s+my\s+(?:own\s+)?life
    | (?:want(?:ed)?|wanna|going|ready)\s+(?:to\s+)?(?:die|be\s+dead)
    | wish\s+i\s+(?:was|were|wasn'?t|had\s+never\s+been)\s+(?:dead|alive|born|never\s+born)
    | (?:don'?t|do\s+not|no\s+longer)\s+(?:want|wanna)\s+(?:to\s+)?
      (?:live|be\s+alive|exist|be\s+here\s+any\s?more)
    | (?:no|nothing|any)\s+(?:reason|point)\s+(?:to|in|for)\s+liv(?:e|ing)
    | better\s+off\s+(?:dead|without\s+me)
    | (?:can'?t|cannot)\s+(?:go\s+on|do\s+this|take\s+it)\s+any\s?more
    | suicid\w*
    | self[\s-]?harm\w*
    | (?:mich|mir)\s+(?:umbringen|etwas\s+antun|das\s+leben\s+nehmen|ritzen)
    | (?:will|möchte)\s+(?:nicht\s+mehr\s+leben|sterben)
    | selbstmord\w*
    | (?:me\s+suicider|me\s+tuer|envie\s+de\s+mourir|veux\s+mourir|plus\s+envie\s+de\s+vivre)
    | (?:quiero\s+morir(?:me)?|matarme|suicidarme|no\s+quiero\s+vivir)
    | (?:quero\s+morrer|me\s+matar|não\s+quero\s+(?:mais\s+)?viver)
    | (?:voglio\s+morire|uccidermi|ammazzarmi)
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MOST_READ: Final = 20_000  # characters


class Crisis(Strict):
    """What is done when somebody may be in need.

    Attributes:
        resources: What is said, word for word: whom to call, in the operator's own words.
        words: Words that mean a crisis here, beside those that are known.
        threshold: The ``self_harm`` score from which on a message counts as one.
    """

    resources: Text
    words: tuple[Text, ...] = ()
    threshold: float = Field(default=0.6, gt=0, le=1)


def in_crisis(cue: Cue, crisis: Crisis) -> str | None:
    """Why a message looks like a crisis; None if it does not."""
    text = fold(cue.message.text[:_MOST_READ]).text
    found = _PHRASES.search(text)
    if found:
        return "may be in crisis: by their words"
    folded = text.casefold()
    if any(fold(word).text.casefold() in folded for word in crisis.words):
        return "may be in crisis: by words that the persona's file names"
    score = cue.signals.scores.get("self_harm", 0.0)
    if score >= crisis.threshold:
        return f"may be in crisis: self_harm {score:.2f}"
    return None


def help_in_crisis(name: str, crisis: Crisis, reason: str) -> Decision:
    """The resources, and a case that comes before all others."""
    action = Action(ActionKind.REPLY, text=crisis.resources, reason=reason, purpose=Purpose.CRISIS)
    decision = Decision(name, actions=(action,), severity=Severity.CRITICAL, reason=reason)
    return with_escalation(decision, reason, Severity.CRITICAL)
