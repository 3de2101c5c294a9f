"""Posting on Discord once, however often it is tried: a nonce first, then a look at the channel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import discord

from greenroom.adapters.discord.payload import Payload, number, part, snowflake
from greenroom.adapters.discord.quoting import hushed
from greenroom.adapters.discord.web import DiscordWeb, clean
from greenroom.adapters.wording import split_with_footer
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Message, Order

POST_LIMIT = 2_000  # characters that Discord takes in one message
MOST_POSTS = 4  # of one reply; what is longer ends in an ellipsis
PAGE = 100
MOST_PAGES = 5  # the channel's last 500 messages: an earlier try's post is among them
SUPPRESS_EMBEDS = 1 << 2  # a message flag: links show no preview

_MAY_POST = "Send Messages, in a thread Send Messages in Threads"
_MAY_SHOW = "Send Messages and Embed Links"

Post = Payload
"""A message as Discord's JSON has it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where and how to post."""

    channel: str  # a channel, a thread or a direct message's channel
    answers: str | None = None  # id of the message there that is answered, if Discord gave it one
    has_previews: bool = True


class Posts:
    """Sends messages for one bot, and finds what an earlier try sent."""

    def __init__(self, client: discord.Client, web: DiscordWeb) -> None:
        self._client = client
        self._web = web

    async def send(self, order: Order, spot: Spot, text: str) -> str:
        """Post the text, in several messages if it is long; returns their ``ref``.

        What an earlier try posted stays as it is: Discord knows a nonce for some
        minutes, and after an unknown outcome the channel is looked at first.
        """
        parts = written(text, order.action.footer)
        if not any(parts):
            raise DropMessage("there is no text to post")
        posted = await self._find(order.message, spot, parts) if order.maybe_done else {}
        for place, said in enumerate(parts):
            if place in posted:
                continue
            try:
                posted[place] = await self._post(order.key, spot, place, said)
            except RetryLater as error:
                has_begun = error.maybe_done or bool(posted)
                raise RetryLater(str(error), after_s=error.after_s, maybe_done=has_begun) from error
        return f"{spot.channel}/{','.join(posted[place] for place in sorted(posted))}"

    async def show(
        self, order: Order, channel: str, body: Mapping[str, Any], is_same: Callable[[Post], bool]
    ) -> str:
        """Post one message that is more than a text; ``is_same`` knows an earlier try's."""
        if order.maybe_done:
            found = await self._look(order.message, channel, is_same)
            if found is not None:
                return f"{channel}/{found['id']}"
        whole = {**body, "nonce": _nonce(order.key, 0)}
        return f"{channel}/{await self._web.post(channel, whole, needs=_MAY_SHOW)}"

    async def _post(self, key: str, spot: Spot, place: int, text: str) -> str:
        body: dict[str, Any] = {"content": text, "nonce": _nonce(key, place)}
        if not spot.has_previews:
            body["flags"] = SUPPRESS_EMBEDS
        if spot.answers is not None and spot.answers.isdecimal() and place == 0:
            body["message_reference"] = {
                "message_id": spot.answers,
                "fail_if_not_exists": False,  # a removal may come before its explanation
            }
        return await self._web.post(spot.channel, body, needs=_MAY_POST)

    async def _find(self, message: Message, spot: Spot, parts: list[str]) -> dict[int, str]:
        found: dict[int, str] = {}

        def is_last(item: Post) -> bool:
            place = _place(item, spot, parts)
            if place is not None:
                found.setdefault(place, str(item["id"]))
            return len(found) == len(parts)

        await self._look(message, spot.channel, is_last)
        return found

    async def _look(
        self, message: Message, channel: str, is_it: Callable[[Post], bool]
    ) -> Post | None:
        """Our own messages, newest first and none before the order's, up to the one that is it.

        An earlier try was not long ago, however old what it is about.
        """
        first = _since(message)
        before = None
        for _ in range(MOST_PAGES):
            page = await self._web.before(channel, before, limit=PAGE)
            newer = [item for item in page if (number(item, "id") or 0) > first]
            for item in newer:
                if self._is_own(item) and is_it(item):
                    return item
            if len(newer) < PAGE:
                break
            before = snowflake(newer[-1], "id")
        return None

    def _is_own(self, item: Post) -> bool:
        me = self._client.user
        return me is not None and snowflake(part(item, "author"), "id") == str(me.id)


def written(text: str, footer: str | None) -> list[str]:
    """The messages that something said takes, as Discord gets them."""
    small = _small(hushed(clean(footer or "")))
    return split_with_footer(hushed(clean(text)), small, POST_LIMIT, most=MOST_POSTS)


def _place(item: Post, spot: Spot, parts: list[str]) -> int | None:
    """Which part of the text a message is, if it answers the same message."""
    content = item.get("content")
    if content not in parts:
        return None
    place = parts.index(content)
    answered = snowflake(part(item, "message_reference"), "message_id")
    is_same = place > 0 or answered is None or answered == spot.answers
    return place if is_same else None


def _since(message: Message) -> int:
    """The first id that an answer to the message, or the message itself, may have."""
    if message.id.isdecimal():
        return int(message.id)  # ids tell the time everywhere
    return discord.utils.time_snowflake(message.posted_at) if message.posted_at else 0


def _small(footer: str) -> str:
    """Discord's small print, line by line."""
    return "\n".join(f"-# {line}" for line in footer.splitlines() if line.strip())


def _nonce(key: str, place: int) -> str:
    """At most 25 characters, the same for every try of one part of one order."""
    return hashlib.blake2b(f"{key}:{place}".encode(), digest_size=12).hexdigest()
