"""Reactions of members as events; the emoji is as a person would write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.payload import Payload, number, part, snowflake, text
from greenroom.adapters.discord.people import People
from greenroom.adapters.discord.places import PLATFORM, Places
from greenroom.message import Event, EventKind

REACTIONS: Final[Mapping[str, EventKind]] = {
    "reaction_add": EventKind.REACTION_ADDED,
    "reaction_remove": EventKind.REACTION_REMOVED,
}


class Reactions:
    """Reads them for one bot.

    Discord gives a reaction no id and no time: one that is taken back and given again has
    the key of the first.
    """

    def __init__(self, bot: str, places: Places, people: People, *, clock: Clock) -> None:
        self._bot = bot
        self._places = places
        self._people = people
        self._clock = clock

    async def read(self, kind: EventKind, payload: Payload) -> list[Event]:
        """The event; none for our own, and for what lacks who, where or what."""
        who, message = snowflake(payload, "user_id"), snowflake(payload, "message_id")
        channel, emoji = number(payload, "channel_id"), _emoji(part(payload, "emoji"))
        if who is None or message is None or channel is None or emoji is None:
            return []
        if self._people.is_me(who):
            return []
        place = await self._places.find(number(payload, "guild_id"), channel)
        return [
            Event(
                kind=kind,
                bot=self._bot,
                platform=PLATFORM,
                received_at=self._clock(),
                message_key=f"{PLATFORM}:{place.community.id}:{place.channel.id}:{message}",
                actor=self._people.actor(payload) or self._people.by_id(who),
                text=emoji,
                id=snowflake(part(payload, "emoji"), "id") or emoji,
            )
        ]


def _emoji(emoji: Payload) -> str | None:
    """A Unicode emoji as it is; a server's own as ``:name:``, deleted meanwhile by its id."""
    name, own = text(emoji, "name"), snowflake(emoji, "id")
    return name if own is None else f":{name or own}:"
