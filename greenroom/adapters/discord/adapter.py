"""Discord for one bot: the gateway in, the REST API out."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zlib import crc32

from greenroom.adapters.base import Clock, Health, Intake
from greenroom.adapters.discord.actions import ALWAYS, TO_DESK, DiscordActions
from greenroom.adapters.discord.client import DiscordClient, Found, Heard, Sleep
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.events import EventReader, Gone
from greenroom.adapters.discord.places import PLATFORM, Places
from greenroom.adapters.recent import Recent
from greenroom.adapters.settings import DiscordSettings
from greenroom.errors import RetryLater
from greenroom.message import ActionKind, Event, Order, Outcome

log = logging.getLogger(__name__)

DONE = 10_000  # outcomes remembered, so that one key is never performed twice
CALL_TIMEOUT_S = 20.0  # the library repeats a failed request by itself for a while
LANES = 16  # channels that are taken in side by side; one channel's events keep their order
EMPTY_S = 5.0  # for storing what was read, at the end
LANE_SIZE = 64  # events waiting in a lane; full: the gateway is read no further


@dataclass(frozen=True, slots=True)
class _Live:
    """What exists only while connected."""

    reader: EventReader
    actions: DiscordActions


class DiscordAdapter:
    """One application's bot on Discord; see :class:`greenroom.adapters.base.Adapter`.

    A lost connection is resumed inside ``run``, so that Discord replays what was
    missed; only when that fails for about a minute does ``run`` end with ``RetryLater``.
    The gateway knows no acknowledgement of one event. What stands in for it: an event
    keeps its place in a bounded lane until the intake has stored it, and reading stops
    while a lane is full.
    """

    platform = PLATFORM

    def __init__(
        self,
        bot: str,
        settings: DiscordSettings,
        *,
        desk_channel: str | None = None,
        since: datetime | None = None,
        clock: Clock = lambda: datetime.now(UTC),
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        call_timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self._bot = bot
        self._settings = settings
        self._desk_channel = desk_channel
        self._since = since
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._call_timeout_s = call_timeout_s
        self._health = Health()
        self._done: Recent[str, Outcome] = Recent(size=DONE, clock=clock)
        self._gone = Gone(clock=clock)
        self._live: _Live | None = None
        self.ready = asyncio.Event()  # set while events can come in

    @property
    def bot(self) -> str:
        """The bot's name: the stem of its YAML file."""
        return self._bot

    @property
    def capabilities(self) -> frozenset[ActionKind]:
        """What can be done here: reports and modmail need a desk channel."""
        return ALWAYS | TO_DESK if self._desk_channel is not None else frozenset(ALWAYS)

    def health(self) -> Health:
        """How it fares."""
        return self._health

    async def run(self, intake: Intake) -> None:
        """Connect and feed ``intake``.

        Raises:
            RetryLater: The connection was lost, and could not be resumed.
            ConfigError: The token, an intent or an endpoint is wrong.
            GiveUp: Discord refuses the bot for good.
        """
        lanes = [asyncio.Queue[Found](LANE_SIZE) for _ in range(LANES)]
        client = self._client(lanes)
        self._live = _Live(self._reader(client), self._actions(client))
        try:
            async with asyncio.TaskGroup() as group:
                work = [self._work(lane, self._live.reader, intake) for lane in lanes]
                workers = [group.create_task(item) for item in work]
                try:
                    await client.serve()
                finally:
                    await _empty(lanes, workers)
        except ExceptionGroup as failures:
            failure = _first(failures)
            raise failure from failure.__cause__
        finally:
            self._live = None

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order, once; the contract says what it raises."""
        if order.key in self._done:
            return self._done[order.key]
        if self._live is None or not self._health.is_connected:
            raise RetryLater("Discord is not connected")
        outcome = await self._live.actions.perform(order)
        self._done[order.key] = outcome
        return outcome

    def _client(self, lanes: list[asyncio.Queue[Found]]) -> DiscordClient:
        async def take(found: Found) -> None:
            await lanes[_lane(found)].put(found)

        return DiscordClient(
            self._settings,
            Heard(take, self._set_connected),
            call_timeout_s=self._call_timeout_s,
            sleep=self._sleep,
            jitter=self._jitter,
        )

    def _reader(self, client: DiscordClient) -> EventReader:
        places = Places(client, client.http, clock=self._clock)
        return EventReader(self._bot, client, places, self._gone, clock=self._clock)

    def _actions(self, client: DiscordClient) -> DiscordActions:
        return DiscordActions(
            client,
            client.http,
            self._gone,
            desk_channel=self._desk_channel,
            clock=self._clock,
        )

    async def _work(self, lane: asyncio.Queue[Found], reader: EventReader, intake: Intake) -> None:
        while True:
            for event in await _read(reader, await lane.get()):
                await intake(event)
                self._health = replace(self._health, last_event_at=self._clock())
            lane.task_done()

    def _set_connected(self, is_connected: bool) -> None:
        since = self._clock() if is_connected else self._health.since
        self._health = replace(self._health, is_connected=is_connected, since=since)
        if is_connected:
            self.ready.set()
        else:
            self.ready.clear()


async def _empty(lanes: list[asyncio.Queue[Found]], workers: list[asyncio.Task[None]]) -> None:
    """Let what was read be stored before the end, unless a worker failed."""
    if any(worker.done() for worker in workers):
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(EMPTY_S):
            for lane in lanes:
                await lane.join()


async def _read(reader: EventReader, found: Found) -> list[Event]:
    try:
        return await reader.read(found)
    except UNREADABLE:
        log.exception(
            "an event was passed over: Discord sent a %s without what it needs", found.name
        )
        return []


def _lane(found: Found) -> int:
    """Keeps a channel's events in order; what has no channel goes by its server."""
    payload = found.payload
    if found.name == "message":
        place = payload.channel.id
    else:
        place = getattr(payload, "channel_id", None) or payload.guild.id
    return crc32(str(place).encode()) % LANES


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    failure: BaseException = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
