"""Slack for one bot: Socket Mode or HTTP events in, the Web API out, in one or many workspaces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp

from greenroom.adapters.base import Access, Clock, Health, Intake, Place, Published
from greenroom.adapters.doubt import Once
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack import inspection
from greenroom.adapters.slack.actions import ALWAYS, WITH_DESK_CHANNEL
from greenroom.adapters.slack.events import PLATFORM
from greenroom.adapters.slack.marks import Marks
from greenroom.adapters.slack.pins import pins_of
from greenroom.adapters.slack.reception import Reception
from greenroom.adapters.slack.respond import Answers
from greenroom.adapters.slack.roster import Roster, known_installs
from greenroom.adapters.slack.store import InstallStore
from greenroom.adapters.slack.team import Bot
from greenroom.adapters.slack.teams import Teams
from greenroom.adapters.slack.web import CALL_TIMEOUT_S, SlackWeb, Tokens
from greenroom.errors import ConfigError, worst_of
from greenroom.message import REMOVALS, ActionKind, Order, Outcome


class SlackAdapter:
    """One bot on Slack; see :class:`greenroom.adapters.base.Adapter`."""

    platform = PLATFORM

    def __init__(
        self,
        bot: str,
        settings: SlackSettings,
        *,
        desk_channel: str | None = None,
        since: datetime | None = None,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._since = since
        self._clock = clock
        self._health = Health()
        self._intake = CountedIntake()
        self._bot = Bot(bot, settings, desk_channel, self._intake, clock)
        self._once = Once(clock=clock)
        self._teams = Teams(is_one=settings.install is None)
        self._marks: dict[str, Marks] = {}  # by workspace
        self.ready = asyncio.Event()  # set while events can come in
        self.address: tuple[str, int] | None = None  # where HTTP requests are awaited

    @property
    def bot(self) -> str:
        """The bot's name: the stem of its YAML file."""
        return self._bot.name

    @property
    def capabilities(self) -> frozenset[ActionKind]:
        """What can be done here: deleting needs an admin's token, reporting a desk channel."""
        install = self._settings.install
        able = set(ALWAYS)
        if self._settings.user_token is not None or (install is not None and install.removes):
            able |= REMOVALS
        if self._bot.desk_channel is not None:
            able |= WITH_DESK_CHANNEL
        return frozenset(able)

    def health(self) -> Health:
        """How it fares."""
        return replace(self._health, gaps=self._intake.gaps)

    async def run(self, intake: Intake) -> None:
        """Connect and feed ``intake``; acknowledges to Slack only after it returned.

        Raises:
            RetryLater: The connection was lost.
            ConfigError: A token, a scope, the listening address or the app is wrong.
        """
        self._intake.open(intake)
        try:
            async with _session() as session, asyncio.TaskGroup() as group:
                await self._serve(session, group)
        except ExceptionGroup as failures:
            raise worst_of(failures) from failures
        finally:
            self._set_connected(False)
            self._teams.clear()
            for marks in self._marks.values():
                marks.lose()

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order, once; the contract says what it raises."""
        return await self._once.perform(order, self._perform)

    async def _perform(self, order: Order) -> Outcome:
        return await self._teams.of_order(order).perform(order)

    async def places(self) -> tuple[Place, ...]:
        """The channels that the bot is in, of all workspaces; see :class:`HasPlaces`."""
        return tuple([place for team in self._teams for place in await team.places()])

    async def inspect(self, needs: frozenset[ActionKind]) -> Access:
        """Compare what the tokens may do with ``needs``; see :class:`Inspectable`."""
        asked = inspection.Asked(self._settings, self._bot.desk_channel, needs)
        async with _session() as session:
            app = SlackWeb(self._settings, session, tokens=Tokens(""))
            return await inspection.inspect(app, await self._webs(session), asked)

    async def greet(self, text: str) -> str:
        """Post ``text`` in ``desk_channel``; returns where that was."""
        async with _session() as session:
            webs = await self._webs(session)
            return await inspection.greet(webs, self._bot.desk_channel, text)

    async def published(self) -> Published:
        """Pinned messages of public channels; see :class:`Publishing`."""
        async with _session() as session:
            return await pins_of(await self._webs(session))

    async def _serve(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> None:
        answers = Answers(session, self._settings.endpoints.api, clock=self._clock)
        store = self._store()
        roster = Roster(
            self._bot,
            session,
            answers,
            teams=self._teams,
            marks=self._marks,
            store=store,
            group=group,
        )
        reception = Reception(
            self._bot,
            session,
            answers,
            roster,
            connected=self._set_connected,
            heard=self._hear,
        )
        await roster.enter_all(self._since)
        group.create_task(reception.run(store, self._set_address))
        await roster.gone.wait()
        raise ConfigError(
            f"the app was removed from the Slack workspace {roster.removed_from}",
            accepted="install it again at api.slack.com/apps, your app, Install App, "
            "and put the new token into .env",
        )

    def _store(self) -> InstallStore | None:
        install = self._settings.install
        if install is None:
            return None
        return InstallStore(install.store, install.key.get_secret_value())

    async def _webs(self, session: aiohttp.ClientSession) -> list[SlackWeb]:
        known = await known_installs(self._bot, self._store())
        return [SlackWeb(self._settings, session, tokens=one.tokens) for one in known]

    def _set_address(self, address: tuple[str, int]) -> None:
        self.address = address

    def _set_connected(self, is_connected: bool) -> None:
        since = self._clock() if is_connected else self._health.since
        self._health = replace(self._health, is_connected=is_connected, since=since)
        if is_connected:
            self.ready.set()
        else:
            self.ready.clear()

    def _hear(self) -> None:
        self._health = replace(self._health, last_event_at=self._clock())


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CALL_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        yield session
