"""What an adapter remembers stays bounded in number and in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from greenroom.adapters.recent import Recent


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_recent_forgets_what_was_used_longest_ago() -> None:
    recent: Recent[str, int] = Recent(size=2, clock=Clock())
    recent["a"], recent["b"] = 1, 2
    assert recent["a"] == 1
    recent["c"] = 3
    assert "b" not in recent
    assert (recent.get("a", 0), recent.get("b", 0), len(recent)) == (1, 0, 2)


def test_recent_forgets_what_is_old_and_remembers_what_is_nothing() -> None:
    clock = Clock()
    recent: Recent[str, int | None] = Recent(size=2, clock=clock, keep=timedelta(hours=1))
    recent["a"] = None
    assert "a" in recent
    clock.now += timedelta(hours=1)
    assert "a" not in recent
    assert len(recent) == 0
