"""Fitting what a persona says into what a platform takes."""

from __future__ import annotations

import re

_ENDS = (  # where a text may be cut, best first; each pattern ends just after the cut
    re.compile(r"\n\s*\n"),
    re.compile(r"[.!?…。！？]['\")\]]*(?=\s)|\n"),
    re.compile(r"\s"),
)


def split_at_sentence(text: str, limit: int, *, most: int) -> list[str]:
    """Cut ``text`` into at most ``most`` parts of at most ``limit`` characters.

    Each cut is at the last paragraph, sentence or space in the second half of a part;
    text without any is cut hard. What does not fit into ``most`` parts is dropped, and
    the last part then ends in an ellipsis.
    """
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit and len(parts) < most - 1:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if len(rest) > limit:
        rest = rest[: _cut(rest, limit - 1)].rstrip() + "…"
    return [*parts, rest]


def split_with_footer(text: str, footer: str | None, limit: int, *, most: int) -> list[str]:
    """The same, with ``footer`` under the last part; it never falls victim to a cut."""
    if not footer:
        return split_at_sentence(text, limit, most=most)
    room = max(limit - len(footer) - 2, limit // 2)
    *parts, last = split_at_sentence(text, room, most=most)
    return [*parts, f"{last}\n{footer}"[:limit]]


def quoted(text: str) -> str:
    """A text as a quotation, in the way that all three platforms write one."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def _cut(text: str, limit: int) -> int:
    head = text[: limit + 1]
    for pattern in _ENDS:
        ends = [match.end() for match in pattern.finditer(head, limit // 2)]
        fitting = [end for end in ends if end <= limit]
        if fitting:
            return fitting[-1]
    return limit
