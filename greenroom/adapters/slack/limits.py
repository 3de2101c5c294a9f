"""Slack's rate limits, kept before Slack has to: calls of one method are spaced by its tier.

Slack counts per method and workspace, and posts per channel as well. One :class:`Pace`
belongs to one workspace. See https://docs.slack.dev/apis/web-api/rate-limits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from greenroom.errors import RetryLater

log = logging.getLogger(__name__)

MOST_WAIT_S: Final = 20.0  # of one call; an order whose turn is later comes back later
STRICT_S: Final = 600.0  # no bursts for so long after Slack refused one
REMEMBERED: Final = 10_000  # channels that were posted in lately


@dataclass(frozen=True, slots=True)
class Tier:
    """How often a method may be called.

    Attributes:
        per_minute: What Slack publishes as its least.
        burst: How many at once; they are made up for before the minute is over.
    """

    per_minute: int
    burst: int = 1

    def spacing_s(self, burst: int) -> float:
        """Seconds between calls, so that no minute has more of them than Slack allows."""
        return 60.0 / max(1, self.per_minute - burst)


TIER_2: Final = Tier(20, burst=4)
TIER_3: Final = Tier(50, burst=10)
TIER_4: Final = Tier(100, burst=25)
POSTS: Final = Tier(60, burst=3)  # in one channel: one a second, "short bursts" tolerated
WORKSPACE_POSTS: Final = Tier(300, burst=30)  # Slack says "several hundred per minute"

TIERS: Final[Mapping[str, Tier]] = {
    "auth.test": Tier(100, burst=50),
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": WORKSPACE_POSTS,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.join": TIER_3,
    "conversations.kick": TIER_3,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "oauth.v2.access": TIER_4,
    "reactions.add": TIER_3,
    "reactions.remove": TIER_2,
    "users.conversations": TIER_3,
    "users.info": TIER_4,
    "views.open": TIER_4,
    "views.update": TIER_4,
}
"""By method. A method that is not listed counts as tier 2, the lowest that is called often."""

UNSPACED: Final = frozenset({"apps.connections.open"})
"""Tier 1, and called when a connection is lost: the supervisor's back-off spaces it."""


class Pace:
    """Lets calls through when it is their turn, first come, first served."""

    def __init__(
        self,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now_s = monotonic_s
        self._sleep = sleep
        self._paid_s: OrderedDict[tuple[str, str], float] = OrderedDict()  # until when, by bucket
        self._paused_s: dict[str, float] = {}  # until when Slack wants no call of a method
        self._strict_s: dict[str, float] = {}  # until when a method gets no bursts

    async def turn(
        self, method: str, channel: str | None = None, *, patience_s: float = MOST_WAIT_S
    ) -> None:
        """Wait for the turn of one call.

        Raises:
            RetryLater: It is further away than ``patience_s``; no turn is taken then.
        """
        latest_s = self._now_s() + patience_s
        while True:
            now_s = self._now_s()
            due_s = self._book(method, channel, now_s, latest_s)
            if due_s > now_s:
                await self._sleep(due_s - now_s)
            if self._paused_s.get(method, 0.0) <= self._now_s():
                return

    def _book(self, method: str, channel: str | None, now_s: float, latest_s: float) -> float:
        """Take the next turn, and return when it is; a pause that begins meanwhile voids it."""
        buckets = self._buckets(method, channel)
        due_s = max(
            now_s,
            self._paused_s.get(method, now_s),
            *(self._due_s(key, tier, now_s) for key, tier in buckets),
        )
        if due_s > latest_s:
            raise RetryLater(
                f"Slack's limit of {method} is used up for {due_s - now_s:.0f} s",
                after_s=due_s - now_s,
            )
        for key, tier in buckets:
            self._take(key, tier, due_s)
        return due_s

    def pause(self, method: str, after_s: float) -> None:
        """Slack said that it wants no call of ``method`` for so long; bursts of it end a while."""
        log.info("Slack asks for a pause of %.1f s in %s", after_s, method)
        until_s = self._now_s() + after_s
        self._strict_s[method] = until_s + STRICT_S
        self._paused_s[method] = max(until_s, self._paused_s.get(method, until_s))

    def _buckets(self, method: str, channel: str | None) -> list[tuple[tuple[str, str], Tier]]:
        if method in UNSPACED:
            return []
        whole = ((method, ""), TIERS.get(method, TIER_2))
        if method != "chat.postMessage" or channel is None:
            return [whole]
        return [whole, ((method, channel), POSTS)]

    def _due_s(self, key: tuple[str, str], tier: Tier, now_s: float) -> float:
        burst = self._burst(key, tier)
        return self._paid_s.get(key, now_s) - (burst - 1) * tier.spacing_s(burst)

    def _take(self, key: tuple[str, str], tier: Tier, due_s: float) -> None:
        spacing_s = tier.spacing_s(self._burst(key, tier))
        self._paid_s[key] = max(self._paid_s.get(key, due_s), due_s) + spacing_s
        self._paid_s.move_to_end(key)
        if len(self._paid_s) > REMEMBERED:
            self._paid_s.popitem(last=False)

    def _burst(self, key: tuple[str, str], tier: Tier) -> int:
        is_strict = self._strict_s.get(key[0], 0.0) > self._now_s()
        return 1 if is_strict else tier.burst
