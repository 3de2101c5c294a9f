"""What was posted on Discord while no session heard it: asked for, channel by channel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.events import EventReader
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.recent import Recent
from greenroom.adapters.settings import Backfill as Bound
from greenroom.errors import DropMessage, GreenroomError, RetryLater

log = logging.getLogger(__name__)

PAGE: Final = 100
AT_ONCE: Final = 4  # channels that are asked side by side
TRIES: Final = 4
PAUSE_S: Final = 2.0
OVERLAP: Final = timedelta(seconds=10)  # what was posted just before, and may not have come
SKEW: Final = timedelta(minutes=2)  # between our clock and Discord's
REMEMBERED: Final = 10_000  # channels, and members' roles
DIRECT: Final = 200  # direct messages' channels
SERVERS: Final = 2_000  # that may wait to be looked at

Channel = Any
"""Whatever discord.py has messages in: a channel, a thread, a direct message."""


class Backfill:
    """Looks back after each session that was not resumed; lives as long as its adapter.

    Args:
        bound: How far back, and how much of each channel.
        since: When the ledger's newest event came; None where there is nothing to go on from.
        clock: The time now, in UTC.
        sleep: Waits before another try.
    """

    def __init__(
        self,
        bound: Bound,
        *,
        since: datetime | None,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._bound = bound
        self._since = since  # by our clock; once a message was heard, its id is better
        self._heard = 0  # the newest message's id, of any channel
        self._clock = clock
        self._sleep = sleep
        self._newest: Recent[int, int] = Recent(size=REMEMBERED, clock=clock)
        self._direct: Recent[int, bool] = Recent(size=DIRECT, clock=clock)
        self._from: int | None = None  # the id that this session looks back to
        self._due: asyncio.Queue[discord.Guild | None] = asyncio.Queue(SERVERS)

    def heard(self, channel_id: int, message_id: int | None, *, is_direct: bool = False) -> None:
        """Something came in by itself."""
        self._heard = max(self._heard, message_id or 0)
        if message_id is not None and message_id > self._newest.get(channel_id, 0):
            self._newest[channel_id] = message_id
        if is_direct:
            self._direct[channel_id] = True

    def begin(self) -> None:
        """A session begins that Discord replays nothing into."""
        self._from, position = None, self._position()
        self._since = self._since or self._clock()
        if position is not None and self._bound.hours > 0:
            earliest = self._clock() - timedelta(hours=self._bound.hours)
            self._from = discord.utils.time_snowflake(max(position, earliest))
            self.want(None)

    def _position(self) -> datetime | None:
        """Until when nothing was missed; None where nobody knows."""
        if self._heard:
            return discord.utils.snowflake_time(self._heard) - OVERLAP
        return None if self._since is None else self._since - SKEW

    def want(self, guild: discord.Guild | None) -> None:
        """A server can be looked at now; None: the direct messages can."""
        if self._from is not None and not self._due.full():
            self._due.put_nowait(guild)

    async def run(
        self, client: discord.Client, web: DiscordWeb, reader: EventReader, intake: CountedIntake
    ) -> None:
        """Look back wherever it is wanted, until cancelled."""
        look = _Look(client, web, reader, intake, self._bound, self._sleep)
        while True:
            guild = await self._due.get()
            if self._from is not None:
                channels = list(self._channels(client, guild, self._from))
                await self._look_at(channels, look, self._from)

    async def _look_at(self, channels: Sequence[Channel], look: _Look, after: int) -> None:
        """A few channels side by side."""
        waiting = iter(channels)

        async def work() -> None:
            for channel in waiting:
                await look.at(channel, max(after, self._newest.get(channel.id, 0)))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(channels))):
                group.create_task(work())

    def _channels(
        self, client: discord.Client, guild: discord.Guild | None, after: int
    ) -> Iterator[Channel]:
        """Where something may have been posted since: Discord tells each channel's newest id."""
        if guild is None:
            for channel_id in self._direct:
                yield client.get_partial_messageable(channel_id)
            return
        for channel in _talked_in(guild):
            newest = channel.last_message_id
            if channel.id in self._newest or newest is None or newest > after:
                yield channel


class _Look:
    """Asks for messages, and hands them on."""

    def __init__(
        self,
        client: discord.Client,
        web: DiscordWeb,
        reader: EventReader,
        intake: CountedIntake,
        bound: Bound,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._client = client
        self._web = web
        self._reader = reader
        self._intake = intake
        self._bound = bound
        self._sleep = sleep
        self._members: Recent[tuple[int, str], Mapping[str, Any] | None] = Recent(
            size=REMEMBERED, clock=discord.utils.utcnow
        )

    async def at(self, channel: Channel, after: int) -> None:
        """One channel, oldest message first, as far as the bound lets; never fails."""
        left = self._bound.messages_per_channel
        while left > 0:
            limit = min(PAGE, left)
            page = await self._page(channel, str(after), limit)
            if page is None:
                return
            for data in page:
                await self._take(channel, data)
                after = int(data["id"])
            left -= len(page)
            if len(page) < limit:
                return
        self._intake.miss()
        log.warning("more was posted in channel %d than backfill reaches", channel.id)

    async def _page(self, channel: Channel, after: str, limit: int) -> list[dict[str, Any]] | None:
        """None where there is nothing to be had."""
        for attempt in range(TRIES):
            try:
                return await self._web.after(str(channel.id), after, limit=limit)
            except DropMessage as error:  # the bot may not read there
                log.info("no look back into channel %d: %s", channel.id, error)
                return None
            except RetryLater as error:
                log.info("a look back waits: %s", error)
                await self._sleep(max(error.after_s or 0.0, PAUSE_S * 2**attempt))
        self._intake.miss()
        log.warning("channel %d cannot be looked back into", channel.id)
        return None

    async def _take(self, channel: Channel, data: dict[str, Any]) -> None:
        try:
            whole = await self._whole(channel, data)
            message = discord.Message(
                state=self._client._connection,
                channel=channel,
                data=whole,  # type: ignore[arg-type]  # as Discord's JSON has it
            )
            events = await self._reader.found_later(message)
        except UNREADABLE:
            log.exception("a message was passed over: it lacks what a message needs")
            return
        for event in events:
            await self._intake.backfill(event)

    async def _whole(self, channel: Channel, data: dict[str, Any]) -> dict[str, Any]:
        """A message as the gateway would have told it: with its server and its member."""
        guild = getattr(channel, "guild", None)
        author = data.get("author")
        if guild is None or not isinstance(author, dict) or "webhook_id" in data:
            return data
        member = await self._member(guild.id, str(author.get("id")))
        return {**data, "guild_id": str(guild.id), **({"member": member} if member else {})}

    async def _member(self, guild: int, user: str) -> Mapping[str, Any] | None:
        """Roles and joining, which a message that is asked for does not have along."""
        if (guild, user) not in self._members:
            try:
                found = await self._web.call(
                    "look up a member",
                    "GET",
                    "/guilds/{guild_id}/members/{user_id}",
                    guild_id=guild,
                    user_id=user,
                )
                kept = {key: value for key, value in found.items() if key != "user"}
            except (GreenroomError, AttributeError):
                kept = None
            self._members[guild, user] = kept
        return self._members[guild, user]


def _talked_in(guild: discord.Guild) -> Iterator[Channel]:
    yield from guild.text_channels
    yield from guild.voice_channels
    yield from guild.stage_channels
    yield from guild.threads
