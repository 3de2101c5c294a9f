"""Who did something with Greenroom in Slack, where, and how to answer them. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from greenroom.adapters.slack.payload import Payload, part, word
from greenroom.adapters.slack.respond import Respond

_NAMELESS: Final = frozenset({"directmessage", "privategroup"})  # Slack's stand-ins for a name


@dataclass(frozen=True, slots=True)
class Acting:
    """One member's deed, as far as its payload says."""

    id: str  # the same for every delivery of the same deed
    user: str
    name: str
    respond: Respond
    channel: str | None = None
    channel_name: str | None = None
    trigger: str | None = None  # opens a form, for 3 s


def read_acting(body: Payload, now: datetime) -> Acting | None:
    """Who acted; ``None`` if the payload does not say."""
    who, place = part(body.get("user")), part(body.get("channel"))
    user = word(who, "id") or word(body, "user_id")
    if user is None:
        return None
    name = word(who, "name") or word(who, "username") or word(body, "user_name")
    channel = word(place, "id") or word(body, "channel_id")
    channel_name = word(place, "name") or word(body, "channel_name")
    return Acting(
        id=word(body, "trigger_id") or _digest(body),
        user=user,
        name=name or user,
        respond=Respond(now, user, word(body, "response_url")),
        channel=channel or word(part(body.get("container")), "channel_id"),
        channel_name=None if channel_name in _NAMELESS else channel_name,
        trigger=word(body, "trigger_id"),
    )


def is_acting(body: Payload) -> bool:
    """True for what somebody did, false for events and for Slack's questions to the app."""
    if body.get("type") == "event_callback":
        return not word(part(body.get("event")), "type")
    return word(body, "type") not in {"url_verification", "ssl_check"} and "ssl_check" not in body


def _digest(body: Payload) -> str:
    packed = json.dumps(body, sort_keys=True, default=repr)
    return hashlib.sha256(packed.encode("utf-8", "replace")).hexdigest()[:32]
