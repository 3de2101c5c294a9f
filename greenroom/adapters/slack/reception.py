"""Where everything comes in while a run lasts: Socket Mode or HTTP events, and install pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import aiohttp

from greenroom.adapters.slack.bolt_app import bolt_app
from greenroom.adapters.slack.door import Door
from greenroom.adapters.slack.http import HttpEvents, Pages, listening
from greenroom.adapters.slack.install import Installation
from greenroom.adapters.slack.payload import Payload
from greenroom.adapters.slack.respond import Answers
from greenroom.adapters.slack.roster import Roster
from greenroom.adapters.slack.socket import SocketMode, Watchers
from greenroom.adapters.slack.store import InstallStore
from greenroom.adapters.slack.team import Bot
from greenroom.adapters.slack.web import SlackWeb, Tokens


class Reception:
    """Receives for one bot, and tells how that fares.

    Args:
        bot: Whose settings say how.
        session: Carries all requests.
        answers: Reaches whoever acted.
        roster: Takes what comes in.
        connected: Told when events can come in, and when no more.
        heard: Told of each payload that was taken.
    """

    def __init__(
        self,
        bot: Bot,
        session: aiohttp.ClientSession,
        answers: Answers,
        roster: Roster,
        *,
        connected: Callable[[bool], None],
        heard: Callable[[], None],
    ) -> None:
        self._settings = bot.settings
        self._clock = bot.clock
        self._session = session
        self._roster = roster
        self._connected = connected
        self._heard = heard
        self._app = SlackWeb(bot.settings, session, tokens=Tokens(""))
        bolt = bolt_app(bot.settings, self._app, take=self._take, act=self._act)
        self._door = Door(bolt, answers, clock=bot.clock)

    async def run(
        self, store: InstallStore | None, bound: Callable[[tuple[str, int]], None]
    ) -> None:
        """Receive until cancelled; ``bound`` is told where HTTP requests are awaited.

        Raises:
            RetryLater: The connection was lost.
            ConfigError: Socket Mode is off, or the listening address is not ours.
        """
        pages = self._pages(store)
        async with AsyncExitStack() as stack:
            if pages:
                bound(await stack.enter_async_context(listening(pages, self._settings.listen)))
            if self._settings.transport == "socket":
                watchers = Watchers(self._set_connected, self._roster.lose)
                await SocketMode(self._door, self._app, self._session, watchers).run()
            self._set_connected(True)
            await asyncio.Event().wait()  # until cancelled

    def _pages(self, store: InstallStore | None) -> Pages:
        pages: Pages = {}
        if self._settings.transport == "http":
            events = HttpEvents(self._door, self._settings.listen, self._lost)
            pages |= events.pages
        if store is not None and self._settings.install is not None:
            installation = Installation(
                self._settings,
                self._settings.install,
                self._app,
                store,
                self._roster.enter,
                clock=self._clock,
            )
            pages |= installation.pages
        return pages

    async def _take(self, body: Payload) -> None:
        await self._roster.take(body)
        self._heard()

    async def _act(self, body: Payload) -> str | None:
        told = await self._roster.act(body)
        self._heard()
        return told

    def _set_connected(self, is_connected: bool) -> None:
        self._connected(is_connected)
        if is_connected:
            self._roster.look_back()

    def _lost(self) -> None:
        """Slack gave up delivering something."""
        self._roster.lose()
        self._roster.look_back()
