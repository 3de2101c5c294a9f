"""One workspace while the bot is connected: who reads there, acts there and looks back there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from greenroom.adapters.base import Clock, Place
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack.actions import SlackActions
from greenroom.adapters.slack.backfill import Lookback
from greenroom.adapters.slack.directory import Directory
from greenroom.adapters.slack.events import EventReader
from greenroom.adapters.slack.interactions import Interactions
from greenroom.adapters.slack.joining import join_all
from greenroom.adapters.slack.marks import Marks
from greenroom.adapters.slack.payload import Payload, part, word
from greenroom.adapters.slack.respond import Answers
from greenroom.adapters.slack.web import SlackWeb, Workspace
from greenroom.errors import worst_of
from greenroom.message import Event, EventKind, Order, Outcome

LANES: Final = 64  # payloads of one channel go in one after another; others do not wait for them
PATIENCE_S: Final = 20.0  # of a look back for one name


@dataclass(frozen=True, slots=True)
class Bot:
    """What all workspaces of one bot have in common."""

    name: str
    settings: SlackSettings
    desk_channel: str | None
    intake: CountedIntake
    clock: Clock


class Team:
    """One workspace; ``run`` does what needs no event to begin."""

    def __init__(
        self, bot: Bot, web: SlackWeb, workspace: Workspace, answers: Answers, marks: Marks
    ) -> None:
        self.web = web
        self.workspace = workspace
        self._bot = bot
        self._marks = marks
        directory = Directory(web, workspace, clock=bot.clock)
        self._reader = EventReader(bot.name, workspace, directory, clock=bot.clock)
        self._interactions = Interactions(web, workspace, directory, self._reader, clock=bot.clock)
        self._actions = SlackActions(
            bot.name, web, workspace, answers, desk_channel=bot.desk_channel, clock=bot.clock
        )
        patient = EventReader(bot.name, workspace, directory.patient(PATIENCE_S), clock=bot.clock)
        self._lookback = Lookback(
            web, workspace, patient, bot.intake, marks, bot.settings.backfill, clock=bot.clock
        )
        self._lanes = tuple(asyncio.Lock() for _ in range(LANES))

    async def run(self) -> None:
        """Join channels and fill holes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self._bot.settings.join:
                group.create_task(join_all(self.web, self._bot.settings.join))
            group.create_task(self._lookback.run())

    async def take(self, body: Payload) -> None:
        """Take one event in; returns once it is stored.

        A channel's events are handed to the intake one after another, and share its flush.
        """
        try:
            async with asyncio.TaskGroup() as group, self._lane(body):
                event = await self._reader.read(body)
                if event is not None:
                    group.create_task(self._store(event))
        except ExceptionGroup as failures:
            raise worst_of(failures) from failures
        self._mark(body, event)

    async def _store(self, event: Event) -> None:
        await self._bot.intake(event)

    async def act(self, body: Payload) -> str | None:
        """Take in what somebody did; returns what they are to be told at once."""
        return await self._interactions.take(body, self._bot.intake)

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order; see :meth:`SlackActions.perform`."""
        return await self._actions.perform(order)

    async def places(self) -> list[Place]:
        """The channels that the bot is in."""
        return await self._actions.places()

    def lose(self) -> None:
        """Something may have been said that was not heard."""
        self._marks.lose()

    def look_back(self) -> None:
        """Events come in again."""
        self._lookback.ask()

    def _mark(self, body: Payload, event: Event | None) -> None:
        message = event.message if event is not None else None
        if event is not None and event.kind is EventKind.MESSAGE_POSTED and message is not None:
            self._marks.hear(message.channel.id, message.id)
            return
        inner = part(body.get("event"))
        channel, user = word(inner, "channel"), word(inner, "user")
        is_entry = word(inner, "subtype") in {"channel_join", "group_join"}
        if is_entry and channel is not None and user == self.workspace.user_id:
            self._marks.hear(channel, word(inner, "ts"))  # what was before is no news

    def _lane(self, body: Payload) -> asyncio.Lock:
        """Keeps a channel's posts and edits in the order in which they came."""
        event = part(body.get("event"))
        channel = event.get("channel") or part(event.get("item")).get("channel")
        return self._lanes[crc32(repr(channel).encode()) % LANES]
