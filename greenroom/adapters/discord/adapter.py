"""Discord for one bot: the gateway in, the REST API out."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from zlib import crc32

import discord

from greenroom.adapters.base import Access, Clock, Health, Intake, Place, Published
from greenroom.adapters.discord.actions import ALWAYS, DiscordActions
from greenroom.adapters.discord.acts import ActReader
from greenroom.adapters.discord.backfill import Backfill
from greenroom.adapters.discord.callbacks import Callbacks
from greenroom.adapters.discord.client import DiscordClient, Found, Heard
from greenroom.adapters.discord.commands import offer
from greenroom.adapters.discord.desk import TO_DESK
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.events import EventReader, Gone, guild_id
from greenroom.adapters.discord.inspection import Inspection, signed_in
from greenroom.adapters.discord.interactions import PATIENCE_S, Interactions
from greenroom.adapters.discord.people import People
from greenroom.adapters.discord.pins import pins_of
from greenroom.adapters.discord.places import PLATFORM, Places, writable
from greenroom.adapters.discord.shards import Sleep
from greenroom.adapters.discord.texts import Texts
from greenroom.adapters.doubt import Once
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.lanes import Lane
from greenroom.adapters.settings import DiscordSettings
from greenroom.errors import RetryLater, worst_of
from greenroom.message import ActionKind, Event, Order, Outcome

log = logging.getLogger(__name__)

CALL_TIMEOUT_S = 20.0  # the library repeats a failed request by itself for a while
LANES = 16  # channels that are taken in side by side; one channel's events keep their order
EMPTY_S = 5.0  # for storing what was read, at the end
LANE_SIZE = 64  # events waiting in a lane; full: the gateway is read no further


@dataclass(frozen=True, slots=True)
class _Live:
    """What exists only while connected."""

    client: DiscordClient
    actions: DiscordActions
    acts: Interactions


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
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._bot = bot
        self._settings = settings
        self._desk_channel = desk_channel
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._call_timeout_s = call_timeout_s
        self._patience_s = patience_s
        self._health = Health()
        self._once = Once(clock=clock)
        self._gone = Gone(clock=clock)
        self._intake = CountedIntake()
        self._backfill = Backfill(
            settings.backfill, self._intake, since=since, clock=clock, sleep=sleep
        )
        self._texts = Texts()
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
        return replace(self._health, gaps=self._intake.gaps, detail=self._texts.warning)

    async def run(self, intake: Intake) -> None:
        """Connect and feed ``intake``.

        Raises:
            RetryLater: The connection was lost, and could not be resumed.
            ConfigError: The token, an intent or an endpoint is wrong.
            GiveUp: Discord refuses the bot for good.
        """
        lanes = [asyncio.Queue[Found](LANE_SIZE) for _ in range(LANES)]
        client = self._client(lanes)
        self._intake.open(intake)
        try:
            async with asyncio.TaskGroup() as group:
                reader = self._open(client, group)
                workers = [group.create_task(self._work(lane, reader)) for lane in lanes]
                looking = group.create_task(self._backfill.run(client, reader))
                group.create_task(self._offer(client))
                try:
                    await client.serve()
                finally:
                    looking.cancel()
                    await _empty(lanes, workers)
        except ExceptionGroup as failures:
            failure = worst_of(failures)
            raise failure from failure.__cause__
        finally:
            self._live = None

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order, once; the contract says what it raises."""
        return await self._once.perform(order, self._perform)

    async def _perform(self, order: Order) -> Outcome:
        if self._live is None or not self._live.client.is_up:
            raise RetryLater("Discord is not connected")
        return await self._live.actions.perform(order)

    async def places(self) -> tuple[Place, ...]:
        """The text channels that the bot may write in; see :class:`HasPlaces`."""
        return () if self._live is None else writable(self._live.client)

    async def inspect(self, needs: frozenset[ActionKind]) -> Access:
        """Sign in, and compare what the bot may do with ``needs``; the contract says more."""
        async with signed_in(self._client([])) as client:
            return await Inspection(client, self._desk_channel, needs).access()

    async def greet(self, text: str) -> str:
        """Post ``text`` into ``desk_channel``; returns where that was."""
        async with signed_in(self._client([])) as client:
            return await Inspection(client, self._desk_channel, frozenset()).greet(text)

    async def published(self) -> Published:
        """Pinned messages that everybody may read; see ``Publishing``."""
        async with signed_in(self._client([])) as client:
            return await pins_of(client)

    def _client(self, lanes: list[asyncio.Queue[Found]]) -> DiscordClient:
        async def take(found: Found) -> None:
            if found.name == "message":
                message: discord.Message = found.payload
                self._backfill.arrives(guild_id(message), message.channel.id, message.id)
            if found.name != "interaction":
                await lanes[_lane(found)].put(found)
            elif self._live is not None:
                self._live.acts.take(found.payload)
                self._note(found)

        return DiscordClient(
            self._settings,
            Heard(
                take,
                self._set_connected,
                self._backfill.begin,
                self._backfill.want,
                self._backfill.lose,
                self._texts.saw,
            ),
            call_timeout_s=self._call_timeout_s,
            sleep=self._sleep,
            jitter=self._jitter,
        )

    def _open(self, client: DiscordClient, group: asyncio.TaskGroup) -> EventReader:
        """Everything that exists only while connected."""
        web, clock = client.http, self._clock
        places, people = Places(client, web, clock=clock), People(client, clock=clock)
        reader = EventReader(self._bot, client, places, people, self._gone, clock=clock)
        doings = ActReader(self._bot, client, web, reader, places, people, clock=clock)
        callbacks = Callbacks(web)
        acts = Interactions(doings, callbacks, self._intake, group, patience_s=self._patience_s)
        actions = DiscordActions(
            client, web, callbacks, self._gone, desk_channel=self._desk_channel, clock=clock
        )
        web.before_close = acts.settle
        self._live = _Live(client, actions, acts)
        return reader

    async def _offer(self, client: DiscordClient) -> None:
        """Put the commands into Discord's menus."""
        await self.ready.wait()
        if client.application_id is not None:
            await offer(client.http, client.application_id, sleep=self._sleep)

    async def _work(self, lane: asyncio.Queue[Found], reader: EventReader) -> None:
        async with asyncio.TaskGroup() as group:
            storing = Lane(self._intake, group)
            while True:
                found = await lane.get()
                await storing.take(await _read(reader, found), partial(self._stored, found, lane))

    def _stored(self, found: Found, lane: asyncio.Queue[Found]) -> None:
        self._note(found)
        lane.task_done()

    def _note(self, found: Found) -> None:
        """When something came last, and where a look back may begin."""
        self._health = replace(self._health, last_event_at=self._clock())
        if found.name == "message":
            message: discord.Message = found.payload
            self._backfill.heard(guild_id(message), message.channel.id, message.id)

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
    elif isinstance(payload, Mapping):
        place = payload.get("channel_id") or payload.get("guild_id")
    else:
        place = getattr(payload, "channel_id", None) or payload.guild.id
    return crc32(str(place).encode()) % LANES
