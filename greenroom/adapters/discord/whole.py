"""Discord's payloads made whole: what discord.py cannot do without, and we can.

discord.py takes for granted that a message says whether it is pinned, and a file where its copy
is; one field less, or of another type, and the whole event is lost. What comes out of these
functions has every field that the library wants and we read, and nothing else, so that
the library does not read what nobody needs. What lacks its id raises ``KeyError``: nothing can be
made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from greenroom.adapters.discord.payload import Payload, number, part, parts, text, time

Whole = dict[str, Any]

_LARGEST: Final = 1 << 63  # of an id; beyond it there is no such moment
_LONGEST: Final = 20  # digits
_VOICE, _STAGE, _THREAD = 2, 13, 11
_DEPTH: Final = 2  # of answered messages in answered messages


def message(data: Payload, *, depth: int = _DEPTH) -> Whole:
    """A message, as events and as the API's answers have it."""
    written = data.get("content")
    found: Whole = {
        "id": needed(data, "id"),
        "channel_id": needed(data, "channel_id"),
        "type": _count(data, "type"),
        "content": written if isinstance(written, str) else "",
        "edited_timestamp": _time(data, "edited_timestamp"),
        "flags": _count(data, "flags"),
        "author": user(part(data, "author")),
        "attachments": [attachment(one) for one in parts(data, "attachments")],
        "mentions": _each(user, parts(data, "mentions")),
    }
    _ids(data, found, "guild_id", "webhook_id", "application_id")
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
        "roles": [str(one) for one in _list(data, "roles") if _is_id(one)],
        "joined_at": _time(data, "joined_at"),
        "nick": text(data, "nick"),
        "flags": _count(data, "flags"),
    }
    _ids(data, found, "permissions")
    return found


def member_with_user(data: Payload) -> Whole:
    """A member of a server, with the user; ``guild_id`` goes along where it is said."""
    found = {**member(data), "user": user(part(data, "user"))}
    _ids(data, found, "guild_id")
    return found


def joined(data: Payload) -> Whole:
    """A member who has just come in: without the server it is nothing."""
    needed(data, "guild_id")
    return member_with_user(data)


def attachment(data: Payload) -> Whole:
    """A file of a message; nothing of it is worth losing the message."""
    url = text(data, "url") or ""
    return {
        "id": _id(data, "id") or "0",
        "filename": text(data, "filename") or "file",
        "url": url,
        "proxy_url": text(data, "proxy_url") or url,
        "size": _count(data, "size"),
        "content_type": text(data, "content_type"),
    }


def deletion(data: Payload) -> Whole:
    """One message that is gone."""
    found: Whole = {"id": needed(data, "id"), "channel_id": needed(data, "channel_id")}
    _ids(data, found, "guild_id")
    return found


def deletions(data: Payload) -> Whole:
    """Messages that are gone."""
    ids = [str(one) for one in _list(data, "ids") if _is_id(one)]
    found: Whole = {"ids": ids, "channel_id": needed(data, "channel_id")}
    _ids(data, found, "guild_id")
    return found


def guild(data: Payload, *, me: str | None = None) -> Whole:
    """A server; of its members only ``me``. What is not said stays unsaid, as in an update."""
    found: Whole = {"id": needed(data, "id"), "nsfw_level": _count(data, "nsfw_level")}
    _ids(data, found, "owner_id")
    if isinstance(data.get("unavailable"), bool):
        found["unavailable"] = data["unavailable"]
    if said := text(data, "name"):
        found["name"] = said
    lists: Mapping[str, Callable[[Payload], Whole]] = {
        "roles": role,
        "emojis": emoji,
        "channels": channel,
        "threads": thread,
    }
    for key, make in lists.items():
        if isinstance(data.get(key), list):
            found[key] = _each(make, parts(data, key))
    mine = [one for one in parts(data, "members") if me and _id(part(one, "user"), "id") == me]
    found["members"] = _each(member_with_user, mine)
    return found


def role(data: Payload) -> Whole:
    """A role."""
    return {
        "id": needed(data, "id"),
        "name": text(data, "name") or "",
        "permissions": str(_count(data, "permissions")),
        "position": _count(data, "position"),
    }


def role_told(data: Payload) -> Whole:
    """A role of a server, as it is made or changed."""
    return {"guild_id": needed(data, "guild_id"), "role": role(part(data, "role"))}


def emoji(data: Payload) -> Whole:
    """An emoji of a server's own."""
    return {
        "id": needed(data, "id"),
        "name": text(data, "name") or "",
        "animated": data.get("animated") is True,
    }


def channel(data: Payload) -> Whole:
    """A channel of a server."""
    kind = _count(data, "type")
    found: Whole = {
        "id": needed(data, "id"),
        "type": kind,
        "name": text(data, "name") or "",
        "position": _count(data, "position"),
        "nsfw": data.get("nsfw") is True,
        "permission_overwrites": _each(_overwrite, parts(data, "permission_overwrites")),
    }
    if kind in (_VOICE, _STAGE):
        found |= {"bitrate": 64_000, "user_limit": 0}
    _ids(data, found, "guild_id", "parent_id", "last_message_id")
    return found


def thread(data: Payload) -> Whole:
    """A thread; a forum's post is one."""
    told = part(data, "thread_metadata")
    found: Whole = {
        "id": needed(data, "id"),
        "parent_id": needed(data, "parent_id"),
        "owner_id": _id(data, "owner_id") or "0",
        "name": text(data, "name") or "",
        "type": number(data, "type") or _THREAD,
        "message_count": _count(data, "message_count"),
        "member_count": _count(data, "member_count"),
        "newly_created": data.get("newly_created") is True,
        "thread_metadata": {
            "archived": told.get("archived") is True,
            "auto_archive_duration": _count(told, "auto_archive_duration"),
            "archive_timestamp": _time(told, "archive_timestamp"),
            "locked": told.get("locked") is True,
        },
    }
    _ids(data, found, "guild_id", "last_message_id")
    return found


def threads(data: Payload) -> Whole:
    """All threads of a server, or of some of its channels."""
    found: Whole = {
        "guild_id": needed(data, "guild_id"),
        "threads": _each(thread, parts(data, "threads")),
    }
    if isinstance(data.get("channel_ids"), list):
        found["channel_ids"] = [str(one) for one in _list(data, "channel_ids") if _is_id(one)]
    return found


def in_guild(make: Callable[[Payload], Whole]) -> Callable[[Payload], Whole]:
    """The same, of which nothing can be made without the server's id."""

    def made(data: Payload) -> Whole:
        needed(data, "guild_id")
        return make(data)

    return made


def needed(data: Payload, key: str) -> str:
    """An id.

    Raises:
        KeyError: There is none.
    """
    found = _id(data, key)
    if found is None:
        raise KeyError(key)
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
        "expiry": _time(poll, "expiry") or "2100-01-01T00:00:00+00:00",
    }


def _answered(data: Payload, found: Whole, depth: int) -> None:
    reference = part(data, "message_reference")
    if not reference:
        return
    made: Whole = {"channel_id": _id(reference, "channel_id") or found["channel_id"]}
    _ids(reference, made, "message_id", "guild_id")
    made["type"] = _count(reference, "type")
    found["message_reference"] = made
    if depth and isinstance(data.get("referenced_message"), Mapping):
        with suppress(KeyError):
            answered = part(data, "referenced_message")
            found["referenced_message"] = message(answered, depth=depth - 1)


def _snapshot(data: Payload) -> Whole:
    written = data.get("content")
    return {
        "type": _count(data, "type"),
        "content": written if isinstance(written, str) else "",
        "embeds": [],
        "attachments": [attachment(one) for one in parts(data, "attachments")],
        "timestamp": None,
        "edited_timestamp": None,
    }


def _overwrite(data: Payload) -> Whole:
    return {
        "id": needed(data, "id"),
        "type": _count(data, "type"),
        "allow": str(_count(data, "allow")),
        "deny": str(_count(data, "deny")),
    }


def _each(make: Callable[[Payload], Whole], items: Iterable[Payload]) -> list[Whole]:
    """What can be made of the items; what has no id is left out."""
    made = []
    for one in items:
        try:
            made.append(make(one))
        except KeyError:
            continue
    return made


def _ids(data: Payload, found: Whole, *keys: str) -> None:
    for key in keys:
        one = _id(data, key)
        if one is not None:
            found[key] = one


def _id(data: Payload, key: str) -> str | None:
    return str(int(data[key])) if _is_id(data.get(key)) else None


def _is_id(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    written = str(value)
    is_number = written.isascii() and written.isdecimal() and len(written) <= _LONGEST
    return is_number and int(written) < _LARGEST


def _count(data: Payload, key: str) -> int:
    found = number(data, key)
    return found if found is not None and found < _LARGEST else 0


def _list(data: Payload, key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []


def _time(data: Payload, key: str) -> str | None:
    found = time(data, key)
    return found.isoformat() if found else None
