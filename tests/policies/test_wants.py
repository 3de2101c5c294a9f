"""What must be computed before rules can tell: only what one that could still fire asks for."""

from __future__ import annotations

import pytest

from greenroom.message import Message
from greenroom.policies import Situation, Wants, wants
from tests.policies.rules import NOW, comment, policy


def wanted(text: str, message: Message) -> Wants:
    return wants((policy(text),), message, Situation(NOW))


def joined(*texts: str) -> str:
    return "\n---\n".join(texts)


def test_floor_is_the_lowest_score_that_a_rule_acts_at() -> None:
    text = joined(
        "triage: {toxicity: '> 0.9'}\naction: remove",
        "triage: {threat: '>= 0.6'}\naction: report",
        "body: dog\ntriage: {spam: '> 0.2'}\naction: report",
    )
    assert wanted(text, comment("cat")).floor == 0.6
    assert wanted(text, comment("dog")).floor == 0.2


@pytest.mark.parametrize(
    ("rule", "floor"),
    [
        ("triage: {toxicity: '> 0.9', spam: '> 0.1'}\naction: report", 0.9),
        ("triage: {toxicity: '< 0.1'}\naction: approve", 0.0),
        ("triage: {toxicity: '< 0.9', spam: '> 0.7'}\naction: report", 0.7),
        ("body: cat\naction: report\naction_reason: 'spam {{triage.spam}}'", 0.0),
    ],
    ids=["all must hold", "low scores too", "one of two has a floor", "only shown"],
)
def test_floor_of_one_rule(rule: str, floor: float) -> None:
    found = wanted(rule, comment("cat"))
    assert found.scores
    assert found.floor == floor


def test_intent_and_sentiment_are_wanted_only_where_a_rule_asks() -> None:
    assert not wanted("triage: {spam: '> 0.9'}\naction: report", comment()).intent
    assert wanted("intent: question\naction: report", comment()).intent
    assert wanted("sentiment: '< -0.5'\naction: report", comment()).intent
    shown = "body: cat\naction: report\naction_reason: '{{triage.sentiment}}'"
    assert wanted(shown, comment("cat")).intent
    assert not wanted(shown, comment("dog")).intent


def test_a_removal_by_words_alone_leaves_later_removals_unasked() -> None:
    text = joined("body: cat\naction: remove", "triage: {toxicity: '> 0.9'}\naction: remove")
    assert wanted(text, comment("cat")) == Wants()
    assert wanted(text, comment("dog")).scores


def test_other_rules_are_asked_although_a_removal_is_sure() -> None:
    text = joined("body: cat\naction: remove", "triage: {toxicity: '> 0.9'}\naction: report")
    assert wanted(text, comment("cat")).scores


def test_a_removal_that_spares_a_moderator_is_not_sure() -> None:
    text = joined("body: cat\naction: remove", "triage: {toxicity: '> 0.9'}\naction: remove")
    assert wanted(text, comment("cat", author={"is_moderator": True})).scores


def test_a_reply_is_wanted_while_its_rule_could_fire() -> None:
    text = "body: cat\ntriage: {spam: '< 0.5'}\ncomment: meow"
    assert wanted(text, comment("cat")).reply
    assert not wanted(text, comment("dog")).reply
