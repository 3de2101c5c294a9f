"""Greenroom's own checks: triage scores, intent, sentiment, precedents, mentions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from greenroom.message import Hit
from greenroom.policies.base import Check, Cost, Count, Found, Known, Result
from greenroom.policies.checks import FactCheck, same
from greenroom.policies.compare import Comparison, number_comparison, share_comparison
from greenroom.policies.keys import Key
from greenroom.policies.node import Node
from greenroom.policies.scene import Scene, Subject

OWN_CHECKS: Final = frozenset(
    {"triage", "intent", "sentiment", "language", "mentions_me", "similar_to", "attachments"}
)
_CODE: Final = re.compile(r"[a-z]{2,3}")
_UNDETERMINED: Final = "und"
VERDICTS: Final = ("removed", "approved")
KNOWLEDGE: Final = "knowledge"


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """A score or a count against a number; what was not scored or counted is unknown."""

    written: str
    value: Callable[[Scene], float | None]
    comparison: Comparison
    cost: Cost = Cost.SIGNAL
    count: Count | None = None  # what the loop must count for it
    is_search: bool = False

    def test(self, subject: Subject, scene: Scene) -> Found | Result:  # noqa: ARG002
        """Compare it."""
        value = self.value(scene)
        if value is None:
            return Result.UNKNOWN
        if not self.comparison.holds(value):
            return Result.FAILED
        shown = value / self.comparison.unit
        return Found((Hit(self.written, value=shown, wanted=self.comparison.wanted),))


def triage_checks(node: Node, known: Known) -> list[NumberCheck]:
    """``triage: {toxicity: "> 0.9", …}``: all must hold."""
    found = []
    for child in node.items():
        if child.key not in known.heads:
            raise child.unknown("triage head", child.key, known.heads)
        found.append(
            NumberCheck(f"triage.{child.key}", _score_of(child.key), share_comparison(child))
        )
    if not found:
        raise node.fault("`triage` names no head", accepted=", ".join(sorted(known.heads)))
    return found


def sentiment_check(node: Node) -> NumberCheck:
    """``sentiment: "< -0.5"``, from -1 to 1."""
    return NumberCheck("sentiment", _score_of("sentiment"), share_comparison(node, lowest=-1))


def intent_check(node: Node, known: Known) -> Check:
    """``intent: question``, or a list of which one must apply."""
    wanted = [intent.strip().lower() for intent in node.texts()]
    for intent in wanted:
        if intent not in known.intents:
            raise node.unknown("intent", intent, known.intents)

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        intent = scene.signals.intent
        return None if intent is None else intent in wanted

    return FactCheck("intent", holds, Cost.SIGNAL)


def language_check(node: Node) -> Check:
    """``language: en``, or a list of ISO 639 codes of which one must apply."""
    wanted = [language.strip().lower() for language in node.texts()]
    for language in wanted:
        if not _CODE.fullmatch(language):
            raise node.fault(
                f"`{language}` is no language code", accepted="ISO 639 codes, such as en, de, pt"
            )

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        language = scene.signals.language
        return None if language in (None, _UNDETERMINED) else language in wanted

    return FactCheck("language", holds, Cost.SIGNAL)


def attachments_check(node: Node) -> Check:
    """How many files came with the message."""
    comparison = number_comparison(node)
    return NumberCheck(
        node.key, lambda scene: len(scene.message.attachments), comparison, Cost.FACT
    )


def mentions_check(node: Node) -> Check:
    """``mentions_me: true``."""
    wanted = node.flag()

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        return same(scene.message.mentions_me, wanted)

    return FactCheck("mentions_me", holds)


def similar_check(node: Node, key: Key) -> NumberCheck:
    """``similar_to (removed): "> 0.92"``; without a verdict, any judged message counts.

    ``similar_to (knowledge)`` compares with the community's own texts.
    """
    if key.modifiers == (KNOWLEDGE,):
        return NumberCheck(
            node.key, lambda scene: scene.signals.knowledge_score, share_comparison(node)
        )
    for verdict in key.modifiers or ():
        if verdict not in VERDICTS:
            raise node.unknown("verdict", verdict, (*VERDICTS, KNOWLEDGE))
    verdicts = key.modifiers or VERDICTS

    def score(scene: Scene) -> float | None:
        scores = [one.score for one in scene.signals.precedents if one.verdict in verdicts]
        return max(scores, default=None)

    return NumberCheck(node.key, score, share_comparison(node))


def _score_of(name: str) -> Callable[[Scene], float | None]:
    return lambda scene: scene.signals.scores.get(name)
