"""Replies by template: the operator's own words, with variants, one for each situation."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Final

from pydantic import AfterValidator

from greenroom.message import Message, Signals

SITUATIONS: Final = (
    "recall",  # the member let it remember something that fits
    "question",
    "help",
    "greeting",
    "thanks",
    "feedback",
    "positive",  # the mood, where the intent says nothing
    "negative",
    "first",  # the first word to this member
    "otherwise",
)
"""When a template is said; a message's is the first of these that fits and has one."""

PLACEHOLDERS: Final = ("author", "channel", "community", "memory")
MOOD: Final = 0.35
"""Sentiment (-1..1) from which on a message counts as positive or negative."""

_SLOT: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_NAME: Final = re.compile(r"[^\w\s.'’-]+")
_MAX_NAME: Final = 40


def check_templates(templates: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The same templates.

    Raises:
        ValueError: A situation or a placeholder is unknown, or a text says nothing.
    """
    for situation, texts in templates.items():
        if situation not in SITUATIONS:
            raise ValueError(f"unknown situation `{situation}`; there are {', '.join(SITUATIONS)}")
        if not texts:
            raise ValueError(f"`{situation}` has no text")
        for text in texts:
            _check(situation, text)
    return templates


def _check(situation: str, text: str) -> None:
    if not text.strip():
        raise ValueError(f"`{situation}` has an empty text")
    for name in _SLOT.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(PLACEHOLDERS)
            raise ValueError(f"unknown placeholder `{{{{{name}}}}}`; there are {known}")
        if name == "memory" and situation != "recall":
            raise ValueError("`{{memory}}` stands only in `recall`")


Templates = Annotated[dict[str, tuple[str, ...]], AfterValidator(check_templates)]
"""A situation, and the texts for it; one of them is said."""


def situation_of(
    signals: Signals, *, has_memory: bool = False, is_first: bool = False
) -> list[str]:
    """The situations that a message may be, the most telling first."""
    mood = signals.scores.get("sentiment", 0.0)
    found = [
        "recall" if has_memory else None,
        signals.intent if signals.intent in SITUATIONS else None,
        "first" if is_first else None,
        "positive" if mood >= MOOD else "negative" if mood <= -MOOD else None,
        "otherwise",
    ]
    return [one for one in found if one is not None]


def pick(
    templates: Mapping[str, Sequence[str]],
    situations: Sequence[str],
    message: Message,
    *,
    said: Collection[str] = (),
    memory: str = "",
) -> tuple[str, str] | None:
    """The situation and its text; None if there is none for any of ``situations``.

    The same message has the same variant each time; what was ``said`` in this conversation is
    not said again while there are others.
    """
    situation = next((one for one in situations if one in templates), None)
    if situation is None:
        return None
    filled = [fill(text, message, memory=memory) for text in templates[situation]]
    fresh = [text for text in filled if text not in said] or filled
    return situation, fresh[zlib.crc32(message.key.encode("utf-8", "replace")) % len(fresh)]


def fill(text: str, message: Message, *, memory: str = "") -> str:
    """A template with its placeholders filled, in one pass.

    A name that a member gave themselves is cut to what a name needs, so that it can neither
    link nor call anybody.
    """
    values = {
        "author": plain_name(message.author.name),
        "channel": message.channel.name or message.channel.id,
        "community": message.community.name or "this community",
        "memory": memory,
    }
    return _SLOT.sub(lambda found: values.get(found[1], found[0]), text)


def plain_name(name: str) -> str:
    """A member's name as a persona may say it: it links nowhere and calls nobody."""
    words = " ".join(_NAME.sub(" ", name).split())[:_MAX_NAME].strip()
    return words.replace(".", "") if words.replace(".", "").strip() else "there"
