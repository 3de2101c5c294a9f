"""Between deciding and recording: who speaks, what is ordered, what becomes a case. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

from greenroom.ledger import CaseDraft, Handled, Pending, Planned, order_key
from greenroom.message import (
    OURS,
    REMOVALS,
    SPOKEN,
    Action,
    ActionKind,
    Decision,
    Event,
    EventKind,
    Message,
    Purpose,
    Severity,
    Signals,
)
from greenroom.personas.base import with_escalation

_OTHERS = "kept silent: another persona acts on this message"
_RUSHED = "kept silent: answers come quicker than a person types"
THANKS = "Thank you. The moderators will look at it."
OPTED_OUT = "kept silent: the member opted out"
_LABELS = frozenset({ActionKind.LABEL, ActionKind.UNLABEL, ActionKind.SET_FLAIR})
_ANSWERS = frozenset({Purpose.ANSWER, Purpose.DUPLICATE, Purpose.DIGEST, Purpose.CAMPAIGN})
_VOICE = SPOKEN | {ActionKind.REACT}
_IN_NEED = frozenset({Purpose.CRISIS, Purpose.HANDOVER})
_AT_REST = Severity.MEDIUM  # of what a paused persona leaves to people
_FOR_PEOPLE = frozenset({ActionKind.ESCALATE, ActionKind.FILTER, ActionKind.REPORT})


def one_voice(
    decisions: Sequence[Decision],
    message: Message,
    speaker: str | None = None,
    *,
    is_rushed: bool = False,
) -> list[Decision]:
    """One conversation, one speaker: nobody answers what is removed or judged, and one answers.

    Words for somebody in need go before all others, then those that a person will follow, then
    those of the persona that has the word (``speaker``), then those of whoever comes first.
    What rules order word for word is none of this. Nobody speaks to a bot at all, so that no two
    of them can talk to each other without end; and small talk ends where answers come quicker
    than a person types (``is_rushed``), since a bot need not say that it is one.
    """
    if message.author.is_bot or message.author.is_self:
        return [_without_speech(decision) for decision in decisions]
    if _is_held(decisions):  # nothing is learned from what the rules object to
        decisions = [replace(decision, learned=()) for decision in decisions]
    winner = _speaker(decisions, speaker)
    if is_rushed and winner is not None and not _is_urgent(decisions[winner]):
        return [_silenced(one, is_answered=False, note=_RUSHED) for one in decisions]
    is_answered = winner is not None and any(
        action.purpose in _ANSWERS for action in decisions[winner].actions
    )
    return [
        decision if index == winner else _silenced(decision, is_answered=is_answered)
        for index, decision in enumerate(decisions)
    ]


def _speaker(decisions: Sequence[Decision], speaker: str | None) -> int | None:
    """Which decision's own words are said; None: nobody's."""
    for urgent in (Purpose.CRISIS, Purpose.HANDOVER):
        for index, decision in enumerate(decisions):
            if any(action.purpose is urgent for action in decision.actions):
                return index
    speaking = [index for index, one in enumerate(decisions) if any(map(_is_own, one.actions))]
    if _is_held(decisions) or not speaking:
        return None
    return next((index for index in speaking if decisions[index].persona == speaker), speaking[0])


def _is_held(decisions: Sequence[Decision]) -> bool:
    return any(
        action.kind in REMOVALS or (action.kind is ActionKind.ESCALATE and not _wants(action))
        for decision in decisions
        for action in decision.actions
    )


def _is_urgent(decision: Decision) -> bool:
    return any(one.purpose in (Purpose.CRISIS, Purpose.HANDOVER) for one in decision.actions)


def _silenced(decision: Decision, *, is_answered: bool, note: str = _OTHERS) -> Decision:
    """Without its own words; and without a case for want of an answer, if there is one."""
    kept = tuple(
        action
        for action in decision.actions
        if not (_is_own(action) or (is_answered and _wants(action)))
    )
    if len(kept) == len(decision.actions):
        return decision
    return replace(decision, actions=kept, notes=(*decision.notes, note), asks_consent=False)


def _wants(action: Action) -> bool:
    """A case for want of an answer."""
    return action.kind is ActionKind.ESCALATE and action.purpose is Purpose.ANSWER


def _is_own(action: Action) -> bool:
    """A persona's own words to a member."""
    return action.purpose is not None and action.kind in SPOKEN


def leave_alone(decisions: Sequence[Decision]) -> list[Decision]:
    """What remains of decisions on a member who opted out: moderation, and nothing said.

    Nobody answers, reacts, learns or asks. What rules order against the message stands, a plea
    for a person stands, and a crisis reaches a person.
    """
    return [_left_alone(decision) for decision in decisions]


def rest(decision: Decision, paused: Collection[str]) -> Decision:
    """``decision``; of a persona that a person has paused, what nobody else sees.

    What it would have said is dropped. What it would have done becomes a case for people, and so
    does what it would have said to somebody in need.
    """
    if decision.persona not in paused:
        return decision
    cases = tuple(one for one in decision.actions if one.kind is ActionKind.ESCALATE)
    held = [one for one in decision.actions if one.kind is not ActionKind.ESCALATE]
    notes = (*decision.notes, *(f"{one.kind} held back: the persona is paused" for one in held))
    for_people = [one.kind for one in held if one.kind not in _VOICE or one.purpose in _IN_NEED]
    if not for_people:
        return replace(decision, actions=cases, notes=notes)
    lasting = tuple(one for one in cases if not _wants(one))  # no answer spares this case
    resting = replace(decision, actions=lasting, notes=notes)
    would = ", ".join(dict.fromkeys(for_people))
    return with_escalation(resting, f"{decision.persona} is paused; it would {would}", _AT_REST)


def answer_to(event: Event, text: str) -> tuple[Planned, ...]:
    """What whoever gave a command or pressed a button is told, where the platform can.

    It goes out in shadow mode too: somebody asked, and nobody else sees it.
    """
    if event.respond is None:
        return ()
    action = Action(ActionKind.ANSWER, text=text, ref=event.respond)
    key = hashlib.sha256(f"answer\x1f{event.key}".encode("utf-8", "replace")).hexdigest()[:32]
    return (Planned(action, event.bot, "persona:backstage", key),)


def as_posted(message: Message, decision: Decision) -> Message:
    """A persona's own utterance with the words that it decided on."""
    for action in decision.actions:
        if action.kind is ActionKind.POST:
            return replace(message, text=action.text or "", title=action.subject)
    return message


def plan(
    pending: Pending,
    message: Message,
    mode: str,
    signals: Signals,
    decisions: Sequence[Decision],
) -> Handled:
    """Decisions as what will be recorded: orders for the outbox, perhaps a case."""
    bot = pending.event.bot
    planned = [
        _planned(bot, message, decision, action, index, mode)
        for decision in decisions
        for index, action in enumerate(decision.actions)
        if action.kind not in OURS
    ]
    return Handled(
        seq=pending.seq,
        event=pending.event,
        mode=mode,
        message=message,
        signals=signals,
        decisions=tuple(decisions),
        planned=(*planned, *answer_to(pending.event, THANKS)),
        case=_draft(decisions, mode, pending.event),
    )


def _planned(
    bot: str, message: Message, decision: Decision, action: Action, index: int, mode: str
) -> Planned:
    by = f"persona:{decision.persona}"
    key = order_key(bot, message, action, by=by, index=index)
    is_shadow = mode == "shadow"
    return Planned(action, bot, by, key, is_shadow=is_shadow, version=decision.version)


def _draft(decisions: Sequence[Decision], mode: str, event: Event) -> CaseDraft | None:
    """A case where a persona wants one, and of whatever somebody reports."""
    drafted = _drafted(decisions, mode)
    if event.kind is not EventKind.MESSAGE_REPORTED:
        return drafted
    reported = f"reported: {event.text}" if event.text else "reported"
    if drafted is None:
        return CaseDraft("backstage", Severity.MEDIUM, reported, mode, is_report=True)
    return replace(drafted, reason=f"{reported}; {drafted.reason}", is_report=True)


def _drafted(decisions: Sequence[Decision], mode: str) -> CaseDraft | None:
    for_people = [
        (decision, action)
        for decision in decisions
        for action in decision.actions
        if action.kind in _FOR_PEOPLE
    ]
    if not for_people:
        return None
    reasons = [action.reason or decision.reason or action.kind for decision, action in for_people]
    return CaseDraft(
        persona=for_people[0][0].persona,
        severity=max((decision.severity for decision, _ in for_people), key=lambda s: s.rank),
        reason="; ".join(dict.fromkeys(reasons)),
        mode=mode,
    )


def _without_speech(decision: Decision) -> Decision:
    kept = tuple(action for action in decision.actions if action.kind not in SPOKEN)
    if len(kept) == len(decision.actions):
        return decision
    note = "kept silent: a bot wrote it"
    return replace(decision, actions=kept, notes=(*decision.notes, note), learned=())


def _left_alone(decision: Decision) -> Decision:
    kept = tuple(action for action in decision.actions if not _is_unasked(action, decision))
    is_same = len(kept) == len(decision.actions)
    silent = replace(
        decision,
        actions=kept,
        notes=decision.notes if is_same else (*decision.notes, OPTED_OUT),
        learned=(),
        asks_consent=False,
    )
    if decision.severity is not Severity.CRITICAL:
        return silent
    return with_escalation(silent, decision.reason or "a crisis", Severity.CRITICAL)


def _is_unasked(action: Action, decision: Decision) -> bool:
    """Whether it is for the member: speech, a reaction, a persona's own label, or a case that
    is there only because a persona had no answer."""
    if action.kind in SPOKEN or action.kind is ActionKind.REACT:
        return True
    if action.kind is ActionKind.ESCALATE:
        is_idle = action.rule is None and decision.severity is Severity.LOW
        return is_idle or _wants(action)
    return action.kind in _LABELS and action.rule is None
