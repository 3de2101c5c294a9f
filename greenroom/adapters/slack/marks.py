"""Up to when each channel of one workspace is known without a hole, in Slack's own time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent

REMEMBERED: Final = 10_000  # channels
OVERLAP: Final = timedelta(seconds=60)  # before a start, looked at twice: clocks differ
IN_FLIGHT: Final = timedelta(seconds=5)  # before a hole: a channel's events come in order
GRAIN: Final = timedelta(seconds=1)  # a ``ts`` may lag so far behind its message
SKEW: Final = timedelta(hours=1)  # a server whose clock is further away has a time of its own

Stamp = float  # a ``ts`` as a number, for comparing


class Marks:
    """Moves ahead with what is heard, and stands still behind a hole until that is filled.

    It lives as long as the adapter: a lost connection is the moment when it is needed.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._whole: Recent[str, Stamp] = Recent(size=REMEMBERED, clock=clock)
        self._heard: Recent[str, bool] = Recent(size=REMEMBERED, clock=clock)
        self._filled: set[str] = set()  # channels in which the hole is filled
        self._begin: datetime | None = None  # nothing before this is news
        self._ahead_s = 0.0  # how far Slack's clock is ahead of ours
        self.generation = 0  # counts holes
        self.hole_from: datetime | None = None  # when it began; None: there is none

    @property
    def channels(self) -> Iterator[str]:
        """Channels in which something was heard."""
        return iter(self._heard)

    def start(self, since: datetime | None) -> None:
        """The first connection; ``since`` is when the last one before it was surely there."""
        if self._begin is not None:
            return
        self._begin = self._clock() - GRAIN if since is None else since - OVERLAP
        if since is not None:
            self.lose(since)

    def lose(self, since: datetime | None = None) -> None:
        """Nothing was heard from ``since`` (now) on, until further notice."""
        self.generation += 1
        self._filled.clear()
        if self.hole_from is None:
            self.hole_from = since or self._clock()

    def hear(self, channel: str, ts: str | None) -> None:
        """Something of that time came in by itself."""
        stamp = stamp_of(ts)
        if stamp is None:
            return
        ahead_s = stamp - self._clock().timestamp()
        self._ahead_s = ahead_s if abs(ahead_s) > SKEW.total_seconds() else 0.0
        self._heard[channel] = True
        if self.hole_from is None or channel in self._filled:
            self._move(channel, stamp)

    def fill(self, channel: str, stamp: Stamp, generation: int) -> None:
        """The channel was looked through up to ``stamp``, for the hole of that number."""
        self._move(channel, stamp)
        if generation == self.generation:
            self._filled.add(channel)

    def close(self, generation: int) -> None:
        """All channels were looked through, for the hole of that number."""
        if generation == self.generation:
            self.hole_from = None
            self._filled.clear()

    def since(self, channel: str, reach: timedelta) -> Stamp:
        """From when on the channel is to be looked through, ``reach`` at most."""
        begin = self._stamp(self._begin or self._clock())
        whole = self._whole.get(channel, 0.0) - IN_FLIGHT.total_seconds()
        return max(begin, whole, self._stamp(self._clock() - reach), 0.0)

    def _stamp(self, when: datetime) -> Stamp:
        return when.timestamp() + self._ahead_s

    def _move(self, channel: str, stamp: Stamp) -> None:
        self._whole[channel] = max(stamp, self._whole.get(channel, stamp))


def stamp_of(ts: str | None) -> Stamp | None:
    """A ``ts`` as a number; ``None`` if it is none."""
    try:
        found = float(ts or "")
    except ValueError:
        return None
    return found if 0 <= found < datetime.max.replace(tzinfo=UTC).timestamp() else None


def ts_of(stamp: Stamp) -> str:
    """A number as Slack writes its times."""
    return f"{max(0.0, stamp):.6f}"
