"""A review card as Block Kit: what a member wrote can call nobody and leads nowhere in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenroom.adapters.slack.text import cut, sendable, write_mrkdwn
from greenroom.message import Button, Card

PRESS: Final = "greenroom.press"  # action ids: of a button that acts at once,
ASK: Final = "greenroom.ask"  # of one that asks first, followed by what it asks,
LINK: Final = "greenroom.link"  # and of one that only leads to the desk

MOST_BLOCKS: Final = 50
HEADER_LIMIT: Final = 150
TEXT_LIMIT: Final = 3_000
FIELD_LIMIT: Final = 2_000
SHORT_FIELD: Final = 60  # characters; longer ones stand alone, at the card's full width
FIELDS_IN_SECTION: Final = 10
BUTTONS_IN_ROW: Final = 25
LABEL_LIMIT: Final = 75
VALUE_LIMIT: Final = 2_000
ACTION_ID_LIMIT: Final = 255
URL_LIMIT: Final = 3_000
FALLBACK_LIMIT: Final = 300  # for notifications and screen readers

_STYLES: Final = {"good": "primary", "bad": "danger"}
_CUT: Final = "The text goes on; the desk has all of it."

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card ready to be posted."""

    text: str
    blocks: list[Block]


def draw(card: Card, *, home: str) -> Drawn:
    """The card; links in its fields work only if they lead to ``home``, the workspace."""
    middle = [*_said(card.text), *_fields(card.fields, home)]
    buttons = list(_buttons(card))
    rows = [
        {"type": "actions", "elements": buttons[at : at + BUTTONS_IN_ROW]}
        for at in range(0, len(buttons), BUTTONS_IN_ROW)
    ]
    header = {"type": "header", "text": _plain(card.title or "Case", HEADER_LIMIT)}
    room = MOST_BLOCKS - 1 - len(rows)
    return Drawn(_fallback(card), [header, *middle[:room], *rows])


def _said(text: str) -> Iterator[Block]:
    if not text.strip():
        return
    shown = cut(sendable(text), TEXT_LIMIT)
    quoted = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown}]}
    yield {"type": "rich_text", "elements": [quoted]}
    if len(text) > TEXT_LIMIT:
        yield {"type": "context", "elements": [_plain(_CUT, TEXT_LIMIT)]}


def _fields(fields: Sequence[tuple[str, str]], home: str) -> Iterator[Block]:
    """Short fields side by side, in their order; long ones alone."""
    side_by_side: list[Block] = []
    for name, value in fields:
        is_link = _leads_home(value, home)
        if not is_link and len(value) > SHORT_FIELD:
            yield from _section(side_by_side)
            side_by_side = []
            yield {"type": "section", "text": _plain(f"{name}: {value}", TEXT_LIMIT)}
            continue
        side_by_side.append(_link(name, value) if is_link else _field(name, value))
        if len(side_by_side) == FIELDS_IN_SECTION:
            yield from _section(side_by_side)
            side_by_side = []
    yield from _section(side_by_side)


def _section(fields: list[Block]) -> Iterator[Block]:
    if fields:
        yield {"type": "section", "fields": fields}


def _field(name: str, value: str) -> Block:
    return _plain(f"{name}: {value}", FIELD_LIMIT)


def _link(name: str, url: str) -> Block:
    text = f"{write_mrkdwn(name)}: <{url}|open in Slack>"
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _leads_home(value: str, home: str) -> bool:
    """True for the address of a message here, and nothing else beside it."""
    is_plain = value.isascii() and value.isprintable() and not set(value) & set(' <>|"')
    return is_plain and value.startswith(f"{home}archives/") and len(value) < FIELD_LIMIT // 2


def _buttons(card: Card) -> Iterator[Block]:
    for number, button in enumerate(card.buttons):
        yield _button(button, number)
    link = sendable(card.link or "")
    if link.startswith(("https://", "http://")) and len(link) <= URL_LIMIT:
        yield {
            "type": "button",
            "action_id": LINK,
            "text": _plain("Open in the desk", LABEL_LIMIT),
            "url": link,
        }


def _button(button: Button, number: int) -> Block:
    """All that a press needs stands in the button, so that it outlives our process."""
    drawn: Block = {
        "type": "button",
        "action_id": _action_id(button, number),
        "text": _plain(button.label, LABEL_LIMIT),
        "value": button.value[:VALUE_LIMIT],
    }
    style = _STYLES.get(button.style)
    return drawn if style is None else {**drawn, "style": style}


def _action_id(button: Button, number: int) -> str:
    if button.asks is None:
        return f"{PRESS}.{number}"
    return cut(f"{ASK}.{number}.{sendable(button.asks)}", ACTION_ID_LIMIT)


def _plain(text: str, limit: int) -> Block:
    """Text that stays what it is: no formatting, no mention, no link, no emoji."""
    return {"type": "plain_text", "text": cut(sendable(text), limit) or "…", "emoji": False}


def _fallback(card: Card) -> str:
    said = " ".join(card.text.split())
    return write_mrkdwn(cut(f"{card.title}\n{said}".strip() or "Case", FALLBACK_LIMIT))
