"""The day that a plan is over."""

from __future__ import annotations

from datetime import date

import pytest

from greenroom.personas.dates import day_in
from tests.samples import NOON  # Sunday, 1 March 2026


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("tonight", date(2026, 3, 1)),
        ("tomorrow", date(2026, 3, 2)),
        ("the day after tomorrow", date(2026, 3, 3)),
        ("on Friday", date(2026, 3, 6)),
        ("on Sunday", date(2026, 3, 1)),
        ("next Sunday", date(2026, 3, 8)),
        ("next week", date(2026, 3, 15)),
        ("in June", date(2026, 6, 30)),
        ("in February", date(2027, 2, 28)),
        ("in March", date(2026, 3, 31)),
        ("on 3 May", date(2026, 5, 3)),
        ("on May 3rd", date(2026, 5, 3)),
        ("on the 3rd of May", date(2026, 5, 3)),
        ("on 28 Feb", date(2027, 2, 28)),
        ("on 2026-12-24", date(2026, 12, 24)),
    ],
)
def test_a_day_is_told_from_plain_words(text: str, day: date) -> None:
    found = day_in(f"I'm leaving {text}", NOON)
    assert found is not None
    assert found.date() == day


@pytest.mark.parametrize("text", ["", "soon", "on 31 February", "on 2026-99-99", "may I leave"])
def test_what_names_no_day_is_none(text: str) -> None:
    assert day_in(f"I'm leaving {text}", NOON) is None
