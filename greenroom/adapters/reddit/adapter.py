"""Reddit for one account: its subreddits' listings in, its actions out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from greenroom.adapters.base import Access, Clock, Health, Intake, Place, Published
from greenroom.adapters.doubt import Once
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.actions import FOR_ALL, FOR_MODERATORS, RedditActions
from greenroom.adapters.reddit.client import signed_in
from greenroom.adapters.reddit.events import Teller
from greenroom.adapters.reddit.inspection import greet, inspect
from greenroom.adapters.reddit.people import KEEP_SUBREDDITS, People, Subreddits
from greenroom.adapters.reddit.rota import Rota
from greenroom.adapters.reddit.sources import Sources
from greenroom.adapters.reddit.things import PLATFORM
from greenroom.adapters.reddit.watching import Look, News, Source
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.adapters.reddit.wiki import published
from greenroom.adapters.settings import RedditSettings
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import ActionKind, Order, Outcome

log = logging.getLogger(__name__)

SKEW = timedelta(minutes=2)  # our clock and Reddit's may differ by so much, and nothing is missed
LONGEST_PAUSE_S = 300.0  # between two looks, however little Reddit allows

Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class _Live:
    """What exists only while connected."""

    web: RedditWeb
    me: str
    subreddits: Subreddits
    people: People
    teller: Teller
    actions: RedditActions
    refused: Recent[str, None]  # sources that we may not see, for a while
    rota: Rota = field(default_factory=Rota)
    looks: int = 0
    is_scarce: bool = False  # Reddit allows less than we would ask


class RedditAdapter:
    """One account in its subreddits; see :class:`greenroom.adapters.base.Adapter`.

    Args:
        bot: The bot's name.
        settings: What its YAML file says.
        desk_channel: Unused: Reddit has no place for cards.
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
        self._since = _horizon(settings, since, clock())
        self._sources = Sources(clock)
        self._intake = CountedIntake()
        self._health = Health()
        self._once = Once(clock=clock)
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
        return replace(self._health, gaps=self._intake.gaps)

    async def run(self, intake: Intake) -> None:
        """Sign in, then look every ``poll_s`` seconds, or more seldom as Reddit asks.

        Raises:
            RetryLater: Reddit cannot be reached; the next run goes on where this one stopped.
            ConfigError: The sign-in, a scope or a subreddit's name is wrong.
        """
        self._intake.open(intake)
        async with self._signed_in() as live:
            while True:
                await self._look(live)
                await self._sleep(self._pause_s(live))

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order, once; the contract says what it raises."""
        return await self._once.perform(order, self._perform)

    async def _perform(self, order: Order) -> Outcome:
        if self._live is None:
            raise RetryLater("Reddit is not connected")
        return await self._live.actions.perform(order)

    async def places(self) -> tuple[Place, ...]:
        """The subreddits; see :class:`HasPlaces`."""
        return () if self._live is None else self._live.subreddits.places()

    async def inspect(self, needs: frozenset[ActionKind]) -> Access:
        """Compare what the account may do with ``needs``; see ``Inspectable``."""
        async with signed_in(self._settings) as web:
            return await inspect(web, self._settings.subreddits, needs, clock=self._clock)

    async def greet(self, text: str) -> str:
        """Post ``text`` where moderators read; returns where that was."""
        async with signed_in(self._settings) as web:
            return await greet(web, self._settings.subreddits[0], text, clock=self._clock)

    async def published(self) -> Published:
        """Wiki pages and pinned posts; see ``Publishing``."""
        async with signed_in(self._settings) as web:
            return await published(web, self._settings.subreddits)

    @asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[_Live]:
        try:
            async with signed_in(self._settings) as web:
                self._live = await self._made(web)
                yield self._live
        finally:
            self._live = None
            self._health = replace(self._health, is_connected=False)

    async def _made(self, web: RedditWeb) -> _Live:
        me = await web.me()
        subreddits = Subreddits(web, self._settings.subreddits, clock=self._clock)
        people = People(web, clock=self._clock)
        teller = Teller(
            self._bot,
            me,
            self._settings.endpoints.www,
            subreddits=subreddits,
            people=people,
            own=self._sources.own,
            clock=self._clock,
        )
        refused: Recent[str, None] = Recent(size=100, clock=self._clock, keep=KEEP_SUBREDDITS)
        actions = RedditActions(web, me, clock=self._clock)
        return _Live(web, me, subreddits, people, teller, actions, refused)

    async def _look(self, live: _Live) -> None:
        await live.subreddits.refresh()
        moderated = live.subreddits.moderated_by(live.me)
        self._is_moderator = bool(moderated)
        live.looks += 1
        look = self._looking(live)
        sources = self._sources.watched(self._settings.subreddits, moderated)
        open_ = [source for source in sources if source.name not in live.refused]
        for source in live.rota.due(open_, is_scarce=live.is_scarce):
            await self._look_at(source, look, live)
        self._note_connected()

    def _looking(self, live: _Live) -> Look:
        most = self._settings.backfill.messages_per_channel * len(self._settings.subreddits)
        return Look(
            web=live.web,
            teller=live.teller,
            learn=live.people.learn,
            miss=self._intake.miss,
            ours=live.subreddits.names,
            since=self._since,
            most=most,
            is_first=live.looks == 1,
        )

    async def _look_at(self, source: Source, look: Look, live: _Live) -> None:
        try:
            async with aclosing(source.poll(look)) as found:
                async for news in found:
                    await self._take_in(news)
        except DropMessage as error:
            if source.every == 0:  # without the posts there is nothing to go on with
                raise RetryLater(str(error)) from error
            _refuse(live, source, error)
        except ConfigError as error:
            if source.every == 0:
                raise
            _refuse(live, source, error)

    async def _take_in(self, news: News) -> None:
        for event in news.events:
            await (self._intake.backfill if news.is_late else self._intake)(event)
            self._health = replace(self._health, last_event_at=self._clock())

    def _pause_s(self, live: _Live) -> float:
        wanted_s = min(LONGEST_PAUSE_S, live.web.pace.pause_s())
        live.is_scarce = wanted_s > self._settings.poll_s
        return max(self._settings.poll_s, wanted_s)

    def _note_connected(self) -> None:
        since = self._health.since if self._health.is_connected else self._clock()
        missed = self._intake.gaps.missed
        detail = f"{missed} items or gaps were missed" if missed else ""
        self._health = replace(self._health, is_connected=True, since=since, detail=detail)


def _horizon(settings: RedditSettings, since: datetime | None, now: datetime) -> datetime | None:
    """How far a first look goes back; None: not at all."""
    backfill = settings.backfill
    if since is None or backfill.hours == 0 or backfill.messages_per_channel == 0:
        return None
    return max(since - SKEW, now - timedelta(hours=backfill.hours))


def _refuse(live: _Live, source: Source, error: Exception) -> None:
    """Go on without a source that we may not see; the account may come to see it later."""
    log.warning("%s: %s; going on without it", source.name, error)
    live.refused[source.name] = None
