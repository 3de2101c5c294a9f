"""``policy try``: JSON objects in, what the rules would do out, a line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from greenroom.errors import ConfigError
from greenroom.policies.base import Evaluation, Filled, Policy, Rule, Situation
from greenroom.policies.evaluate import evaluate
from greenroom.policies.incoming import NotAMessage, message_of, signals_of
from greenroom.policies.why import why

_ALWAYS: Final = (
    "action", "action_reason",
    "comment", "comment_locked", "comment_stickied",
    "message", "message_subject", "modmail", "modmail_subject",
    "set_flair", "set_sticky", "set_nsfw", "set_spoiler", "set_contest_mode",
    "set_original_content", "set_locked", "set_suggested_sort", "set_post_crowd_control_level",
)  # fmt: skip
"""Keys of every line, ``null`` where no rule set them."""

_LAST_WINS: Final = frozenset(
    {"set_sticky", "set_nsfw", "set_spoiler", "set_contest_mode", "set_original_content"}
    | {"set_locked", "set_post_crowd_control_level"}
)
"""States: every rule that fires acts, so what holds in the end is what the last one said."""

AUTOMODERATOR: Final = ("AutoModerator",)
"""On Reddit the rules are its own: it does not look at what it wrote itself."""

_LISTS: Final = frozenset({"react", "label"})


def try_lines(
    policy: Policy,
    lines: Iterable[str],
    *,
    now: datetime,
    file: str = "-",
    asked: Rule | None = None,
) -> Iterator[dict[str, Any]]:
    """What a policy would do to each message.

    Args:
        policy: The rules.
        lines: JSON objects with AutoModerator's names, one a line; blank lines are passed over.
        now: For ages.
        file: What errors call the input.
        asked: A rule to tell of, on each message, why it fired or did not.

    Raises:
        ConfigError: A line is no JSON object, or a value has the wrong type.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _try(policy, line, now, (file, number), asked)


def _try(
    policy: Policy, line: str, now: datetime, place: tuple[str, int], asked: Rule | None
) -> dict[str, Any]:
    values = _object(line, place)
    try:
        message, signals = message_of(values, now=now), signals_of(values)
    except NotAMessage as error:
        raise ConfigError(str(error), file=place[0], line=place[1]) from error
    own_names = AUTOMODERATOR if message.platform == "reddit" else ()
    # The notice is the poster's: here one sees the rule's text as it is filled.
    situation = Situation(now, own_names=own_names, disclaimer="")
    shown = as_json(evaluate((policy,), message, signals, now=now, situation=situation))
    if asked is not None:
        told = why((policy,), asked, message, signals, situation)
        shown["why"] = {
            "rule": asked.index,
            "fired": told.has_fired,
            "check": told.check,
            "because": told.because,
        }
    return shown


def _object(line: str, place: tuple[str, int]) -> dict[str, Any]:
    try:
        values = json.loads(line.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"is not JSON: {error.msg}", file=place[0], line=place[1], column=error.colno
        ) from error
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"is not JSON: {error}", file=place[0], line=place[1]) from error
    if isinstance(values, dict):
        return values
    raise ConfigError(
        "is not a JSON object", file=place[0], line=place[1], accepted='such as {"title": "…"}'
    )


def as_json(found: Evaluation) -> dict[str, Any]:
    """An evaluation in AutoModerator's names.

    A verb, a text or a flair is the first rule's that gave one, a state the last one's; what a
    key has no room for stands under ``also``.
    """
    shown: dict[str, Any] = {
        "fired": [
            {"rule": one.rule, "name": one.name} | ({"would": list(one.would)} if one.would else {})
            for one in found.fired
        ],
        **dict.fromkeys(_ALWAYS),
    }
    also: list[dict[str, object]] = []
    for filled in found.filled:
        group = shown if filled.part == "message" else shown.setdefault(filled.part, {})
        if not _put(group, filled):
            also.append({"rule": _rule_of(filled), "on": filled.part, filled.key: filled.shown})
    if also:
        shown["also"] = also
    shown["severity"] = found.severity.value
    shown["explanations"] = list(found.explanations)
    shown["notes"] = list(found.notes)
    return shown


def _rule_of(filled: Filled) -> int:
    return int((filled.action.rule or "#0").rpartition("#")[2])


def _put(group: dict[str, Any], filled: Filled) -> bool:
    """Set a key; false if an earlier rule has it."""
    if filled.key in _LISTS:
        group.setdefault(filled.key, []).append(filled.shown)
        return True
    is_replacing = filled.key in _LAST_WINS or filled.action.overwrite
    if group.get(filled.key) is not None and not is_replacing:
        return False
    group[filled.key] = filled.shown
    action = filled.action
    if filled.key == "action":
        group["action_reason"] = action.reason
    if filled.key in ("message", "modmail"):
        group[f"{filled.key}_subject"] = action.subject
    if filled.key == "comment":
        group["comment_locked"], group["comment_stickied"] = action.lock, action.sticky
    return True
