"""The parts of a rule that look at different things, and which keys each part accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from greenroom.policies import actions, author, checks, fields, own
from greenroom.policies.clock import CLOCK_CHECKS
from greenroom.policies.counts import COUNT_CHECKS
from greenroom.policies.fields import OWN_FIELDS, UNQUOTED
from greenroom.policies.logic import GROUP_KEYS

MODIFIERS: Final = frozenset({"ignore_blockquotes"})
RULE_KEYS: Final = frozenset(
    {"type", "priority", "moderators_exempt", "standard", "include", "fold", "mode"}
)

MODES: Final = ("live", "shadow")
TYPES: Final = (
    "any",
    "comment",
    "submission",
    "text submission",
    "link submission",
    "crosspost submission",
    "poll submission",
    "gallery submission",
)


@dataclass(frozen=True, slots=True)
class Part:
    """What one kind of thing can be asked and told."""

    what: str  # as faults name it
    fields: frozenset[str]
    checks: frozenset[str]
    actions: frozenset[str]
    modifiers: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """All that it accepts."""
        return self.fields | self.checks | self.actions | self.modifiers


_OWN_CHECKS = own.OWN_CHECKS | frozenset((*GROUP_KEYS, *CLOCK_CHECKS, *COUNT_CHECKS))
_COMMENT_FIELDS = frozenset(fields.COMMENT_FIELDS) - {UNQUOTED}
_SUBMISSION_FIELDS = frozenset(fields.SUBMISSION_FIELDS) - {UNQUOTED}

COMMENT: Final = Part(
    "a comment",
    _COMMENT_FIELDS,
    checks.COMMENT_CHECKS | _OWN_CHECKS,
    actions.COMMENT_ACTIONS | actions.TOP_ACTIONS,
    MODIFIERS,
)
SUBMISSION: Final = Part(
    "a submission",
    _SUBMISSION_FIELDS,
    checks.SUBMISSION_CHECKS | _OWN_CHECKS,
    actions.SUBMISSION_ACTIONS | actions.TOP_ACTIONS,
    MODIFIERS,
)
PARENT: Final = Part(
    "parent_submission",
    _SUBMISSION_FIELDS - OWN_FIELDS,
    checks.SUBMISSION_CHECKS,
    actions.SUBMISSION_ACTIONS,
    MODIFIERS,
)
AUTHOR: Final = Part(
    "author",
    frozenset(fields.USER_FIELDS),
    author.USER_CHECKS,
    actions.USER_ACTIONS,
    frozenset({"satisfy_any_threshold"}),
)
CROSSPOST_AUTHOR: Final = Part(
    "crosspost_author",
    frozenset(fields.USER_FIELDS) - OWN_FIELDS,
    author.USER_CHECKS,
    frozenset(),
    AUTHOR.modifiers,
)
SUBREDDIT: Final = Part(
    "subreddit", frozenset(fields.SUBREDDIT_FIELDS), author.SUBREDDIT_CHECKS, frozenset()
)

GROUPS: Final[Mapping[str, Part]] = {
    "author": AUTHOR,
    "crosspost_author": CROSSPOST_AUTHOR,
    "crosspost_subreddit": replace(SUBREDDIT, what="crosspost_subreddit"),
    "subreddit": SUBREDDIT,
    "parent_submission": PARENT,
}
"""The sub-groups, by their key."""

COMMENT_GROUPS: Final = frozenset({"author", "subreddit", "parent_submission"})
SUBMISSION_GROUPS: Final = frozenset(GROUPS) - {"parent_submission"}

_ALL_PARTS: Final = (COMMENT, SUBMISSION, *GROUPS.values())
ALL_FIELDS: Final = frozenset[str]().union(*(part.fields for part in _ALL_PARTS))
ALL_KEYS: Final = frozenset[str]().union(*(part.keys for part in _ALL_PARTS))


def accepted_keys(part: Part, groups: frozenset[str] = frozenset()) -> list[str]:
    """Everything that may stand in ``part``, for faults and docs."""
    return sorted(part.keys | groups | (RULE_KEYS if groups else frozenset()))
