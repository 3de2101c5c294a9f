"""When a plan is over: the day that a sentence names, in plain English. Pure."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import Final

_MONTHS: Final = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
_WEEKDAYS: Final = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))

_RELATIVE: Final = (
    (re.compile(r"(?i)\b(?:today|tonight|this (?:morning|afternoon|evening))\b"), 0),
    (re.compile(r"(?i)\bday after tomorrow\b"), 2),
    (re.compile(r"(?i)\btomorrow\b"), 1),
    (re.compile(r"(?i)\bthis (?:week|weekend)\b|\bat the weekend\b"), 7),
    (re.compile(r"(?i)\bnext (?:week|weekend)\b|\bin (?:a|one) week\b"), 14),
    (re.compile(r"(?i)\bin (?:two|2|a few) weeks\b"), 21),
    (re.compile(r"(?i)\bthis month\b"), 31),
    (re.compile(r"(?i)\bnext month\b|\bin (?:a|one) month\b"), 62),
    (re.compile(r"(?i)\bthis (?:summer|winter|spring|autumn|fall|year)\b"), 180),
    (re.compile(r"(?i)\bnext (?:summer|winter|spring|autumn|fall|year)\b"), 366),
)
_ISO: Final = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_MONTH: Final = re.compile(
    rf"(?i)\b(?:(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})"
    rf"|({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?)\b"
)
_IN_MONTH: Final = re.compile(rf"(?i)\b(?:in|this|next) ({_MONTH})\b")
_ON_DAY: Final = re.compile(rf"(?i)\b(?:on|this|next) ({'|'.join(_WEEKDAYS)})\b")


def day_in(text: str, now: datetime) -> datetime | None:
    """The end of the latest day that ``text`` can mean; None if it names none."""
    return _dated(text, now) or _named(text, now) or _relative(text, now)


def _dated(text: str, now: datetime) -> datetime | None:
    if found := _ISO.search(text):
        return _end(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_MONTH.search(text):
        month, day = _MONTHS[(found[2] or found[3]).lower()], int(found[1] or found[4])
        this = _end(now.year, month, day)
        return this if this is None or this >= now else _end(now.year + 1, month, day)
    return None


def _named(text: str, now: datetime) -> datetime | None:
    if found := _IN_MONTH.search(text):
        month = _MONTHS[found[1].lower()]
        year = now.year + (month < now.month)
        return _end(year, month, calendar.monthrange(year, month)[1])
    if found := _ON_DAY.search(text):
        ahead = (_WEEKDAYS[found[1].lower()] - now.weekday()) % 7
        later = 7 if found[0].lower().startswith("next") else 0
        return _day_end(now + timedelta(days=ahead + later))
    return None


def _relative(text: str, now: datetime) -> datetime | None:
    for pattern, days in _RELATIVE:
        if pattern.search(text):
            return _day_end(now + timedelta(days=days))
    return None


def _end(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, 23, 59, 59, tzinfo=UTC)
    except ValueError:  # the 30th of February
        return None


def _day_end(day: datetime) -> datetime:
    return day.replace(hour=23, minute=59, second=59, microsecond=0)
