"""``redact: true``: the message goes, and a copy stands in its place without what was found.

No platform lets a bot edit what a member wrote. So the persona says it again, with every place
that the rule's searches of the body match blacked out, and the original is removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from greenroom.policies.checks import SearchCheck
from greenroom.policies.fields import UNQUOTED
from greenroom.policies.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from greenroom.policies.base import Bound
    from greenroom.policies.placeholders import Filling

BLACK: Final = "█"
MOST: Final = 200
"""Places that are blacked out; of a text with more, nothing is said again."""

_BODY: Final = frozenset({"body", UNQUOTED})


def finds_in_body(bounds: Iterable[Bound]) -> bool:
    """Whether some search says which places of the body are meant."""
    return any(_is_of_body(bound) for bound in bounds)


def redacted(filling: Filling) -> str:
    """``name: text`` with all matches blacked out; empty if there are too many to be sure."""
    message, scene = filling.scene.message, filling.scene
    checks = [bound.check for bound, _ in filling.held if _is_of_body(bound)]
    text = message.text
    for _ in range(MOST):
        spans = [
            (match.start, match.end)
            for check in checks
            if isinstance(check, SearchCheck)
            and (match := check.match(Text(text, can_fold=True), scene)) is not None
            and match.end > match.start
        ]
        if not spans:
            return f"{message.author.name}: {text}" if message.author.name else text
        for start, end in spans:
            text = text[:start] + BLACK * (end - start) + text[end:]
    return ""


def _is_of_body(bound: Bound) -> bool:
    check = bound.check
    return (
        bound.part == "message"
        and isinstance(check, SearchCheck)
        and not check.key.is_negated
        and not _BODY.isdisjoint(check.fields)
    )
