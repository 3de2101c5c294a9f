"""``any:``, ``all:`` and ``not:``: one of several is enough, none may hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom.message import Signals
from tests.policies.rules import comment, decided, faults, fires, link, policy, post, remarks

PAIR = """\
any:
    - body: cat
    - author: {name: bob}
      body: dog
"""


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ("a cat", "ann", True),
        ("a dog", "bob", True),
        ("a dog", "ann", False),
        ("a cow", "bob", False),
    ],
)
def test_one_item_of_any_is_enough(body: str, name: str, expected: bool) -> None:
    assert fires(PAIR, comment(body, author={"name": name})) is expected


def test_keys_under_any_are_an_item_each() -> None:
    rule = "any:\n    body: cat\n    title: dog\n"
    assert fires(rule, post("a dog", body="none"))
    assert fires(rule, post("none", body="a cat"))
    assert not fires(rule, post("none", body="none"))
    assert fires(rule, comment("a cat"))  # a comment has no title: that item is left out
    assert not fires(rule, comment("a dog"))


def test_not_holds_if_no_item_does() -> None:
    rule = "body: cat\nnot:\n    - author: {name: bob}\n    - body: dog\n"
    assert fires(rule, comment("a cat", author={"name": "ann"}))
    assert not fires(rule, comment("a cat", author={"name": "bob"}))
    assert not fires(rule, comment("a cat, a dog", author={"name": "ann"}))


def test_an_item_of_not_must_hold_whole_to_stand_in_the_way() -> None:
    rule = "body: cat\nnot: {author: {name: bob}, body: dog}\n"
    assert fires(rule, comment("a cat", author={"name": "bob"}))
    assert not fires(rule, comment("a cat, a dog", author={"name": "bob"}))


def test_groups_can_hold_groups() -> None:
    rule = "all:\n    - any: {body#1: cat, body#2: dog}\n    - not: {body: cow}\n"
    assert fires(rule, comment("a dog"))
    assert not fires(rule, comment("a dog and a cow"))
    assert not fires(rule, comment("a hen"))


def test_a_second_group_is_tagged() -> None:
    rule = "any: {body#1: cat, body#2: dog}\nany#2: {body#1: red, body#2: blue}\n"
    assert fires(rule, comment("a red cat"))
    assert not fires(rule, comment("a cat"))


@pytest.mark.parametrize(
    "check",
    [
        'author: {comment_karma: "> 10"}',
        "author: {is_gold: true}",
        "subreddit: {is_nsfw: true}",
        "is_edited: true",
        "mentions_me: true",
        "reports: 2",
        'triage: {toxicity: "> 0.9"}',
        "intent: question",
        "author: {contributor_quality: '> low'}",
        "body (regex): '(?=a)(a|aa)+$'",
    ],
)
def test_what_is_unknown_stays_unknown_under_not(check: str) -> None:
    stalling = comment("a" * 60 + "! cat")
    assert not fires(f"body: cat\nnot: {{{check}}}\n", stalling)
    assert not fires(f"body: cat\nany: [{{{check}}}]\n", stalling)


@pytest.mark.parametrize("karma", [5, 50])
def test_what_is_known_is_turned_round_by_not(karma: int) -> None:
    rule = 'body: cat\nnot: {author: {comment_karma: "> 10"}}\n'
    assert fires(rule, comment("a cat", author={"name": "x", "comment_karma": karma})) is (
        karma == 5
    )


def test_one_known_failure_settles_an_item_whatever_is_unknown() -> None:
    rule = 'body: cat\nnot: {body: dog, author: {comment_karma: "> 10"}}\n'
    assert fires(rule, comment("a cat"))


def test_a_group_with_nothing_to_look_at_is_left_out_like_a_search() -> None:
    rule = "title: cat\nnot: {url (includes): example}\n"
    assert fires(rule, post("a cat"))  # a text post has no url to look at
    assert not fires(rule, link("https://example.com", title="a cat"))
    assert not fires("not: {url (includes): example}\n", post("a cat"))
    assert not fires("any: [{url (includes): example}]\n", post("a cat"))


def test_the_trace_says_which_check_of_which_item_held() -> None:
    found = decided(PAIR + "action: report\n", comment("a cat"))
    (hit,) = found.fired[0].hits
    assert (hit.check, hit.field, hit.matched) == ("any.0.body", "body", "cat")
    (hit,) = decided("not: {body: dog}\naction: report\n", comment("a cat")).fired[0].hits
    assert hit.check == "not"


def test_scores_under_groups_are_asked_of_the_model() -> None:
    rules = policy(
        'any:\n    - triage: {toxicity: "> 0.8"}\n    - triage: {spam: "> 0.6"}\n'
        "    - intent: help\n"
        "action: report\n---\n"
        'any: [{triage: {toxicity: "> 0.8"}}, {triage: {spam: "> 0.6"}}]\naction: report\n---\n'
        'not: {triage: {toxicity: "> 0.8"}}\naction: report\n---\n'
        'any: [{"similar_to (removed)": "> 0.9"}]\naction: report\n'
    )
    first, second, third, fourth = rules.rules
    assert first.heads == {"toxicity", "spam"}
    assert (first.needs_scores, first.needs_intent, first.floor) == (True, True, 0.0)
    assert (second.needs_intent, second.floor) == (False, 0.6)
    assert (third.needs_scores, third.floor) == (True, 0.0)
    assert (fourth.needs_scores, fourth.needs_precedents) == (False, True)


def test_scores_under_groups_decide() -> None:
    rule = 'any: [{triage: {toxicity: "> 0.8"}}, {triage: {spam: "> 0.6"}}]\n'
    assert fires(rule, comment(), Signals(scores={"toxicity": 0.1, "spam": 0.7}))
    assert not fires(rule, comment(), Signals(scores={"toxicity": 0.1, "spam": 0.5}))
    assert fires(f"not:\n    {rule}", comment(), Signals(scores={"toxicity": 0.1, "spam": 0.5}))


def test_a_quote_comes_from_the_top_level_only() -> None:
    text = "any: [{body: cat}]\nbody#2: dog\naction: report\naction_reason: saw {{match}}\n"
    found = decided(text, comment("a cat, a dog"))
    assert found.actions[0].reason == "saw dog"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("any: word\naction: remove", "rules.yaml:1:1: `any` must be a group of checks"),
        ("not: []\naction: remove", "rules.yaml:1:1: `not` must be a group of checks"),
        ("any:\n    - word\naction: remove", "rules.yaml:2:7: item 1 of `any` must be a group"),
        (
            "any:\n    - body: x\n      action: report\naction: remove",
            "rules.yaml:3:7: `action` belongs at the rule's top level, not under a group",
        ),
        (
            "any:\n    - body: x\n      priority: 1\naction: remove",
            "rules.yaml:3:7: `priority` belongs at the rule's top level",
        ),
        (
            "any:\n    - author: {name: x, set_flair: y}\naction: remove",
            "`set_flair` belongs at the rule's top level",
        ),
        ("any:\n    - bodi: x\naction: remove", "rules.yaml:2:7: unknown key `bodi`"),
        ("not: {body (regex): '('}\naction: remove", "rules.yaml:1:7: invalid regex"),
        (
            "type: comment\nany: [{title: x}]\naction: remove",
            "rules.yaml:2:8: `title` does not apply to a comment",
        ),
        (
            "type: comment\nnot: {title: x}\naction: remove",
            "rules.yaml:2:7: `title` does not apply to a comment",
        ),
        ("~any: {body: x}\naction: remove", "`any` is no search"),
        ("author: {any: [{name: x}]}\naction: remove", "`any` does not apply to author"),
        ("any: [{reports: 0}]\naction: remove", "asks nothing"),
    ],
)
def test_mistakes_in_groups_are_told_with_their_place(text: str, said: str) -> None:
    assert said in "\n".join(faults(text))


def test_searches_in_groups_are_linted() -> None:
    (remark,) = remarks("any:\n    - body (includes): as\naction: report")
    assert "rules.yaml:2:7: `body (includes)` finds 'as' inside longer words too" in remark


CHECKS = st.sampled_from(
    [{"body": "cat"}, {"body": "dog"}, {"author": {"name": "bob"}}, {"author": {"is_gold": "true"}}]
)
trees = st.recursive(
    CHECKS,
    lambda inner: st.builds(
        lambda kind, items: {kind: items},
        st.sampled_from(["any", "all", "not"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


def naive(tree: dict[str, Any], body: str, name: str, is_gold: bool | None) -> bool | None:
    """Three-valued logic by the book: the least of all, the greatest of any, the opposite."""
    ((key, value),) = tree.items()
    if key == "body":
        return value in body.split()
    if key == "author":
        return name == value["name"] if "name" in value else is_gold
    found = [naive(one, body, name, is_gold) for one in value]
    if key == "all":
        return min(found, key={False: 0, None: 1, True: 2}.__getitem__)
    most = max(found, key={False: 0, None: 1, True: 2}.__getitem__)
    if key == "any":
        return most
    return None if most is None else not most


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tree=trees,
    body=st.sampled_from(["cat", "dog", "cat dog", "cow"]),
    name=st.sampled_from(["bob", "ann"]),
    is_gold=st.sampled_from([True, False, None]),
)
def test_any_nesting_follows_three_valued_logic(
    tree: dict[str, Any], body: str, name: str, is_gold: bool | None
) -> None:
    message = comment(body, author={"name": name, "is_gold": is_gold})
    expected = naive(tree, body, name, is_gold) is True
    assert fires(f"all: [{json.dumps(tree)}]", message) is expected
