"""What our buttons and modals carry, so that they work after a restart: all is in their ids.

A button's id is ``gr.b:VALUE``, of one that asks first ``gr.a:LENGTH:VALUE ASKS`` without the
space; a modal's is ``gr.m:CHANNEL/MESSAGE:VALUE`` (a button's question) or
``gr.r:CHANNEL/MESSAGE`` (a report).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from greenroom.errors import DropMessage
from greenroom.message import Button

LONGEST: Final = 100  # characters of an id
LONGEST_LABEL: Final = 45  # of what a modal asks
_OURS: Final = "gr."
_ASKS_ANYHOW: Final = "Note"  # where the question does not fit beside the value
_NOWHERE: Final = "0/0"  # where the ids do not fit beside the value; Discord sends them along

_ASKING = re.compile(r"gr\.a:([0-9]{1,3}):(.*)", re.DOTALL)
_ASKED = re.compile(r"gr\.m:([0-9]{1,20})/([0-9]{1,20}):(.+)", re.DOTALL)
_REPORT = re.compile(r"gr\.r:([0-9]{1,20})/([0-9]{1,20})")


@dataclass(frozen=True, slots=True)
class Ref:
    """A message by its channel's id and its own."""

    channel: str
    message: str


@dataclass(frozen=True, slots=True)
class Press:
    """A button; with ``asks`` it asks for a text first."""

    value: str
    asks: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A button's question, answered."""

    value: str
    card: Ref | None


@dataclass(frozen=True, slots=True)
class Report:
    """A report, with the reason given."""

    about: Ref


def of_button(button: Button) -> str:
    """The id of a card's button.

    Raises:
        DropMessage: The value is longer than Discord lets an id be.
    """
    plain = f"gr.b:{button.value}"
    if button.asks is not None:
        plain = f"gr.a:{len(button.value)}:{button.value}"
    if len(plain) > LONGEST or not button.value:
        raise DropMessage(f"a button's value does not fit Discord: {button.value[:40]!a}")
    whole = plain + (button.asks or "")[:LONGEST_LABEL]
    return whole if len(whole) <= LONGEST else plain


def of_question(value: str, card: Ref | None) -> str:
    """The id of the modal that a button opens."""
    where = f"{card.channel}/{card.message}" if card else _NOWHERE
    whole = f"gr.m:{where}:{value}"
    return whole if len(whole) <= LONGEST else f"gr.m:{_NOWHERE}:{value}"


def of_report(about: Ref) -> str:
    """The id of the modal that asks for a report's reason."""
    return f"gr.r:{about.channel}/{about.message}"


def is_ours(custom_id: str) -> bool:
    """Whether it is one of these; other code may post buttons under the same application."""
    return custom_id.startswith(_OURS)


def read(custom_id: str) -> Press | Asked | Report | None:
    """What an id stands for; None if nothing can be made of it."""
    if custom_id.startswith("gr.b:") and len(custom_id) > len("gr.b:"):
        return Press(custom_id.removeprefix("gr.b:"))
    if found := _ASKING.fullmatch(custom_id):
        length, rest = int(found[1]), found[2]
        asks = rest[length:] or _ASKS_ANYHOW
        return Press(rest[:length], asks) if 0 < length <= len(rest) else None
    if found := _ASKED.fullmatch(custom_id):
        is_known = f"{found[1]}/{found[2]}" != _NOWHERE
        return Asked(found[3], Ref(found[1], found[2]) if is_known else None)
    if found := _REPORT.fullmatch(custom_id):
        return Report(Ref(found[1], found[2]))
    return None
