"""`tests:` in a policy's file: messages, and what its rules should make of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from greenroom.message import Message, Signals
from greenroom.policies import Policy, failed_tests
from tests.policies.rules import NOW, faults, policy

RULES = """\
# Cats
body: cat
action: filter
---
# Dogs
body: dog
action: report
"""


async def silent(message: Message) -> Signals:
    raise AssertionError("nobody asked the model")


async def failures(rules: Policy) -> list[str]:
    return [str(one) for one in await failed_tests(rules, read=silent, now=NOW)]


def with_tests(tests: str) -> str:
    return f"{RULES}---\ntests:\n{tests}"


@pytest.mark.parametrize(
    "test",
    [
        "{says: a cat, expect: [filter]}",
        "{says: a cat, expect: filter}",
        "{says: a cat and a dog, expect: [report, filter]}",
        "{says: a cow, expect: []}",
        "{says: a cat, fires: Cats}",
        "{says: a cat and a dog, fires: [1, 0]}",
        "{says: a cow, fires: []}",
        "{message: {body: cat, author: {name: x, account_age_days: 3}}, expect: [filter]}",
        "{message: {body: cat, posted_at: 2026-03-01T12:00:00Z}, fires: [0], expect: [filter]}",
    ],
)
async def test_what_comes_out_as_told_is_no_failure(test: str) -> None:
    assert await failures(policy(with_tests(f"    - {test}\n"))) == []


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("{says: a cow, expect: [filter]}", "expected filter, got none: no rule fired"),
        (
            "{says: a cat, expect: []}",
            "rules.yaml:10:7: expected none, got filter: rules:2 Cats: body found “cat”",
        ),
        ("{says: a cat, fires: [1]}", "rules.yaml:10:7: expected rules 1 to fire, got 0"),
        ("{says: a cat, fires: [], expect: [filter]}", "expected rules none to fire, got 0"),
    ],
)
async def test_what_does_not_is_told_with_its_place(test: str, said: str) -> None:
    (failure,) = await failures(policy(with_tests(f"    - {test}\n")))
    assert said in failure


def test_tests_are_no_rule_and_take_no_number() -> None:
    rules = policy(f"tests: [{{says: cat, expect: [filter]}}]\n---\n{RULES}")
    assert [rule.index for rule in rules.rules] == [0, 1]
    assert (rules.size, len(rules.tests), rules.warnings) == (2, 1, ())


async def test_tests_may_be_written_in_any_case() -> None:
    rules = policy(f"{RULES}---\nTests:\n    - {{says: a cow, expect: [filter]}}\n")
    (failure,) = await failures(rules)
    assert failure.startswith("rules.yaml:10:7:")


async def test_scores_come_from_the_test_or_else_from_the_model() -> None:
    rules = policy(
        'triage: {spam: "> 0.5"}\naction: filter\n---\ntests:\n'
        "    - {message: {body: a, scores: {spam: 0.9}}, expect: [filter]}\n"
        "    - {says: b, expect: [filter]}\n"
    )
    asked = []

    async def read(message: Message) -> Signals:
        asked.append(message.text)
        return Signals(scores={"spam": 0.6})

    assert await failed_tests(rules, read=read, now=datetime(2026, 1, 1, tzinfo=UTC)) == []
    assert asked == ["b"]


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("    a: b\n", "rules.yaml:9:1: `tests` must be a list"),
        ("    - cat\n", "rules.yaml:10:7: is no test of a policy"),
        ("    - {expect: [filter]}\n", "is no test of a policy"),
        ("    - {says: a, message: {body: a}, expect: []}\n", "is no test of a policy"),
        ("    - {says: a}\n", "expects nothing"),
        ("    - {says: a, expect: }\n", "expects nothing"),
        ("    - {says: a, expect: [filtre]}\n", "unknown action `filtre`"),
        ("    - {says: a, expects: [filter]}\n", "rules.yaml:10:17: unknown key `expects`"),
        ("    - {says: a, fires: [Cows]}\n", "there is no rule `Cows`"),
        ("    - {says: yes, expect: []}\n", "`body` must be a text"),
        ("    - {message: cat, expect: []}\n", "`message` must be a group of keys"),
        ("    - {message: {author: 3}, expect: []}\n", "`author` must be an object"),
    ],
)
def test_mistakes_in_tests_are_told_with_the_others(tests: str, said: str) -> None:
    assert said in "\n".join(faults(with_tests(tests)))
