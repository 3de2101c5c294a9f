"""What Greenroom does to a member of a Discord server: role, time-out, ban."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.errors import is_gone
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Action, Message, Order, Outcome

TIMEOUT_S = 3_600  # where a rule names no time
LONGEST_TIMEOUT = timedelta(days=28)  # Discord's own limit
LEFT = "the member had left the server"


class Members:
    """Carries out orders that concern a message's author."""

    def __init__(self, client: discord.Client, web: DiscordWeb, *, clock: Clock) -> None:
        self._client = client
        self._web = web
        self._clock = clock

    async def label(self, order: Order) -> Outcome:
        """Give the author a role: Discord labels people, not messages."""
        role_id = self._role(order)
        await self._to_member(
            order,
            "give the role",
            "PUT",
            "/roles/{role_id}",
            needs="Manage Roles, and a role of its own above that role",
            role_id=role_id,
        )
        return Outcome(ref=str(role_id))

    async def unlabel(self, order: Order) -> Outcome:
        """Take a role from the author; one that they do not have is taken as well."""
        role_id = self._role(order)
        is_there = await self._is_there(
            order,
            "take the role",
            "DELETE",
            "/roles/{role_id}",
            needs="Manage Roles, and a role of its own above that role",
            role_id=role_id,
        )
        return Outcome("done" if is_there else LEFT, ref=str(role_id))

    async def kick(self, order: Order) -> Outcome:
        is_there = await self._is_there(
            order,
            "kick the member",
            "DELETE",
            "",
            needs="Kick Members, and a role above the member's",
        )
        return Outcome("done" if is_there else LEFT)

    async def time_out(self, order: Order) -> Outcome:
        wanted_s = TIMEOUT_S if order.action.duration_s is None else order.action.duration_s
        is_cut = wanted_s > LONGEST_TIMEOUT.total_seconds()
        span = LONGEST_TIMEOUT if is_cut else timedelta(seconds=wanted_s)
        until = (self._clock() + span).isoformat() if span else None  # None ends a time-out
        await self._to_member(
            order,
            "time the member out",
            "PATCH",
            "",
            body={"communication_disabled_until": until},
            needs="Moderate Members, and a role above the member's",
        )
        more = ", 28 days from now: Discord allows no more" if is_cut else ""
        return Outcome(f"until {until}{more}" if until else "ended")

    async def ban(self, order: Order) -> Outcome:
        await self._banning(order, "ban the member", "PUT", {"delete_message_seconds": 0})
        is_timed = order.action.duration_s is not None
        return Outcome("done, without an end: Discord's bans have none" if is_timed else "done")

    async def unban(self, order: Order) -> Outcome:
        try:
            await self._banning(order, "unban the member", "DELETE", {})
        except DropMessage as error:
            if not is_gone(error):
                raise
            return Outcome("was not banned")
        return Outcome()

    def _role(self, order: Order) -> int:
        name = (order.action.text or "").removeprefix("@")
        role = discord.utils.get(guild_of(self._client, order.message).roles, name=name)
        if role is None or role.is_default():
            raise DropMessage(f"the server has no role named {name!a}")
        return role.id

    async def _is_there(
        self, order: Order, doing: str, method: str, path: str, **more: Any
    ) -> bool:
        """Do it to the member; false if the member is there no more."""
        try:
            await self._to_member(order, doing, method, path, **more)
        except DropMessage as error:
            if not is_gone(error):
                raise
            return False
        return True

    async def _to_member(
        self, order: Order, doing: str, method: str, path: str, **more: Any
    ) -> None:
        await self._web.call(
            doing,
            method,
            "/guilds/{guild_id}/members/{user_id}" + path,
            guild_id=guild_of(self._client, order.message).id,
            user_id=order.message.author.id,
            reason=reason_of(order.action),
            **more,
        )

    async def _banning(
        self, order: Order, doing: str, method: str, body: Mapping[str, Any]
    ) -> None:
        await self._web.call(
            doing,
            method,
            "/guilds/{guild_id}/bans/{user_id}",
            guild_id=guild_of(self._client, order.message).id,
            user_id=order.message.author.id,
            body=body,
            reason=reason_of(order.action),
            needs="Ban Members, and a role above the member's",
        )


def guild_of(client: discord.Client, message: Message) -> discord.Guild:
    """The server that a message stands in."""
    wanted = message.community.id
    guild = client.get_guild(int(wanted)) if wanted.isdecimal() else None
    if guild is None:
        raise DropMessage(f"the bot is in no server {wanted!a}")
    if guild.unavailable:
        raise RetryLater(f"Discord has not told about the server {wanted} yet")
    return guild


def reason_of(action: Action) -> str | None:
    """What the server's audit log says."""
    return action.reason or action.rule
