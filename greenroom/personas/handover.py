"""A person can always step in: how a member asks for one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from greenroom.message import Action, ActionKind, Decision, Message, Purpose, Severity
from greenroom.personas.base import with_escalation

HANDED_OVER: Final = "A person from the team will look at this and answer here."

_COMMAND = re.compile(r"^\s*(?:<@[^>]+>\s*|@\S+\s+)?[/!]human\b", re.IGNORECASE)
_WORDS = re.compile(
    r"\b(?:talk|speak|chat|get|reach|ask|need|want|call|contact)\b.{0,30}"
    r"\b(?:human|person|people|moderator|someone real|staff)\b",
    re.IGNORECASE | re.DOTALL,
)


def asks_for_a_person(message: Message) -> bool:
    """True for ``/human`` or ``!human``, or for words to that effect said to the bot itself."""
    if _COMMAND.match(message.text[:200]):
        return True
    return bool(message.mentions_me and _WORDS.search(message.text[:2000]))


def is_bot(message: Message) -> bool:
    """True for what another bot, or one of ours, wrote."""
    return message.author.is_bot or message.author.is_self


def hand_over(name: str, reason: str, *, says: str = HANDED_OVER) -> Decision:
    """A word that a person will follow, and the case for one."""
    reply = Action(ActionKind.REPLY, text=says, reason=reason, purpose=Purpose.HANDOVER)
    decision = Decision(name, actions=(reply,), reason=reason)
    return with_escalation(decision, reason, Severity.MEDIUM)


def wants_an_answer(action: Action) -> bool:
    """True for what a rule orders without saying the words."""
    return action.kind is ActionKind.REPLY and action.text is None


def without_answers(actions: Sequence[Action]) -> tuple[Action, ...]:
    """What else was ordered."""
    return tuple(action for action in actions if not wants_an_answer(action))
