"""The Web API's methods that change something: posts, deletions, reactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .arguments import Refused, needed
from .blocks import faults_of_message
from .workspace import APP, Body, Room, Workspace

Asked = Mapping[str, Any]
Answer = dict[str, Any]

MOST_TEXT = 40_000
MOST_METADATA = 8_000


def post(team: Workspace, asked: Asked) -> Answer:
    """``chat.postMessage``, as the bot."""
    room = _writable(team, asked)
    _check_said(asked)
    body: Body = {
        "user": team.bot_user,
        "bot_id": team.bot_id,
        "app_id": APP,
        "team": team.id,
        "text": str(asked.get("text") or ""),
        "bot_profile": {"id": team.bot_id, "app_id": APP, "name": "Greenroom"},
    }
    body |= {key: asked[key] for key in ("thread_ts", "metadata", "blocks") if asked.get(key)}
    ts = team.post(room.id, body)
    return {"channel": room.id, "ts": ts, "message": team.messages[room.id][ts]}


def update(team: Workspace, asked: Asked) -> Answer:
    """``chat.update``: the bot's own posts only."""
    room = _writable(team, asked)
    needed(asked, "ts")
    _check_said(asked)
    found = team.messages[room.id].get(str(asked["ts"]))
    if found is None:
        raise Refused("message_not_found")
    if found.get("user") != team.bot_user:
        raise Refused("cant_update_message")
    found.update({key: asked[key] for key in ("text", "blocks", "metadata") if key in asked})
    found["edited"] = {"user": team.bot_user, "ts": team.stamp()}
    return {"channel": room.id, "ts": asked["ts"], "text": found["text"], "message": found}


def delete(team: Workspace, asked: Asked, *, is_admin: bool) -> Answer:
    """``chat.delete``: a bot its own, an admin everybody's."""
    room = _room(team, asked)
    needed(asked, "ts")
    ts = str(asked["ts"])
    found = team.messages[room.id].get(ts)
    if found is None or found.get("subtype") == "tombstone":
        raise Refused("message_not_found")
    if not is_admin and found.get("user") != team.bot_user:
        raise Refused("cant_delete_message")
    team.remove(room.id, ts)
    return {"channel": room.id, "ts": ts}


def react(team: Workspace, asked: Asked, *, is_strict: bool) -> Answer:
    """``reactions.add``; what nobody keeps here can be reacted to, unless ``is_strict``."""
    room = _room(team, asked)
    needed(asked, "name", "timestamp")
    if not str(asked["name"]).replace("_", "").replace("+", "").replace("-", "").isalnum():
        raise Refused("invalid_name")
    found = team.messages[room.id].get(str(asked["timestamp"]))
    if found is None:
        if is_strict:
            raise Refused("message_not_found")
        return {}
    for reaction in found.setdefault("reactions", []):
        if reaction["name"] == asked["name"]:
            if team.bot_user in reaction["users"]:
                raise Refused("already_reacted")
            reaction["users"].append(team.bot_user)
            reaction["count"] += 1
            return {}
    found["reactions"].append({"name": asked["name"], "users": [team.bot_user], "count": 1})
    return {}


def unreact(team: Workspace, asked: Asked) -> Answer:
    """``reactions.remove``."""
    room = _room(team, asked)
    needed(asked, "name", "timestamp")
    found = team.messages[room.id].get(str(asked["timestamp"]), {})
    for reaction in found.get("reactions", []):
        if reaction["name"] == asked["name"] and team.bot_user in reaction["users"]:
            reaction["users"].remove(team.bot_user)
            reaction["count"] -= 1
            return {}
    raise Refused("no_reaction")


def _room(team: Workspace, asked: Asked) -> Room:
    needed(asked, "channel")
    room = team.room(str(asked["channel"]))
    if room is None or (room.is_private and team.bot_user not in room.members):
        raise Refused("channel_not_found")
    return room


def _writable(team: Workspace, asked: Asked) -> Room:
    room = _room(team, asked)
    if room.is_archived:
        raise Refused("is_archived")
    if team.bot_user not in room.members:
        raise Refused("not_in_channel")
    return room


def _check_said(asked: Asked) -> None:
    text = asked.get("text")
    if not text and not asked.get("blocks") and not asked.get("attachments"):
        raise Refused("no_text")
    if text is not None and not isinstance(text, str):
        raise Refused("invalid_arguments")
    if len(text or "") > MOST_TEXT:
        raise Refused("msg_too_long")
    faults = faults_of_message(asked["blocks"]) if asked.get("blocks") else []
    if faults:
        said = [f"[ERROR] {fault}" for fault in faults]
        raise Refused("invalid_blocks", errors=faults, response_metadata={"messages": said})
    metadata = asked.get("metadata")
    if metadata is None:
        return
    is_whole = isinstance(metadata, dict) and metadata.get("event_type")
    if not is_whole or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if len(repr(metadata)) > MOST_METADATA:
        raise Refused("metadata_too_large")
