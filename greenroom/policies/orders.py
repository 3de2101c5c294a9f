"""Steps filled into orders: placeholders, limits, the bot disclaimer, the permalink."""

from __future__ import annotations

import re
from typing import Final

from greenroom.message import Action, Flair
from greenroom.policies.actions import MAX_FLAIR, MAX_SUBJECT, MAX_TEXT
from greenroom.policies.base import FlairTemplate, Step
from greenroom.policies.placeholders import Filling, Template

MAX_REASON: Final = 1_000
MAX_CSS: Final = 1_000
_NO_CLASS: Final = re.compile(r"[^\w -]")
"""What no CSS class holds; a member's words may have been filled in."""


def fill(step: Step, filling: Filling, *, rule: str, disclaimer: str) -> tuple[Action, object]:
    """A step as an order, and its value in the shape that the rule gave it."""
    flair = None if step.flair is None else _filled_flair(step.flair, filling)
    text = _filled_text(step, filling, disclaimer)
    action = Action(
        kind=step.kind,
        text=text,
        subject=_filled(step.subject, filling, MAX_SUBJECT),
        reason=_filled(step.reason, filling, MAX_REASON),
        rule=rule,
        on_author=step.part == "author",
        on_parent=step.part == "parent_submission",
        flair=flair,
        overwrite=step.overwrite,
        value=step.value,
        duration_s=step.duration_s,
        sticky=step.sticky,
        lock=step.lock,
        distinguish=step.key == "comment",
        removal_reason=step.removal_reason,
    )
    return action, _shown(step, action)


def _filled(template: Template | None, filling: Filling, limit: int) -> str | None:
    return None if template is None else template.fill(filling, limit)


def _filled_text(step: Step, filling: Filling, disclaimer: str) -> str | None:
    if step.text is None:
        return None
    tail = f"\n\n{disclaimer}" if disclaimer and step.key in ("comment", "message") else ""
    text = step.text.fill(filling, MAX_TEXT - len(tail))
    link = filling.scene.message.permalink
    if step.key in ("modmail", "message") and link and link not in text:
        text = f"{link}\n\n{text}"[: MAX_TEXT - len(tail)]
    return text.rstrip("\n") + tail if tail else text


def _filled_flair(flair: FlairTemplate, filling: Filling) -> Flair:
    text = flair.text.fill(filling, MAX_FLAIR)
    has_text = flair.shape != "group" or "text" in flair.keys
    css = _filled(flair.css_class, filling, MAX_CSS)
    return Flair(text if has_text else None, css and _NO_CLASS.sub("", css), flair.template_id)


def _shown(step: Step, action: Action) -> object:
    if step.flair is not None and action.flair is not None:
        return _shown_flair(step.flair, action.flair)
    if step.key == "action":
        return step.kind.value
    if step.key in ("timeout", "ban", "strike"):
        return True if step.duration_s is None else step.duration_s
    if step.value is not None:
        return step.value
    return True if action.text is None else action.text


def _shown_flair(template: FlairTemplate, flair: Flair) -> object:
    if template.shape == "text":
        return flair.text
    if template.shape == "list":
        return [flair.text] if flair.css_class is None else [flair.text, flair.css_class]
    return {key: getattr(flair, key) for key in template.keys}
