"""Occasions as events: what is due goes into the inbox, and from there the way of every message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from greenroom.adapters.base import Adapter, HasPlaces, Place
from greenroom.errors import RetryLater
from greenroom.message import Author, Event, EventKind, Message
from greenroom.personas.base import Performer
from greenroom.personas.occasions import Job, Scheduled
from greenroom.personas.voice import covers

log = logging.getLogger(__name__)

LOOK_S: Final = 20.0
"""How often it looks; a minute's schedule is at most so late."""


class Troupe(Protocol):
    """One bot, as far as occasions go."""

    @property
    def adapter(self) -> Adapter:
        """Where it speaks."""

    @property
    def performers(self) -> Callable[[Message], Sequence[Performer]]:
        """Who is on stage where a message stands."""

    @property
    def troupe(self) -> Sequence[Performer]:
        """All personas of the bot, wherever they are on stage."""


class Scheduler:
    """Puts each occasion into the inbox once: its key is the same after a restart.

    Args:
        take_in: Stores an event; true if it is new.
        clock: The time now, in UTC.
    """

    def __init__(
        self, take_in: Callable[[Event], Awaitable[bool]], clock: Callable[[], datetime]
    ) -> None:
        self._take_in = take_in
        self._clock = clock
        self._done: dict[tuple[str, str, str], datetime] = {}  # what was put in, until when

    async def run(self, stages: Callable[[], Mapping[str, Troupe]]) -> None:
        """Look again and again, until cancelled."""
        while True:
            for bot, stage in stages().items():
                try:
                    await self.look(bot, stage)
                except RetryLater as error:
                    log.info("%s: occasions wait: %s", bot, error)
            await asyncio.sleep(LOOK_S)

    async def look(self, bot: str, stage: Troupe) -> int:
        """Put in what is due at one bot; returns how many events were new.

        Raises:
            RetryLater: The platform does not say now where the bot may write.
        """
        now = self._clock()
        due = [
            (performer, job)
            for performer in stage.troupe
            if isinstance(performer, Scheduled)
            for job in performer.jobs(now)
            if self._done.get((bot, performer.name, job.name)) != job.due
        ]
        if not due or not isinstance(stage.adapter, HasPlaces):
            return 0
        places = await stage.adapter.places()
        if not places:
            return 0  # not connected yet
        new = 0
        for performer, job in due:
            for place in places:
                if any(covers(pattern, place.channel) for pattern in job.channels):
                    new += await self._offer(bot, stage, performer, job, place)
            self._done[bot, performer.name, job.name] = job.due
        return new

    async def _offer(
        self, bot: str, stage: Troupe, performer: Performer, job: Job, place: Place
    ) -> bool:
        message = _draft(stage.adapter.platform, performer.name, job, place)
        if performer.name not in [one.name for one in stage.performers(message)]:
            return False
        event = Event(
            EventKind.SCHEDULED,
            bot,
            stage.adapter.platform,
            self._clock(),
            message,
            command=f"{performer.name}/{job.name}",
        )
        return await self._take_in(event)


def _draft(platform: str, persona: str, job: Job, place: Place) -> Message:
    """The utterance-to-be; its id names persona, job and time, the same at each look."""
    return Message(
        platform=platform,
        community=place.community,
        channel=place.channel,
        id=f"{persona}/{job.name}/{job.due:%Y-%m-%dT%H:%MZ}",
        author=Author(f"persona:{persona}", persona, is_bot=True, is_self=True),
        text="",
        posted_at=job.due,
    )
