"""``redact: true``: said again without what the rule found, and the original goes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.message import Message
from tests.policies.rules import comment, decided, faults, fires, policy, post


def copy_of(rule: str, message: Message) -> str | None:
    """What the persona says again; the removal must follow it."""
    found = decided(f"{rule}\nredact: true\naction_reason: private", message)
    said, gone = found.actions
    assert (said.kind, gone.kind, gone.reason) == ("reply", "remove", "private")
    return said.text


@pytest.mark.parametrize(
    ("rule", "body", "expected"),
    [
        ("body: cat", "a cat, a Cat and cats", "mika: a ███, a ███ and cats"),
        (r"body (regex): '\d{3}-\d{4}'", "555-1234 or 555-9876!", "mika: ████████ or ████████!"),
        ("body (includes): [cat, dog]", "cats and dogs", "mika: ███s and ███s"),
        ("body: idiot", "you 1d10t", "mika: you █████"),
        ("body: cat\nbody#2: dog", "cat dog cat", "mika: ███ ███ ███"),
        ("title+body: cat", "a cat", "mika: a ███"),
    ],
)  # fmt: skip
def test_every_match_is_blacked_out(rule: str, body: str, expected: str) -> None:
    kind = post if "title" in rule else None
    message = post("t", body=body) if kind else comment(body)
    assert copy_of(rule, message) == expected


@settings(deadline=None)
@given(body=st.text(alphabet="cat dog-!\u200b", min_size=1, max_size=40))
def test_nothing_that_the_rule_finds_is_left(body: str) -> None:
    if not fires("body: [cat, dog]", comment(body)):
        return
    said = copy_of("body: [cat, dog]", comment(body))
    assert said is not None
    assert not fires("body: [cat, dog]", comment(said.removeprefix("mika: ")))


def test_where_too_much_is_found_nothing_is_said_again() -> None:
    found = decided("body: cat\nredact: true", comment("cat " * 500))
    assert [action.kind for action in found.actions] == ["remove"]
    assert "too much to black out" in found.notes[0]


def test_what_a_platform_must_be_able_to_do_is_known() -> None:
    (rule,) = policy("body: cat\nredact: true").rules
    assert rule.actions_used == {"reply", "remove"}


@pytest.mark.parametrize(
    "rule", ["title: cat", "~body: cat", "author: {name: x}", "any: [{body: cat}]"]
)
def test_a_rule_must_say_what_to_black_out(rule: str) -> None:
    assert "`redact` does not know what to black out" in "\n".join(faults(f"{rule}\nredact: true"))


def test_it_can_be_switched_off() -> None:
    assert policy("body: cat\nredact: false\naction: report").rules[0].actions_used == {"report"}
