"""Discord's payloads made whole: what discord.py cannot do without, and we can.

discord.py takes for granted that a message says whether it is pinned, and a file where its copy
is; one field less, or of another type, and the whole event is lost. What comes out of these
functions has every field that the library wants and we read, and nothing else, so that
the library does not read what nobody needs. What lacks its id raises ``KeyError``: nothing can be
made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from greenroom.adapters.discord.fields import (
    Whole,
    an_id,
    copy_ids,
    count,
    each,
    is_id,
    items,
    moment,
    needed,
)
from greenroom.adapters.discord.payload import Payload, part, parts, text

_DEPTH: Final = 2  # of answered messages in answered messages


def message(data: Payload, *, depth: int = _DEPTH) -> Whole:
    """A message, as events and as the API's answers have it."""
    written = data.get("content")
    found: Whole = {
        "id": needed(data, "id"),
        "channel_id": needed(data, "channel_id"),
        "type": count(data, "type"),
        "content": written if isinstance(written, str) else "",
        "edited_timestamp": moment(data, "edited_timestamp"),
        "flags": count(data, "flags"),
        "author": user(part(data, "author")),
        "attachments": [attachment(one) for one in parts(data, "attachments")],
        "mentions": each(user, parts(data, "mentions")),
    }
    copy_ids(data, found, "guild_id", "webhook_id", "application_id")
    _said_by(data, found)
    _poll(data, found)
    _answered(data, found, depth)
    snapshots = [part(one, "message") for one in parts(data, "message_snapshots")]
    if snapshots:
        found["message_snapshots"] = [{"message": _snapshot(one)} for one in snapshots]
    return found


def user(data: Payload) -> Whole:
    """A user."""
    user_id = needed(data, "id")
    return {
        "id": user_id,
        "username": text(data, "username") or user_id,
        "discriminator": text(data, "discriminator") or "0",
        "global_name": text(data, "global_name"),
        "avatar": None,
        "bot": data.get("bot") is True,
    }


def member(data: Payload) -> Whole:
    """A member of a server, without the user that belongs to it."""
    found: Whole = {
        "roles": [str(one) for one in items(data, "roles") if is_id(one)],
        "joined_at": moment(data, "joined_at"),
        "nick": text(data, "nick"),
        "flags": count(data, "flags"),
    }
    copy_ids(data, found, "permissions")
    return found


def member_with_user(data: Payload) -> Whole:
    """A member of a server, with the user; ``guild_id`` goes along where it is said."""
    found = {**member(data), "user": user(part(data, "user"))}
    copy_ids(data, found, "guild_id")
    return found


def joined(data: Payload) -> Whole:
    """A member who has just come in: without the server it is nothing."""
    needed(data, "guild_id")
    return member_with_user(data)


def attachment(data: Payload) -> Whole:
    """A file of a message; nothing of it is worth losing the message."""
    url = text(data, "url") or ""
    return {
        "id": an_id(data, "id") or "0",
        "filename": text(data, "filename") or "file",
        "url": url,
        "proxy_url": text(data, "proxy_url") or url,
        "size": count(data, "size"),
        "content_type": text(data, "content_type"),
    }


def deletion(data: Payload) -> Whole:
    """One message that is gone."""
    found: Whole = {"id": needed(data, "id"), "channel_id": needed(data, "channel_id")}
    copy_ids(data, found, "guild_id")
    return found


def deletions(data: Payload) -> Whole:
    """Messages that are gone."""
    ids = [str(one) for one in items(data, "ids") if is_id(one)]
    found: Whole = {"ids": ids, "channel_id": needed(data, "channel_id")}
    copy_ids(data, found, "guild_id")
    return found


def _said_by(data: Payload, found: Whole) -> None:
    if isinstance(data.get("member"), Mapping):
        found["member"] = member(part(data, "member"))


def _poll(data: Payload, found: Whole) -> None:
    poll = part(data, "poll")
    if not poll:
        return
    answers = [text(part(one, "poll_media"), "text") or "" for one in parts(poll, "answers")]
    found["poll"] = {
        "question": {"text": text(part(poll, "question"), "text") or ""},
        "answers": [
            {"answer_id": place, "poll_media": {"text": one}}
            for place, one in enumerate(answers, start=1)
        ],
        "expiry": moment(poll, "expiry") or "2100-01-01T00:00:00+00:00",
    }


def _answered(data: Payload, found: Whole, depth: int) -> None:
    reference = part(data, "message_reference")
    if not reference:
        return
    made: Whole = {"channel_id": an_id(reference, "channel_id") or found["channel_id"]}
    copy_ids(reference, made, "message_id", "guild_id")
    made["type"] = count(reference, "type")
    found["message_reference"] = made
    if depth and isinstance(data.get("referenced_message"), Mapping):
        with suppress(KeyError):
            answered = part(data, "referenced_message")
            found["referenced_message"] = message(answered, depth=depth - 1)


def _snapshot(data: Payload) -> Whole:
    written = data.get("content")
    return {
        "type": count(data, "type"),
        "content": written if isinstance(written, str) else "",
        "embeds": [],
        "attachments": [attachment(one) for one in parts(data, "attachments")],
        "timestamp": None,
        "edited_timestamp": None,
    }
