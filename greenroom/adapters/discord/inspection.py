"""What Discord lets a bot do, asked before it runs: servers, permissions, the desk channel."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from greenroom.adapters.base import Access
from greenroom.adapters.discord.client import DiscordClient
from greenroom.adapters.discord.errors import PORTAL, lacks_intents
from greenroom.adapters.discord.payload import Payload, number, part, parts, snowflake, text
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.adapters.discord_invite import (
    ADMINISTRATOR,
    PERMISSIONS,
    invite_address,
    needed,
    shown,
)
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import ActionKind

PAGE: Final = 200  # servers that Discord tells at once
MOST_SERVERS: Final = 1_000
MOST_DESKS: Final = 50  # servers whose desk channel is looked at
AT_ONCE: Final = 4
EVERYTHING: Final = (1 << 63) - 1
_TEXT_CHANNELS: Final = (0, 5)  # types
_DESK: Final = ("view_channel", "send_messages")


@dataclass(frozen=True, slots=True)
class Spot:
    """A channel for moderators."""

    id: str
    name: str
    server: str
    may: int  # permissions there, as Discord counts them


class Inspection:
    """Asks Discord about one bot that is signed in."""

    def __init__(
        self, client: DiscordClient, desk_channel: str | None, needs: frozenset[ActionKind]
    ) -> None:
        self._client = client
        self._web: DiscordWeb = client.http
        self._desk = desk_channel
        self._needs = needs
        self._places = asyncio.Semaphore(AT_ONCE)
        self._me = str(client.user.id) if client.user else "0"
        self._application = str(client.application_id or self._me)

    async def access(self) -> Access:
        """Everything.

        Raises:
            ConfigError: The token is refused.
            RetryLater: Discord cannot be reached.
        """
        servers = await self._servers()
        lacks = [*self._intents(), *self._permissions(servers), *await self._desks(servers)]
        name = self._client.user.name if self._client.user else "the bot"
        places = tuple(_named(one) for one in servers)
        return Access(f"{name} ({self._application})", places, tuple(lacks))

    async def greet(self, words: str) -> str:
        """Post where moderators read; returns where that was.

        Raises:
            ConfigError: There is no such channel, or the bot may not write there.
            RetryLater: Discord cannot be reached.
        """
        if self._desk is None:
            raise ConfigError(
                "desk_channel is not set, so there is nowhere to say hello",
                accepted='desk_channel: "#mods", or the id of a channel',
            )
        for server in await self._with_desk(await self._servers()):
            spot = await self._spot(server)
            if spot is not None and not _missing(spot.may, _DESK):
                body = {"content": words, "nonce": secrets.token_hex(8)}
                try:
                    await self._web.post(spot.id, body, needs="Send Messages")
                except DropMessage as error:
                    raise ConfigError(f"desk_channel {self._desk}: {error}") from error
                return f"#{spot.name} in {spot.server}"
        raise ConfigError(
            f"the bot can write in no channel {self._desk} (desk_channel)",
            accepted=_ADD_THE_BOT,
        )

    def _intents(self) -> Iterator[ConfigError]:
        data = self._client.application_data
        flags = number(data, "flags")
        missing = lacks_intents(self._client.flags) if flags is not None else []
        if missing:
            names = " and ".join(missing)
            yield ConfigError(
                f"the {names} is off, without which it cannot read what members write",
                accepted=f"at {PORTAL}: your application, Bot, Privileged Gateway Intents: "
                f"switch on {names} and press Save Changes",
            )
        address = text(data, "interactions_endpoint_url")
        if address is not None:
            yield ConfigError(
                f"its commands and buttons go to {address[:100]!a} instead of to the bot",
                accepted=f"at {PORTAL}: your application, General Information: empty "
                "Interactions Endpoint URL and press Save Changes",
            )

    def _permissions(self, servers: Sequence[Payload]) -> Iterator[ConfigError]:
        invite = invite_address(self._application, self._needs)
        if not servers:
            yield ConfigError("the bot is in no server", accepted=f"open {invite}")
        for server in servers:
            may = _may(server)
            missing = _missing(may, needed(self._needs)) if may is not None else []
            if missing:
                yield ConfigError(
                    f"it lacks {_listed(missing)} in {_named(server)}",
                    accepted=f"open {invite} and choose the server once more, or give the bot's "
                    "role the permission under Server Settings, Roles",
                )

    async def _desks(self, servers: Sequence[Payload]) -> Sequence[ConfigError]:
        """Where the desk's channel is not there, or not the bot's to write in."""
        if self._desk is None or not servers:
            return []
        where = (await self._with_desk(servers))[:MOST_DESKS]
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(self._spot(server)) for server in where]
        found = [(_named(server), look.result()) for server, look in zip(where, looks, strict=True)]
        return list(self._desk_faults(found or [("any server", None)]))

    def _desk_faults(self, found: Sequence[tuple[str, Spot | None]]) -> Iterator[ConfigError]:
        wanted = [*_DESK, *(["embed_links"] if ActionKind.CARD in self._needs else [])]
        for server, spot in found:
            if spot is None:
                yield ConfigError(
                    f"desk_channel: there is no text channel {self._desk} in {server}",
                    accepted="make it, or name another one: its name, or its id, which Copy "
                    "Channel ID gives in Discord's developer mode",
                )
            elif missing := _missing(spot.may, wanted):
                yield ConfigError(
                    f"desk_channel: it lacks {_listed(missing)} in #{spot.name} of {server}",
                    accepted=_ADD_THE_BOT,
                )

    async def _with_desk(self, servers: Sequence[Payload]) -> Sequence[Payload]:
        """A channel's id names one server; its name may be in each."""
        name = (self._desk or "").removeprefix("#")
        if not name.isdecimal():
            return servers
        channel = part(await self._ask("look for desk_channel", f"/channels/{name}", is_open=True))
        guild = snowflake(channel, "guild_id")
        return [one for one in servers if snowflake(one, "id") == guild]

    async def _servers(self) -> Sequence[Payload]:
        found: list[Payload] = []
        while len(found) < MOST_SERVERS:
            after = {"after": snowflake(found[-1], "id") or "0"} if found else {}
            query = {"limit": PAGE, **after}
            page = await self._ask("look for servers", "/users/@me/guilds", query=query)
            found += [one for one in map(part, page) if snowflake(one, "id") is not None]
            if len(page) < PAGE:
                break
        return found

    async def _spot(self, server: Payload) -> Spot | None:
        """The desk's channel in one server, if it is there."""
        guild = snowflake(server, "id") or "0"
        path = "/guilds/{guild_id}/channels"
        channels = [part(one) for one in await self._ask("look for channels", path, guild=guild)]
        name = (self._desk or "").removeprefix("#")
        for one in channels:
            is_it = name in (text(one, "name"), snowflake(one, "id"))
            if is_it and number(one, "type") in _TEXT_CHANNELS:
                may = await self._may_in(guild, server, one)
                found = text(one, "name") or name
                return Spot(snowflake(one, "id") or "0", found, _named(server), may)
        return None

    async def _may_in(self, guild: str, server: Payload, channel: Payload) -> int:
        """What the bot may do in a channel: its roles', changed by what the channel says."""
        whole = _may(server)
        if whole is None or whole & ADMINISTRATOR:
            return EVERYTHING
        path = "/guilds/{guild_id}/members/" + self._me
        member = part(await self._ask("look at the bot's roles", path, guild=guild))
        listed = member.get("roles")
        roles = {str(one) for one in listed} if isinstance(listed, list) else set()
        return overwritten(whole, guild, roles, self._me, parts(channel, "permission_overwrites"))

    async def _ask(
        self,
        doing: str,
        path: str,
        *,
        guild: str | None = None,
        query: Mapping[str, Any] | None = None,
        is_open: bool = False,
    ) -> Any:
        """An answer; nothing, where there is none and it is open whether there is."""
        more: dict[str, Any] = {"guild_id": guild} if guild is not None else {}
        try:
            async with self._places:
                found = await self._web.call(doing, "GET", path, body=query, **more)
        except DropMessage as error:
            if guild is None and not is_open:
                raise RetryLater(str(error)) from error
            return []
        return found if isinstance(found, list | dict) else []


def overwritten(
    may: int, guild: str, roles: set[str], me: str, overwrites: Sequence[Payload]
) -> int:
    """Permissions in a channel, in the order that Discord documents."""
    everyone = [one for one in overwrites if snowflake(one, "id") == guild]
    through_roles = [one for one in overwrites if snowflake(one, "id") in roles]
    for own in (everyone, through_roles, [one for one in overwrites if snowflake(one, "id") == me]):
        deny = allow = 0
        for one in own:
            deny |= number(one, "deny") or 0
            allow |= number(one, "allow") or 0
        may = (may & ~deny) | allow
    return may if may & PERMISSIONS["view_channel"].number else 0


@asynccontextmanager
async def signed_in(client: DiscordClient) -> AsyncIterator[DiscordClient]:
    """The client, without a connection for events, until the block ends."""
    try:
        await client.sign_in()
        yield client
    finally:
        await client.close()


_ADD_THE_BOT: Final = (
    "in Discord, Edit Channel, Permissions: add the bot, and allow View Channel, "
    "Send Messages and Embed Links"
)


def _may(server: Payload) -> int | None:
    return EVERYTHING if server.get("owner") is True else number(server, "permissions")


def _missing(may: int, names: Sequence[str] | Mapping[str, Any]) -> list[str]:
    if may & ADMINISTRATOR:
        return []
    return [shown(name) for name in names if not may & PERMISSIONS[name].number]


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _named(server: Payload) -> str:
    return text(server, "name") or snowflake(server, "id") or "a server"
