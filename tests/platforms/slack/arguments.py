"""What the Web API was asked, from a form, a query or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

NESTED = frozenset({"blocks", "attachments", "metadata", "view"})  # JSON inside a form's field
MOST_PAGE = 999


class Refused(Exception):
    """Slack's own word for why it does not do it."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, **more}


async def read_arguments(request: web.Request) -> dict[str, Any]:
    """All arguments; those that a form carries as JSON are read."""
    asked: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError as error:
            raise Refused("invalid_json") from error
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        return asked | body
    form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    asked |= form
    for key in NESTED & asked.keys():
        try:
            asked[key] = json.loads(asked[key])
        except ValueError as error:
            raise Refused("invalid_arguments") from error
    return asked


def warnings_of(request: web.Request) -> list[str]:
    """What Slack warns of, however the call ends."""
    if request.content_type == "application/json":
        return [] if request.charset else ["missing_charset"]
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return ["superfluous_charset"] if is_form and request.charset else []


def needed(asked: Mapping[str, Any], *keys: str) -> None:
    """Refuse a call that lacks an argument."""
    missing = [key for key in keys if asked.get(key) in (None, "")]
    if missing:
        said = [f"[ERROR] missing required field: {key}" for key in missing]
        raise Refused("invalid_arguments", response_metadata={"messages": said})


def flag(asked: Mapping[str, Any], key: str) -> bool:
    """A truth, as JSON and forms write it."""
    return str(asked.get(key, "")).lower() in {"1", "true"}


def number(asked: Mapping[str, Any], key: str, default: int) -> int:
    """A number, as JSON and forms write it."""
    value = asked.get(key)
    if value in (None, ""):
        return default
    try:
        return int(str(value))
    except ValueError as error:
        raise Refused(f"invalid_{key}") from error


def page_of(items: list[Any], asked: Mapping[str, Any], *, most: int) -> tuple[list[Any], str]:
    """One page, and the cursor of the next (empty at the end)."""
    cursor = str(asked.get("cursor") or "")
    if cursor and not cursor.removeprefix("next:").isdigit():
        raise Refused("invalid_cursor")
    start = int(cursor.removeprefix("next:") or 0)
    size = max(1, min(number(asked, "limit", 100), most, MOST_PAGE))
    more = f"next:{start + size}" if start + size < len(items) else ""
    return items[start : start + size], more
