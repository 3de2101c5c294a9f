"""Discord's pinned messages, of the channels that everybody in a server may read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from greenroom.adapters.base import Article, Published
from greenroom.adapters.discord.client import DiscordClient
from greenroom.adapters.discord.inspection import overwritten
from greenroom.adapters.discord.payload import Payload, number, part, parts, snowflake, text
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.adapters.discord_invite import PERMISSIONS
from greenroom.errors import DropMessage

PAGE: Final = 50  # pins that Discord tells at once
MOST_PAGES: Final = 5  # 250, which is as many as a channel may have
MOST_CHANNELS: Final = 500  # of a server
_TEXT_CHANNELS: Final = (0, 5)
_READ: Final = PERMISSIONS["view_channel"].number


async def pins_of(client: DiscordClient) -> Published:
    """The pinned messages of all servers that the bot is in.

    Raises:
        ConfigError: The token is refused.
        RetryLater: Discord cannot be reached.
    """
    web: DiscordWeb = client.http
    articles: list[Article] = []
    unread: dict[str, str] = {}
    servers = await web.call("look for servers", "GET", "/users/@me/guilds", body={"limit": 200})
    for server in map(part, servers if isinstance(servers, list) else []):
        guild = snowflake(server, "id")
        if guild is None:
            continue
        for channel in await _open_channels(web, guild):
            shelf = f"pins/{text(channel, 'name') or channel['id']}"
            try:
                articles += [one async for one in _pins(web, guild, channel, shelf)]
            except DropMessage as error:
                unread[shelf] = str(error)
    return Published(tuple(articles), unread)


async def _open_channels(web: DiscordWeb, guild: str) -> Sequence[Payload]:
    roles = await _listed(web, "look for roles", f"/guilds/{guild}/roles")
    everyone = next((one for one in roles if snowflake(one, "id") == guild), {})
    base = number(everyone, "permissions") or 0
    channels = await _listed(web, "look for channels", f"/guilds/{guild}/channels")
    return [
        one
        for one in channels
        if number(one, "type") in _TEXT_CHANNELS
        and snowflake(one, "id") is not None
        and overwritten(base, guild, set(), "", parts(one, "permission_overwrites")) & _READ
    ][:MOST_CHANNELS]


async def _pins(
    web: DiscordWeb, guild: str, channel: Payload, shelf: str
) -> AsyncIterator[Article]:
    number_of = snowflake(channel, "id") or "0"
    before: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        page = part(
            await web.call(
                "read the pinned messages",
                "GET",
                "/channels/{channel_id}/messages/pins",
                channel_id=number_of,
                body={"limit": PAGE, **before},
                needs="Read Message History",
            )
        )
        items = parts(page, "items")
        for message in (part(item, "message") for item in items):
            identity, said = snowflake(message, "id"), text(message, "content")
            if identity is None or said is None:
                continue  # a picture, an embed
            yield Article(
                shelf=shelf,
                name=identity,
                title=f"Pinned in #{text(channel, 'name') or number_of}",
                text=said,
                url=f"https://discord.com/channels/{guild}/{number_of}/{identity}",
            )
        last = text(items[-1], "pinned_at") if items else None
        if page.get("has_more") is not True or last is None:
            return
        before = {"before": last}


async def _listed(web: DiscordWeb, doing: str, path: str) -> Sequence[Payload]:
    try:
        found = await web.call(doing, "GET", path)
    except DropMessage:
        return []
    return [part(one) for one in found] if isinstance(found, list) else []
