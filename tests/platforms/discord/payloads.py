"""Payloads as Discord's documentation describes them, for a small server on loopback."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

TOKEN = "test-token"
GUILD, HELP, MODS, FORUM, HIDDEN = "1000", "1001", "1002", "1003", "1009"
POST, SLEEPING = "1004", "1005"  # threads: a forum's post, and one that is archived
ME, APPLICATION, MEMBER, MODERATOR, OWNER = "2000", "2001", "2002", "2003", "2004"
ROLE_MEMBERS, ROLE_MODS, ROLE_ME = "3001", "3002", "3003"

MANAGE_MESSAGES = 1 << 13
EVERYONE = (1 << 6) | (1 << 10) | (1 << 11) | (1 << 16) | (1 << 20) | (1 << 38)
EPOCH_MS = 1_420_070_400_000
FIRST = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

_count = itertools.count()


def snowflake() -> str:
    """A new id, each a second later than the one before."""
    at_ms = int(FIRST.timestamp() * 1000) + next(_count) * 1000
    return str((at_ms - EPOCH_MS) << 22)


def time_of(message_id: str) -> datetime:
    """The moment that an id tells."""
    return datetime.fromtimestamp(((int(message_id) >> 22) + EPOCH_MS) / 1000, UTC)


def user(user_id: str, name: str, *, bot: bool = False) -> dict[str, Any]:
    """A user object."""
    return {
        "id": user_id,
        "username": name,
        "discriminator": "0",
        "global_name": name.title(),
        "avatar": None,
        "bot": bot,
    }


USERS = {
    ME: user(ME, "greenroom", bot=True),
    MEMBER: user(MEMBER, "ada"),
    MODERATOR: user(MODERATOR, "mo"),
    OWNER: user(OWNER, "olga"),
}
_ROLES = {MEMBER: [ROLE_MEMBERS], MODERATOR: [ROLE_MODS], ME: [ROLE_ME], OWNER: []}


def member(user_id: str) -> dict[str, Any]:
    """A member object without its user, as messages carry it."""
    return {
        "roles": _ROLES.get(user_id, []),
        "joined_at": "2025-06-01T12:00:00+00:00",
        "nick": None,
        "avatar": None,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def role(role_id: str, name: str, permissions: int = 0, position: int = 1) -> dict[str, Any]:
    """A role object."""
    return {
        "id": role_id,
        "name": name,
        "permissions": str(permissions),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def channel(channel_id: str, name: str, kind: int = 0, **more: Any) -> dict[str, Any]:
    """A channel of the server."""
    return {
        "id": channel_id,
        "type": kind,
        "guild_id": GUILD,
        "name": name,
        "position": 0,
        "permission_overwrites": [],
        "parent_id": None,
        "nsfw": False,
        **more,
    }


def thread(thread_id: str, name: str, parent: str, *, archived: bool = False) -> dict[str, Any]:
    """A public thread."""
    return {
        "id": thread_id,
        "type": 11,
        "guild_id": GUILD,
        "parent_id": parent,
        "owner_id": MEMBER,
        "name": name,
        "last_message_id": None,
        "message_count": 1,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "locked": False,
        },
    }


def guild() -> dict[str, Any]:
    """The server, as GUILD_CREATE tells it."""
    return {
        "id": GUILD,
        "name": "Acme",
        "owner_id": OWNER,
        "icon": None,
        "splash": None,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "features": [],
        "system_channel_id": None,
        "system_channel_flags": 0,
        "member_count": 4,
        "large": False,
        "unavailable": False,
        "roles": [
            role(GUILD, "@everyone", EVERYONE, position=0),
            role(ROLE_MEMBERS, "Verified"),
            role(ROLE_MODS, "Mods", MANAGE_MESSAGES),
            role(ROLE_ME, "Greenroom", MANAGE_MESSAGES),
        ],
        "emojis": [{"id": "4001", "name": "acme", "roles": [], "animated": False}],
        "stickers": [],
        "channels": [
            channel(HELP, "help"),
            channel(MODS, "mods"),
            channel(FORUM, "ideas", 15, available_tags=[]),
            channel(HIDDEN, "late", nsfw=True),
        ],
        "threads": [thread(POST, "A better logo", FORUM)],
        "members": [{**member(ME), "user": USERS[ME]}],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application(*, content_intent: bool, members_intent: bool) -> dict[str, Any]:
    """The bot's application, with the flags of its privileged intents."""
    flags = (1 << 19 if content_intent else 0) | (1 << 15 if members_intent else 0)
    return {
        "id": APPLICATION,
        "name": "Greenroom",
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": USERS[OWNER],
        "team": None,
        "flags": flags,
    }


def message(channel_id: str, author: str, text: str, **more: Any) -> dict[str, Any]:
    """A message object as MESSAGE_CREATE carries it; ``guild_id=None`` makes it direct."""
    message_id = str(more.pop("id", None) or snowflake())
    has_no_member = more.get("guild_id", GUILD) is None or "webhook_id" in more
    whole = {
        "id": message_id,
        "channel_id": channel_id,
        "guild_id": GUILD,
        "author": USERS.get(author) or user(author, f"user{author}"),
        "member": member(author),
        "content": text,
        "timestamp": time_of(message_id).isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
        **more,
    }
    if has_no_member:
        del whole["member"]
    return {key: value for key, value in whole.items() if (key, value) != ("guild_id", None)}
