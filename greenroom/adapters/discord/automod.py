"""What Discord's own AutoMod did, as events: one for each hit, however much was done."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.payload import Payload, number, part, snowflake, text
from greenroom.adapters.discord.people import People
from greenroom.adapters.discord.places import LINKS, PLATFORM, Place, Places
from greenroom.adapters.recent import Recent
from greenroom.message import Author, Event, EventKind, Message

REMEMBERED: Final = 2_000  # hits
ONE_HIT: Final = timedelta(minutes=10)  # in which the same words of the same member are one

_DID: Final[Mapping[int | None, str]] = {
    1: "the message was blocked",
    2: "the moderators were alerted",
    3: "the member was timed out",
    4: "the member was kept from talking",
}


class AutoMod:
    """Reads hits for one bot.

    Discord tells each action of a hit by itself, and gives them no id in common; a blocked
    message has none either. So a hit is known by its rule, its author, its place and its
    words, for a while: its first action names it and is the event.
    """

    def __init__(self, bot: str, places: Places, people: People, *, clock: Clock) -> None:
        self._bot = bot
        self._places = places
        self._people = people
        self._clock = clock
        self._hits: Recent[str, str] = Recent(size=REMEMBERED, keep=ONE_HIT, clock=clock)

    async def read(self, payload: Payload) -> list[Event]:
        """The event; none where it is not said who was hit."""
        who, guild = snowflake(payload, "user_id"), number(payload, "guild_id")
        if who is None or guild is None:
            return []
        channel, author = number(payload, "channel_id"), self._people.by_id(who)
        place = await self._places.find(guild, channel) if channel is not None else None
        hit = self._hit(payload)
        said = text(payload, "content")
        message = _message(payload, author, place, hit) if said and place else None
        where = f"{PLATFORM}:{guild}:{place.channel.id if place else ''}"
        known = snowflake(payload, "message_id")
        return [
            Event(
                kind=EventKind.NATIVE_ACTION,
                bot=self._bot,
                platform=PLATFORM,
                received_at=self._clock(),
                message=message,
                message_key=f"{where}:{known}" if known and message is None else None,
                actor=author,
                text=_what(payload),
                id=f"{snowflake(payload, 'rule_id') or ''}:{hit}",
            )
        ]

    def _hit(self, payload: Payload) -> str:
        """The message's id, or the alert's where there is none, or a made one."""
        known = snowflake(payload, "message_id")
        ids = [snowflake(payload, key) for key in ("guild_id", "rule_id", "user_id", "channel_id")]
        words = text(payload, "content") or text(payload, "matched_content")
        whole = "\x1f".join(one or "" for one in (*ids, known, words))
        digest = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:16]
        if digest not in self._hits:
            made = f"automod-{digest}-{int(self._clock().timestamp() * 1000)}"
            alert = snowflake(payload, "alert_system_message_id")
            self._hits[digest] = known or alert or made
        return self._hits[digest]


def _message(payload: Payload, author: Author, place: Place, hit: str) -> Message:
    known, channel = snowflake(payload, "message_id"), snowflake(payload, "channel_id")
    said = text(payload, "content") or ""
    return Message(
        platform=PLATFORM,
        community=place.community,
        channel=place.channel,
        id=hit,
        author=author,
        text=said,
        thread=place.thread,
        permalink=f"{LINKS}/{place.community.id}/{channel}/{known}" if known else None,
    )


def _what(payload: Payload) -> str:
    """What matched, and what Discord did."""
    action = part(payload, "action")
    kind = number(action, "type")
    did = _DID.get(kind, f"Discord acted ({kind})")
    seconds = number(part(action, "metadata"), "duration_seconds")
    lasts = f" for {seconds} seconds" if kind == 3 and seconds else ""
    matched = text(payload, "matched_content") or text(payload, "matched_keyword")
    return f"AutoMod: “{matched}” matched, {did}{lasts}" if matched else f"AutoMod: {did}{lasts}"
