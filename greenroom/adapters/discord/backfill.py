"""What was posted on Discord while no session heard it: asked for, channel by channel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.bookmarks import DIRECT, Bookmarks
from greenroom.adapters.discord.client import DiscordClient
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.events import EventReader
from greenroom.adapters.discord.history import Gap, History, attempt
from greenroom.adapters.discord.payload import Payload, number, parts
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.settings import Backfill as Bound
from greenroom.errors import GreenroomError

log = logging.getLogger(__name__)

AT_ONCE: Final = 3  # channels that are asked side by side: what is sent needs Discord too
MOST_DIRECT: Final = 200  # direct messages' channels


@dataclass(frozen=True, slots=True)
class _Place:
    """Something that holds messages."""

    id: int
    newest: int | None  # the newest message's id, as far as Discord says


class Backfill:
    """Looks back after each session that was not resumed; lives as long as its adapter.

    Args:
        bound: How far back, and how much of each channel; with nothing of either, not at all.
        intake: Takes what is found, and counts what is not looked for.
        since: When the ledger's newest event came; None where there is nothing to go on from.
        clock: The time now, in UTC.
        sleep: Waits before another try.
    """

    def __init__(
        self,
        bound: Bound,
        intake: CountedIntake,
        *,
        since: datetime | None,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._bound = bound
        self._intake = intake
        self._is_off = bound.hours == 0 or bound.messages_per_channel == 0
        self._clock = clock
        self._sleep = sleep
        self._marks = Bookmarks(since=since, clock=clock)
        self._told: dict[int, bool] = {}  # servers that can be looked at, in order; true: anew
        self._is_listing = False  # some compatible servers list no servers when a session begins
        self._woken = asyncio.Event()

    def arrives(self, guild_id: int | None, channel_id: int, message_id: int) -> None:
        """A message is read, and on its way to being stored."""
        self._marks.arrived(guild_id or DIRECT, channel_id, message_id)

    def heard(self, guild_id: int | None, channel_id: int, message_id: int) -> None:
        """A message came in by itself, and is stored."""
        self._marks.heard(guild_id or DIRECT, channel_id, message_id)

    def begin(self, shard: int, listed: frozenset[int]) -> None:
        """A session begins that Discord replays nothing into; it lists its servers."""
        self._is_listing |= bool(listed)
        guilds = set(listed) if self._is_listing else self._marks.guilds()
        guilds = guilds | {DIRECT} if shard == 0 else guilds - {DIRECT}
        self._lose(guilds)
        for guild in {DIRECT} & guilds if self._is_listing else guilds:
            self._want(guild, is_told=False)

    def lose(self, guild: int) -> None:
        """One server is not heard any more, until Discord tells about it again."""
        self._lose({guild})

    def want(self, guild: int) -> None:
        """Discord has told about a server: it can be looked at now."""
        if not self._is_listing and guild not in self._marks.guilds():
            self._lose({guild})
        self._marks.met(guild)
        self._want(guild, is_told=True)

    async def run(self, client: DiscordClient, reader: EventReader) -> None:
        """Look back wherever it is wanted, until cancelled."""
        history = History(
            client,
            reader,
            self._intake,
            self._marks,
            self._bound,
            clock=self._clock,
            sleep=self._sleep,
        )
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._told:
                guild = next(iter(self._told))
                await self._look(guild, client, history, is_told=self._told.pop(guild))

    def _want(self, guild: int, *, is_told: bool) -> None:
        if self._marks.gap(guild):
            self._told[guild] = is_told
            self._woken.set()

    def _lose(self, guilds: Collection[int]) -> None:
        self._marks.lost(guilds)
        for guild in guilds:  # what was told of them before is old
            self._told.pop(guild, None)
        lost = [guild for guild in guilds if self._marks.gap(guild)]
        if not self._is_off or not lost:
            return
        self._intake.miss()
        for guild in lost:
            self._marks.close(guild, self._marks.gap(guild))

    async def _look(
        self, guild: int, client: DiscordClient, history: History, *, is_told: bool
    ) -> None:
        losses = self._marks.gap(guild)
        if not losses:
            return
        try:
            places = await self._places(guild, client)
            gaps = iter(self._gaps(guild, places if is_told else _uncounted(places)))
        except UNREADABLE:
            log.exception("server %d cannot be looked back into: it is told of oddly", guild)
            self._intake.miss()
            gaps = iter(())

        async def work() -> None:
            for gap in gaps:
                await history.fetch(gap)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
        self._marks.close(guild, losses)

    def _gaps(self, guild: int, places: Sequence[_Place]) -> list[Gap]:
        """Where something was posted. Some servers do not keep count of the newest message."""
        counts = any(place.newest is not None for place in places)
        found = []
        for place in places:
            after, was_heard = self._marks.after(guild, place.id)
            newest = 0 if place.newest is None and counts else place.newest
            is_told = newest is not None and (newest > after or (newest < after and was_heard))
            if newest is None or is_told:
                found.append(Gap(guild, place.id, after))
        return found

    async def _places(self, guild_id: int, client: DiscordClient) -> Sequence[_Place]:
        guild = client.get_guild(guild_id) if guild_id != DIRECT else None
        if guild is None:
            heard = self._marks.heard_channels(guild_id)
            return [_Place(channel, None) for channel in heard[-MOST_DIRECT:]]
        self._marks.narrow(guild_id, guild.me.joined_at if guild.me else None)
        threads = [_thread(one) for one in await self._active(guild, client)]
        known = frozenset(self._marks.heard_channels(guild_id))
        found = [*_readable(guild, known), *(one for one in threads if one is not None)]
        return list({place.id: place for place in found}.values())

    async def _active(self, guild: discord.Guild, client: DiscordClient) -> Sequence[Payload]:
        """Threads and forum posts that are not archived, whether or not the bot is in them."""
        try:
            found = await attempt(
                lambda: client.http.call(
                    "look for active threads",
                    "GET",
                    "/guilds/{guild_id}/threads/active",
                    guild_id=guild.id,
                ),
                self._sleep,
            )
        except GreenroomError as error:
            log.info("active threads are those that Discord told about: %s", error)
            return []
        return parts(found, "threads")


def _uncounted(places: Sequence[_Place]) -> Sequence[_Place]:
    """The same, of which nobody has said since what their newest message is."""
    return [_Place(place.id, None) for place in places]


def _readable(guild: discord.Guild, heard: frozenset[int]) -> Iterator[_Place]:
    """Where the bot may read. Where it heard what by its roles it may not, roles say nothing."""
    channels: list[Any] = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels]
    channels += guild.threads
    may = {channel.id for channel in channels if may_read(guild, channel)}
    is_odd = not may or any(one.id in heard and one.id not in may for one in channels)
    for channel in channels:
        if is_odd or channel.id in may:
            yield _Place(channel.id, channel.last_message_id)


def may_read(guild: discord.Guild, channel: Any) -> bool:
    """Whether the bot may read what was posted before; true where nobody knows."""
    where = channel.parent if isinstance(channel, discord.Thread) else channel
    me, everyone = guild.get_member(guild._state.self_id or 0), guild.get_role(guild.id)
    if me is None or everyone is None or where is None:
        return True
    may = where.permissions_for(me)
    is_voice = isinstance(where, discord.VoiceChannel | discord.StageChannel)
    return may.view_channel and may.read_message_history and (may.connect or not is_voice)


def _thread(data: Payload) -> _Place | None:
    found = number(data, "id")
    return None if found is None else _Place(found, number(data, "last_message_id"))
