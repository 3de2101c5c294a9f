"""Text as Reddit takes it: within its limits, and calling nobody."""

from __future__ import annotations

import re
from typing import Any

from greenroom.adapters.wording import split_at_sentence

COMMENT_LIMIT = 10_000
MESSAGE_LIMIT = 10_000
SUBMISSION_LIMIT = 40_000
SUBJECT_LIMIT = 100
TITLE_LIMIT = 300
NOTE_LIMIT = 250
NOTE_OF_REMOVAL_LIMIT = 100

NAME = r"[A-Za-z0-9_-]{1,23}"
"""A member's name, as a pattern."""

_CALL = re.compile(r"(?<![A-Za-z0-9])([uU])/(?=[A-Za-z0-9_-])")
_WORD_JOINER = "\u2060"  # after the slash: looks the same, and Reddit sees no name behind it


def defuse(text: str) -> str:
    """``u/name`` that neither links nor notifies; addresses such as ``…/u/name`` break too."""
    return _CALL.sub(rf"\1/{_WORD_JOINER}", text)


def fit(text: str, limit: int) -> str:
    """Text cut at a sentence; Reddit has no second comment that belongs to the first."""
    return split_at_sentence(text, limit, most=1)[0]


def speech(text: str, footer: str | None, limit: int) -> str:
    """What a persona says, with its footer under a line; a cut leaves the footer whole."""
    if not footer:
        return fit(defuse(text), limit)
    small = f"\n\n---\n\n{defuse(footer)}"
    return fit(defuse(text), max(limit - len(small), limit // 2)) + small


def fit_subject(subject: str) -> str:
    """A subject on one line."""
    return fit(" ".join(subject.split()), SUBJECT_LIMIT)


def fit_title(title: str) -> str:
    """A submission's title, on one line."""
    return fit(" ".join(title.split()), TITLE_LIMIT)


def is_same_text(found: Any, wanted: str) -> bool:
    """Whether Reddit's copy is ours; it trims white space as it likes."""
    return isinstance(found, str) and found.split() == wanted.split()
