"""Members' text made safe to read: escaped, bounded, invisible characters made visible.

Whatever a member had a hand in (text, names, reasons, matched words) reaches a page through
``visible`` or ``passages``; templates escape the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

PAGE_LIMIT = 100_000  # characters of one message on a page; all of it is one link away
FOLD_AT = 1_500  # characters shown before the rest is folded
_FOLD_LINES = 24

# Controls, bidi and other format characters, tags, fillers: drawn as nothing, or redrawing others.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e0fff\ud800-\udfff]+"
)
_JOINERS = "\u200c\u200d"  # part of emoji, Persian and Indic writing
_SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a text that a check matched, or that made a score."""

    start: int
    end: int
    strength: int = 0  # 1 to 4: how much of the score; 0: a match


@dataclass(frozen=True, slots=True)
class Reading:
    """A text ready for a page: what is seen at once, what is folded, what is left out."""

    head: Markup
    rest: Markup
    rest_length: int
    cut_length: int
    marks_in_rest: int


def visible(text: object) -> Markup:
    """``text`` escaped, with each run of invisible characters named instead of drawn."""
    plain = str(text)
    parts: list[Markup] = []
    at = 0
    for match in _INVISIBLE.finditer(plain):
        if _is_joining(plain, match):
            continue
        parts.append(escape(plain[at : match.start()]))
        parts.append(_chip(match[0]))
        at = match.end()
    parts.append(escape(plain[at:]))
    return Markup().join(parts)


def clip(text: str | None, length: int) -> str:
    """At most ``length`` characters, white space collapsed, an ellipsis where it was cut."""
    if not text:
        return ""
    flat = " ".join(text[: length * 4].split())
    is_cut = len(flat) > length or len(text) > length * 4
    return f"{flat[:length].rstrip()}…" if is_cut else flat


def passages(text: str, spans: Sequence[Span] = (), *, fold_at: int = FOLD_AT) -> Reading:
    """``text`` with its matched spans marked, folded after ``fold_at`` characters."""
    shown = text[:PAGE_LIMIT]
    marks = _merged(spans, len(shown))
    fold = _fold_point(shown, fold_at)
    return Reading(
        head=_marked(shown, marks, 0, fold),
        rest=_marked(shown, marks, fold, len(shown)),
        rest_length=len(shown) - fold,
        cut_length=len(text) - len(shown),
        marks_in_rest=sum(mark.end > fold for mark in marks),
    )


def _fold_point(text: str, fold_at: int) -> int:
    """Where to fold; a text that is hardly longer is not folded at all."""
    if len(text) <= fold_at * 1.25 and text.count("\n") <= _FOLD_LINES * 1.25:
        return len(text)
    at = min(fold_at, len(text))
    for _ in range(text.count("\n", 0, at) - _FOLD_LINES):
        at = text.rindex("\n", 0, at)
    space = text.rfind(" ", max(0, at - 80), at)
    return space + 1 if space > 0 else at


def _merged(spans: Iterable[Span], length: int) -> list[Span]:
    """Spans in order, clamped to the text, overlapping ones joined, empty ones dropped."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        start, end = max(0, span.start), min(length, span.end)
        if start >= end:
            continue
        if merged and start <= merged[-1].end:
            last = merged[-1]
            strength = max(last.strength, span.strength)
            merged[-1] = Span(last.start, max(end, last.end), strength)
        else:
            merged.append(Span(start, end, span.strength))
    return merged


def _marked(text: str, marks: Sequence[Span], start: int, end: int) -> Markup:
    parts: list[Markup] = []
    at = start
    for mark in marks:
        low, high = max(mark.start, start), min(mark.end, end)
        if low >= high:
            continue
        parts.append(visible(text[at:low]))
        kind = Markup(' class="made{}"').format(mark.strength) if mark.strength else ""
        parts.append(Markup("<mark{}>{}</mark>").format(kind, visible(text[low:high])))
        at = high
    parts.append(visible(text[at:end]))
    return Markup().join(parts)


def _is_joining(text: str, match: re.Match[str]) -> bool:
    """A single joiner between two letters or emoji beyond ASCII is ordinary writing."""
    if match[0] not in _JOINERS or not 0 < match.start() < len(text) - 1:
        return False
    return text[match.start() - 1] > "\x7f" and text[match.end()] > "\x7f"


def _chip(run: str) -> Markup:
    kinds = list(dict.fromkeys(run))
    names = " ".join(f"U+{ord(kind):04X}" for kind in kinds[:_SHOWN_NAMES])
    more = "…" if len(kinds) > _SHOWN_NAMES else ""
    times = f" ×{len(run)}" if len(run) > 1 else ""
    title = ", ".join(_name(kind) for kind in kinds[:_SHOWN_NAMES])
    return Markup('<span class="unseen" title="{}">{}</span>').format(title, names + more + times)


def _name(character: str) -> str:
    return unicodedata.name(character, "control character").lower()
