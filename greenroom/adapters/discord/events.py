"""discord.py's messages and members as Events; what Discord does not say is ``None``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.automod import AutoMod
from greenroom.adapters.discord.client import Found
from greenroom.adapters.discord.people import People, may_moderate
from greenroom.adapters.discord.places import LINKS, PLATFORM, Place, Places
from greenroom.adapters.discord.reactions import REACTIONS, Reactions
from greenroom.adapters.recent import Recent
from greenroom.message import (
    Attachment,
    Author,
    Event,
    EventKind,
    Message,
    MessageKind,
)

_WRITTEN = frozenset(  # what somebody wrote; the other types are notices by Discord itself
    {
        discord.MessageType.default,
        discord.MessageType.reply,
        discord.MessageType.chat_input_command,
        discord.MessageType.context_menu_command,
    }
)
_LINK = re.compile(r"https?://[^\s<>]+")
_AFTER_A_LINK = ".,;:!?'\"*_~|)]}"

REMEMBERED = 10_000  # deletions


class Gone:
    """Who deleted what, as far as this process saw it.

    What we deleted ourselves is no event; what somebody else deleted is not posted again.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._was_us: Recent[str, bool | None] = Recent(size=REMEMBERED, clock=clock)

    def note(self, message_id: str, *, was_us: bool | None) -> bool | None:
        """Note whose hand it was, None for nobody's; returns what was noted before."""
        before = self._noted(message_id)
        self._was_us[message_id] = was_us
        return before

    def is_ours(self, message_id: str) -> bool:
        """We deleted it."""
        return self._noted(message_id) is True

    def is_others(self, message_id: str) -> bool:
        """Its author or a person deleted it."""
        return self._noted(message_id) is False

    def _noted(self, message_id: str) -> bool | None:
        if message_id not in self._was_us:
            return None
        return self._was_us[message_id]


class EventReader:
    """Reads what the library gives for one bot; ``gone`` is shared with the actions."""

    def __init__(
        self,
        bot: str,
        client: discord.Client,
        places: Places,
        people: People,
        gone: Gone,
        *,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._client = client
        self._places = places
        self._people = people
        self._gone = gone
        self._clock = clock
        self._reactions = Reactions(bot, places, people, clock=clock)
        self._automod = AutoMod(bot, places, people, clock=clock)

    async def read(self, found: Found) -> list[Event]:
        """The events in it, in order; none for what nobody wrote."""
        if found.name == "message":
            return await self._posted(found.payload)
        if found.name == "raw_message_edit":
            return await self._edited(found.payload.message)
        if found.name == "raw_message_delete":
            return await self._deleted(found.payload, [found.payload.message_id])
        if found.name == "raw_bulk_message_delete":
            return await self._deleted(found.payload, sorted(found.payload.message_ids))
        if found.name in REACTIONS:
            return await self._reactions.read(REACTIONS[found.name], found.payload)
        if found.name == "automod":
            return await self._automod.read(found.payload)
        return [self._joined(found.payload)]

    async def message_in(self, data: Any, guild_id: int | None, channel_id: int) -> Message:
        """A message as Discord's JSON has it, which does not say in which server it stands."""
        where = {"channel_id": str(channel_id), **({"guild_id": str(guild_id)} if guild_id else {})}
        state: Any = self._client._connection
        return await self._message(state.message({**data, **where}))

    async def found_later(self, message: discord.Message) -> list[Event]:
        """The same events for a message that was asked for; an edited one as its edit."""
        if message.edited_at is not None:
            return await self._edited(message)
        return await self._posted(message)

    async def _posted(self, message: discord.Message) -> list[Event]:
        if message.type not in _WRITTEN:
            return []
        read = await self._message(message)
        return [self._event(EventKind.MESSAGE_POSTED, message=read)]

    async def _edited(self, message: discord.Message) -> list[Event]:
        """An update without an edit's time is Discord's own: a link's preview, a pin."""
        if message.type not in _WRITTEN or message.edited_at is None:
            return []
        read = await self._message(message)
        return [self._event(EventKind.MESSAGE_EDITED, message=read)]

    async def _deleted(self, raw: Any, ids: Iterable[int]) -> list[Event]:
        place = await self._places.find(raw.guild_id, raw.channel_id)
        events = []
        for message_id in map(str, ids):
            if self._gone.is_ours(message_id):
                continue
            self._gone.note(message_id, was_us=False)
            key = f"{PLATFORM}:{place.community.id}:{place.channel.id}:{message_id}"
            events.append(self._event(EventKind.MESSAGE_DELETED, message_key=key))
        return events

    def _joined(self, member: discord.Member) -> Event:
        stamp = member.joined_at.isoformat() if member.joined_at else ""
        return self._event(
            EventKind.MEMBER_JOINED,
            actor=self._author(member),
            id=f"{member.guild.id}:{stamp}",
        )

    def _event(self, kind: EventKind, **more: Any) -> Event:
        return Event(kind=kind, bot=self._bot, platform=PLATFORM, received_at=self._clock(), **more)

    async def _message(self, message: discord.Message) -> Message:
        place = await self._places.find(guild_id(message), message.channel.id)
        text = _text(message)
        is_submission = place.is_post and str(message.id) == place.thread
        replied_to = _replied_to(message)
        return Message(
            platform=PLATFORM,
            community=place.community,
            channel=place.channel,
            id=str(message.id),
            author=self._author(message.author, message, place),
            text=text,
            kind=MessageKind.TEXT_SUBMISSION if is_submission else MessageKind.COMMENT,
            title=place.title if is_submission else None,
            thread=place.thread,
            reply_to=replied_to,
            links=links_in(text),
            attachments=_attachments(message),
            mentions=tuple(dict.fromkeys(str(user.id) for user in message.mentions)),
            mentions_me=self._is_addressed(message),
            posted_at=message.created_at.astimezone(UTC),
            edited_at=_utc(message.edited_at),
            revision=_revision(message),
            permalink=f"{LINKS}/{place.community.id}/{message.channel.id}/{message.id}",
            poll_options=_poll_options(message),
            is_edited=message.edited_at is not None,
            is_top_level=replied_to is None if place.is_post and not is_submission else None,
        )

    def _author(
        self,
        user: discord.User | discord.Member,
        message: discord.Message | None = None,
        place: Place | None = None,
    ) -> Author:
        is_hook = message is not None and message.webhook_id is not None
        member = _member(user, message)
        return self._people.remember(
            Author(
                id=str(user.id),
                name=user.name,
                is_bot=user.bot or is_hook,
                is_self=self._is_self(user, message),
                is_moderator=may_moderate(member.guild_permissions) if member else None,
                is_submitter=place.owner == str(user.id) if place and place.owner else None,
                created_at=None if is_hook else user.created_at.astimezone(UTC),
                joined_at=_utc(member.joined_at) if member else None,
                roles=_roles(member) if member else None,
            )
        )

    def _is_self(self, user: discord.abc.User, message: discord.Message | None) -> bool:
        """Ours: from the bot's account, or by a webhook of its application."""
        if self._client.user is not None and user.id == self._client.user.id:
            return True
        application_id = message.application_id if message else None
        return application_id is not None and application_id == self._client.application_id

    def _is_addressed(self, message: discord.Message) -> bool:
        """By mention, by a reply to one of its messages, or in a direct message."""
        me = self._client.user
        if guild_id(message) is None:
            return True
        answered = message.reference.resolved if message.reference else None
        author = answered.author if isinstance(answered, discord.Message) else None
        return me is not None and me.id in {
            author.id if author else None,
            *(user.id for user in message.mentions),
        }


def links_in(text: str) -> tuple[str, ...]:
    """The addresses in a text, without the punctuation that ends a sentence after them."""
    found = (match.group().rstrip(_AFTER_A_LINK) for match in _LINK.finditer(text))
    return tuple(dict.fromkeys(found))


def guild_id(message: discord.Message) -> int | None:
    """The server's id, also while the library knows no more of it; None: a direct message."""
    if message.guild is not None:
        return message.guild.id
    return getattr(message.channel, "guild_id", None)


def _member(user: discord.abc.User, message: discord.Message | None) -> discord.Member | None:
    """The member, if the library knows the server's roles by now."""
    if not isinstance(user, discord.Member):
        return None
    guild = message.guild if message else user.guild
    return None if guild is None or guild.unavailable else user


def _text(message: discord.Message) -> str:
    """What the member wrote; of a forwarded message or a poll, what it shows instead."""
    if message.content:
        return message.content
    shown = [snapshot.content for snapshot in message.message_snapshots]
    if message.poll is not None and message.poll.question:
        shown.append(message.poll.question)
    return "\n".join(shown)


def _attachments(message: discord.Message) -> tuple[Attachment, ...]:
    forwarded = [file for snapshot in message.message_snapshots for file in snapshot.attachments]
    return tuple(
        Attachment(file.filename, file.url, file.content_type, file.size)
        for file in (*message.attachments, *forwarded)
    )


def _poll_options(message: discord.Message) -> tuple[str, ...] | None:
    return tuple(answer.text for answer in message.poll.answers) if message.poll else None


def _replied_to(message: discord.Message) -> str | None:
    reference = message.reference
    is_reply = message.type is discord.MessageType.reply
    return str(reference.message_id) if is_reply and reference and reference.message_id else None


def _revision(message: discord.Message) -> str:
    edited_at = _utc(message.edited_at)
    return edited_at.isoformat() if edited_at else "0"


def _roles(member: discord.Member) -> tuple[str, ...]:
    return tuple(role.name for role in member.roles if not role.is_default())


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time else None
