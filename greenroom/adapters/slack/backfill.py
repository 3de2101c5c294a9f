"""What was said while nobody listened, looked up and taken in beside what is said now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from greenroom.adapters.base import Clock
from greenroom.adapters.gaps import CountedIntake
from greenroom.adapters.settings import Backfill
from greenroom.adapters.slack.events import EventReader
from greenroom.adapters.slack.marks import Marks, Stamp, stamp_of, ts_of
from greenroom.adapters.slack.payload import Payload, part, parts, word
from greenroom.adapters.slack.web import Method, SlackWeb, Workspace, next_cursor
from greenroom.errors import ConfigError, DropMessage, RetryLater

log = logging.getLogger(__name__)

PAGE: Final = 200
MOST_CHANNEL_PAGES: Final = 25  # 5,000 channels
EARLIER: Final = 200  # messages before the hole, whose threads and edits are looked at
TRIES: Final = 5  # of one call
PATIENCE_S: Final = 600.0  # for a turn among Slack's limits: nobody waits for this
FIRST_PAUSE_S: Final = 1.0
MOST_PAUSE_S: Final = 120.0

KINDS: Final[Mapping[str, str]] = {  # of conversations, and the scopes that reading them needs
    "public_channel": "channels",
    "private_channel": "groups",
    "im": "im",
    "mpim": "mpim",
}

Sleep = Callable[[float], Awaitable[None]]


class Lookback:
    """Fills the holes of one workspace.

    What it finds goes through the same reader as what Slack delivers, so that the keys are
    the same: whatever was stored before is known again.
    """

    def __init__(
        self,
        web: SlackWeb,
        workspace: Workspace,
        reader: EventReader,
        intake: CountedIntake,
        marks: Marks,
        bounds: Backfill,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._web = web
        self._workspace = workspace
        self._reader = reader
        self._intake = intake
        self._marks = marks
        self._bounds = bounds
        self._clock = clock
        self._sleep = sleep
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Events come in again: look for what came meanwhile."""
        if self._marks.hole_from is not None:
            self._asked.set()

    async def run(self) -> None:
        """Fill holes as they are asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.fill()

    async def fill(self) -> None:
        """Fill the hole that there is now."""
        marks, generation = self._marks, self._marks.generation
        began = marks.hole_from
        if began is None:
            return
        reach = timedelta(hours=self._bounds.hours)
        is_wanted = bool(reach and self._bounds.messages_per_channel)
        if began < self._clock() - reach or not is_wanted:
            self._intake.miss()  # what came before that is not looked for
        if is_wanted:
            for channel in await self._channels():
                await self._fill_channel(channel, reach, generation)
        marks.close(generation)
        log.info("looked through Slack since %s", began)

    async def _fill_channel(self, channel: str, reach: timedelta, generation: int) -> None:
        oldest = self._marks.since(channel, reach)
        try:
            found = await self._look_through(channel, oldest)
        except (DropMessage, ConfigError) as error:  # nothing is heard from there either
            log.info("%a on Slack is not looked through: %s", channel, error)
            return
        except RetryLater as error:
            log.warning("given up looking through %a on Slack: %s", channel, error)
            self._intake.miss()
            return
        newest = oldest
        for stamp, body in sorted(found.items()):
            await self._take_in(channel, body)
            newest = max(newest, stamp)
        self._marks.fill(channel, newest, generation)

    async def _take_in(self, channel: str, body: Payload) -> None:
        event = {**body, "type": "message", "channel": channel}
        if body.get("subtype") == "tombstone":  # what is left of a thread's first message
            changed = {"subtype": "message_changed", "message": body}
            event = {"type": "message", "channel": channel, **changed}
        read = await self._reader.read({"team_id": self._workspace.team_id, "event": event})
        if read is not None:
            await self._intake.backfill(read)

    async def _look_through(self, channel: str, oldest: Stamp) -> dict[Stamp, Payload]:
        """What was said, edited or answered since ``oldest``."""
        found: dict[Stamp, Payload] = {}
        threads: dict[str, Payload] = {}
        history = self._web.bot.conversations_history
        is_cut = await self._gather(found, threads, history, oldest, channel=channel)
        for body in await self._earlier(channel, oldest):
            stamp, edited = _stamp(body), stamp_of(word(part(body.get("edited")), "ts"))
            if stamp is not None and edited is not None and edited > oldest:
                found[stamp] = body
            _note_thread(threads, body, oldest)
        for root in threads:
            is_cut |= await self._gather_replies(found, channel, root, oldest)
        if is_cut:
            self._intake.miss()
        return found

    async def _gather_replies(
        self, found: dict[Stamp, Payload], channel: str, root: str, oldest: Stamp
    ) -> bool:
        replies = self._web.bot.conversations_replies
        try:
            return await self._gather(found, {}, replies, oldest, channel=channel, ts=root)
        except DropMessage as error:
            log.info("a thread on Slack is gone: %s", error)
            return False

    async def _gather(
        self,
        found: dict[Stamp, Payload],
        threads: dict[str, Payload],
        method: Method,
        oldest: Stamp,
        **where: Any,
    ) -> bool:
        """Add what is newer than ``oldest``; true if there is more than may be looked at."""
        cursor: str | None = None
        for _ in range(self._bounds.messages_per_channel):  # a page has one message at least
            answer = await self._call(
                method, oldest=ts_of(oldest), limit=PAGE, cursor=cursor, **where
            )
            for body in parts(answer.get("messages")):
                stamp = _stamp(body)
                if stamp is None or stamp <= oldest:  # a thread's first comes along, asked or not
                    continue
                if len(found) >= self._bounds.messages_per_channel and stamp not in found:
                    return True
                found[stamp] = body
                _note_thread(threads, body, oldest)
            cursor = next_cursor(answer)
            if cursor is None:
                return False
        return True

    async def _earlier(self, channel: str, oldest: Stamp) -> list[Payload]:
        """The last messages before the hole: somebody may have answered or edited them."""
        answer = await self._call(
            self._web.bot.conversations_history,
            channel=channel,
            latest=ts_of(oldest),
            inclusive=True,
            limit=EARLIER,
        )
        return parts(answer.get("messages"))[:EARLIER]

    async def _channels(self) -> list[str]:
        """Every conversation that the bot is in, and those that it heard from."""
        listed: dict[str, None] = dict.fromkeys(self._marks.channels)
        try:
            listed |= dict.fromkeys(await self._listed(self._web.bot.users_conversations))
        except (DropMessage, ConfigError, RetryLater) as error:
            log.warning("Slack does not list the bot's conversations: %s", error)
            self._intake.miss()
        return list(listed)

    async def _listed(self, method: Method) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        for _ in range(MOST_CHANNEL_PAGES):
            answer = await self._call(
                method,
                types=",".join(self._kinds()),
                exclude_archived=True,
                limit=PAGE,
                cursor=cursor,
            )
            found += [word(room, "id") or "" for room in parts(answer.get("channels"))]
            cursor = next_cursor(answer)
            if cursor is None:
                break
        return [channel for channel in found if channel]

    def _kinds(self) -> list[str]:
        scopes = self._workspace.scopes
        if scopes is None:
            return list(KINDS)
        readable = [kind for kind, of in KINDS.items() if {f"{of}:read", f"{of}:history"} <= scopes]
        return readable or ["public_channel"]

    async def _call(self, method: Method, **arguments: Any) -> Payload:
        """One call, again and again where Slack is busy."""
        pause_s = FIRST_PAUSE_S
        for _ in range(TRIES - 1):
            try:
                return await self._try(method, arguments)
            except RetryLater as error:
                await self._sleep(min(error.after_s or pause_s, MOST_PAUSE_S))
                pause_s *= 4
        return await self._try(method, arguments)

    async def _try(self, method: Method, arguments: Payload) -> Payload:
        return await self._web.call(
            "look for what was missed", method, patience_s=PATIENCE_S, **arguments
        )


def _note_thread(threads: dict[str, Payload], body: Payload, oldest: Stamp) -> None:
    """Remember a thread in which somebody answered since ``oldest``."""
    latest, ts = stamp_of(word(body, "latest_reply")), word(body, "ts")
    if ts is not None and latest is not None and latest > oldest:
        threads[ts] = body


def _stamp(body: Payload) -> Stamp | None:
    return stamp_of(word(body, "ts"))
