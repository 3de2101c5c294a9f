"""Slack's payloads as events: posts, edits, deletions, reactions, joins; the rest is not ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from greenroom.adapters.base import Clock
from greenroom.adapters.slack.directory import Directory
from greenroom.adapters.slack.payload import Payload, part, word
from greenroom.adapters.slack.text import read_blocks, read_mrkdwn
from greenroom.adapters.slack.web import Workspace
from greenroom.message import Attachment, Author, Channel, Community, Event, EventKind, Message

PLATFORM = "slack"

REACTIONS = {
    "reaction_added": EventKind.REACTION_ADDED,
    "reaction_removed": EventKind.REACTION_REMOVED,
}

# What people and bots say. The other subtypes are Slack's own notices (channel_topic, …).
SPOKEN = frozenset({None, "file_share", "thread_broadcast", "bot_message", "me_message"})


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
        event = part(body.get("event"))
        kind = word(event, "type")
        if kind in {"message", "app_mention"}:
            return await self._read_message(event)
        if kind in REACTIONS:
            return await self._read_reaction(REACTIONS[kind], event)
        if kind == "team_join":
            return await self._read_join(event, body)
        return None

    async def _read_message(self, event: Payload) -> Event | None:
        seen = _see(event)
        if seen is None:
            return None
        if seen.kind is EventKind.MESSAGE_DELETED:
            return self.event(seen.kind, message_key=self.message_key(seen.channel, seen.ts))
        return self.event(seen.kind, message=await self._message(seen))

    async def _read_join(self, event: Payload, body: Payload) -> Event | None:
        user = event.get("user")
        if isinstance(user, str):
            author = await self._directory.author(user) or Author(id=user, name=user)
        else:
            author = self._directory.read_member(user) or Author(id="", name="")
        if not author.id:
            return None
        when = word(event, "event_ts") or str(body.get("event_time", ""))
        where = self._workspace.team_id
        return self.event(EventKind.MEMBER_JOINED, actor=author, id=f"{where}:{when}")

    async def _read_reaction(self, kind: EventKind, event: Payload) -> Event | None:
        item, user, emoji = part(event.get("item")), word(event, "user"), word(event, "reaction")
        channel, ts = word(item, "channel"), word(item, "ts")
        if channel is None or ts is None or user is None or emoji is None:
            return None  # of a file, or of nothing that we know
        if user == self._workspace.user_id:
            return None
        return self.event(
            kind,
            message_key=self.message_key(channel, ts),
            actor=await self._directory.author(user) or Author(id=user, name=user),
            text=emoji,
            id=f"{emoji}:{word(event, 'event_ts') or ''}",
        )

    def event(self, kind: EventKind, **about: Any) -> Event:
        """An event of this bot that came now."""
        return Event(
            kind=kind, bot=self._bot, platform=PLATFORM, received_at=self._clock(), **about
        )

    def message_key(self, channel: str, ts: str) -> str:
        """What a message of this workspace is called for good."""
        return f"{PLATFORM}:{self._workspace.team_id}:{channel}:{ts}"

    async def message(self, channel: str, body: Payload) -> Message | None:
        """A message as a look-up or a shortcut shows it; ``None`` if it has no time."""
        ts = word(body, "ts")
        if ts is None:
            return None
        revision = word(part(body.get("edited")), "ts") or "0"
        kind = EventKind.MESSAGE_POSTED if revision == "0" else EventKind.MESSAGE_EDITED
        return await self._message(_Seen(kind, channel, ts, body, revision))

    async def _message(self, seen: _Seen) -> Message:
        body, thread = seen.body, word(seen.body, "thread_ts")
        names = {self._workspace.user_id: self._workspace.user}
        raw = word(body, "text") or read_blocks(body.get("blocks"))
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
            edited_at=_time(word(part(body.get("edited")), "ts")),
            revision=seen.revision,
            permalink=self._workspace.permalink(seen.channel, seen.ts, thread),
            is_edited="edited" in body,
            is_top_level=is_top_level,
        )

    async def _author(self, body: Payload) -> Author:
        user_id, bot_id = word(body, "user"), word(body, "bot_id")
        found = await self._directory.author(user_id) if user_id else None
        if found is not None:
            return found
        profile = part(body.get("bot_profile")) or part(body.get("user_profile"))
        names = (word(body, "username"), word(profile, "display_name"), word(profile, "name"))
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
    event = part(body.get("event"))
    if word(event, "type") == "app_uninstalled":
        return True
    if word(event, "type") != "tokens_revoked":
        return False
    revoked = part(event.get("tokens")).get("bot")
    return isinstance(revoked, list) and workspace.user_id in revoked


def _see(event: Payload) -> _Seen | None:
    channel, subtype = word(event, "channel"), word(event, "subtype")
    if channel is None:
        return None
    if subtype == "message_deleted":
        return _see_deletion(event, channel)
    if subtype == "message_changed":
        return _see_change(event, channel)
    ts = word(event, "ts")
    if subtype not in SPOKEN or ts is None or _is_for_one_only(event):
        return None
    edited = word(part(event.get("edited")), "ts")
    if edited is not None:  # an edit that brought a mention in comes as an app_mention as well
        return _Seen(EventKind.MESSAGE_EDITED, channel, ts, event, edited)
    return _Seen(EventKind.MESSAGE_POSTED, channel, ts, event)


def _see_deletion(event: Payload, channel: str) -> _Seen | None:
    ts = word(event, "deleted_ts") or word(part(event.get("previous_message")), "ts")
    return None if ts is None else _Seen(EventKind.MESSAGE_DELETED, channel, ts, {})


def _see_change(event: Payload, channel: str) -> _Seen | None:
    body, before = part(event.get("message")), part(event.get("previous_message"))
    ts = word(body, "ts") or word(before, "ts")
    if ts is None:
        return None
    if word(body, "subtype") == "tombstone":  # a thread's first message, deleted; it is hidden
        return _Seen(EventKind.MESSAGE_DELETED, channel, ts, {})
    if _is_for_one_only(body):
        return None
    if word(body, "subtype") not in SPOKEN or not _is_changed(body, before):
        return None
    revision = word(part(body.get("edited")), "ts") or word(event, "event_ts") or "?"
    return _Seen(EventKind.MESSAGE_EDITED, channel, ts, body, revision)


def _is_changed(body: Payload, before: Payload) -> bool:
    """False when Slack only added a link's preview or counted a thread's replies."""
    return any(body.get(key) != before.get(key) for key in ("text", "edited", "files", "blocks"))


def _is_for_one_only(event: Payload) -> bool:
    return bool(event.get("is_ephemeral") or event.get("hidden"))


def _attachments(body: Payload) -> tuple[Attachment, ...]:
    files = body.get("files")
    found = (_attachment(part(file)) for file in files) if isinstance(files, list) else ()
    return tuple(attachment for attachment in found if attachment is not None)


def _attachment(file: Payload) -> Attachment | None:
    url = word(file, "url_private") or word(file, "permalink")
    if url is None:  # deleted meanwhile, or in a workspace that we cannot see
        return None
    size = file.get("size")
    return Attachment(
        name=word(file, "name") or word(file, "title") or "file",
        url=url,
        media_type=word(file, "mimetype"),
        size_bytes=size if isinstance(size, int) else None,
    )


def _time(ts: str | None) -> datetime | None:
    try:
        return None if ts is None else datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
