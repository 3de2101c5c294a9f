"""Where a Discord message stands: server, channel, thread, forum post."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord

from greenroom.adapters import base
from greenroom.adapters.base import Clock
from greenroom.adapters.discord.errors import discord_errors
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.adapters.recent import Recent
from greenroom.errors import GreenroomError
from greenroom.message import Channel, Community

log = logging.getLogger(__name__)

PLATFORM = "discord"
LINKS = "https://discord.com/channels"
DIRECT = "@me"  # Discord's own word, in its links, for where direct messages are
REMEMBERED = 1_000  # archived threads, which the library does not keep
KEPT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Place:
    """A channel; of a thread, the channel that it hangs under, so that one name covers both."""

    community: Community
    channel: Channel
    thread: str | None = None
    title: str | None = None  # the thread's name
    owner: str | None = None  # who opened the thread
    is_post: bool = False  # the thread is a forum's post


class Places:
    """Finds the place of a channel's id, asking Discord about threads that sleep."""

    def __init__(self, client: discord.Client, web: DiscordWeb, *, clock: Clock) -> None:
        self._client = client
        self._web = web
        self._asked: Recent[int, Place] = Recent(size=REMEMBERED, keep=KEPT, clock=clock)

    async def find(self, guild_id: int | None, channel_id: int) -> Place:
        """The place; never fails, and then knows nothing but the ids."""
        if guild_id is None:
            return Place(Community(DIRECT), Channel(str(channel_id)))
        guild = self._client.get_guild(guild_id)
        channel = guild.get_channel_or_thread(channel_id) if guild else None
        if channel is not None and guild is not None:
            return _place(guild, channel)
        if channel_id not in self._asked:
            self._asked[channel_id] = await self._ask(guild_id, guild, channel_id)
        return self._asked[channel_id]

    async def _ask(self, guild_id: int, guild: discord.Guild | None, channel_id: int) -> Place:
        bare = Place(Community(str(guild_id), _name(guild)), Channel(str(channel_id)))
        try:
            data = await self._web.call(
                "look at the channel", "GET", "/channels/{channel_id}", channel_id=channel_id
            )
            with discord_errors("look at the channel"):
                return _asleep(guild, data, bare)
        except GreenroomError as error:
            log.info("the channel %d stays unknown: %s", channel_id, error)
            return bare


def writable(client: discord.Client) -> tuple[base.Place, ...]:
    """The text channels in which the bot may write."""
    return tuple(
        base.Place(_community(guild, channel), Channel(str(channel.id), channel.name))
        for guild in client.guilds
        for channel in guild.text_channels
        if guild.me is not None and channel.permissions_for(guild.me).send_messages
    )


def _place(guild: discord.Guild, channel: Any) -> Place:
    if not isinstance(channel, discord.Thread):
        return Place(_community(guild, channel), Channel(str(channel.id), channel.name))
    parent = channel.parent
    return Place(
        _community(guild, channel),
        Channel(str(channel.parent_id), parent.name if parent else None),
        thread=str(channel.id),
        title=channel.name,
        owner=str(channel.owner_id) if channel.owner_id else None,
        is_post=isinstance(parent, discord.ForumChannel),
    )


def _asleep(guild: discord.Guild | None, data: dict[str, Any], bare: Place) -> Place:
    """A thread that is archived, from the API's answer."""
    parent_id = data.get("parent_id")
    if data.get("type") not in (10, 11, 12) or not parent_id:
        return Place(bare.community, Channel(bare.channel.id, data.get("name")))
    parent = guild.get_channel(int(parent_id)) if guild else None
    return Place(
        _community(guild, parent) if guild else bare.community,
        Channel(str(parent_id), parent.name if parent else None),
        thread=bare.channel.id,
        title=data.get("name"),
        owner=data.get("owner_id"),
        is_post=isinstance(parent, discord.ForumChannel),
    )


def _community(guild: discord.Guild, channel: Any) -> Community:
    is_nsfw = bool(channel is not None and hasattr(channel, "is_nsfw") and channel.is_nsfw())
    return Community(str(guild.id), _name(guild), is_nsfw or _is_adult(guild))


def _is_adult(guild: discord.Guild) -> bool:
    return guild.nsfw_level in (discord.NSFWLevel.explicit, discord.NSFWLevel.age_restricted)


def _name(guild: discord.Guild | None) -> str | None:
    return (guild.name or None) if guild else None
