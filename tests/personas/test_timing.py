"""Schedules and hours of quiet, across midnight, time zones and the change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml
from pydantic import ValidationError

from greenroom.personas.schema import Persona
from greenroom.personas.timing import QuietHours, Schedule
from tests.personas.people import BASE

WEDNESDAY = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)  # 16:00 in Berlin


@pytest.mark.parametrize(
    ("every", "at", "latest"),
    [
        ("day", "09:00", datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        ("day", "16:00", datetime(2026, 11, 25, 15, 0, tzinfo=UTC)),
        ("day", "16:01", datetime(2026, 11, 24, 15, 1, tzinfo=UTC)),
        ("monday", "09:00", datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
        ("sunday", "09:00", datetime(2026, 11, 22, 8, 0, tzinfo=UTC)),
        ("hour", "00:30", datetime(2026, 11, 25, 14, 30, tzinfo=UTC)),
        ("weekday", "18:00", datetime(2026, 11, 24, 17, 0, tzinfo=UTC)),
        ("month", "09:00", datetime(2026, 11, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_the_latest_time_that_it_was_due(every: str, at: str, latest: datetime) -> None:
    schedule = Schedule.model_validate({"every": every, "at": at})
    assert schedule.latest(WEDNESDAY, "Europe/Berlin") == latest


def test_a_time_that_the_clocks_leave_out_comes_right_after() -> None:
    schedule = Schedule.model_validate({"every": "day", "at": "02:30"})
    noon = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
    assert schedule.latest(noon, "Europe/Berlin") == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "hour", "is_quiet"),
    [
        ("22:00", "08:00", 21, True),  # 22:00 in Berlin
        ("22:00", "08:00", 6, True),
        ("22:00", "08:00", 7, False),
        ("12:00", "14:00", 12, True),
        ("12:00", "14:00", 13, False),
    ],
)
def test_quiet_hours(start: str, end: str, hour: int, is_quiet: bool) -> None:
    quiet = QuietHours.model_validate({"from": start, "to": end})
    assert quiet.cover(datetime(2026, 11, 25, hour, 0, tzinfo=UTC), "Europe/Berlin") is is_quiet


def test_times_need_no_quotes() -> None:
    given = yaml.safe_load("{from: 22:00, to: 08:00}")
    quiet = QuietHours.model_validate(given)
    assert (quiet.start, quiet.end) == ("22:00", "08:00")


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", ""])
def test_only_time_zones_are_time_zones(name: str) -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        Persona.model_validate({"kind": "moderator", **BASE, "timezone": name})


@pytest.mark.parametrize("at", ["25:00", "9:00", "noon", "12:60", 1440, True, None])
def test_what_is_no_time_of_day_is_told_as_such(at: object) -> None:
    with pytest.raises(ValidationError, match="no time of day, such as 09:00"):
        Schedule.model_validate({"at": at})
