"""When a message was written: ``day_of_week`` and ``hour``, in a time zone of one's own."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from greenroom.documents import suggest
from greenroom.policies.base import Check
from greenroom.policies.checks import FactCheck
from greenroom.policies.keys import Key
from greenroom.policies.node import Node
from greenroom.policies.scene import Scene, Subject

CLOCK_CHECKS: Final = ("day_of_week", "hour")
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_HOURS: Final = re.compile(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", re.ASCII)
_ACCEPTED: Final = "such as 22-6 (from 22:00 until 6:00), 14, or a list of them"


def clock_check(node: Node, key: Key) -> Check:
    """``day_of_week (Europe/Berlin): [saturday, sunday]``, ``hour: 22-6``; UTC unless told."""
    zone = _zone(node, key)
    wanted = _hours(node) if key.fields == ("hour",) else _days(node)
    part = (lambda time: time.hour) if key.fields == ("hour",) else datetime.weekday

    def holds(subject: Subject, scene: Scene) -> bool:  # noqa: ARG001
        written_at = scene.message.edited_at or scene.message.posted_at or scene.situation.now
        return part(written_at.astimezone(zone)) in wanted

    return FactCheck(node.key, holds)


def _zone(node: Node, key: Key) -> tzinfo:
    names = key.modifiers or ("utc",)
    known = _zones()
    if len(names) != 1 or names[0] not in known:
        raise node.fault(
            f"there is no time zone `{', '.join(names)}`",
            accepted=suggest(names[0], sorted(known.values())),
        )
    return ZoneInfo(known[names[0]])


@cache
def _zones() -> dict[str, str]:
    """Names of time zones by their lower case, as keys of rules are read."""
    return {name.lower(): name for name in available_timezones()}


def _days(node: Node) -> frozenset[int]:
    return frozenset(map(_day, node.each()))


def _day(node: Node) -> int:
    word = node.text().strip().lower()
    found = [index for index, day in enumerate(DAYS) if len(word) >= 3 and day.startswith(word)]
    if not found:
        raise node.fault(f"`{word}` is no day of the week", accepted=suggest(word, list(DAYS)))
    return found[0]


def _hours(node: Node) -> frozenset[int]:
    return frozenset[int]().union(*map(_span, node.each()))


def _span(node: Node) -> frozenset[int]:
    match = _HOURS.fullmatch(node.text().strip())
    if match is None:
        raise node.fault(f"`hour` cannot be {node.text()!r}", accepted=_ACCEPTED)
    first, last = int(match[1]), match[2]
    if first > 23 or (last is not None and int(last) > 24):
        raise node.fault("a day has the hours 0 to 23", accepted=_ACCEPTED)
    if last is None:
        return frozenset({first})
    return frozenset((first + step) % 24 for step in range((int(last) - first) % 24 or 24))
