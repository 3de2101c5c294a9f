"""Personas and cues that tests of the five kinds start from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from greenroom.message import EventKind, Message, Signals
from greenroom.personas.base import Cue
from greenroom.personas.schema import Persona
from tests.samples import NOON, a_message

BASE: Mapping[str, Any] = {
    "name": "Some name",
    "operator": "the moderation team",
    "disclosure": "I'm automated. Type /human for a person.",
}
CRISIS = {"resources": "Call 112."}
TEMPLATES = {"greeting": ["Hello {{author}}!"], "otherwise": ["Tell me more.", "And then?"]}


def a_persona(kind: str, **keys: Any) -> Persona:
    """A persona as its file would say it."""
    return Persona.model_validate({"kind": kind, **BASE, **keys})


def a_companion(**keys: Any) -> Persona:
    """A companion with few words."""
    return a_persona("companion", **{"crisis": CRISIS, "replies": {"templates": TEMPLATES}, **keys})


def a_cue(
    text: str | Message = "hello",
    *,
    now: datetime = NOON,
    trigger: EventKind = EventKind.MESSAGE_POSTED,
    speaker: str | None = None,
    is_partner: bool = False,
    message: Mapping[str, Any] | None = None,
    **signals: Any,
) -> Cue:
    """What a persona decides on; ``signals`` by name."""
    said = text if isinstance(text, Message) else a_message(text, **(message or {}))
    return Cue(said, Signals(**signals), now, trigger, speaker, is_partner)
