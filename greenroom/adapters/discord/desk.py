"""What moderators read in ``desk_channel``: reports, modmail and review cards."""

from __future__ import annotations

from functools import partial

import discord

from greenroom.adapters.discord.cards import body_of, is_same
from greenroom.adapters.discord.errors import is_gone
from greenroom.adapters.discord.members import guild_of
from greenroom.adapters.discord.places import DIRECT
from greenroom.adapters.discord.posts import Posts, Spot
from greenroom.adapters.discord.quoting import defused, quoted
from greenroom.adapters.discord.web import MENTION_NOBODY, DiscordWeb
from greenroom.errors import DropMessage
from greenroom.message import Action, ActionKind, Message, Order, Outcome

TO_DESK = frozenset({ActionKind.REPORT, ActionKind.MODMAIL, ActionKind.CARD})
"""What needs a desk channel."""


class Desk:
    """Posts for moderators of one bot."""

    def __init__(
        self, client: discord.Client, web: DiscordWeb, posts: Posts, channel: str | None
    ) -> None:
        self._client = client
        self._web = web
        self._posts = posts
        self._channel = channel

    async def tell(self, order: Order) -> Outcome:
        """A report or modmail, in words."""
        spot = Spot(self._find(order.message), has_previews=False)
        return Outcome(ref=await self._posts.send(order, spot, _words(order)))

    async def show(self, order: Order) -> Outcome:
        """A card; with a ``ref`` the one there changes in place."""
        if order.action.card is None:
            raise DropMessage("there is no card to show")
        body = body_of(order.action.card)
        if order.action.ref is None:
            channel = self._find(order.message)
            known = partial(is_same, body=body)
            return Outcome(ref=await self._posts.show(order, channel, body, known))
        channel, _, message_id = order.action.ref.partition("/")
        if not (channel.isdecimal() and message_id.isdecimal()):
            raise DropMessage("there is no such card: its ref is none of Discord's")
        try:
            await self._web.call(
                "change the card",
                "PATCH",
                "/channels/{channel_id}/messages/{message_id}",
                channel_id=channel,
                message_id=message_id,
                body={**body, "allowed_mentions": MENTION_NOBODY},
                needs="Embed Links",
            )
        except DropMessage as error:
            if not is_gone(error):
                raise
            return Outcome("already gone", ref=order.action.ref)
        return Outcome(ref=order.action.ref)

    def _find(self, message: Message) -> str:
        """The desk's channel: an id, or a name in the message's server, or in any."""
        if self._channel is None:
            raise DropMessage("reports and cards on Discord need desk_channel in the bot's file")
        name = self._channel.removeprefix("#")
        if name.isdecimal():
            return name
        is_direct = message.community.id == DIRECT
        guilds = self._client.guilds if is_direct else [guild_of(self._client, message)]
        for guild in guilds:
            channel = discord.utils.get(guild.text_channels, name=name)
            if channel is not None:
                return str(channel.id)
        raise DropMessage(f"the bot sees no channel #{name}; give it View Channel there")


def letter(action: Action) -> str:
    """A text under its subject."""
    text = action.text or ""
    return f"**{action.subject}**\n{text}" if action.subject and text else text


def _words(order: Order) -> str:
    action, message = order.action, order.message
    where = f"<{message.permalink}>" if message.permalink else message.key
    if action.kind is ActionKind.MODMAIL:
        return f"{letter(action)}\nAbout {where}"
    why = defused(action.reason or action.text or "reported")
    return f"Report: {why}\n{defused(message.author.name)} wrote {where}\n{quoted(message.text)}"
