"""Discord's JSON as it comes: a field that is missing or of another type is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import discord

Payload = Mapping[str, Any]

_NOTHING: Final[Payload] = {}


def part(data: Any, *keys: str) -> Payload:
    """The object under one key after another; an empty one where there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else _NOTHING


def parts(data: Payload, key: str) -> Sequence[Payload]:
    """The objects in the list under a key."""
    found = data.get(key)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def text(data: Payload, key: str) -> str | None:
    """The text under a key, unless it is empty."""
    found = data.get(key)
    return found if isinstance(found, str) and found else None


def number(data: Payload, key: str) -> int | None:
    """The whole number under a key, also if it is written as a text."""
    found = data.get(key)
    if isinstance(found, bool) or not isinstance(found, int | str):
        return None
    return int(found) if str(found).isascii() and str(found).isdecimal() else None


def snowflake(data: Payload, key: str) -> str | None:
    """The id under a key; some servers send it as a number."""
    found = number(data, key)
    return None if found is None else str(found)


def time_of(snowflake_id: str) -> datetime | None:
    """The moment that an id tells, if it is one of this world."""
    try:
        return discord.utils.snowflake_time(int(snowflake_id)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def time(data: Payload, key: str) -> datetime | None:
    """The moment under a key."""
    found = text(data, key)
    try:
        return datetime.fromisoformat(found).astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None
