"""Between deciding and recording: who speaks, what is ordered, what becomes a case. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from greenroom.ledger import CaseDraft, Handled, Pending, Planned, order_key
from greenroom.message import (
    OURS,
    REMOVALS,
    Action,
    ActionKind,
    Decision,
    EventKind,
    Message,
    Signals,
)

_FOR_PEOPLE = frozenset({ActionKind.ESCALATE, ActionKind.FILTER, ActionKind.REPORT})


def one_voice(decisions: Sequence[Decision]) -> list[Decision]:
    """One conversation, one speaker: nobody answers what is removed or judged, and one answers."""
    is_held = any(
        action.kind in REMOVALS or action.kind is ActionKind.ESCALATE
        for decision in decisions
        for action in decision.actions
    )
    spoken = False
    voiced = []
    for decision in decisions:
        replies = [action for action in decision.actions if _is_answer(action, decision)]
        if replies and (spoken or is_held):
            silent = tuple(action for action in decision.actions if action not in replies)
            note = "kept silent: another persona acts on this message"
            decision = replace(decision, actions=silent, notes=(*decision.notes, note))
        spoken = spoken or bool(replies)
        voiced.append(decision)
    return voiced


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
        planned=tuple(planned),
        case=_draft(decisions, mode, is_report=pending.event.kind is EventKind.MESSAGE_REPORTED),
    )


def _planned(
    bot: str, message: Message, decision: Decision, action: Action, index: int, mode: str
) -> Planned:
    by = f"persona:{decision.persona}"
    key = order_key(bot, message, action, by=by, index=index)
    return Planned(action, bot, by, key, is_shadow=mode == "shadow")


def _draft(decisions: Sequence[Decision], mode: str, *, is_report: bool) -> CaseDraft | None:
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
        is_report=is_report,
    )


def _is_answer(action: Action, decision: Decision) -> bool:
    return action.kind is ActionKind.REPLY and bool(decision.evidence)
