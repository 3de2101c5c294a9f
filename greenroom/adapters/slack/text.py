"""Slack's mrkdwn: read into plain text, and written so that nobody's text can summon anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.adapters.wording import split_at_sentence

POST_LIMIT = 3_900  # characters; Slack advises 4,000 and cuts what is longer
MOST_POSTS = 4  # of one reply; what is longer ends in an ellipsis
SECTION_LIMIT = 3_000  # characters of a section block, encoded
BLOCKS_LIMIT = 12_000  # characters of all sections; Slack takes about 13,000 in one message
MOST_BLOCKS = 2_000  # elements read from one message's blocks

_TOKEN = re.compile(r"<([^<>]*)>")
_SHOUT = re.compile(r"@(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # invisible, and keeps the word from being read as a mention


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says, and whom and what it points at."""

    text: str
    links: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


def read_mrkdwn(raw: str, *, names: Mapping[str, str]) -> Reading:
    """Undo Slack's encoding; ``names`` maps user ids to names where they are known.

    A link with a label becomes ``[label](address)``, as Reddit's members write it, so
    that one rule reads both. Nothing else that the member wrote changes.
    """
    links: list[str] = []
    mentions: list[str] = []
    pieces: list[str] = []
    at = 0
    for match in _TOKEN.finditer(raw):
        pieces.append(_unescape(raw[at : match.start()]))
        pieces.append(_read_token(match[1], names, links, mentions))
        at = match.end()
    pieces.append(_unescape(raw[at:]))
    return Reading("".join(pieces), _distinct(links), _distinct(mentions))


def write_mrkdwn(text: str) -> str:
    """Text as Slack takes it: no ``<!channel>``, ``<@U…>`` or ``@here`` in it works."""
    escaped = sendable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SHOUT.sub("@" + _WORD_JOINER, escaped)


def write_posts(text: str, *, most: int = MOST_POSTS) -> list[str]:
    """The posts that one reply takes."""
    return [write_mrkdwn(part) for part in split_at_sentence(text, POST_LIMIT, most=most)]


def write_speech(text: str, footer: str | None) -> tuple[list[str], list[dict[str, Any]] | None]:
    """The posts that a persona's words take, and the blocks of the last one with its footer.

    The footer is Slack's own small print, a context block; notifications and screen readers,
    which are given the text alone, have it there too.
    """
    if not footer:
        return write_posts(text), None
    *parts, last = split_at_sentence(text, POST_LIMIT - len(footer) - 1, most=MOST_POSTS)
    small = {"type": "context", "elements": [{"type": "mrkdwn", "text": write_mrkdwn(footer)}]}
    texts = [write_mrkdwn(part) for part in (*parts, f"{last}\n{footer}")]
    return texts, [*_blocks_of(last), small]


def write_body(text: str, footer: str | None = None) -> dict[str, Any]:
    """A post that must be one, since it cannot be looked for: long text stands in its blocks."""
    first, *more = write_posts(text)
    if footer:
        small = write_speech("", footer)[1] or []
        return {"text": f"{first}\n{write_mrkdwn(footer)}", "blocks": [*_blocks_of(text), *small]}
    return {"text": first, "blocks": _blocks_of(text)} if more else {"text": first}


def sendable(text: str) -> str:
    """Without halves of characters, which no JSON reader has to take."""
    return text.encode("utf-8", "replace").decode()


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters; what was longer ends in an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def read_blocks(blocks: Any) -> str:
    """The mrkdwn inside Block Kit blocks, for messages whose ``text`` is empty."""
    pieces: list[str] = []
    waiting = [blocks]
    seen = 0
    while waiting and seen < MOST_BLOCKS:
        node = waiting.pop()
        seen += 1
        if isinstance(node, list):
            waiting.extend(reversed(node[:MOST_BLOCKS]))
        elif isinstance(node, dict):
            pieces.append(_block_text(node))
            waiting.extend(node.get(key) for key in ("accessory", "fields", "elements", "text"))
    return "".join(pieces).strip()


def _blocks_of(text: str) -> list[dict[str, Any]]:
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": section}}
        for section in _sections(text)
        if section
    ]


def _sections(text: str) -> Iterator[str]:
    """As many as fit; where there are more, the last is an ellipsis."""
    room = BLOCKS_LIMIT
    for part in split_at_sentence(text, SECTION_LIMIT - 100, most=BLOCKS_LIMIT // SECTION_LIMIT):
        for section in _fitted(part):
            room -= len(section)
            if room < 0:
                yield "…"
                return
            yield section


def _fitted(part: str) -> list[str]:
    """The encoded part, halved until each piece fits: ``&`` becomes five characters."""
    encoded = write_mrkdwn(part)
    if len(encoded) <= SECTION_LIMIT:
        return [encoded]
    halves = split_at_sentence(part, len(part) // 2 + 1, most=3)
    return [piece for half in halves for piece in _fitted(half)]


def _block_text(node: dict[str, Any]) -> str:
    kind = node.get("type")
    if kind == "link":
        return f"<{node.get('url', '')}|{node.get('text') or node.get('url', '')}>"
    if kind == "user":
        return f"<@{node.get('user_id', '')}>"
    if kind == "emoji":
        return f":{node.get('name', '')}:"
    if kind in ("rich_text_section", "section", "header", "context"):
        return "\n"
    text = node.get("text")
    return text if isinstance(text, str) else ""


def _read_token(token: str, names: Mapping[str, str], links: list[str], mentions: list[str]) -> str:
    target, _, label = token.partition("|")
    label = _unescape(label)
    if target.startswith("@"):
        mentions.append(target[1:])
        return "@" + (names.get(target[1:]) or label.removeprefix("@") or target[1:])
    if target.startswith("#"):
        return "#" + (label or target[1:])
    if target.startswith("!"):
        return _read_special(target[1:], label)
    return _read_link(_unescape(target), label, links)


def _read_special(word: str, label: str) -> str:
    if label:  # a user group, or a date with its fallback
        return label
    return "@" + word.partition("^")[0]


def _read_link(address: str, label: str, links: list[str]) -> str:
    scheme, colon, rest = address.partition(":")
    if not colon or not scheme.isalnum():
        return f"<{address}>" if not label else f"<{address}|{label}>"
    links.append(address)
    if not label or label == address:
        return address
    if label == rest.removeprefix("//"):  # the member wrote example.com, Slack made it a link
        return label
    return f"[{label}]({address})"


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _distinct(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
