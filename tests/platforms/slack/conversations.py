"""The Web API's methods about channels, members and what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .arguments import Refused, flag, needed, page_of
from .workspace import Room, Workspace, in_time, made_id

Asked = Mapping[str, Any]
Answer = dict[str, Any]

HIDDEN = ("metadata",)  # unless include_all_metadata asks for it


def history(team: Workspace, asked: Asked, most: int) -> Answer:
    """``conversations.history``: newest first, without the replies in threads."""
    room = _readable(team, asked)
    found = [body for body in team.top_level(room.id) if _is_between(body["ts"], asked)]
    page, cursor = page_of(found[::-1], asked, most=most)
    return {
        "messages": [_shown(body, asked) for body in page],
        "has_more": bool(cursor),
        "pin_count": 0,
        **_next(cursor),
    }


def replies(team: Workspace, asked: Asked, most: int) -> Answer:
    """``conversations.replies``: the thread's first message always, then oldest first."""
    room = _readable(team, asked)
    needed(asked, "ts")
    root = str(asked["ts"])
    thread = team.thread(room.id, root)
    if not thread:
        raise Refused("thread_not_found")
    found = [body for body in thread if body["ts"] == root or _is_between(body["ts"], asked)]
    page, cursor = page_of(found, asked, most=most)
    return {
        "messages": [_shown(body, asked) for body in page],
        "has_more": bool(cursor),
        **_next(cursor),
    }


def info(team: Workspace, asked: Asked) -> Answer:
    """``conversations.info``."""
    return {"channel": _visible(team, asked).shown(team.bot_user)}


def listed(team: Workspace, asked: Asked, most: int, *, mine: bool) -> Answer:
    """``conversations.list`` and ``users.conversations``."""
    kinds = str(asked.get("types") or "public_channel").split(",")
    unknown = set(kinds) - {"public_channel", "private_channel", "mpim", "im"}
    if unknown:
        raise Refused("invalid_types")
    found = [
        room
        for room in team.rooms.values()
        if _kind(room) in kinds
        and (team.bot_user in room.members or not (mine or room.is_private))
        and not (flag(asked, "exclude_archived") and room.is_archived)
    ]
    page, cursor = page_of(found, asked, most=most)
    return {"channels": [room.shown(team.bot_user) for room in page], **_next(cursor)}


def pins(team: Workspace, asked: Asked) -> Answer:
    """``pins.list``: newest first, all at once."""
    room = _readable(team, asked)
    items = []
    for ts, created in reversed(team.pins[room.id].items()):
        body = team.messages[room.id].get(ts)
        if body is not None:
            link = f"https://{team.domain}.slack.example/archives/{room.id}/p{ts.replace('.', '')}"
            message = {**_shown(body, asked), "permalink": link, "pinned_to": [room.id]}
            items.append(
                {"type": "message", "channel": room.id, "created": created, "message": message}
            )
    return {"items": items}


def join(team: Workspace, asked: Asked) -> Answer:
    """``conversations.join``: public channels only."""
    room = _visible(team, asked)
    if room.name is None or room.is_private:
        raise Refused("method_not_supported_for_channel_type")
    if room.is_archived:
        raise Refused("is_archived")
    warnings = ["already_in_channel"] if team.bot_user in room.members else []
    room.members.add(team.bot_user)
    joined: Answer = {"channel": room.shown(team.bot_user)}
    if warnings:
        joined |= {"warning": warnings[0], "response_metadata": {"warnings": warnings}}
    return joined


def members(team: Workspace, asked: Asked, most: int) -> Answer:
    """``conversations.members``."""
    page, cursor = page_of(sorted(_visible(team, asked).members), asked, most=most)
    return {"members": page, **_next(cursor)}


def opened(team: Workspace, asked: Asked) -> Answer:
    """``conversations.open``: a direct message with one member."""
    needed(asked, "users")
    user = str(asked["users"])
    if team.users.get(user, {}).get("is_bot"):
        raise Refused("cannot_dm_bot")
    room = team.room(f"D{user}" if len(user) < 9 else made_id("D", user))
    assert room is not None
    room.members.add(user)
    return {"channel": {"id": room.id}, "no_op": True, "already_open": True}


def member(team: Workspace, asked: Asked) -> Answer:
    """``users.info``."""
    needed(asked, "user")
    found = team.users.get(str(asked["user"]))
    if found is None:
        raise Refused("user_not_found")
    return {"user": found}


def _visible(team: Workspace, asked: Asked) -> Room:
    needed(asked, "channel")
    room = team.room(str(asked["channel"]))
    if room is None or (room.is_private and team.bot_user not in room.members):
        raise Refused("channel_not_found")
    return room


def _readable(team: Workspace, asked: Asked) -> Room:
    room = _visible(team, asked)
    if team.bot_user not in room.members:
        raise Refused("not_in_channel")
    for key in ("oldest", "latest"):
        if not str(asked.get(key) or "0").replace(".", "", 1).isdigit():
            raise Refused(f"invalid_ts_{key}")
    return room


def _is_between(ts: str, asked: Asked) -> bool:
    oldest, latest = str(asked.get("oldest") or "0"), str(asked.get("latest") or "99999999999")
    if ts in {oldest, latest}:
        return flag(asked, "inclusive")
    return in_time(oldest) < in_time(ts) < in_time(latest)


def _shown(body: Mapping[str, Any], asked: Asked) -> Answer:
    if flag(asked, "include_all_metadata"):
        return dict(body)
    return {key: value for key, value in body.items() if key not in HIDDEN}


def _next(cursor: str) -> Answer:
    return {"response_metadata": {"next_cursor": cursor}}


def _kind(room: Room) -> str:
    if room.name is None:
        return "im"
    return "private_channel" if room.is_private else "public_channel"
