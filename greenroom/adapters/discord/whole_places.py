"""Servers and what is in them, made whole as messages are in ``whole``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
from greenroom.adapters.discord.payload import Payload, number, part, parts, text
from greenroom.adapters.discord.whole import member_with_user

_VOICE, _STAGE, _THREAD = 2, 13, 11


def guild(data: Payload, *, me: str | None = None) -> Whole:
    """A server; of its members only ``me``. What is not said stays unsaid, as in an update."""
    found: Whole = {"id": needed(data, "id"), "nsfw_level": count(data, "nsfw_level")}
    copy_ids(data, found, "owner_id")
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
            found[key] = each(make, parts(data, key))
    mine = [one for one in parts(data, "members") if me and an_id(part(one, "user"), "id") == me]
    found["members"] = each(member_with_user, mine)
    return found


def role(data: Payload) -> Whole:
    """A role."""
    return {
        "id": needed(data, "id"),
        "name": text(data, "name") or "",
        "permissions": str(count(data, "permissions")),
        "position": count(data, "position"),
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
    kind = count(data, "type")
    found: Whole = {
        "id": needed(data, "id"),
        "type": kind,
        "name": text(data, "name") or "",
        "position": count(data, "position"),
        "nsfw": data.get("nsfw") is True,
        "permission_overwrites": each(_overwrite, parts(data, "permission_overwrites")),
    }
    if kind in (_VOICE, _STAGE):
        found |= {"bitrate": 64_000, "user_limit": 0}
    copy_ids(data, found, "guild_id", "parent_id", "last_message_id")
    return found


def thread(data: Payload) -> Whole:
    """A thread; a forum's post is one."""
    told = part(data, "thread_metadata")
    found: Whole = {
        "id": needed(data, "id"),
        "parent_id": needed(data, "parent_id"),
        "owner_id": an_id(data, "owner_id") or "0",
        "name": text(data, "name") or "",
        "type": number(data, "type") or _THREAD,
        "message_count": count(data, "message_count"),
        "member_count": count(data, "member_count"),
        "newly_created": data.get("newly_created") is True,
        "thread_metadata": {
            "archived": told.get("archived") is True,
            "auto_archive_duration": count(told, "auto_archive_duration"),
            "archive_timestamp": moment(told, "archive_timestamp"),
            "locked": told.get("locked") is True,
        },
    }
    copy_ids(data, found, "guild_id", "last_message_id")
    return found


def threads(data: Payload) -> Whole:
    """All threads of a server, or of some of its channels."""
    found: Whole = {
        "guild_id": needed(data, "guild_id"),
        "threads": each(thread, parts(data, "threads")),
    }
    if isinstance(data.get("channel_ids"), list):
        found["channel_ids"] = [str(one) for one in items(data, "channel_ids") if is_id(one)]
    return found


def in_guild(make: Callable[[Payload], Whole]) -> Callable[[Payload], Whole]:
    """The same, of which nothing can be made without the server's id."""

    def made(data: Payload) -> Whole:
        needed(data, "guild_id")
        return make(data)

    return made


def _overwrite(data: Payload) -> Whole:
    return {
        "id": needed(data, "id"),
        "type": count(data, "type"),
        "allow": str(count(data, "allow")),
        "deny": str(count(data, "deny")),
    }
