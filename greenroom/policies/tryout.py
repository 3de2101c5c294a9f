"""``policy try``: JSON objects in, what the rules would do out, a line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from greenroom.errors import ConfigError
from greenroom.policies.base import Evaluation, Filled, Policy
from greenroom.policies.evaluate import evaluate
from greenroom.policies.incoming import NotAMessage, message_of, signals_of

_ALWAYS: Final = ("action", "action_reason", "comment", "message", "modmail", "set_flair")
AUTOMODERATOR: Final = ("AutoModerator",)
"""On Reddit the rules are its own: it does not look at what it wrote itself."""

_LISTS: Final = frozenset({"react", "label"})


def try_lines(
    policy: Policy, lines: Iterable[str], *, now: datetime, file: str = "-"
) -> Iterator[dict[str, Any]]:
    """What a policy would do to each message.

    Args:
        policy: The rules.
        lines: JSON objects with AutoModerator's names, one a line; blank lines are passed over.
        now: For ages.
        file: What errors call the input.

    Raises:
        ConfigError: A line is no JSON object, or a value has the wrong type.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _try(policy, line, now, (file, number))


def _try(policy: Policy, line: str, now: datetime, place: tuple[str, int]) -> dict[str, Any]:
    values = _object(line, place)
    try:
        message, signals = message_of(values, now=now), signals_of(values)
    except NotAMessage as error:
        raise ConfigError(str(error), file=place[0], line=place[1]) from error
    own_names = AUTOMODERATOR if message.platform == "reddit" else ()
    return as_json(evaluate((policy,), message, signals, now=now, own_names=own_names))


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
    """An evaluation in AutoModerator's names; the first rule that sets a key has it."""
    shown: dict[str, Any] = {
        "fired": [{"rule": one.rule, "name": one.name} for one in found.fired],
        **dict.fromkeys(_ALWAYS),
    }
    for filled in found.filled:
        group = shown if filled.part == "message" else shown.setdefault(filled.part, {})
        _put(group, filled)
    shown["severity"] = found.severity.value
    shown["explanations"] = list(found.explanations)
    shown["notes"] = list(found.notes)
    return shown


def _put(group: dict[str, Any], filled: Filled) -> None:
    if filled.key in _LISTS:
        group.setdefault(filled.key, []).append(filled.shown)
        return
    is_replacing = filled.key == "set_flair" and filled.action.overwrite
    if group.get(filled.key) is not None and not is_replacing:
        return
    group[filled.key] = filled.shown
    action = filled.action
    if filled.key == "action":
        group["action_reason"] = action.reason
    if filled.key in ("message", "modmail"):
        group[f"{filled.key}_subject"] = action.subject
    if filled.key == "comment":
        group["comment_locked"], group["comment_stickied"] = action.lock, action.sticky
