"""What discord.py knows of servers, for one bot on one connection or on several.

The library's ``ConnectionState`` forgets every server whenever a connection opens a new session,
which on several connections would be the others' servers too. Its ``AutoShardedConnectionState``
forgets none, not even those that the bot was removed from meanwhile, and starts tasks of its own
that nobody here waits for. This one forgets what a connection's new session no longer
lists, and reads payloads that lack what the library takes for granted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import discord
from discord.state import ConnectionState

from greenroom.adapters.discord import whole, whole_places
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.fields import Whole
from greenroom.adapters.discord.payload import Payload, number, part, parts

_WHOLE: Final[Mapping[str, Callable[[Payload], Whole]]] = {
    "MESSAGE_CREATE": whole.message,
    "MESSAGE_UPDATE": whole.message,
    "MESSAGE_DELETE": whole.deletion,
    "MESSAGE_DELETE_BULK": whole.deletions,
    "GUILD_MEMBER_ADD": whole.joined,
    "GUILD_ROLE_CREATE": whole_places.role_told,
    "GUILD_ROLE_UPDATE": whole_places.role_told,
    "CHANNEL_CREATE": whole_places.channel,
    "CHANNEL_UPDATE": whole_places.channel,
    "THREAD_CREATE": whole_places.in_guild(whole_places.thread),
    "THREAD_UPDATE": whole_places.in_guild(whole_places.thread),
    "THREAD_LIST_SYNC": whole_places.threads,
}


class State(ConnectionState[Any]):
    """Servers, channels, threads, roles; no members but the bot, no messages."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, make in _WHOLE.items():
            self.parsers[name] = partial(self._read, self.parsers[name], make)

    def open_session(self, shard: int, data: Payload) -> None:
        """What READY says: servers that it does not list are none of this bot's any more."""
        mine = part(data, "user")
        with suppress(KeyError):  # signing in has told who the bot is
            self.user = discord.ClientUser(state=self, data=whole.user(mine))  # type: ignore[arg-type]
        application = number(part(data, "application"), "id")
        if self.application_id is None and application is not None:
            self.application_id = application
        self._list(shard, parts(data, "guilds"))

    def parse_guild_create(self, data: Any) -> None:
        """A server that is there; what was known of it before is not kept beside it."""
        if data.get("unavailable") is True:
            return
        found = self._add_guild_from_data(self._guild_of(data))
        self.dispatch("guild_available", found)

    def parse_guild_update(self, data: Any) -> None:
        """A server that changed."""
        found = self._get_guild(int(data["id"]))
        if found is not None:
            found._from_data(self._guild_of({"unavailable": found.unavailable, **data}))

    def message(self, data: Payload) -> discord.Message:
        """A message from Discord's JSON, as an event's.

        Raises:
            KeyError: It lacks an id, the channel's or its author's.
        """
        made: Any = whole.message(data)
        channel: Any = self._get_guild_channel(made)[0]
        return discord.Message(state=self, channel=channel, data=made)

    def _read(
        self, parse: Callable[[Any], None], make: Callable[[Payload], Whole], data: Payload
    ) -> None:
        made = make(part(data))
        if "channel_id" in made and "guild_id" not in made:
            self._place(made)
        parse(made)

    def _place(self, made: Whole) -> None:
        """Without a server it is a direct message, unless the channel is known to be elsewhere."""
        channel = self.get_channel(int(made["channel_id"]))
        guild = getattr(channel, "guild", None)
        if guild is not None:
            made["guild_id"] = str(guild.id)

    def _list(self, shard: int, listed: Sequence[Payload]) -> None:
        ids = {number(one, "id") for one in listed}
        for guild in list(self._guilds.values()) if listed else ():  # some list none
            if guild.shard_id == shard and guild.id not in ids:
                self._remove_guild(guild)
        for one in listed:
            if self._get_guild(number(one, "id")) is None:
                with suppress(*UNREADABLE):  # it is told about once more, or stays unknown
                    self._add_guild_from_data(self._guild_of(one))

    def _guild_of(self, data: Payload) -> Any:
        return whole_places.guild(data, me=str(self.self_id) if self.self_id else None)
