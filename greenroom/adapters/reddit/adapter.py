"""Reddit for one account: its subreddits' listings in, its actions out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from greenroom.adapters.base import Clock, Health, Intake
from greenroom.adapters.doubt import still_in_doubt
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.actions import FOR_ALL, FOR_MODERATORS, RedditActions
from greenroom.adapters.reddit.listings import Listing, Memory, Sighting, poll, report_count
from greenroom.adapters.reddit.people import People, Subreddits
from greenroom.adapters.reddit.things import (
    PLATFORM,
    Setting,
    read_reasons,
    read_reporter,
    read_thing,
)
from greenroom.adapters.reddit.web import RedditWeb, Thing, signed_in
from greenroom.adapters.settings import RedditSettings
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import ActionKind, Event, EventKind, Order, Outcome

log = logging.getLogger(__name__)

DONE = 10_000  # outcomes remembered, so that one key is never performed twice

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Live:
    """What exists only while connected."""

    web: RedditWeb
    me: str
    subreddits: Subreddits
    people: People
    actions: RedditActions
    refused: set[str] = field(default_factory=set)  # moderators' listings that we may not see


class RedditAdapter:
    """One account in its subreddits; see :class:`greenroom.adapters.base.Adapter`.

    Args:
        bot: The bot's name.
        settings: What its YAML file says.
        since: What was posted after this, while nobody looked, is news on the first look;
            without it the first look finds nothing, so that history is not replayed.
        clock: The time.
        sleep: Waits between two looks.
    """

    platform = PLATFORM

    def __init__(
        self,
        bot: str,
        settings: RedditSettings,
        *,
        desk_channel: str | None = None,
        since: datetime | None = None,
        clock: Clock = lambda: datetime.now(UTC),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._settings = settings
        self._desk_channel = desk_channel
        self._clock = clock
        self._sleep = sleep
        self._memory = Memory(clock, since)
        self._health = Health()
        self._done: Recent[str, Outcome] = Recent(size=DONE, clock=clock)
        self._live: _Live | None = None
        self._is_moderator: bool | None = None  # of any of the subreddits; None: not known yet

    @property
    def bot(self) -> str:
        """The bot's name: the stem of its YAML file."""
        return self._bot

    @property
    def capabilities(self) -> frozenset[ActionKind]:
        """What can be done here; less once it is known that the account moderates nothing."""
        return FOR_ALL if self._is_moderator is False else FOR_ALL | FOR_MODERATORS

    def health(self) -> Health:
        """How it fares."""
        return self._health

    async def run(self, intake: Intake) -> None:
        """Sign in, then look at the listings every ``poll_s`` seconds.

        Raises:
            RetryLater: Reddit cannot be reached; the next run goes on where this one stopped.
            ConfigError: The sign-in, a scope or a subreddit's name is wrong.
        """
        async with self._signed_in() as live:
            while True:
                await self._look(live, intake)
                await self._sleep(self._settings.poll_s)

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order, once; the contract says what it raises."""
        if order.key in self._done:
            return self._done[order.key]
        if self._live is None:
            raise RetryLater("Reddit is not connected")
        with still_in_doubt(order):
            outcome = await self._live.actions.perform(order)
        self._done[order.key] = outcome
        return outcome

    @asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[_Live]:
        try:
            async with signed_in(self._settings) as web:
                me = await web.me()
                names = self._settings.subreddits
                self._live = _Live(
                    web,
                    me,
                    Subreddits(web, names, clock=self._clock),
                    People(web, clock=self._clock),
                    RedditActions(web, me),
                )
                yield self._live
        finally:
            self._live = None
            self._health = replace(self._health, is_connected=False)

    async def _look(self, live: _Live, intake: Intake) -> None:
        await live.subreddits.refresh()
        moderated = live.subreddits.moderated_by(live.me)
        self._is_moderator = bool(moderated)
        for listing in self._memory.watched(self._settings.subreddits, moderated):
            await self._look_at(live, listing, intake)
        self._note_connected()

    async def _look_at(self, live: _Live, listing: Listing, intake: Intake) -> None:
        if listing.path in live.refused:
            return
        try:
            found = poll(live.web, listing, since=self._memory.since, learn=live.people.learn)
            async with aclosing(found) as sightings:
                async for sighting in sightings:
                    await intake(self._event(sighting, live))
                    self._health = replace(self._health, last_event_at=self._clock())
        except DropMessage as error:
            _refuse(live, listing, error)

    def _event(self, sighting: Sighting, live: _Live) -> Event:
        thing = sighting.thing
        message = read_thing(thing, self._setting(thing, live), live.people.facts(thing))
        is_report = sighting.kind is EventKind.MESSAGE_REPORTED
        return Event(
            kind=sighting.kind,
            bot=self._bot,
            platform=PLATFORM,
            received_at=self._clock(),
            message=message,
            actor=read_reporter(thing, live.me) if is_report else None,
            text=read_reasons(thing) if is_report else None,
            id=f"reports:{report_count(thing)}" if is_report else None,
        )

    def _setting(self, thing: Thing, live: _Live) -> Setting:
        name = thing.get("subreddit")
        known = live.subreddits.get(name if isinstance(name, str) else None)
        return Setting(
            me=live.me,
            www=self._settings.endpoints.www.rstrip("/"),
            moderators=None if known is None else known.moderators,
            is_nsfw=None if known is None else known.is_nsfw,
        )

    def _note_connected(self) -> None:
        since = self._health.since if self._health.is_connected else self._clock()
        gaps = self._memory.gaps
        detail = f"{gaps} looks may have missed something" if gaps else ""
        self._health = replace(self._health, is_connected=True, since=since, detail=detail)


def _refuse(live: _Live, listing: Listing, error: DropMessage) -> None:
    """Go on without a moderators' listing; without the posts there is nothing to go on with."""
    if listing.kind is EventKind.MESSAGE_POSTED:
        raise RetryLater(str(error)) from error  # signing in again finds which subreddit it is
    log.warning("%s; going on without it", error)
    live.refused.add(listing.path)
