"""A member's words where others read them: they call nobody, and a link shows where it leads."""

from __future__ import annotations

import re

from greenroom.adapters import wording

_JOINER = "\u200d"  # as wide as nothing; what it parts is text to Discord
_OPENINGS = re.compile(
    r"(@)(?=everyone|here)"  # everybody
    r"|(<)(?=[@/])"  # somebody, a role, a command to press
    r"|(\])(?=\()",  # [words](address): the words could name another address
    re.IGNORECASE,
)


_EVERYBODY = re.compile(r"@(?=everyone|here)", re.IGNORECASE)


def hushed(text: str) -> str:
    """Our own text, which may have a member's words in it: it names everybody in vain."""
    return _EVERYBODY.sub(f"@{_JOINER}", text)


def defused(text: str) -> str:
    """The text with everything in it that Discord would make a mention or a button plain."""
    return _OPENINGS.sub(lambda found: found[0] + _JOINER, text)


def quoted(text: str) -> str:
    """A member's text as a quotation."""
    return wording.quoted(defused(text))


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters; what is longer ends in an ellipsis."""
    return text if len(text) <= limit else f"{text[: max(0, limit - 1)].rstrip()}…"[:limit]
