"""All connections of one bot: as many as Discord wants, begun no faster than it takes them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from greenroom.adapters.discord.shards import Gate, Shard, ShardingRequired, Sleep
from greenroom.adapters.discord.web import Start
from greenroom.errors import ConfigError, RetryLater, worst_of

if TYPE_CHECKING:
    from greenroom.adapters.discord.client import DiscordClient

log = logging.getLogger(__name__)


class Connections:
    """Keeps them side by side.

    Args:
        client: What they read for.
        wanted: How many; ``auto`` for what Discord says.
        told: Hears whether all of them are there, whenever that changes.
    """

    def __init__(
        self,
        client: DiscordClient,
        wanted: int | Literal["auto"],
        told: Callable[[bool], None],
        *,
        sleep: Sleep,
        jitter: Callable[[], float],
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._told = told
        self._sleep = sleep
        self._jitter = jitter
        self._shards: list[Shard] = []
        self._were_all = False

    @property
    def is_up(self) -> bool:
        """Whether one of them is there."""
        return any(shard.is_connected for shard in self._shards)

    def changed(self) -> None:
        """One of them was made or lost."""
        are_all = bool(self._shards) and all(shard.is_connected for shard in self._shards)
        if are_all != self._were_all:
            self._were_all = are_all
            self._told(are_all)

    async def keep(self) -> None:
        """Keep all; where Discord wants more, with as many as it says. Ends by an exception.

        Raises:
            RetryLater: All are lost, or Discord allows no further session today.
            ConfigError: The token, the intents or ``shards`` are refused.
            GiveUp: Discord refuses the bot for good.
        """
        start = await self.begin()
        count = start.shards if self._wanted == "auto" else self._wanted
        while True:
            try:
                await self._hold(start, count)
            except ShardingRequired as error:
                start = await self._client.http.start(is_told=True)
                count = self._more(count, start.shards, error)

    async def begin(self) -> Start:
        """Where to begin sessions, if Discord lets the bot begin any.

        Raises:
            RetryLater: Discord is not there, or allows no further session today.
        """
        start = await self._client.http.start()
        if start.left == 0:  # one more would make Discord reset the token
            raise RetryLater("Discord allows the bot no further session", after_s=start.reset_s)
        return start

    async def _hold(self, start: Start, count: int) -> None:
        if start.left is not None and start.left < count:
            raise RetryLater(
                f"Discord allows the bot {start.left} more sessions, and it needs {count}",
                after_s=start.reset_s,
            )
        is_one = count == 1
        self._client.count_shards(None if is_one else count)
        gate = Gate(sleep=self._sleep)
        self._shards = [
            Shard(self._client, None if is_one else n, gate, sleep=self._sleep, jitter=self._jitter)
            for n in range(count)
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for shard in self._shards:
                    group.create_task(shard.keep(start))
        except BaseExceptionGroup as failures:
            failure = worst_of(failures)
            raise failure from failure.__cause__

    def _more(self, had: int, told: int, error: Exception) -> int:
        """How many instead."""
        if self._wanted != "auto":
            raise ConfigError(
                f"Discord refuses the bot with shards: {had}, which are too few for its servers",
                accepted=f"shards: auto, or at least shards: {told}",
            ) from error
        if told <= had:
            raise RetryLater(
                f"Discord wants the bot on more than {had} connections, and does not say how many"
            ) from error
        log.info("Discord wants the bot on %d connections", told)
        return told
