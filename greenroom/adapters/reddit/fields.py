"""Fields of Reddit's JSON: what is missing, or of another type than it should be, is ``None``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Thing = Mapping[str, Any]
"""A comment (``t1_…``), submission (``t3_…``) or letter (``t4_…``) as Reddit's JSON has it."""


def text_of(thing: Mapping[str, Any], key: str) -> str | None:
    """A text that is not empty."""
    value = thing.get(key)
    return value if isinstance(value, str) and value else None


def number_of(thing: Mapping[str, Any], key: str) -> int | None:
    """A whole number."""
    value = thing.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag_of(thing: Mapping[str, Any], key: str) -> bool | None:
    """Yes or no."""
    value = thing.get(key)
    return value if isinstance(value, bool) else None


def table_of(thing: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object; empty where there is none."""
    return as_table(thing.get(key))


def as_table(value: Any) -> Mapping[str, Any]:
    """An object; empty for whatever else."""
    return value if isinstance(value, dict) else {}


def rows_of(thing: Mapping[str, Any], key: str) -> list[Any]:
    """An array; empty where there is none."""
    value = thing.get(key)
    return value if isinstance(value, list) else []


def pairs_of(thing: Mapping[str, Any], key: str) -> list[tuple[Any, Any]]:
    """The first two of each item, as Reddit writes reports."""
    found = rows_of(thing, key)
    return [(item[0], item[1]) for item in found if isinstance(item, list) and len(item) > 1]


def moment_of(thing: Mapping[str, Any], key: str) -> datetime | None:
    """A time in seconds, or as modmail writes it; ``True`` is none."""
    return as_moment(thing.get(key))


def as_moment(stamp: Any) -> datetime | None:
    """A time from a value."""
    if isinstance(stamp, bool) or not stamp:
        return None
    try:
        if isinstance(stamp, str) and "T" in stamp:
            found = datetime.fromisoformat(stamp)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(stamp), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def name_of(thing: Mapping[str, Any]) -> str:
    """Its full name, such as ``t1_kx2ab``."""
    return str(thing.get("name") or "")


def ordinal(fullname: str) -> int | None:
    """The number behind a full name, which counts up; None if it is none of Reddit's."""
    _, _, identity = fullname.partition("_")
    try:
        return int(identity, 36) if identity.isascii() and identity.isalnum() else None
    except ValueError:
        return None


def fullname_of(kind: str, number: int) -> str:
    """The full name of a number: ``t1`` and 36 is ``t1_10``."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    identity = ""
    while number > 0:
        number, digit = divmod(number, 36)
        identity = digits[digit] + identity
    return f"{kind}_{identity or '0'}"
