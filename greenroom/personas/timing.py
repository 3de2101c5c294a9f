"""When a persona speaks of its own accord: a schedule, and hours of quiet, in its own time zone."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from greenroom.personas.fields import Strict

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Every = Literal[
    "hour", "day", "weekday", "month",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
]  # fmt: skip


_TIME: Final = r"^([01]\d|2[0-3]):[0-5]\d$"


def _as_text(value: object) -> object:
    """YAML reads ``18:00`` without quotes as a number to the base of 60."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        value = f"{value // 60:02}:{value % 60:02}"
    if not isinstance(value, str) or not re.match(_TIME, value):
        raise ValueError("is no time of day, such as 09:00")
    return value


Clock = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=_TIME)]
"""A time of day, such as ``09:00``."""


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no time zone; name one as in Europe/Berlin or UTC") from error
    return name


Zone = Annotated[str, AfterValidator(_known)]
"""A time zone's name in the IANA database."""


class Schedule(Strict):
    """``{every: monday, at: "18:00"}``; of ``every: hour`` only the minutes count."""

    every: Every = "day"
    at: Clock = "09:00"

    def latest(self, now: datetime, zone: str) -> datetime:
        """The last time that it was due, at or before ``now``, in UTC.

        When clocks are put forward, a time that there is not is due right after the gap; when
        they are put back, the first of the two counts.
        """
        local = now.astimezone(ZoneInfo(zone)) + timedelta(minutes=1)
        found = next(CronSim(self._cron(), local.replace(second=0, microsecond=0), reverse=True))
        return found.astimezone(now.tzinfo)

    def _cron(self) -> str:
        hour, minute = self.at.split(":")
        if self.every == "hour":
            return f"{int(minute)} * * * *"
        day_of_month = "1" if self.every == "month" else "*"
        if self.every == "weekday":
            days = "1-5"
        else:
            days = str(DAYS.index(self.every) + 1) if self.every in DAYS else "*"
        return f"{int(minute)} {int(hour)} {day_of_month} * {days}"


class QuietHours(Strict):
    """``{from: "22:00", to: "08:00"}``: nothing is said of one's own accord; over midnight too."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    def cover(self, now: datetime, zone: str) -> bool:
        """Whether it is quiet now."""
        local = now.astimezone(ZoneInfo(zone)).time()
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        if start <= end:
            return start <= local < end
        return local >= start or local < end
