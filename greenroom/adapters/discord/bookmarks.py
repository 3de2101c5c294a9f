"""Up to where each Discord channel was heard, so that a look back knows where to begin."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Final

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent

REMEMBERED: Final = 10_000  # channels, and servers
OVERLAP: Final = timedelta(seconds=10)  # what was posted just before, and may not have come
SKEW: Final = timedelta(minutes=2)  # between our clock and Discord's
DIRECT: Final = 0  # stands for a server where there is none


class Bookmarks:
    """Where hearing stopped; lives as long as its adapter, over all its connections.

    Everything that was posted while a server was heard has come in. So what was missed is newer
    than the newest message of its channel, or else of its server, or else than the moment
    from which on the server is heard at all. That place is kept from the loss of a
    connection until the look back is done, however much comes in meanwhile.

    Args:
        since: When the ledger's newest event came; None where there is nothing to go on from.
        clock: The time now, in UTC.
    """

    def __init__(self, *, since: datetime | None, clock: Clock) -> None:
        self._since = since
        self._clock = clock
        self._newest: Recent[int, tuple[int, int]] = Recent(size=REMEMBERED, clock=clock)
        self._newest_of: Recent[int, int] = Recent(size=REMEMBERED, clock=clock)
        self._known: Recent[int, datetime] = Recent(size=REMEMBERED, clock=clock)
        self._gaps: dict[int, _Gap] = {}  # by server, until it is looked into

    def heard(self, guild: int, channel: int, message: int) -> None:
        """A message came in, and is stored."""
        if message > self._newest.get(channel, (0, 0))[1]:
            self._newest[channel] = (guild, message)
        if message > self._newest_of.get(guild, 0):
            self._newest_of[guild] = message

    def arrived(self, guild: int, channel: int, message: int) -> None:
        """A message was read: what follows it in its channel comes by itself."""
        if guild in self._gaps:
            self._gaps[guild].until.setdefault(channel, message)

    def met(self, guild: int) -> None:
        """A server that is heard from now on."""
        if guild not in self._known:
            self._known[guild] = self._clock()

    def lost(self, guilds: Collection[int]) -> None:
        """Servers in which something may have been posted unheard, up to now."""
        newest = self._newest_in(guilds)
        for guild in guilds:
            if guild not in self._known and self._since is None:
                self.met(guild)  # its history is no news
                continue
            if guild not in self._known:
                self._known[guild] = self._since or self._clock()
            gap = self._gaps.setdefault(guild, self._new_gap(guild))
            gap.losses += 1
            gap.until = {}
            gap.after = {**newest.get(guild, {}), **gap.after}

    def gap(self, guild: int) -> int:
        """How often the server was lost and not looked into; 0: there is no gap."""
        return self._gaps[guild].losses if guild in self._gaps else 0

    def narrow(self, guild: int, joined_at: datetime | None) -> None:
        """What was posted before the bot came is history."""
        gap = self._gaps[guild]
        if gap.is_by_clock and joined_at is not None:
            gap.floor = max(gap.floor, discord.utils.time_snowflake(joined_at))

    def after(self, guild: int, channel: int) -> tuple[int, bool]:
        """After which message the channel may have a gap; true if that message was heard."""
        gap = self._gaps[guild]
        return gap.after.get(channel, gap.floor), channel in gap.after

    def until(self, guild: int, channel: int) -> float:
        """Before which message the channel's gap ends, as far as that is known."""
        gap = self._gaps.get(guild)
        return gap.until.get(channel, inf) if gap else inf

    def heard_channels(self, guild: int) -> list[int]:
        """The channels of a server with a gap in which something was heard before."""
        return list(self._gaps[guild].after)

    def reached(self, guild: int, channel: int, message: int) -> None:
        """The look back has stored this one."""
        if guild in self._gaps:
            self._gaps[guild].after[channel] = message
        self.heard(guild, channel, message)

    def close(self, guild: int, losses: int) -> None:
        """The server was looked into; unless it was lost once more, there is no gap left."""
        if self.gap(guild) == losses:
            self._gaps.pop(guild, None)

    def guilds(self) -> set[int]:
        """The servers that are known."""
        return set(self._known)

    def _newest_in(self, guilds: Collection[int]) -> dict[int, dict[int, int]]:
        found: dict[int, dict[int, int]] = {}
        for channel in self._newest:
            guild, message = self._newest[channel]
            if guild in guilds:
                found.setdefault(guild, {})[channel] = message
        return found

    def _new_gap(self, guild: int) -> _Gap:
        newest = self._newest_of.get(guild, 0)
        if newest:
            overlap = int(OVERLAP.total_seconds() * 1_000) << 22
            return _Gap(newest - overlap if newest > overlap else newest)
        known = discord.utils.time_snowflake(self._known[guild] - SKEW)
        return _Gap(known, is_by_clock=True)


@dataclass(slots=True)
class _Gap:
    """What one server may have missed: in some channels after and before certain messages."""

    floor: int
    is_by_clock: bool = False
    after: dict[int, int] = field(default_factory=dict)
    until: dict[int, int] = field(default_factory=dict)
    losses: int = 0
