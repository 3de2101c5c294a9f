"""Slack for one workspace: Socket Mode or HTTP events in, the Web API out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import aiohttp

from greenroom.adapters.base import Clock, Health, Intake
from greenroom.adapters.doubt import still_in_doubt
from greenroom.adapters.recent import Recent
from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack.actions import ALWAYS, WITH_DESK_CHANNEL, SlackActions
from greenroom.adapters.slack.bolt_app import bolt_app
from greenroom.adapters.slack.directory import Directory
from greenroom.adapters.slack.door import Door
from greenroom.adapters.slack.events import PLATFORM, EventReader, is_farewell
from greenroom.adapters.slack.http import listening
from greenroom.adapters.slack.interactions import Interactions
from greenroom.adapters.slack.payload import part
from greenroom.adapters.slack.respond import Answers
from greenroom.adapters.slack.socket import serve_socket
from greenroom.adapters.slack.web import CALL_TIMEOUT_S, SlackWeb, Workspace
from greenroom.errors import ConfigError, RetryLater
from greenroom.message import REMOVALS, ActionKind, Order, Outcome

DONE = 10_000  # outcomes remembered, so that one key is never performed twice
LANES = 64  # payloads of one channel go in one after another; others do not wait for them


@dataclass(frozen=True, slots=True)
class _Live:
    """What exists only while connected."""

    web: SlackWeb
    workspace: Workspace
    reader: EventReader
    interactions: Interactions
    answers: Answers
    actions: SlackActions
    intake: Intake
    gone: asyncio.Event  # the app was uninstalled or its token revoked


class SlackAdapter:
    """One bot in one Slack workspace; see :class:`greenroom.adapters.base.Adapter`."""

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
        self._bot = bot
        self._settings = settings
        self._desk_channel = desk_channel
        self._since = since
        self._clock = clock
        self._health = Health()
        self._done: Recent[str, Outcome] = Recent(size=DONE, clock=clock)
        self._lanes = tuple(asyncio.Lock() for _ in range(LANES))
        self._live: _Live | None = None
        self.ready = asyncio.Event()  # set while events can come in
        self.address: tuple[str, int] | None = None  # where HTTP events are awaited

    @property
    def bot(self) -> str:
        """The bot's name: the stem of its YAML file."""
        return self._bot

    @property
    def capabilities(self) -> frozenset[ActionKind]:
        """What can be done here: deleting needs ``user_token``, reporting a desk channel."""
        able = set(ALWAYS)
        if self._settings.user_token is not None:
            able |= REMOVALS
        if self._desk_channel is not None:
            able |= WITH_DESK_CHANNEL
        return frozenset(able)

    def health(self) -> Health:
        """How it fares."""
        return self._health

    async def run(self, intake: Intake) -> None:
        """Connect and feed ``intake``; acknowledges to Slack only after it returned.

        Raises:
            RetryLater: The connection was lost.
            ConfigError: A token, a scope, the listening address or the app is wrong.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CALL_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            self._signed_in(session, intake) as live,
        ):
            await self._serve(live, session)

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order, once; the contract says what it raises."""
        if order.key in self._done:
            return self._done[order.key]
        with still_in_doubt(order):
            if self._live is None:
                raise RetryLater("Slack is not connected")
            outcome = await self._live.actions.perform(order)
        self._done[order.key] = outcome
        return outcome

    @asynccontextmanager
    async def _signed_in(
        self, session: aiohttp.ClientSession, intake: Intake
    ) -> AsyncIterator[_Live]:
        web = SlackWeb(self._settings, session)
        workspace = await web.workspace()
        directory = Directory(web, workspace, clock=self._clock)
        reader = EventReader(self._bot, workspace, directory, clock=self._clock)
        answers = Answers(session, self._settings.endpoints.api, clock=self._clock)
        self._live = _Live(
            web,
            workspace,
            reader,
            Interactions(web, workspace, directory, reader, clock=self._clock),
            answers,
            self._actions(web, workspace, answers),
            intake,
            asyncio.Event(),
        )
        try:
            yield self._live
        finally:
            self._live = None
            self._set_connected(False)

    def _actions(self, web: SlackWeb, workspace: Workspace, answers: Answers) -> SlackActions:
        return SlackActions(
            self._bot, web, workspace, answers, desk_channel=self._desk_channel, clock=self._clock
        )

    async def _serve(self, live: _Live, session: aiohttp.ClientSession) -> None:
        app = bolt_app(self._settings, live.web, live.workspace, take=self._take, act=self._act)
        door = Door(app, live.answers, clock=self._clock)
        if self._settings.transport == "http":
            serving = self._serve_http(door)
        else:
            serving = serve_socket(door, live.web, session, on_connected=self._set_connected)
        try:
            async with asyncio.TaskGroup() as group:
                server = group.create_task(serving)
                await live.gone.wait()
                server.cancel()
        except ExceptionGroup as failures:
            raise _first(failures) from failures
        raise ConfigError(
            f"the app was removed from the Slack workspace {live.workspace.team}",
            accepted="install it again at api.slack.com/apps, your app, Install App, "
            "and put the new token into .env",
        )

    async def _serve_http(self, door: Door) -> None:
        async with listening(door, self._settings.listen) as self.address:
            self._set_connected(True)
            await asyncio.Event().wait()  # until cancelled

    async def _take(self, body: Mapping[str, Any]) -> None:
        live = self._live
        if live is None:
            raise RetryLater("Slack is being disconnected")
        async with self._lane(body):
            event = await live.reader.read(body)
            if event is not None:
                await live.intake(event)
        if is_farewell(body, live.workspace):
            live.gone.set()
        self._health = replace(self._health, last_event_at=self._clock())

    async def _act(self, body: Mapping[str, Any]) -> str | None:
        live = self._live
        if live is None:
            raise RetryLater("Slack is being disconnected")
        told = await live.interactions.take(body, live.intake)
        self._health = replace(self._health, last_event_at=self._clock())
        return told

    def _lane(self, body: Mapping[str, Any]) -> asyncio.Lock:
        """Keeps a channel's posts and edits in the order in which they came."""
        event = part(body.get("event"))
        channel = event.get("channel") or part(event.get("item")).get("channel")
        return self._lanes[crc32(repr(channel).encode()) % LANES]

    def _set_connected(self, is_connected: bool) -> None:
        since = self._clock() if is_connected else self._health.since
        self._health = replace(self._health, is_connected=is_connected, since=since)
        if is_connected:
            self.ready.set()
        else:
            self.ready.clear()


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    failure: BaseException = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
