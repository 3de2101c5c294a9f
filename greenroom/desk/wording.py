"""Plain words for what the desk shows: actions, states, spans of time. For its templates."""

from __future__ import annotations

from collections.abc import Iterable

from greenroom.ledger import Case, Entry
from greenroom.message import Action, ActionKind

_IN_WORDS = {
    ActionKind.APPROVE: "approve the message",
    ActionKind.REMOVE: "remove the message",
    ActionKind.SPAM: "remove the message as spam",
    ActionKind.FILTER: "hold the message back",
    ActionKind.REPORT: "report the message",
    ActionKind.ESCALATE: "ask a person",
    ActionKind.STRIKE: "give the author a strike",
    ActionKind.REPLY: "reply",
    ActionKind.RETRACT: "take the reply back",
    ActionKind.MESSAGE: "write to the author",
    ActionKind.NOTICE: "tell the author, who alone sees it",
    ActionKind.ANSWER: "answer",
    ActionKind.CARD: "show the case in the desk channel",
    ActionKind.MOD_NOTE: "note something about the author",
    ActionKind.UNLABEL: "take the role back",
    ActionKind.KICK: "put the author out",
    ActionKind.MODMAIL: "write to the moderators",
    ActionKind.REACT: "react",
    ActionKind.LABEL: "label",
    ActionKind.REDACT: "redact the message",
    ActionKind.LOCK: "lock the thread",
    ActionKind.TIMEOUT: "time the author out",
    ActionKind.BAN: "ban the author",
    ActionKind.UNBAN: "lift the ban",
}
_LASTING = frozenset({ActionKind.TIMEOUT, ActionKind.BAN, ActionKind.STRIKE})
_STATES = {
    "pending": "waiting to be sent",
    "sending": "being sent",
    "done": "done",
    "failed": "failed",
    "cancelled": "taken back before it was sent",
    "shadow": "not done: shadow mode",
}
_HAPPENINGS = {
    "decision": "Decided",
    "deletion": "Deleted by its author",
    "failure": "Could not be processed",
    "consent": "Said by a member: what is agreed to, or not",
    "memory": "Facts learned or erased",
    "pause": "Persona paused",
    "resume": "Persona back on stage",
}
_VERDICTS = {
    "uphold": "upheld",
    "overturn": "overturned",
    "act": "acted on",
    "dismiss": "dismissed",
}
_PLATFORMS = {
    "discord": "Discord",
    "slack": "Slack",
    "reddit": "Reddit",
    "replay": "Recording",
    "terminal": "Terminal",
}
_SPANS = ((604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def in_words(action: Action, *, is_undo: bool = False) -> str:
    """An action as a verb phrase: ``remove the message``."""
    if is_undo and action.kind is ActionKind.APPROVE:
        return "put the message back"
    if action.kind is ActionKind.SET_LOCKED and action.value is False:
        return "unlock the thread"
    if action.kind is ActionKind.TIMEOUT and action.duration_s == 0:
        return "end the time-out"
    if action.kind in _LASTING and action.duration_s:
        return f"{_IN_WORDS[action.kind]} for {span(action.duration_s)}"
    words = _IN_WORDS.get(action.kind)
    if words is None:
        words = action.kind.replace("_", " ")
        return f"{words}: {action.value}" if action.value is not None else words
    return words


def state_in_words(state: str) -> str:
    """An effect's state, for people."""
    return _STATES.get(state, state)


def verdict_in_words(verdict: str) -> str:
    """A verdict as what happened: ``upheld``."""
    return _VERDICTS.get(verdict, verdict)


def outcome_in_words(case: Case) -> str:
    """How a case ended: ``upheld``, or ``withdrawn``."""
    return verdict_in_words(case.verdict) if case.verdict else case.state


def platform_name(platform: str) -> str:
    """A platform as its members write it."""
    return _PLATFORMS.get(platform, platform)


def actor(by: str) -> str:
    """Who did something: ``kim (moderator)`` of ``moderator:kim``."""
    if by in ("persona:sender", "persona:loop", "persona:backstage"):
        return "Greenroom"
    role, _, name = by.partition(":")
    return f"{name} ({role})" if name else by


def happening(entry: Entry) -> str:
    """What a ledger entry records, in a few words."""
    body = entry.body
    if entry.kind == "case":
        return "Reported by a member" if body.get("report") else "Case opened"
    if entry.kind == "effect":
        action = Action(ActionKind(body["action"]))
        return f"{in_words(action).capitalize()}: {state_in_words(body['state'])}"
    if entry.kind == "verdict":
        return f"Case {verdict_in_words(body['verdict'])}"
    return _HAPPENINGS.get(entry.kind, entry.kind)


def listed(words: Iterable[str]) -> str:
    """``a, b and c``."""
    found = list(words)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"


def span(seconds: int) -> str:
    """A length of time in its largest whole unit: ``1 hour``, ``10 minutes``."""
    unit_s, unit = next((unit for unit in _SPANS if seconds % unit[0] == 0), _SPANS[-1])
    count = seconds // unit_s
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
