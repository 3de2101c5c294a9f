"""One Discord channel's messages after a certain one, oldest first, as events."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.bookmarks import DIRECT, REMEMBERED, Bookmarks
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.payload import Payload, number, part, snowflake, time
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.recent import Recent
from greenroom.adapters.settings import Backfill as Bound
from greenroom.errors import DropMessage, GreenroomError, RetryLater

if TYPE_CHECKING:
    from greenroom.adapters.discord.client import DiscordClient
    from greenroom.adapters.discord.events import EventReader

log = logging.getLogger(__name__)

PAGE: Final = 100
TRIES: Final = 4
PAUSE_S: Final = 2.0
KEPT: Final = timedelta(minutes=10)  # of members' roles

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class Gap:
    """What may have been missed in one channel: everything after a message."""

    guild: int
    channel: int
    after: int


class History:
    """Asks for messages, and hands them on; never fails but by its intake."""

    def __init__(
        self,
        client: DiscordClient,
        reader: EventReader,
        intake: CountedIntake,
        marks: Bookmarks,
        bound: Bound,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._client = client
        self._reader = reader
        self._intake = intake
        self._marks = marks
        self._bound = bound
        self._clock = clock
        self._sleep = sleep
        self._members: Recent[tuple[int, str], Payload] = Recent(
            size=REMEMBERED, keep=KEPT, clock=clock
        )

    async def fetch(self, gap: Gap) -> None:
        """Everything after the gap's beginning, as far as the bound lets."""
        try:
            await self._fetch(gap)
        except DropMessage as error:  # the bot may not read there, or it is gone
            log.info("no look back into channel %d: %s", gap.channel, error)
        except GreenroomError as error:
            self._intake.miss()
            log.warning("channel %d cannot be looked back into: %s", gap.channel, error)

    async def _fetch(self, gap: Gap) -> None:
        after, left = await self._beginning(gap), self._bound.messages_per_channel
        while after is not None:
            limit = min(PAGE, left) or 1  # with nothing left, only whether there is more
            found = await self._page(gap, after, limit)
            until = self._marks.until(gap.guild, gap.channel)
            page = [one for one in found if (number(one, "id") or 0) < until]
            if page and left == 0:
                self._intake.miss()
                log.warning("more was posted in channel %d than backfill reaches", gap.channel)
                return
            for data in page:
                await self._take(gap, data)
                after = number(data, "id") or after
                self._marks.reached(gap.guild, gap.channel, after)
            left -= len(page)
            if len(page) < limit:
                return

    async def _beginning(self, gap: Gap) -> int | None:
        """After which message to ask, within the hours; None: there is nothing to ask for."""
        earliest = self._clock() - timedelta(hours=self._bound.hours)
        cut = discord.utils.time_snowflake(earliest)
        if gap.after >= cut:
            return gap.after
        first = await self._page(gap, gap.after, 1)
        if not first:
            return None
        if _posted_at(first[0]) >= earliest:
            return gap.after
        self._intake.miss()
        log.warning("channel %d was not heard for longer than backfill reaches", gap.channel)
        return cut

    async def _page(self, gap: Gap, after: int, limit: int) -> list[Payload]:
        """Messages after one, oldest first."""
        found = await attempt(
            lambda: self._client.http.call(
                "look back",
                "GET",
                "/channels/{channel_id}/messages",
                channel_id=gap.channel,
                body={"after": str(after), "limit": limit},
                needs="Read Message History",
            ),
            self._sleep,
        )
        page = found if isinstance(found, list) else []
        fresh = [one for one in map(part, page) if (number(one, "id") or 0) > after]
        return sorted(fresh, key=lambda one: number(one, "id") or 0)

    async def _take(self, gap: Gap, data: Payload) -> None:
        try:
            message = self._client.message(await self._as_told(gap, data))
            events = await self._reader.found_later(message)
        except UNREADABLE:
            log.exception("a message was passed over: it lacks what a message needs")
            return
        for event in events:
            await self._intake.backfill(event)

    async def _as_told(self, gap: Gap, data: Payload) -> Payload:
        """A message as the gateway would have told it: with its server and its member."""
        more: dict[str, Any] = {"channel_id": str(gap.channel)}
        if gap.guild != DIRECT:
            more["guild_id"] = str(gap.guild)
            author = snowflake(part(data, "author"), "id")
            if author is not None and "webhook_id" not in data:
                more |= await self._member(gap.guild, author)
        return {**data, **more}

    async def _member(self, guild: int, user: str) -> Mapping[str, Any]:
        """Roles and joining, which a message that is asked for does not have along."""
        if (guild, user) not in self._members:
            try:
                found = part(
                    await attempt(
                        lambda: self._client.http.call(
                            "look up a member",
                            "GET",
                            "/guilds/{guild_id}/members/{user_id}",
                            guild_id=guild,
                            user_id=user,
                        ),
                        self._sleep,
                    )
                )
            except DropMessage:  # has left the server
                found = {}
            self._members[guild, user] = {"member": found} if found else {}
        return self._members[guild, user]


async def attempt(
    ask: Callable[[], Awaitable[AnswerT]], sleep: Callable[[float], Awaitable[None]]
) -> AnswerT:
    """Ask a few times.

    Raises:
        RetryLater: Each time there was no answer.
        DropMessage: It is refused.
        ConfigError: The token is.
    """
    for tried in range(1, TRIES):
        try:
            return await ask()
        except RetryLater as error:
            log.info("a look back waits: %s", error)
            await sleep(max(error.after_s or 0.0, PAUSE_S * 2 ** (tried - 1)))
    return await ask()


def _posted_at(data: Payload) -> datetime:
    said = time(data, "timestamp")
    return said or discord.utils.snowflake_time(number(data, "id") or 0)
