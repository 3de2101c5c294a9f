"""What somebody did with our commands, cards and modals, read from an interaction."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord import custom_ids
from greenroom.adapters.discord.callbacks import Handle, Modal
from greenroom.adapters.discord.commands import CHAT_INPUT, NAMES, ON_MESSAGE, REPORT
from greenroom.adapters.discord.custom_ids import Asked, Press, Ref, Report
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.events import EventReader, links_in
from greenroom.adapters.discord.payload import (
    Payload,
    number,
    part,
    parts,
    snowflake,
    text,
    time_of,
)
from greenroom.adapters.discord.people import People
from greenroom.adapters.discord.places import PLATFORM, Place, Places
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.adapters.recent import Recent
from greenroom.errors import DropMessage
from greenroom.message import Author, Event, EventKind, Message

log = logging.getLogger(__name__)

REMEMBERED: Final = 500  # messages between "Report to moderators" and the reason given
KEPT: Final = timedelta(minutes=15)

THANKS: Final = "Thank you. The moderators have it."
UNREADABLE_BUTTON: Final = "This button is none that I know any more."
GONE: Final = "I cannot see that message: it is gone, or in a channel that I may not read."

_COMMAND, _COMPONENT, _MODAL = 2, 3, 5
_QUESTION: Final = "What is wrong with it? (optional)"


@dataclass(frozen=True, slots=True)
class Act:
    """One interaction: a modal or words that answer it at once, or an event to be stored."""

    handle: Handle
    asks: Modal | None = None
    says: str | None = None  # with ``event``: once it is stored; None: an answer follows
    event: Callable[[], Awaitable[Event]] | None = None


class ActReader:
    """Reads interactions for one bot; other code's commands and buttons are left alone."""

    def __init__(
        self,
        bot: str,
        client: discord.Client,
        web: DiscordWeb,
        events: EventReader,
        places: Places,
        people: People,
        *,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._client = client
        self._web = web
        self._events = events
        self._places = places
        self._people = people
        self._clock = clock
        self._reported: Recent[Ref, Payload] = Recent(size=REMEMBERED, keep=KEPT, clock=clock)

    def read(self, payload: Payload) -> Act | None:
        """What to do; None for what is none of ours, or lacks who or what."""
        handle, actor = self._handle(payload), self._people.actor(payload)
        if handle is None or actor is None:
            return None
        kind, data = number(payload, "type"), part(payload, "data")
        if kind == _COMMAND:
            return self._command(handle, actor, payload, data)
        custom_id = text(data, "custom_id") or ""
        if kind not in (_COMPONENT, _MODAL) or not custom_ids.is_ours(custom_id):
            return None
        meant = custom_ids.read(custom_id)
        if isinstance(meant, Press) and kind == _COMPONENT:
            return self._pressed(handle, actor, payload, meant)
        if isinstance(meant, Asked) and kind == _MODAL:
            return self._asked(handle, actor, payload, meant)
        if isinstance(meant, Report) and kind == _MODAL:
            return self._reporting(handle, actor, payload, meant)
        return Act(handle, says=UNREADABLE_BUTTON)

    def _handle(self, payload: Payload) -> Handle | None:
        ours = self._client.application_id
        ids = snowflake(payload, "application_id") or (str(ours) if ours else None)
        found, token = snowflake(payload, "id"), text(payload, "token")
        if ids is None or found is None or token is None or (ours and ids != str(ours)):
            return None
        return Handle(ids, found, token)

    def _command(
        self, handle: Handle, actor: Author, payload: Payload, data: Payload
    ) -> Act | None:
        name, kind = text(data, "name") or "", number(data, "type") or CHAT_INPUT
        if kind == CHAT_INPUT and name in NAMES and _channel(payload) is not None:
            said = _said(data)

            async def given() -> Event:
                message = await self._utterance(handle, actor, payload, f"/{name} {said or ''}")
                return self._event(
                    EventKind.COMMAND_GIVEN,
                    handle,
                    actor,
                    message=message,
                    command=name,
                    text=said,
                )

            return Act(handle, event=given)
        if kind == ON_MESSAGE and name == REPORT:
            return self._report(handle, payload, data)
        return None

    async def _utterance(
        self, handle: Handle, actor: Author, payload: Payload, said: str
    ) -> Message:
        """A command as the message that it is; Discord posts none."""
        place = await self._place(payload)
        return Message(
            platform=PLATFORM,
            community=place.community,
            channel=place.channel,
            id=handle.id,
            author=actor,
            text=said.strip(),
            thread=place.thread,
            links=links_in(said),
            mentions_me=True,
            posted_at=time_of(handle.id),
        )

    def _report(self, handle: Handle, payload: Payload, data: Payload) -> Act:
        """Ask for the reason; what the message said is kept for a while."""
        target = snowflake(data, "target_id") or ""
        message = part(data, "resolved", "messages", target)
        channel = snowflake(message, "channel_id") or _channel(payload)
        if not target or channel is None:
            return Act(handle, says=GONE)
        about = Ref(channel, target)
        if message:
            self._reported[about] = message
        return Act(handle, asks=Modal(custom_ids.of_report(about), REPORT, _QUESTION))

    def _reporting(self, handle: Handle, actor: Author, payload: Payload, meant: Report) -> Act:
        async def reported() -> Event:
            message = await self._message(meant.about, payload)
            return self._event(
                EventKind.MESSAGE_REPORTED,
                handle,
                actor,
                message=message,
                text=_typed(part(payload, "data")),
                id=handle.id,
            )

        return Act(handle, says=THANKS, event=reported)

    async def _message(self, about: Ref, payload: Payload) -> Message:
        """The reported message as it was then; where too little of it was told, as it is now."""
        kept = self._reported.get(about, {})
        data = kept if _is_whole(kept) else await self._look_up(about, kept)
        guild_id = number(payload, "guild_id")
        try:
            return await self._events.message_in(data, guild_id, int(about.channel))
        except UNREADABLE as error:
            raise DropMessage("the reported message lacks what a message needs") from error

    async def _look_up(self, about: Ref, kept: Payload) -> Payload:
        try:
            data = await self._web.call(
                "look at the reported message",
                "GET",
                "/channels/{channel_id}/messages/{message_id}",
                channel_id=about.channel,
                message_id=about.message,
                needs="Read Message History",
            )
        except DropMessage:
            if not kept:
                raise
            return kept
        return part(data)

    def _pressed(self, handle: Handle, actor: Author, payload: Payload, press: Press) -> Act:
        card = _card(payload)
        if press.asks is not None:
            custom_id = custom_ids.of_question(press.value, card)
            return Act(handle, asks=Modal(custom_id, press.asks, press.asks))
        return self._press(handle, actor, payload, press.value, card)

    def _asked(self, handle: Handle, actor: Author, payload: Payload, asked: Asked) -> Act:
        typed = _typed(part(payload, "data"))
        card = asked.card or _card(payload)
        return self._press(handle, actor, payload, asked.value, card, typed)

    def _press(
        self,
        handle: Handle,
        actor: Author,
        payload: Payload,
        value: str,
        card: Ref | None,
        typed: str | None = None,
    ) -> Act:
        async def pressed() -> Event:
            return self._event(
                EventKind.BUTTON_PRESSED,
                handle,
                actor,
                message_key=await self._key(card, payload),
                command=value,
                text=typed,
                id=handle.id,
            )

        return Act(handle, event=pressed)

    async def _key(self, card: Ref | None, payload: Payload) -> str | None:
        if card is None:
            return None
        place = await self._places.find(number(payload, "guild_id"), int(card.channel))
        return f"{PLATFORM}:{place.community.id}:{place.channel.id}:{card.message}"

    async def _place(self, payload: Payload) -> Place:
        return await self._places.find(number(payload, "guild_id"), int(_channel(payload) or 0))

    def _event(self, kind: EventKind, handle: Handle, actor: Author, **more: Any) -> Event:
        return Event(
            kind=kind,
            bot=self._bot,
            platform=PLATFORM,
            received_at=self._clock(),
            actor=actor,
            respond=str(handle),
            **more,
        )


def _is_whole(message: Payload) -> bool:
    """Whether a message that came along says who wrote it and what."""
    has_author = snowflake(part(message, "author"), "id") is not None
    return has_author and isinstance(message.get("content"), str)


def _said(data: Payload) -> str | None:
    """What was written behind a command."""
    found = [text(option, "value") for option in parts(data, "options")]
    return next((value for value in found if value and value.strip()), None)


def _typed(data: Payload) -> str | None:
    """What was written into a modal, whichever way its fields are laid out."""
    for row in parts(data, "components"):
        for field in (*parts(row, "components"), part(row, "component")):
            typed = text(field, "value")
            if typed and typed.strip():
                return typed
    return None


def _channel(payload: Payload) -> str | None:
    return snowflake(payload, "channel_id") or snowflake(part(payload, "channel"), "id")


def _card(payload: Payload) -> Ref | None:
    """The message that a button hangs on."""
    message = part(payload, "message")
    channel, found = snowflake(message, "channel_id") or _channel(payload), snowflake(message, "id")
    return Ref(channel, found) if channel and found else None
