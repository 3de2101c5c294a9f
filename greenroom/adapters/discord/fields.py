"""Fields of Discord's payloads as the library takes them: there, and of the right type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from greenroom.adapters.discord.payload import Payload, number, time

Whole = dict[str, Any]
"""A payload with every field that the library wants."""

_LARGEST: Final = 1 << 63  # of an id; beyond it there is no such moment
_LONGEST: Final = 20  # digits


def needed(data: Payload, key: str) -> str:
    """An id.

    Raises:
        KeyError: There is none.
    """
    found = an_id(data, key)
    if found is None:
        raise KeyError(key)
    return found


def each(make: Callable[[Payload], Whole], payloads: Iterable[Payload]) -> list[Whole]:
    """What can be made of them; what has no id is left out."""
    made = []
    for one in payloads:
        try:
            made.append(make(one))
        except KeyError:
            continue
    return made


def copy_ids(data: Payload, found: Whole, *keys: str) -> None:
    """Take over the ids that are there."""
    for key in keys:
        one = an_id(data, key)
        if one is not None:
            found[key] = one


def an_id(data: Payload, key: str) -> str | None:
    """The id under a key."""
    return str(int(data[key])) if is_id(data.get(key)) else None


def is_id(value: object) -> bool:
    """Whether it may be an id; some servers send it as a number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    written = str(value)
    is_number = written.isascii() and written.isdecimal() and len(written) <= _LONGEST
    return is_number and int(written) < _LARGEST


def count(data: Payload, key: str) -> int:
    """The number under a key, or nought."""
    found = number(data, key)
    return found if found is not None and found < _LARGEST else 0


def items(data: Payload, key: str) -> list[Any]:
    """The list under a key, or an empty one."""
    found = data.get(key)
    return found if isinstance(found, list) else []


def moment(data: Payload, key: str) -> str | None:
    """The moment under a key, as the library reads it."""
    found = time(data, key)
    return found.isoformat() if found else None
