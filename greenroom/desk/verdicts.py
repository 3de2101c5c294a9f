"""What a moderator may choose on a case, and what follows from each choice. Pure.

What is shown and what is done are the same value: a page offers ``Choice`` objects, and a
verdict is taken only if it names one that is still offered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from greenroom.desk.room import RunningBot
from greenroom.desk.wording import in_words, listed
from greenroom.ledger import Case, Effect, Judgement, Planned, Verdict, order_key
from greenroom.message import OURS, REMOVALS, Action, ActionKind, Message

TIMEOUTS_S = (600, 3600, 86_400, 604_800)
TOO_LATE = "Somebody was quicker. Nothing of yours was changed."
EDITED = "The author edited the message while you read it. Look again before you judge."
CHANGED = "What can be done about this case has changed. Look again before you judge."
ON_ITS_WAY = "An action is on its way to the platform just now. Try again in a moment."
BANS_S = (259_200, 604_800, 2_419_200)


@dataclass(frozen=True, slots=True)
class Choice:
    """One button: what it says, the verdict it stands for, and what it orders."""

    name: str  # what the form sends
    label: str
    key: str
    verdict: Verdict
    follows: str  # what happens, in a sentence
    actions: tuple[Action, ...] = ()
    is_sanction: bool = False  # against the author: stands behind one more key


def seen(message: Message) -> str:
    """Names the text that a moderator reads, in characters that a form leaves alone."""
    text = "\x1f".join((message.revision, message.title or "", message.text))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def choices(effects: Sequence[Effect], bot: RunningBot | None) -> tuple[Choice, ...]:
    """What is offered on an open case.

    Args:
        effects: Every action ordered for the message, oldest first.
        bot: The case's bot; None if it no longer runs, so that nothing can be ordered.
    """
    can = bot.capabilities if bot else frozenset()
    held = standing(effects)
    is_removed = any(effect.action.kind in REMOVALS for effect in held)
    return (
        *(_on_what_was_done(held, can) if held else ()),
        *_removal(can, is_removed=is_removed),
        *_sanctions(can, is_removed=is_removed, bans_end=bot is not None and bot.bans_end),
        *(() if held else _on_nothing_done(can)),
    )


def taken(
    name: str,
    shown: str,
    case: Case,
    message: Message,
    *,
    effects: Sequence[Effect],
    bot: RunningBot | None,
) -> tuple[Choice | None, str]:
    """The choice as it is still offered, or None and why no verdict can be taken now.

    Args:
        name: The choice's name, as a form or a button sent it.
        shown: What ``seen`` gave of the text that was judged, or the beginning of it.
        case: The case as it is now.
        message: Its message as it is now.
        effects: Every action ordered for the message.
        bot: The case's bot.
    """
    if case.state != "open":
        return None, TOO_LATE
    if not shown or not seen(message).startswith(shown):
        return None, EDITED
    if any(effect.state == "sending" for effect in effects):
        return None, ON_ITS_WAY
    offered = {choice.name: choice for choice in choices(effects, bot)}
    return offered.get(name), CHANGED


def standing(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """What Greenroom did, will do or would have done, less what was undone since."""
    held: list[Effect] = []
    for effect in effects:
        if effect.state in ("failed", "cancelled") or effect.action.kind in _FOR_PEOPLE:
            continue
        held = [earlier for earlier in held if not _is_undone_by(earlier, effect)]
        if not _is_undoing(effect.action):
            held.append(effect)
    return tuple(held)


def judgement(
    choice: Choice, case: Case, message: Message, *, bot: RunningBot | None, by: str, note: str = ""
) -> Judgement:
    """The verdict for the ledger, with the orders that follow from ``choice``."""
    is_shadow = bot is None or bot.is_shadow
    # The case is named as the asking rule, so that a later case about the same message can
    # order the same action again, and one form sent twice cannot.
    actions = [replace(action, rule=f"case#{case.id}") for action in choice.actions]
    planned = tuple(
        Planned(
            action,
            case.bot,
            f"moderator:{by}",
            order_key(case.bot, message, action, by=f"moderator:{by}", index=index),
            is_shadow,
            case.id,
        )
        for index, action in enumerate(actions)
    )
    return Judgement(case.id, choice.verdict, by, note, planned)


def _on_what_was_done(held: Sequence[Effect], can: frozenset[ActionKind]) -> Iterator[Choice]:
    done = listed(dict.fromkeys(in_words(effect.action) for effect in held))
    yield Choice("uphold", "Uphold", "u", Verdict.UPHOLD, f"It was right to {done}.")
    undone, left = _undo(held, can)
    follows = []
    if undone:
        put_right = listed(in_words(action, is_undo=True) for action in undone)
        follows.append(f"It was wrong: {put_right}.")
    if left:
        follows.append(f"Cannot be undone from here: {listed(left)}.")
    sentence = " ".join(follows) or "It was wrong. There is nothing to undo on the platform."
    yield Choice("overturn", "Overturn", "o", Verdict.OVERTURN, sentence, undone)


def _removal(can: frozenset[ActionKind], *, is_removed: bool) -> Iterator[Choice]:
    if ActionKind.REMOVE in can and not is_removed:
        action = Action(ActionKind.REMOVE)
        yield Choice("remove", "Remove", "r", Verdict.ACT, "Takes the message down.", (action,))


def _sanctions(can: frozenset[ActionKind], *, is_removed: bool, bans_end: bool) -> Iterator[Choice]:
    """Against the author, from the mildest; the message goes too, unless it is gone already."""
    first = (Action(ActionKind.REMOVE),) if ActionKind.REMOVE in can and not is_removed else ()
    verdict = Verdict.UPHOLD if is_removed else Verdict.ACT
    keys = iter("123456789")
    for action in _against_author(can, bans_end=bans_end):
        words = _sentence(in_words(action))
        follows = f"{words}, and take the message down." if first else f"{words}."
        name = f"{action.kind}-{action.duration_s}" if action.duration_s else str(action.kind)
        label = words.replace(" the author", "")
        yield Choice(name, label, next(keys), verdict, follows, (*first, action), True)


def _against_author(can: frozenset[ActionKind], *, bans_end: bool) -> Iterator[Action]:
    if ActionKind.TIMEOUT in can:
        yield from (Action(ActionKind.TIMEOUT, duration_s=span_s) for span_s in TIMEOUTS_S)
    if ActionKind.KICK in can:
        yield Action(ActionKind.KICK)
    if ActionKind.BAN in can and bans_end:
        yield from (Action(ActionKind.BAN, duration_s=span_s) for span_s in BANS_S)
    if ActionKind.BAN in can:
        yield Action(ActionKind.BAN)


def _on_nothing_done(can: frozenset[ActionKind]) -> Iterator[Choice]:
    yield Choice("dismiss", "Dismiss", "d", Verdict.DISMISS, "Nothing needs doing.")
    if ActionKind.APPROVE in can:
        follows = "Marks it as approved on the platform."
        approve = (Action(ActionKind.APPROVE),)
        yield Choice("approve", "Approve", "a", Verdict.ACT, follows, approve)


def _undo(
    held: Sequence[Effect], can: frozenset[ActionKind]
) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    """The actions that undo what stands, and in words what nothing undoes."""
    undone: dict[Action, None] = {}
    left: dict[str, None] = {}
    for effect in held:
        if effect.state == "shadow":
            continue  # it never happened
        way = _UNDO.get(effect.action.kind)
        action = way(effect) if way else None
        if action is not None and action.kind in can:
            undone[action] = None
        elif effect.state != "pending" or effect.action.kind in REMOVALS:
            left[in_words(effect.action)] = None
    return tuple(undone), tuple(left)


def _back(kind: ActionKind) -> Callable[[Effect], Action]:
    return lambda effect: Action(kind, ref=effect.ref, on_parent=effect.action.on_parent)


def _retract(effect: Effect) -> Action | None:
    return Action(ActionKind.RETRACT, ref=effect.ref) if effect.ref else None


def _flip(effect: Effect) -> Action | None:
    return replace(_plain(effect.action), value=False) if effect.action.value is True else None


def _plain(action: Action) -> Action:
    return Action(action.kind, on_author=action.on_author, on_parent=action.on_parent)


_FLAGS = (
    ActionKind.SET_LOCKED,
    ActionKind.SET_NSFW,
    ActionKind.SET_SPOILER,
    ActionKind.SET_STICKY,
    ActionKind.SET_CONTEST_MODE,
    ActionKind.SET_ORIGINAL_CONTENT,
)
_UNDO: dict[ActionKind, Callable[[Effect], Action | None]] = {
    **{kind: _back(ActionKind.APPROVE) for kind in REMOVALS},
    **dict.fromkeys(_FLAGS, _flip),
    ActionKind.REPLY: _retract,
    ActionKind.LABEL: lambda effect: Action(ActionKind.UNLABEL, text=effect.action.text),
    ActionKind.BAN: _back(ActionKind.UNBAN),
    ActionKind.TIMEOUT: lambda _: Action(ActionKind.TIMEOUT, duration_s=0),
    ActionKind.LOCK: lambda _: Action(ActionKind.SET_LOCKED, value=False),
}
_FOR_PEOPLE = OURS | {ActionKind.REPORT}  # they ask, they do nothing


def _is_undoing(action: Action) -> bool:
    kinds = (ActionKind.APPROVE, ActionKind.RETRACT, ActionKind.UNBAN, ActionKind.UNLABEL)
    is_flag_off = action.kind in _FLAGS and action.value is False
    is_timeout_off = action.kind is ActionKind.TIMEOUT and action.duration_s == 0
    return action.kind in kinds or is_flag_off or is_timeout_off


def _is_undone_by(earlier: Effect, later: Effect) -> bool:
    if (earlier.state == "shadow") != (later.state == "shadow"):
        return False
    way = _UNDO.get(earlier.action.kind)
    undoing = way(earlier) if way else None
    if undoing is None:
        return False
    return _essence(undoing) == _essence(later.action)


def _essence(action: Action) -> tuple[object, ...]:
    ends = action.duration_s == 0
    ref = action.ref if action.kind is ActionKind.RETRACT else None  # which of our replies
    name = action.text if action.kind is ActionKind.UNLABEL else None
    return (action.kind, ref, name, action.on_parent, action.value, ends)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
