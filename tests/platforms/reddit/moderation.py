"""What moderators do on a Reddit on loopback."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .server import Call, RedditServer

NOTE_LIMIT = 250
LABELS: Final = frozenset({
    "ABUSE_WARNING", "BAN", "BOT_BAN", "HELPFUL_USER", "PERMA_BAN", "SOLID_CONTRIBUTOR",
    "SPAM_WARNING", "SPAM_WATCH",
})  # fmt: skip
_DONE: Final[dict[str, Any]] = {"json": {"errors": []}}


def notes(server: RedditServer, call: Call) -> Any:
    """``api/mod/notes``: a member's notes, or a new one."""
    data = call.data
    if call.method == "GET":
        found = [one for one in reversed(server.notes) if one["user"] == data.get("user")]
        return {"mod_notes": found[:100], "start_cursor": None, "end_cursor": None,
                "has_next_page": False}  # fmt: skip
    label, note = data.get("label"), str(data.get("note") or "")
    if not note or len(note) > NOTE_LIMIT or (label is not None and label not in LABELS):
        said = {"explanation": "this is too long (max: 250)", "fields": ["note"],
                "message": "Bad Request", "reason": "TOO_LONG"}  # fmt: skip
        return (400, said)
    made = {
        "created_at": int(server.now()), "id": f"ModNote_{uuid.uuid4()}",
        "operator": server.letters.me,
        "subreddit": data.get("subreddit"), "type": "NOTE", "user": data.get("user"),
        "user_note_data": {"label": label, "note": note, "reddit_id": data.get("reddit_id")},
        "mod_action_data": {"action": None, "details": None, "reddit_id": None},
    }  # fmt: skip
    server.notes.append(made)
    return {"created": made}


def reasons(server: RedditServer) -> Any:
    """``api/v1/…/removal_reasons``."""
    data = {
        one: {"id": one, "title": title, "message": title} for one, title in server.reasons.items()
    }
    return {"data": data, "order": list(data)}


def banned(server: RedditServer, data: Mapping[str, Any]) -> Any:
    """``about/banned``, of one member if asked."""
    wanted = str(data.get("user") or "").lower()
    children = [
        {
            "name": name,
            "days_left": days,
            "note": "",
            "date": 1.0,
            "rel_id": "rb_1",
            "id": f"t2_{name}",
        }
        for name, days in server.banned.items()
        if not wanted or name.lower() == wanted
    ]
    return {"kind": "UserList", "data": {"children": children, "after": None, "before": None}}


def in_subreddit(server: RedditServer, rest: str, data: Mapping[str, Any]) -> Any:
    """``r/…/api/…``."""
    if rest == "api/friend" and data.get("type") == "banned":
        days = data.get("duration")
        server.banned[str(data["name"])] = None if days is None else int(days)
        return {"json": {"errors": []}, "success": True}
    if rest == "api/unfriend" and data.get("type") == "banned":
        server.banned.pop(str(data["name"]), None)
        return {}
    return _DONE if rest.startswith("api/") else None


def _remove(server: RedditServer, data: Mapping[str, Any]) -> Any:
    if str(data.get("id")) in server.things:
        server.remove(str(data["id"]), by=server.letters.me)
    return {}


def _approve(server: RedditServer, data: Mapping[str, Any]) -> Any:
    if str(data.get("id")) in server.things:
        server.approve(str(data["id"]))
    return {}


def _give_reason(server: RedditServer, data: Mapping[str, Any]) -> Any:
    given = json.loads(str(data.get("json") or "{}"))
    names, reason = given.get("item_ids") or [], given.get("reason_id")
    is_removed = all(server.things.get(name, {}).get("removed") for name in names)
    if not names or not is_removed or (reason is not None and reason not in server.reasons):
        return {"json": {"errors": [["INVALID_ID", "that ID is invalid", "reason_id"]]}}
    server.given_reasons.update(dict.fromkeys(names, given))
    return ""


def _distinguish(server: RedditServer, data: Mapping[str, Any]) -> Any:
    thing = server.things.get(str(data.get("id")))
    if thing is None:
        return None
    thing["distinguished"] = "moderator" if data.get("how") == "yes" else None
    thing["stickied"] = str(data.get("sticky")).lower() == "true"
    return {"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": thing}]}}}


def _done(*_: Any) -> Any:
    return _DONE


METHODS: Final[Mapping[str, Callable[[RedditServer, Mapping[str, Any]], Any]]] = {
    "api/remove": _remove,
    "api/approve": _approve,
    "api/v1/modactions/removal_reasons": _give_reason,
    "api/distinguish": _distinguish,
    **dict.fromkeys(
        (
            "api/report",
            "api/lock",
            "api/unlock",
            "api/marknsfw",
            "api/unmarknsfw",
            "api/spoiler",
            "api/unspoiler",
            "api/set_contest_mode",
            "api/set_subreddit_sticky",
            "api/set_suggested_sort",
            "api/set_original_content",
            "api/update_crowd_control_level",
        ),
        _done,
    ),
}
