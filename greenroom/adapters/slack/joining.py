"""Into public channels without an invitation, where a bot's file or an order asks for it."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import Final

from greenroom.adapters.slack.limits import MOST_WAIT_S
from greenroom.adapters.slack.payload import parts, word
from greenroom.adapters.slack.web import SlackWeb
from greenroom.errors import ConfigError, DropMessage, RetryLater

log = logging.getLogger(__name__)

SCOPE: Final = "channels:join"
PAGE: Final = 200
MOST_PAGES: Final = 25  # 5,000 channels
PATIENCE_S: Final = 600.0  # for a turn among Slack's limits: nobody waits for this


async def join(web: SlackWeb, channel: str, *, patience_s: float = MOST_WAIT_S) -> None:
    """Join one public channel; whoever is in it already stays in it.

    Raises:
        DropMessage: It is private, archived or gone.
        ConfigError: The token lacks ``channels:join``.
        RetryLater: Later.
    """
    method = web.bot.conversations_join
    await web.call("join the channel", method, channel=channel, patience_s=patience_s)


async def join_all(web: SlackWeb, wanted: tuple[str, ...]) -> None:
    """Join the public channels of those names (``*``: all); what cannot be had is logged."""
    names = {name.lstrip("#") for name in wanted}
    seen: set[str] = set()
    try:
        for channel, name in await _outside(web, names, seen):
            await _join_one(web, channel, name)
    except (DropMessage, RetryLater, ConfigError) as error:
        log.warning("Slack does not list its channels to join: %s", error)
        return
    for name in sorted(names - seen - {"*"}):
        log.warning("there is no public channel %a to join on Slack", name)


async def _join_one(web: SlackWeb, channel: str, name: str) -> None:
    try:
        await join(web, channel, patience_s=PATIENCE_S)
        log.info("joined %a on Slack", name)
    except (DropMessage, RetryLater, ConfigError) as error:
        log.warning("cannot join %a on Slack: %s", name, error)


async def _outside(web: SlackWeb, names: set[str], seen: set[str]) -> list[tuple[str, str]]:
    """Those of the channels that the bot is not in yet."""
    found: list[tuple[str, str]] = []
    pages = web.pages(
        "list channels",
        web.bot.conversations_list,
        most=MOST_PAGES,
        types="public_channel",
        exclude_archived=True,
        limit=PAGE,
        patience_s=PATIENCE_S,
    )
    async with aclosing(pages) as answers:
        async for answer in answers:
            for room in parts(answer.get("channels")):
                channel, name = word(room, "id"), word(room, "name")
                if channel is None or name is None or not ({"*", name, channel} & names):
                    continue
                seen |= {name, channel}
                if not room.get("is_member"):
                    found.append((channel, name))
    return found
