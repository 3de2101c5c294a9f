"""Grounded replies: an answer is a quotation with its source, or there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from greenroom.message import Passage
from greenroom.personas.voice import shortened

MAX_QUOTE = 600  # characters; more is a wall of text in a chat

_PARAGRAPH = re.compile(r"\n\s*\n")
_WORD = re.compile(r"\w{3,}")


def best_evidence(passages: Sequence[Passage], *, min_evidence: float) -> Passage | None:
    """The passage that answers best, or None if none reaches ``min_evidence`` (0 to 1)."""
    best = max(passages, key=lambda passage: passage.score, default=None)
    if best is None or best.score < min_evidence:
        return None
    return best


def grounded_reply(question: str, passage: Passage) -> str:
    """A reply that quotes ``passage`` and names its source."""
    quoted = "\n".join(f"> {line}".rstrip() for line in _excerpt(question, passage).split("\n"))
    return f"{quoted}\n\n{source_line(passage)}"


def source_line(passage: Passage) -> str:
    """Where a passage stands, as it is told under what rests on it."""
    place = f"{passage.source}, {passage.heading}" if passage.heading else passage.source
    link = f" <{passage.url}>" if passage.url else ""
    return f"Source: {place}{link}"


def _excerpt(question: str, passage: Passage) -> str:
    """The whole passage if it is short, else the run of paragraphs nearest to the question."""
    text = passage.text.strip()
    if len(text) <= MAX_QUOTE:
        return text
    paragraphs = [part.strip() for part in _PARAGRAPH.split(text) if part.strip()]
    asked = set(_WORD.findall(question.lower()))
    start = max(range(len(paragraphs)), key=lambda index: _overlap(asked, paragraphs[index]))
    quote = paragraphs[start]
    for paragraph in paragraphs[start + 1 :]:
        if len(quote) + len(paragraph) + 2 > MAX_QUOTE:
            break
        quote = f"{quote}\n\n{paragraph}"
    return shortened(quote, MAX_QUOTE)


def _overlap(asked: set[str], paragraph: str) -> int:
    return len(asked & set(_WORD.findall(paragraph.lower())))
