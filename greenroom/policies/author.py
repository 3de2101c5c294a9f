"""Checks on who wrote: karma, age, quality, standing; and on communities: their rating."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from greenroom.message import Author, Hit
from greenroom.policies.base import Check, Cost, Found, Result
from greenroom.policies.checks import FactCheck, same
from greenroom.policies.compare import Comparison, age_comparison, number_comparison
from greenroom.policies.compare import rank_comparison as _rank_comparison
from greenroom.policies.node import Node
from greenroom.policies.scene import Scene, Subject

QUALITIES: Final = ("lowest", "low", "moderate", "high", "highest")

Measure = Callable[[Author, datetime], float | None]


def _floored(value: int | None, floor: int) -> int | None:
    return None if value is None else max(value, floor)


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def _comment_karma(author: Author, now: datetime) -> float | None:  # noqa: ARG001
    return _floored(author.comment_karma, FLOORS["comment_karma"])


def _post_karma(author: Author, now: datetime) -> float | None:  # noqa: ARG001
    return _floored(author.post_karma, FLOORS["post_karma"])


def _combined_karma(author: Author, now: datetime) -> float | None:  # noqa: ARG001
    return _sum(
        _floored(author.comment_karma, FLOORS["comment_karma"]),
        _floored(author.post_karma, FLOORS["post_karma"]),
    )


def _age_s(author: Author, now: datetime) -> float | None:
    return None if author.created_at is None else (now - author.created_at).total_seconds()


FLOORS: Final[Mapping[str, int]] = {
    "comment_karma": -100,
    "post_karma": 0,
    "link_karma": 0,
    "combined_karma": -100,
}
"""Reddit shows no karma below these, so no check can ask for less."""

THRESHOLDS: Final[Mapping[str, Measure]] = {
    "comment_karma": _comment_karma,
    "post_karma": _post_karma,
    "link_karma": _post_karma,
    "combined_karma": _combined_karma,
    "comment_subreddit_karma": lambda author, now: author.comment_subreddit_karma,  # noqa: ARG005
    "post_subreddit_karma": lambda author, now: author.post_subreddit_karma,  # noqa: ARG005
    "combined_subreddit_karma": lambda author, now: _sum(  # noqa: ARG005
        author.comment_subreddit_karma, author.post_subreddit_karma
    ),
    "account_age": _age_s,
}

AUTHOR_FACTS: Final[Mapping[str, Callable[[Author], bool | None]]] = {
    "has_verified_email": lambda author: author.has_verified_email,
    "is_gold": lambda author: author.is_gold,
    "is_submitter": lambda author: author.is_submitter,
    "is_contributor": lambda author: author.is_contributor,
    "is_moderator": lambda author: author.is_moderator,
}

USER_CHECKS: Final = frozenset({*THRESHOLDS, *AUTHOR_FACTS, "contributor_quality"})
SUBREDDIT_CHECKS: Final = frozenset({"is_nsfw"})


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number to reach."""

    written: str
    measure: Measure
    comparison: Comparison

    def holds(self, author: Author, now: datetime) -> bool | None:
        """Whether it is reached, if that is known."""
        value = self.measure(author, now)
        return None if value is None else self.comparison.holds(value)

    def hit(self, author: Author, now: datetime) -> Hit:
        """What was compared, in the rule's unit."""
        value = self.measure(author, now)
        scaled = None if value is None else value / self.comparison.unit
        return Hit(self.written, value=scaled, wanted=self.comparison.wanted)


@dataclass(frozen=True, slots=True)
class ThresholdsCheck:
    """All thresholds of an author, or with ``satisfy_any_threshold`` at least one."""

    thresholds: tuple[Threshold, ...]
    is_any: bool
    written: str
    cost: Cost = Cost.THRESHOLD
    is_search: bool = False

    def test(self, subject: Subject, scene: Scene) -> Found | Result:
        """Compare each."""
        assert subject.author is not None
        now = scene.situation.now
        found = [(one, one.holds(subject.author, now)) for one in self.thresholds]
        held = [one for one, holds in found if holds]
        if len(held) >= (1 if self.is_any else len(self.thresholds)):
            return Found(tuple(one.hit(subject.author, now) for one in held))
        is_settled = not self.is_any and any(holds is False for _, holds in found)
        is_unknown = any(holds is None for _, holds in found) and not is_settled
        return Result.UNKNOWN if is_unknown else Result.FAILED


def threshold(node: Node, part: str) -> Threshold:
    """``comment_karma: "< 10"``, ``account_age: "< 7 days"``."""
    compare = age_comparison if node.key == "account_age" else number_comparison
    return Threshold(f"{part}.{node.key}", THRESHOLDS[node.key], compare(node))


def author_check(node: Node, part: str) -> Check:
    """A fact about an author, or the rank that Reddit gives contributors."""
    if node.key == "contributor_quality":
        return _quality(node, part)
    wanted, fact = node.flag(), AUTHOR_FACTS[node.key]
    is_submitter = node.key == "is_submitter"

    def holds(subject: Subject, scene: Scene) -> bool | None:
        assert subject.author is not None
        known = fact(subject.author)
        if known is None and is_submitter:
            known = _is_submitter(subject.author, scene)
        return same(known, wanted)

    return FactCheck(f"{part}.{node.key}", holds)


def community_check(node: Node, part: str) -> Check:
    """``is_nsfw``."""
    wanted = node.flag()

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        assert subject.community is not None
        return same(subject.community.is_nsfw, wanted)

    return FactCheck(f"{part}.{node.key}", holds)


def _is_submitter(author: Author, scene: Scene) -> bool | None:
    if scene.message.kind.is_submission:  # who wrote a post is its submitter
        return True if author is scene.message.author else None
    parent = scene.message.parent
    if parent is None or not parent.author.id:
        return None
    return parent.author.id == author.id


def _quality(node: Node, part: str) -> Check:
    comparison = _rank_comparison(node, QUALITIES)

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        assert subject.author is not None
        quality = (subject.author.contributor_quality or "").lower()
        return comparison.holds(QUALITIES.index(quality)) if quality in QUALITIES else None

    return FactCheck(f"{part}.{node.key}", holds, Cost.THRESHOLD)
