"""Posting on Slack once, however often it is tried: each post carries its order's key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from greenroom.adapters.slack.errors import error_code
from greenroom.adapters.slack.web import Method, SlackWeb, Workspace
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Message, Order

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

    async def send(self, order: Order, spot: Spot, texts: list[str]) -> list[str]:
        """Post all texts, and return their ids; what an earlier try posted stays as it is."""
        if not any(texts):
            raise DropMessage("there is no text to post")
        posted = await self._find(order, spot) if order.maybe_done else {}
        for part, text in enumerate(texts):
            if part in posted:
                continue
            try:
                posted[part] = await self._post(order, spot, part, text)
            except RetryLater as error:
                has_begun = error.maybe_done or bool(posted)
                raise RetryLater(str(error), after_s=error.after_s, maybe_done=has_begun) from error
        return [posted[part] for part in sorted(posted)]

    async def exists(self, message: Message) -> bool:
        """Whether the message still stands."""
        try:
            answer = await self._web.call(
                "look at the message",
                self._web.bot.conversations_replies,
                channel=message.channel.id,
                ts=message.thread or message.id,
                oldest=message.id,
                latest=message.id,
                inclusive=True,
                limit=10,  # a thread's first message comes along, asked for or not
            )
        except DropMessage as error:
            if error_code(error) not in {"thread_not_found", "message_not_found"}:
                raise
            return False
        found = [item for item in _messages(answer) if item.get("ts") == message.id]
        return any(item.get("subtype") != "tombstone" for item in found)

    async def channel_id(self, name: str) -> str:
        """The id of a channel that the bot is in, from ``#name``, ``name`` or an id."""
        wanted = name.lstrip("#")
        if name.startswith(("C", "G", "D")) and name.isalnum() and name.isupper():
            return name
        if wanted not in self._channel_ids:
            self._channel_ids[wanted] = await self._find_channel(wanted)
        return self._channel_ids[wanted]

    async def _post(self, order: Order, spot: Spot, part: int, text: str) -> str:
        answer = await self._web.call(
            "post",
            self._web.bot.chat_postMessage,
            sends=True,
            channel=spot.channel,
            thread_ts=spot.thread,
            text=text,
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

    def _part(self, message: Mapping[str, Any], key: str) -> int | None:
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

    async def _recent(self, spot: Spot) -> AsyncGenerator[Mapping[str, Any], None]:
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
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            answer = await self._web.call(
                "find the desk channel",
                self._web.bot.users_conversations,
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=PAGE,
                cursor=cursor,
            )
            for channel in _list(answer, "channels"):
                if channel.get("name") == name:
                    return str(channel.get("id"))
            cursor = _next_cursor(answer)
            if cursor is None:
                break
        raise DropMessage(f"the bot is in no channel #{name}; invite it there: /invite")


def _messages(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _list(answer, "messages")


def _list(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    items = answer.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _next_cursor(answer: Mapping[str, Any]) -> str | None:
    metadata = answer.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    return cursor or None
