"""What comes from Slack, read without trust: a field that is missing or mistyped is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Payload = Mapping[str, Any]


def part(value: Any) -> Payload:
    """An object; an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def parts(value: Any) -> list[Payload]:
    """The objects of a list; what else is in it is passed over."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def word(payload: Payload, key: str) -> str | None:
    """A text that is not empty."""
    value = payload.get(key)
    return value if isinstance(value, str) and value else None
