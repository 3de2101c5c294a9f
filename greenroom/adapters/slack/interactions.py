"""What people do with Greenroom in Slack: commands, shortcuts, forms and pressed buttons."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from greenroom.adapters.base import Clock, Intake
from greenroom.adapters.slack import cards, forms
from greenroom.adapters.slack.acting import Acting, read_acting
from greenroom.adapters.slack.commands import USAGE, Given, read_command
from greenroom.adapters.slack.directory import LOOKUP_TIMEOUT_S, Directory
from greenroom.adapters.slack.events import PLATFORM, EventReader
from greenroom.adapters.slack.payload import Payload, part, parts, word
from greenroom.adapters.slack.posts import Posts
from greenroom.adapters.slack.respond import Respond
from greenroom.adapters.slack.text import read_mrkdwn
from greenroom.adapters.slack.web import SlackWeb, Workspace
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import Author, Channel, Community, Event, EventKind, Message

log = logging.getLogger(__name__)

OPEN_TIMEOUT_S: Final = 1.8  # Slack opens a form within 3 s of the press, or not at all

NO_FORM: Final = "Slack could not open the form. Please try again."
FORGOTTEN: Final = "Slack no longer says what this was about. Please start again."


class Interactions:
    """Stores what somebody did, or opens the form that it needs.

    Between a form's opening and its coming back nothing is remembered here, so that a
    restart in between loses nothing.
    """

    def __init__(
        self,
        web: SlackWeb,
        workspace: Workspace,
        directory: Directory,
        reader: EventReader,
        *,
        clock: Clock,
    ) -> None:
        self._web = web
        self._workspace = workspace
        self._directory = directory
        self._reader = reader
        self._posts = Posts(web, workspace)
        self._clock = clock
        self._ways: Mapping[str, Callable[[Payload, Acting, Intake], Awaitable[str | None]]] = {
            "block_actions": self._pressed,
            "message_action": self._asked_about_message,
            "shortcut": self._asked,
            "view_submission": self._sent,
        }

    async def take(self, body: Payload, intake: Intake) -> str | None:
        """Take in what somebody did; returns what they are to be told at once, if anything.

        What is unknown, malformed or another app's is passed over. What ``intake`` raises
        goes on to the caller.
        """
        acting = read_acting(body, self._clock())
        if acting is None:
            return None
        if "command" in body:
            return await self._commanded(body, acting, intake)
        way = self._ways.get(word(body, "type") or "")
        return None if way is None else await way(body, acting, intake)

    async def _commanded(self, body: Payload, acting: Acting, intake: Intake) -> str | None:
        given = read_command(body)
        if given is None:
            return USAGE
        await intake(await self._command(given, acting, acting.id))
        return None

    async def _pressed(self, body: Payload, acting: Acting, intake: Intake) -> str | None:
        for action in parts(body.get("actions")):
            name, value = word(action, "action_id") or "", word(action, "value")
            if value is None or not name.startswith((cards.PRESS, cards.ASK)):
                continue  # a link, or no button of ours
            carried = {**_place(body, acting), **_carried(acting.respond), "value": value}
            if name.startswith(cards.ASK):
                title = word(part(action.get("text")), "text") or "Note"
                label = name.removeprefix(cards.ASK).lstrip(".").partition(".")[2]
                return await self._open(acting, forms.note_form(title, label or title, carried))
            await intake(await self._press(carried, acting, acting.id))
        return None

    async def _asked_about_message(
        self, body: Payload, acting: Acting, _intake: Intake
    ) -> str | None:
        message = part(body.get("message"))
        ts = word(message, "ts") or word(body, "message_ts")
        if word(body, "callback_id") != forms.REPORT or ts is None or acting.channel is None:
            return None
        rest = {"channel": acting.channel, **_carried(acting.respond)}
        carried = forms.carry_message({**message, "ts": ts}, rest)
        return await self._open(acting, forms.report_form(carried))

    async def _asked(self, body: Payload, acting: Acting, _intake: Intake) -> str | None:
        if word(body, "callback_id") != forms.HUMAN:
            return None
        return await self._open(acting, forms.human_form({}))

    async def _sent(self, body: Payload, acting: Acting, intake: Intake) -> str | None:
        filled = forms.read_form(body)
        if filled is None:
            return None
        event = await self._filled(filled, acting)
        if event is None:
            return FORGOTTEN
        await intake(event)
        return None

    async def _filled(self, filled: forms.Filled, acting: Acting) -> Event | None:
        """What a form means; ``None`` if what it carried is lost."""
        if filled.callback == forms.HUMAN:
            return await self._command(Given("human", filled.text or ""), acting, filled.id)
        if filled.callback == forms.NOTE:
            if word(filled.carried, "value") is None:
                return None
            return await self._press(filled.carried, acting, filled.id, text=filled.text)
        message = await self._reported(filled.carried)
        if message is None:
            return None
        return self._reader.event(
            EventKind.MESSAGE_REPORTED,
            message=message,
            actor=await self._actor(acting),
            text=filled.text,
            id=filled.id,
            respond=str(_respond(filled.carried, acting)),
        )

    async def _command(self, given: Given, acting: Acting, utterance: str) -> Event:
        """The command as the utterance that it is, which stands nowhere in Slack."""
        actor = await self._actor(acting)
        names = {self._workspace.user_id: self._workspace.user}
        reading = read_mrkdwn(given.argument, names=names)
        message = Message(
            platform=PLATFORM,
            community=Community(self._workspace.team_id, self._workspace.team),
            channel=await self._channel(acting),
            id=utterance,
            author=actor,
            text=Given(given.name, reading.text).spoken,
            links=reading.links,
            mentions=reading.mentions,
            mentions_me=self._workspace.user_id in reading.mentions,
            posted_at=self._clock(),
        )
        return self._reader.event(
            EventKind.COMMAND_GIVEN,
            message=message,
            actor=actor,
            command=given.name,
            text=reading.text or None,
            respond=str(acting.respond),
        )

    async def _press(
        self, carried: Payload, acting: Acting, press: str, *, text: str | None = None
    ) -> Event:
        channel, ts = word(carried, "channel"), word(carried, "ts")
        return self._reader.event(
            EventKind.BUTTON_PRESSED,
            message_key=self._reader.message_key(channel, ts) if channel and ts else None,
            actor=await self._actor(acting),
            command=word(carried, "value"),
            text=text,
            id=press,
            respond=str(_respond(carried, acting)),
        )

    async def _actor(self, acting: Acting) -> Author:
        found = await self._directory.author(acting.user)
        return found or Author(id=acting.user, name=acting.name)

    async def _channel(self, acting: Acting) -> Channel:
        """Where it was said; a shortcut from nowhere is said to us alone."""
        if acting.channel is None:
            return Channel(acting.user)
        name = acting.channel_name or await self._directory.channel_name(acting.channel)
        return Channel(acting.channel, name)

    async def _reported(self, carried: Payload) -> Message | None:
        channel, body = word(carried, "channel"), part(carried.get("message"))
        if channel is None:
            return None
        if carried.get("cut"):
            body = await self._look_up(channel, body) or body
        return await self._reader.message(channel, body)

    async def _look_up(self, channel: str, body: Payload) -> Payload | None:
        """The whole message, where the bot may read it; the form's own part must do elsewhere."""
        ts = word(body, "ts") or ""
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                return await self._posts.find(
                    channel, ts, word(body, "thread_ts"), patience_s=LOOKUP_TIMEOUT_S
                )
        except (DropMessage, RetryLater, ConfigError, TimeoutError) as error:
            log.info("a reported message is known in part only: %r", error)
            return None

    async def _open(self, acting: Acting, view: forms.View) -> str | None:
        """Open a form; returns what to tell where Slack refuses."""
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._web.call(
                    "open a form",
                    self._web.bot.views_open,
                    patience_s=OPEN_TIMEOUT_S,
                    trigger_id=acting.trigger or "",
                    view=view,
                )
        except (DropMessage, RetryLater, ConfigError, TimeoutError) as error:
            log.warning("Slack opened no form: %s", str(error) or "no answer in time")
            return NO_FORM
        return None


def _place(body: Payload, acting: Acting) -> dict[str, Any]:
    """The card that a button stands on."""
    ts = word(part(body.get("container")), "message_ts") or word(part(body.get("message")), "ts")
    return {"channel": acting.channel, "ts": ts}


def _carried(respond: Respond) -> dict[str, Any]:
    return {"url": respond.url, "at": int(respond.at.timestamp())}


def _respond(carried: Payload, acting: Acting) -> Respond:
    """How to answer: by what the first payload brought, since a form brings nothing along."""
    url, at = word(carried, "url"), carried.get("at")
    if url is None:
        return acting.respond
    if not isinstance(at, int) or not 0 <= at < 2**33:
        return Respond(acting.respond.at, acting.user, url)
    return Respond(datetime.fromtimestamp(at, UTC), acting.user, url)
