"""A review card as Discord shows it: an embed, and buttons under it. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from yarl import URL

from greenroom.adapters.discord.custom_ids import of_button
from greenroom.adapters.discord.payload import Payload, parts, text
from greenroom.adapters.discord.quoting import cut, defused
from greenroom.adapters.discord.web import clean
from greenroom.message import Button, Card

log = logging.getLogger(__name__)

TITLE, TEXT, FIELDS, NAME, VALUE, WHOLE = 256, 4_096, 25, 256, 1_024, 6_000
BUTTONS, ROW, LABEL, LINK = 25, 5, 80, 512

_RESERVED: Final = 2_000  # for the text, however much the fields say
_ROW, _BUTTON = 1, 2
_STYLES: Final[Mapping[str, int]] = {"plain": 2, "good": 3, "bad": 4}
_LINKS_AWAY = 5
_NOTHING: Final = "—"  # Discord takes no field without words


def body_of(card: Card) -> dict[str, Any]:
    """What a message with the card holds; a card without buttons takes those away.

    Raises:
        DropMessage: A button's value does not fit.
    """
    return {"embeds": [_embed(card)], "components": _rows(card)}


def is_same(posted: Payload, body: Mapping[str, Any]) -> bool:
    """Whether a message shows the card, by its title and its buttons."""
    return _marks(posted) == _marks(body)


def _embed(card: Card) -> dict[str, Any]:
    title = cut(_plain(card.title) or _NOTHING, TITLE)
    words = _plain(card.text)
    left = WHOLE - len(title) - min(len(words), _RESERVED)
    fields = []
    for name, value in card.fields[:FIELDS]:
        shown = {"name": _shown(name, NAME), "value": _shown(value, VALUE), "inline": False}
        left -= len(str(shown["name"])) + len(str(shown["value"]))
        if left < 0:
            break
        fields.append(shown)
    used = len(title) + sum(len(str(f["name"])) + len(str(f["value"])) for f in fields)
    embed: dict[str, Any] = {"title": title, "fields": fields}
    if words:
        embed["description"] = cut(words, min(TEXT, WHOLE - used))
    return embed


def _plain(said: str) -> str:
    return defused(clean(said)).strip()


def _shown(said: str, limit: int) -> str:
    return cut(_plain(said) or _NOTHING, limit)


def _rows(card: Card) -> list[dict[str, Any]]:
    buttons = [_button(button) for button in card.buttons]
    if card.link is not None and _is_reachable(card.link):
        away = {"type": _BUTTON, "style": _LINKS_AWAY, "label": "Open the desk", "url": card.link}
        buttons = [*buttons[: BUTTONS - 1], away]
    if len(card.buttons) > BUTTONS:
        log.warning("a card has %d buttons, of which Discord shows %d", len(card.buttons), BUTTONS)
    shown = buttons[:BUTTONS]
    return [
        {"type": _ROW, "components": shown[start : start + ROW]}
        for start in range(0, len(shown), ROW)
    ]


def _button(button: Button) -> dict[str, Any]:
    return {
        "type": _BUTTON,
        "style": _STYLES.get(button.style, _STYLES["plain"]),
        "label": cut(clean(button.label).strip() or button.value, LABEL),
        "custom_id": of_button(button),
    }


def _is_reachable(link: str) -> bool:
    """Discord refuses a whole message for a link that nobody else could follow."""
    try:
        url = URL(link)
    except ValueError:
        return False
    has_name = url.scheme in ("http", "https") and "." in (url.host or "")
    return has_name and len(link) <= LINK


def _marks(message: Mapping[str, Any]) -> tuple[Sequence[str | None], Sequence[str | None]]:
    titles = [text(embed, "title") for embed in parts(message, "embeds")]
    rows = parts(message, "components")
    ids = [text(button, "custom_id") for row in rows for button in parts(row, "components")]
    return titles, ids
