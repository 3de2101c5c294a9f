"""Slack's pinned messages, of the public channels that the bot is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from greenroom.adapters.base import Article, Published
from greenroom.adapters.slack.payload import Payload, part, parts, word
from greenroom.adapters.slack.text import read_blocks, read_mrkdwn
from greenroom.adapters.slack.web import SlackWeb, Workspace
from greenroom.errors import ConfigError, DropMessage

PAGE: Final = 200
MOST_CHANNEL_PAGES: Final = 25  # 5,000 channels
PATIENCE_S: Final = 120.0  # for a turn among Slack's limits


async def pins_of(webs: Sequence[SlackWeb]) -> Published:
    """The pinned messages of all workspaces.

    Raises:
        ConfigError: A token is refused, or lacks a scope for all of it.
        RetryLater: Slack cannot be reached.
    """
    articles: list[Article] = []
    unread: dict[str, str] = {}
    for web in webs:
        workspace = await web.sign_in()
        for channel in await _channels(web):
            shelf = f"pins/{word(channel, 'name') or word(channel, 'id')}"
            try:
                articles += await _pins(web, workspace, channel, shelf)
            except DropMessage as error:
                unread[shelf] = str(error)
    return Published(tuple(articles), unread)


async def _channels(web: SlackWeb) -> list[Payload]:
    pages = web.pages(
        "list its channels",
        web.bot.users_conversations,
        most=MOST_CHANNEL_PAGES,
        types="public_channel",
        exclude_archived=True,
        limit=PAGE,
    )
    found = [one async for page in pages for one in parts(page.get("channels"))]
    return [one for one in found if word(one, "id") and one.get("is_private") is not True]


async def _pins(web: SlackWeb, workspace: Workspace, channel: Payload, shelf: str) -> list[Article]:
    identity = word(channel, "id") or ""
    try:
        answer = await web.call(
            "read the pinned messages",
            web.bot.pins_list,
            patience_s=PATIENCE_S,
            channel=identity,
        )
    except ConfigError as error:
        raise ConfigError(
            error.message,
            accepted="add pins:read at api.slack.com/apps, your app, OAuth & Permissions, then "
            "press Reinstall to Workspace",
        ) from error
    articles = []
    for message in (part(item.get("message")) for item in parts(answer.get("items"))):
        ts = word(message, "ts")
        said = read_mrkdwn(word(message, "text") or "", names={}).text or read_blocks(
            message.get("blocks")
        )
        if ts is None or not said.strip():
            continue  # a file
        articles.append(
            Article(
                shelf=shelf,
                name=ts.replace(".", "-"),
                title=f"Pinned in #{word(channel, 'name') or identity}",
                text=said,
                url=word(message, "permalink") or workspace.permalink(identity, ts),
            )
        )
    return articles
