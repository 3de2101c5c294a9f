"""Slack's payloads as events: posts, edits, deletions, joins; the rest is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from greenroom.adapters.base import Clock
from greenroom.adapters.slack.directory import Directory
from greenroom.adapters.slack.text import read_blocks, read_mrkdwn
from greenroom.adapters.slack.web import Workspace
from greenroom.message import Attachment, Author, Channel, Community, Event, EventKind, Message

PLATFORM = "slack"

# What people and bots say. The other subtypes are Slack's own notices (channel_topic, …).
SPOKEN = frozenset({None, "file_share", "thread_broadcast", "bot_message", "me_message"})

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message as one payload shows it."""

    kind: EventKind
    channel: str
    ts: str
    body: Payload
    revision: str = "0"


class EventReader:
    """Reads one workspace's payloads for one bot."""

    def __init__(
        self, bot: str, workspace: Workspace, directory: Directory, *, clock: Clock
    ) -> None:
        self._bot = bot
        self._workspace = workspace
        self._directory = directory
        self._clock = clock

    async def read(self, body: Payload) -> Event | None:
        """The event in a payload; ``None`` if it holds none that we take in.

        An unknown, missing or mistyped field never raises. ``app_mention`` and the
        ``message`` that comes beside it give events with one and the same key.
        """
        event = _dict(body.get("event"))
        kind = _str(event, "type")
        if kind in {"message", "app_mention"}:
            return await self._read_message(event)
        if kind in {"member_joined_channel", "team_join"}:
            return await self._read_join(event, body)
        return None

    async def _read_message(self, event: Payload) -> Event | None:
        seen = _see(event)
        if seen is None:
            return None
        if seen.kind is EventKind.MESSAGE_DELETED:
            key = f"{PLATFORM}:{self._workspace.team_id}:{seen.channel}:{seen.ts}"
            return self._event(seen.kind, message_key=key)
        return self._event(seen.kind, message=await self._message(seen))

    async def _read_join(self, event: Payload, body: Payload) -> Event | None:
        user = event.get("user")
        if isinstance(user, str):
            author = await self._directory.author(user) or Author(id=user, name=user)
        else:
            author = self._directory.read_member(user) or Author(id="", name="")
        if not author.id:
            return None
        where = _str(event, "channel") or self._workspace.team_id
        when = _str(event, "event_ts") or str(body.get("event_time", ""))
        return self._event(EventKind.MEMBER_JOINED, actor=author, id=f"{where}:{when}")

    def _event(self, kind: EventKind, **about: Any) -> Event:
        return Event(
            kind=kind, bot=self._bot, platform=PLATFORM, received_at=self._clock(), **about
        )

    async def _message(self, seen: _Seen) -> Message:
        body, thread = seen.body, _str(seen.body, "thread_ts")
        names = {self._workspace.user_id: self._workspace.user}
        raw = _str(body, "text") or read_blocks(body.get("blocks"))
        reading = read_mrkdwn(raw, names=names)
        is_top_level = thread is None or thread == seen.ts
        return Message(
            platform=PLATFORM,
            community=Community(self._workspace.team_id, self._workspace.team),
            channel=Channel(seen.channel, await self._directory.channel_name(seen.channel)),
            id=seen.ts,
            author=await self._author(body),
            text=reading.text,
            thread=thread,
            reply_to=None if is_top_level else thread,
            links=reading.links,
            attachments=_attachments(body),
            mentions=reading.mentions,
            mentions_me=self._workspace.user_id in reading.mentions,
            posted_at=_time(seen.ts),
            edited_at=_time(_str(_dict(body.get("edited")), "ts")),
            revision=seen.revision,
            permalink=self._workspace.permalink(seen.channel, seen.ts, thread),
            is_edited="edited" in body,
            is_top_level=is_top_level,
        )

    async def _author(self, body: Payload) -> Author:
        user_id, bot_id = _str(body, "user"), _str(body, "bot_id")
        found = await self._directory.author(user_id) if user_id else None
        if found is not None:
            return found
        profile = _dict(body.get("bot_profile")) or _dict(body.get("user_profile"))
        names = (_str(body, "username"), _str(profile, "display_name"), _str(profile, "name"))
        identity = user_id or bot_id or ""
        is_ours = bot_id is not None and bot_id == self._workspace.bot_id
        return Author(
            id=identity,
            name=next(filter(None, names), identity),
            is_bot=bot_id is not None,
            is_self=is_ours or identity == self._workspace.user_id,
        )


def is_farewell(body: Payload, workspace: Workspace) -> bool:
    """True when the payload says that the app was uninstalled or our token revoked."""
    event = _dict(body.get("event"))
    if _str(event, "type") == "app_uninstalled":
        return True
    if _str(event, "type") != "tokens_revoked":
        return False
    revoked = _dict(event.get("tokens")).get("bot")
    return isinstance(revoked, list) and workspace.user_id in revoked


def _see(event: Payload) -> _Seen | None:
    channel, subtype = _str(event, "channel"), _str(event, "subtype")
    if channel is None:
        return None
    if subtype == "message_deleted":
        return _see_deletion(event, channel)
    if subtype == "message_changed":
        return _see_change(event, channel)
    ts = _str(event, "ts")
    if subtype not in SPOKEN or ts is None or _is_for_one_only(event):
        return None
    edited = _str(_dict(event.get("edited")), "ts")
    if edited is not None:  # an edit that brought a mention in comes as an app_mention as well
        return _Seen(EventKind.MESSAGE_EDITED, channel, ts, event, edited)
    return _Seen(EventKind.MESSAGE_POSTED, channel, ts, event)


def _see_deletion(event: Payload, channel: str) -> _Seen | None:
    ts = _str(event, "deleted_ts") or _str(_dict(event.get("previous_message")), "ts")
    return None if ts is None else _Seen(EventKind.MESSAGE_DELETED, channel, ts, {})


def _see_change(event: Payload, channel: str) -> _Seen | None:
    body, before = _dict(event.get("message")), _dict(event.get("previous_message"))
    ts = _str(body, "ts") or _str(before, "ts")
    if ts is None or _is_for_one_only(body):
        return None
    if _str(body, "subtype") == "tombstone":  # a thread's first message, deleted
        return _Seen(EventKind.MESSAGE_DELETED, channel, ts, {})
    if _str(body, "subtype") not in SPOKEN or not _is_changed(body, before):
        return None
    revision = _str(_dict(body.get("edited")), "ts") or _str(event, "event_ts") or "?"
    return _Seen(EventKind.MESSAGE_EDITED, channel, ts, body, revision)


def _is_changed(body: Payload, before: Payload) -> bool:
    """False when Slack only added a link's preview or counted a thread's replies."""
    return any(body.get(key) != before.get(key) for key in ("text", "edited", "files", "blocks"))


def _is_for_one_only(event: Payload) -> bool:
    return bool(event.get("is_ephemeral") or event.get("hidden"))


def _attachments(body: Payload) -> tuple[Attachment, ...]:
    files = body.get("files")
    found = (_attachment(_dict(file)) for file in files) if isinstance(files, list) else ()
    return tuple(attachment for attachment in found if attachment is not None)


def _attachment(file: Payload) -> Attachment | None:
    url = _str(file, "url_private") or _str(file, "permalink")
    if url is None:  # deleted meanwhile, or in a workspace that we cannot see
        return None
    size = file.get("size")
    return Attachment(
        name=_str(file, "name") or _str(file, "title") or "file",
        url=url,
        media_type=_str(file, "mimetype"),
        size_bytes=size if isinstance(size, int) else None,
    )


def _time(ts: str | None) -> datetime | None:
    try:
        return None if ts is None else datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _dict(value: Any) -> Payload:
    return value if isinstance(value, dict) else {}


def _str(payload: Payload, key: str) -> str | None:
    value = payload.get(key)
    return value if isinstance(value, str) and value else None
