"""Recorded messages, played as a live community: for the demo, for trials and for tests.

The file is JSON Lines; ``text`` is needed, the rest has defaults::

    {"text": "hi all", "channel": "general", "author": "member-7", "account_age_days": 400}

Actions change nothing outside: their outcome is in the ledger, as for any platform.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from greenroom.adapters.base import Clock, Health, Intake, Place
from greenroom.adapters.settings import ReplaySettings
from greenroom.errors import ConfigError, DropMessage
from greenroom.message import (
    ActionKind,
    Author,
    Channel,
    Community,
    Event,
    EventKind,
    Message,
    MessageKind,
    Order,
    Outcome,
)

_KEYS = frozenset(
    {"id", "text", "title", "channel", "author", "account_age_days", "mentions_me", "source", "at"}
)
_COMMUNITY = Community("recording", "Recording")
_LOOK_S = 0.2  # between two looks at a file that may grow
_CANNOT = frozenset({ActionKind.MODMAIL, ActionKind.CARD, ActionKind.ANSWER})


@dataclass(frozen=True, slots=True)
class Line:
    """One recorded message."""

    number: int
    fields: dict[str, Any]


class ReplayAdapter:
    """Plays a file.

    Args:
        bot: The bot's name.
        settings: The file and the pace.
        clock: The time now, in UTC; messages are posted "now".
        sleep: Waits between two messages.

    Messages taken in before (on an earlier start) are passed over without waiting, so a
    replay goes on where it stopped. With ``loop`` it begins again at the end, as a new round.
    """

    platform = "replay"
    capabilities = frozenset(ActionKind) - _CANNOT

    def __init__(
        self,
        bot: str,
        settings: ReplaySettings,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **_setup: object,
    ) -> None:
        self.bot = bot
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._lines = list(read_lines(settings.file))
        self._health = Health()
        self._performed: dict[str, Outcome] = {}

    async def run(self, intake: Intake) -> None:
        """Feed the file's messages at the settings' pace; return at its end."""
        self._health = Health(is_connected=True, since=self._clock())
        round_number = 0
        try:
            while True:
                await self._play(self._lines, intake, round_number)
                if self._settings.follow:
                    await self._follow(intake)
                if not self._settings.loop or not self._lines:
                    self._health = Health(detail="the recording has ended")
                    return
                round_number += 1
        finally:
            self._health = replace(self._health, is_connected=False)

    async def perform(self, order: Order) -> Outcome:
        """Nothing leaves the process; the same key gives the same outcome."""
        if order.action.kind not in self.capabilities:
            raise DropMessage(f"a recording cannot {order.action.kind}")
        if order.key not in self._performed:
            self._performed[order.key] = Outcome(ref=f"replay-{order.key}")
        return self._performed[order.key]

    async def places(self) -> tuple[Place, ...]:
        """The channels of the recording; see :class:`HasPlaces`."""
        names = dict.fromkeys((*self._settings.channels, *map(_channel, self._lines)))
        return tuple(Place(_COMMUNITY, Channel(name, name)) for name in names)

    def health(self) -> Health:
        return self._health

    async def _play(self, lines: Iterable[Line], intake: Intake, round_number: int) -> None:
        for line in lines:
            if await intake(self._event(line, round_number)):
                await self._pause()

    async def _follow(self, intake: Intake) -> None:
        """Until cancelled: lines that come to the end of the file, once they are whole."""
        path = self._settings.file
        count, length = len(self._lines), path.stat().st_size
        while True:
            await self._sleep(_LOOK_S)
            if path.stat().st_size == length:
                continue
            length, lines = path.stat().st_size, list(read_lines(path, is_growing=True))
            await self._play(lines[count:], intake, 0)
            count = len(lines)

    async def _pause(self) -> None:
        now = self._clock()
        self._health = Health(is_connected=True, since=self._health.since, last_event_at=now)
        pace = self._settings.messages_per_second
        await self._sleep(0 if pace is None else 1 / pace)

    def _event(self, line: Line, round_number: int) -> Event:
        now = self._clock()
        message = to_message(line, now=now, round_number=round_number)
        return Event(EventKind.MESSAGE_POSTED, self.bot, self.platform, now, message)


def read_lines(path: Path, *, is_growing: bool = False) -> Iterator[Line]:
    """The messages of a recording; of a growing one, without a last line that has no end yet.

    Raises:
        ConfigError: The file is missing, or a line is no message; it names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8", file=path) from error
    rows = text.split("\n")
    for number, raw in enumerate(rows[:-1] if is_growing else rows, start=1):
        if raw.strip():
            yield Line(number, _parse(path, number, raw))


def _parse(path: Path, number: int, raw: str) -> dict[str, Any]:
    accepted = f'a JSON object such as {{"text": "hi"}}; keys: {", ".join(sorted(_KEYS))}'
    try:
        fields = json.loads(raw)
    except ValueError as error:
        raise ConfigError(
            f"is not JSON: {error}", file=path, line=number, column=1, accepted=accepted
        ) from error
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        raise ConfigError("needs a `text`", file=path, line=number, column=1, accepted=accepted)
    unknown = set(fields) - _KEYS
    if unknown:
        raise ConfigError(
            f"unknown key `{min(unknown)}`", file=path, line=number, column=1, accepted=accepted
        )
    return fields


def to_message(line: Line, *, now: datetime, round_number: int = 0) -> Message:
    """A recorded line as a message posted now."""
    fields = line.fields
    author, channel = str(fields.get("author", "member")), _channel(line)
    age = fields.get("account_age_days")
    title = fields.get("title")
    return Message(
        platform="replay",
        community=_COMMUNITY,
        channel=Channel(channel, channel),
        id=f"{_id(line)}-{round_number}",
        author=Author(
            author, author, created_at=None if age is None else now - timedelta(days=float(age))
        ),
        text=fields["text"],
        kind=MessageKind.COMMENT if title is None else MessageKind.TEXT_SUBMISSION,
        title=title,
        mentions_me=fields.get("mentions_me"),
        posted_at=now,
    )


def _channel(line: Line) -> str:
    return str(line.fields.get("channel", "general"))


def _id(line: Line) -> str:
    given = line.fields.get("id")
    if given is not None:
        return str(given)
    text = line.fields["text"].encode("utf-8", "replace")
    return f"{line.number}-{hashlib.sha256(text).hexdigest()[:12]}"
