"""Switches on a submission or comment, as AutoModerator's ``set_`` actions name them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from greenroom.errors import DropMessage
from greenroom.message import ActionKind

Value = str | int | bool | None
Setter = Callable[[Any, Value], Awaitable[Any]]
"""Takes asyncpraw's comment or submission and the action's value; ``None`` means on."""

CROWD_CONTROL = {"off": 0, "lenient": 1, "moderate": 2, "strict": 3}


def _is_on(value: Value) -> bool:
    return value is None or bool(value)


def _lock(thing: Any, value: Value) -> Awaitable[Any]:
    return cast(Awaitable[Any], thing.mod.lock() if _is_on(value) else thing.mod.unlock())


def _sticky(thing: Any, value: Value) -> Awaitable[Any]:
    """``True`` is the bottom place, 1 the top one."""
    is_top = value is not True and value == 1
    return cast(Awaitable[Any], thing.mod.sticky(state=_is_on(value), bottom=not is_top))


def _nsfw(thing: Any, value: Value) -> Awaitable[Any]:
    return cast(Awaitable[Any], thing.mod.nsfw() if _is_on(value) else thing.mod.sfw())


def _spoiler(thing: Any, value: Value) -> Awaitable[Any]:
    return cast(Awaitable[Any], thing.mod.spoiler() if _is_on(value) else thing.mod.unspoiler())


def _contest_mode(thing: Any, value: Value) -> Awaitable[Any]:
    return cast(Awaitable[Any], thing.mod.contest_mode(state=_is_on(value)))


def _original_content(thing: Any, value: Value) -> Awaitable[Any]:
    if _is_on(value):
        return cast(Awaitable[Any], thing.mod.set_original_content())
    return cast(Awaitable[Any], thing.mod.unset_original_content())


def _suggested_sort(thing: Any, value: Value) -> Awaitable[Any]:
    sort = value.lower() if isinstance(value, str) else "blank"
    return cast(
        Awaitable[Any], thing.mod.suggested_sort(sort="confidence" if sort == "best" else sort)
    )


def _crowd_control(thing: Any, value: Value) -> Awaitable[Any]:
    level = CROWD_CONTROL.get(value.lower()) if isinstance(value, str) else value
    if isinstance(level, bool) or level not in range(4):
        raise DropMessage(f"crowd control is one of {', '.join(CROWD_CONTROL)}, not {value!a}")
    return cast(Awaitable[Any], thing.mod.update_crowd_control_level(level))


SETTERS: Mapping[ActionKind, Setter] = {
    ActionKind.LOCK: _lock,
    ActionKind.SET_LOCKED: _lock,
    ActionKind.SET_STICKY: _sticky,
    ActionKind.SET_NSFW: _nsfw,
    ActionKind.SET_SPOILER: _spoiler,
    ActionKind.SET_CONTEST_MODE: _contest_mode,
    ActionKind.SET_ORIGINAL_CONTENT: _original_content,
    ActionKind.SET_SUGGESTED_SORT: _suggested_sort,
    ActionKind.SET_POST_CROWD_CONTROL_LEVEL: _crowd_control,
}
