"""Why a rule did not fire: the first check that did not hold, with what it saw."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.message import EventKind, Message, Signals
from greenroom.policies import Situation, find_rule, why
from greenroom.policies.why import Why
from tests.policies.rules import NOTHING, NOW, comment, link, policy, post


def asked(
    checks: str, message: Message, signals: Signals = NOTHING, rule: str = "0", **more: Any
) -> Why:
    rules = (policy(f"{checks}\naction: remove"),)
    found = find_rule(rules, rule)
    assert found is not None
    return why(rules, found, message, signals, Situation(NOW, **more))


@pytest.mark.parametrize(
    ("checks", "message", "check", "because"),
    [
        ("body: [cat, dog]", comment("cow"), "body", "`body` found none of its values in body"),
        ("~body: [cat, dog]", comment("a Dog"), "~body", "`~body` found 'Dog' in body"),
        ("~body: dog", comment("a d0g"), "~body", "found a disguised form of one of its values"),
        (
            'author: {account_age: "< 7 days"}\nbody: cat',
            comment("cat", author={"name": "x", "account_age_days": 30}),
            "author thresholds",
            "`author.account_age` is 30, wanted < 7 days",
        ),
        (
            'author: {comment_karma: "> 10"}',
            comment(),
            "author thresholds",
            "`author thresholds` is not known here: what is unknown does not hold",
        ),
        ("is_edited: true", comment(is_edited=False), "is_edited", "`is_edited` is not so"),
        ("is_edited: true", comment(), "is_edited", "`is_edited` is not known here"),
        ('attachments: "> 1"', comment(), "attachments", "`attachments` is 0, wanted > 1"),
        ("type: submission", comment(), None, "`type`: the message is a comment"),
        ("title: cat", comment("cat"), None, "the rule does nothing on a comment"),
        ("url: cat", post("cat"), "url", "`url` has nothing to look at on this message"),
        ("crosspost_author: bob", link(), "crosspost_author", "the message is no crosspost"),
        ("body: cat\nparent_submission: {title: x}", comment("cat"), "parent_submission.title",
         "the message has no `parent_submission`"),
        ("any: [{body: cat}, {body: dog}]", comment("cow"), "any",
         "`any`: `any.0.body` found none of its values in body; `any.1.body` found none"),
        ("not: [{body: cat}, {body: cow}]", comment("cow"), "not", "`not`: not.1.body holds"),
        ("all: [{body: cow}, {body: cat}]", comment("cow"), "all", "`all.1.body` found none"),
        ("body: cow", comment("cow", author={"name": "m", "is_moderator": True}), None,
         "moderators are exempt"),
        ("body: cow", comment("cow", is_removed=True), None, "a moderator removed it already"),
        ("body: cow", comment("cow", is_approved=True), None, "a moderator approved it"),
    ],
)  # fmt: skip
def test_the_first_check_that_failed_is_told(
    checks: str, message: Message, check: str | None, because: str
) -> None:
    told = asked(checks, message)
    assert (told.has_fired, told.check) == (False, check)
    assert because in told.because


def test_a_score_is_told_with_what_was_wanted() -> None:
    told = asked('triage: {spam: "> 0.9"}', comment(), Signals(scores={"spam": 0.625}))
    assert told.because == "`triage.spam` is 0.625, wanted > 0.9"
    assert "is not known here" in asked('triage: {spam: "> 0.9"}', comment()).because


def test_a_rule_that_fired_says_so() -> None:
    told = asked("body: cat", comment("a cat"))
    assert (told.has_fired, told.because) == (True, "fired: body")


def test_the_removal_that_came_first_is_named() -> None:
    told = asked("body: cat\naction: spam\n---\nbody: a", comment("a cat"), rule="1")
    assert told.because == "an earlier removal fired: rules#0"


def test_a_report_asks_only_rules_with_reports() -> None:
    told = asked("body: cat", comment("cat"), trigger=EventKind.MESSAGE_REPORTED)
    assert told.because == "a report asks only rules that have `reports`"


@pytest.mark.parametrize("name", ["1", "#1", "rules#1", "RULES#1", "Dogs", " dogs "])
def test_a_rule_is_found_by_number_or_name(name: str) -> None:
    rules = policy("body: cat\naction: report\n---\n# Dogs\nbody: dog\naction: report")
    found = find_rule((rules,), name)
    assert found is not None
    assert found.index == 1


def test_a_rule_that_is_not_there_is_not_found() -> None:
    assert find_rule((policy("body: cat\naction: report"),), "7") is None
