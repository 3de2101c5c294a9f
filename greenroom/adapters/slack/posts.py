"""Posting on Slack once, however often it is tried: each post carries its order's key."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from greenroom.adapters.base import Place
from greenroom.adapters.slack.errors import error_code
from greenroom.adapters.slack.joining import join
from greenroom.adapters.slack.limits import MOST_WAIT_S
from greenroom.adapters.slack.payload import Payload, parts
from greenroom.adapters.slack.web import Method, SlackWeb, Workspace
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import Channel, Community, Message, Order

log = logging.getLogger(__name__)

Blocks = list[dict[str, Any]]

EVENT_TYPE = "greenroom_order"
PAGE = 200
MOST_PAGES = 5  # 1,000 messages since the one answered: an earlier try's post is among them


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to post: a channel, or a thread in it."""

    channel: str
    thread: str | None = None
    since: str | None = None  # an earlier try cannot be older than this


class Posts:
    """Sends, finds and checks messages of one workspace."""

    def __init__(self, web: SlackWeb, workspace: Workspace) -> None:
        self._web = web
        self._workspace = workspace
        self._channel_ids: dict[str, str] = {}  # only desk channels: a handful

    async def send(
        self, order: Order, spot: Spot, texts: list[str], *, blocks: Blocks | None = None
    ) -> list[str]:
        """Post all texts, and return their ids; what an earlier try posted stays as it is.

        ``blocks`` are the last one's, whose text is then what notifications and screen
        readers give.
        """
        if not any(texts):
            raise DropMessage("there is no text to post")
        posted = await self._find(order, spot) if order.maybe_done else {}
        for part, text in enumerate(texts):
            if part in posted:
                continue
            try:
                drawn = blocks if part == len(texts) - 1 else None
                posted[part] = await self._post(order, spot, part, text, drawn)
            except RetryLater as error:
                has_begun = error.maybe_done or bool(posted)
                raise RetryLater(str(error), after_s=error.after_s, maybe_done=has_begun) from error
        return [posted[part] for part in sorted(posted)]

    async def change(self, spot: Spot, ts: str, text: str, blocks: Blocks) -> None:
        """Give a post of ours another text; the same again changes nothing."""
        await self._web.call(
            "change the post",
            self._web.bot.chat_update,
            channel=spot.channel,
            ts=ts,
            text=text,
            blocks=blocks,
            parse="none",  # Slack's default here makes mentions of names
            link_names=False,
        )

    async def exists(self, message: Message) -> bool:
        """Whether the message still stands."""
        try:
            found = await self.find(message.channel.id, message.id, message.thread)
        except DropMessage as error:
            if error_code(error) not in {"thread_not_found", "message_not_found"}:
                raise
            return False
        return found is not None

    async def find(
        self, channel: str, ts: str, thread: str | None, *, patience_s: float = MOST_WAIT_S
    ) -> Payload | None:
        """A message as it stands now; ``None`` if it does not."""
        answer = await self._web.call(
            "look at the message",
            self._web.bot.conversations_replies,
            patience_s=patience_s,
            channel=channel,
            ts=thread or ts,
            oldest=ts,
            latest=ts,
            inclusive=True,
            limit=10,  # a thread's first message comes along, asked for or not
        )
        found = [item for item in _messages(answer) if item.get("ts") == ts]
        return next((item for item in found if item.get("subtype") != "tombstone"), None)

    async def places(self) -> list[Place]:
        """The channels that the bot is in."""
        team = Community(self._workspace.team_id, self._workspace.team)
        return [
            Place(team, Channel(str(one.get("id")), str(one.get("name"))))
            async for one in self._own_channels("list the bot's channels")
        ]

    async def channel_id(self, name: str) -> str:
        """The id of a channel that the bot is in, from ``#name``, ``name`` or an id."""
        wanted = name.lstrip("#")
        if name.startswith(("C", "G", "D")) and name.isalnum() and name.isupper():
            return name
        if wanted not in self._channel_ids:
            self._channel_ids[wanted] = await self._find_channel(wanted)
        return self._channel_ids[wanted]

    async def _post(
        self, order: Order, spot: Spot, part: int, text: str, blocks: Blocks | None
    ) -> str:
        """Post; a public channel that the bot is not in is joined first."""
        try:
            return await self._post_there(order, spot, part, text, blocks)
        except DropMessage as error:
            if error_code(error) != "not_in_channel" or not await self._join(spot.channel):
                raise
        return await self._post_there(order, spot, part, text, blocks)

    async def _join(self, channel: str) -> bool:
        try:
            await join(self._web, channel)
        except (DropMessage, ConfigError) as error:
            log.info("cannot join %a on Slack: %s", channel, error)
            return False
        return True

    async def _post_there(
        self, order: Order, spot: Spot, part: int, text: str, blocks: Blocks | None
    ) -> str:
        answer = await self._web.call(
            "post",
            self._web.bot.chat_postMessage,
            sends=True,
            channel=spot.channel,
            thread_ts=spot.thread,
            text=text,
            blocks=blocks,
            metadata={
                "event_type": EVENT_TYPE,
                "event_payload": {"key": order.key, "part": part},
            },
            unfurl_links=False,
            unfurl_media=False,
            link_names=False,
        )
        return str(answer.get("ts") or "")

    async def _find(self, order: Order, spot: Spot) -> dict[int, str]:
        found: dict[int, str] = {}
        async with aclosing(self._recent(spot)) as messages:
            async for message in messages:
                part = self._part(message, order.key)
                if part is not None:
                    found[part] = str(message.get("ts") or "")
        return found

    def _part(self, message: Payload, key: str) -> int | None:
        """Which part of the order a message is; only our own count, as anyone can set a key."""
        is_ours = message.get("user") == self._workspace.user_id or (
            self._workspace.bot_id is not None and message.get("bot_id") == self._workspace.bot_id
        )
        metadata = message.get("metadata")
        if not is_ours or not isinstance(metadata, dict):
            return None
        payload = metadata.get("event_payload")
        if metadata.get("event_type") != EVENT_TYPE or not isinstance(payload, dict):
            return None
        return int(payload.get("part") or 0) if payload.get("key") == key else None

    async def _recent(self, spot: Spot) -> AsyncGenerator[Payload, None]:
        where: dict[str, Any] = {"channel": spot.channel, "oldest": spot.since}
        method: Method = self._web.bot.conversations_history
        if spot.thread is not None:
            method, where = self._web.bot.conversations_replies, where | {"ts": spot.thread}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            answer = await self._web.call(
                "look for an earlier try's post",
                method,
                **where,
                limit=PAGE,
                cursor=cursor,
                include_all_metadata=True,
            )
            for message in _messages(answer):
                yield message
            cursor = _next_cursor(answer)
            if cursor is None:
                return

    async def _find_channel(self, name: str) -> str:
        async with aclosing(self._own_channels("find the desk channel")) as channels:
            async for channel in channels:
                if channel.get("name") == name:
                    return str(channel.get("id"))
        raise DropMessage(f"the bot is in no channel #{name}; invite it there: /invite")

    async def _own_channels(self, doing: str) -> AsyncGenerator[Payload, None]:
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            answer = await self._web.call(
                doing,
                self._web.bot.users_conversations,
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=PAGE,
                cursor=cursor,
            )
            for channel in parts(answer.get("channels")):
                yield channel
            cursor = _next_cursor(answer)
            if cursor is None:
                return


def _messages(answer: Payload) -> list[Payload]:
    return parts(answer.get("messages"))


def _next_cursor(answer: Payload) -> str | None:
    metadata = answer.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    return cursor or None
