"""Who acted, from what Discord sends along with reactions, presses and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.payload import Payload, part, snowflake, text, time, time_of
from greenroom.adapters.recent import Recent
from greenroom.message import Author

REMEMBERED: Final = 10_000  # names; of who takes a reaction back, Discord sends an id only


class People:
    """Makes authors of what events carry, and remembers names for events that carry ids only."""

    def __init__(self, client: discord.Client, *, clock: Clock) -> None:
        self._client = client
        self._names: Recent[str, str] = Recent(size=REMEMBERED, clock=clock)

    def remember(self, author: Author) -> Author:
        """Keep the name; returns the author."""
        self._names[author.id] = author.name
        return author

    def by_id(self, user_id: str) -> Author:
        """Somebody of whom no more than the id came along; the name is the id if it is unknown."""
        created_at, name = time_of(user_id), self._names.get(user_id, user_id)
        return Author(user_id, name, is_self=self.is_me(user_id), created_at=created_at)

    def is_me(self, user_id: str | None) -> bool:
        """Whether it is the bot's own account."""
        me = self._client.user
        return me is not None and user_id == str(me.id)

    def actor(self, payload: Payload) -> Author | None:
        """Who acted: ``member`` in a server, ``user`` in a direct message."""
        member = part(payload, "member")
        user = part(member, "user") or part(payload, "user")
        user_id = snowflake(user, "id")
        if user_id is None:
            return None
        guild = self._guild(snowflake(payload, "guild_id"))
        roles = _roles(member, guild) if member and guild is not None else None
        return self.remember(
            Author(
                id=user_id,
                name=text(user, "username") or user_id,
                is_bot=user.get("bot") is True,
                is_self=self.is_me(user_id),
                is_moderator=_is_moderator(user_id, member, roles, guild),
                created_at=time_of(user_id),
                joined_at=time(member, "joined_at"),
                roles=None if roles is None else tuple(role.name for role in roles),
            )
        )

    def _guild(self, guild_id: str | None) -> discord.Guild | None:
        guild = self._client.get_guild(int(guild_id)) if guild_id else None
        return None if guild is None or guild.unavailable else guild


def _roles(member: Payload, guild: discord.Guild) -> Sequence[discord.Role]:
    """The roles that are known, without everybody's, in the server's order."""
    ids = member.get("roles")
    listed = ids if isinstance(ids, list) else []
    found = [guild.get_role(int(one)) for one in listed if str(one).isdecimal()]
    return sorted({role for role in found if role is not None and not role.is_default()})


def _is_moderator(
    user_id: str,
    member: Payload,
    roles: Sequence[discord.Role] | None,
    guild: discord.Guild | None,
) -> bool | None:
    """What Discord says that the member may do there; else what the roles allow."""
    said = snowflake(member, "permissions")
    if said is not None:
        return may_moderate(discord.Permissions(int(said)))
    if guild is None or roles is None:
        return None
    if user_id == str(guild.owner_id):
        return True
    return any(may_moderate(role.permissions) for role in (*roles, guild.default_role))


def may_moderate(may: discord.Permissions) -> bool:
    """Whoever may delete messages or time members out is a moderator."""
    return may.administrator or may.manage_messages or may.moderate_members
