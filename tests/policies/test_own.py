"""Greenroom's own checks: scores, intent, precedents, places, mentions."""

from __future__ import annotations

import pytest

from greenroom.message import Channel, Community, Precedent, Signals
from tests.policies.rules import comment, decided, faults, fires, policy
from tests.samples import a_message

SCORED = Signals(
    scores={"toxicity": 0.95, "insult": 0.2, "sentiment": -0.7},
    intent="question",
    precedents=(
        Precedent("a", "x", "removed", 0.93),
        Precedent("b", "y", "approved", 0.98),
        Precedent("c", "z", "removed", 0.5),
    ),
)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('triage: {toxicity: "> 0.9"}', True),
        ('triage: {toxicity: "> 0.9", insult: "> 0.5"}', False),
        ('triage: {toxicity: ">= 0.95", insult: "<0.5"}', True),
        ('triage: {spam: "> 0.1"}', False),
        ('triage: {spam: "< 0.9"}', False),
        ("intent: question", True),
        ("intent: [help, Question]", True),
        ("intent: help", False),
        ('sentiment: "< -0.5"', True),
        ('sentiment: "> 0"', False),
        ('similar_to (removed): "> 0.92"', True),
        ('similar_to (removed): "> 0.94"', False),
        ('similar_to (approved): "> 0.97"', True),
        ('similar_to: "> 0.97"', True),
        ('similar_to (removed, approved): "> 0.97"', True),
    ],
)
def test_an_own_check_compares_signals(rule: str, holds: bool) -> None:
    assert fires(rule, comment(), SCORED) is holds
    if "triage" not in rule or holds:
        assert not fires(rule, comment())


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('triage: {rage: "> 0.9"}', "unknown triage head `rage`"),
        ('triage: {toxicty: "> 0.9"}', "did you mean `toxicity`"),
        ("triage: {}", "`triage` names no head"),
        ("triage: toxicity", "`triage` must be a group of keys"),
        ("triage: {toxicity: 0.9}", "compares a score with a number, not '0.9'"),
        ('triage: {toxicity: "> 90"}', "is between 0 and 1, never 90"),
        ('triage: {toxicity: "> -1"}', "is between 0 and 1, never -1"),
        ('sentiment: "< -2"', "is between -1 and 1"),
        ("intent: quest", "unknown intent `quest`"),
        ('similar_to (deleted): "> 0.9"', "unknown verdict `deleted`"),
        ("similar_to: often", "compares a score"),
        ("mentions_me: perhaps", "must be true or false"),
        ('~triage: {toxicity: "> 0.9"}', "`triage` is no search"),
        ('parent_submission: {triage: {toxicity: "> 0.9"}}', "does not apply"),
    ],
)
def test_a_faulty_own_check_is_told(rule: str, says: str) -> None:
    found = faults(f"{rule}\naction: report")
    assert any(says in fault for fault in found), found


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("platform: discord", True),
        ("platform: [slack, reddit]", False),
        ("~platform: reddit", True),
        ("community: Harbour", True),
        ("community: c1", True),
        ("community: arbou", False),
        ("community (includes): arbou", True),
        ("channel: general", True),
        ("channel: '#general'", True),
        ("channel: ch1", True),
        ("channel: ['#mods', '#general']", True),
        ("~channel: general", False),
        ("channel (regex): '^gen'", False),
        ("channel (regex, includes): '^gen'", True),
        ("mentions_me: true", True),
        ("mentions_me: false", False),
    ],
)
def test_a_place_is_found_by_name_or_id(rule: str, holds: bool) -> None:
    message = a_message(
        "hi",
        mentions_me=True,
        community=Community("c1", "Harbour"),
        channel=Channel("ch1", "general"),
    )
    assert bool(decided(f"{rule}\naction: report", message).fired) is holds


def test_an_unquoted_channel_is_a_comment_to_yaml() -> None:
    (fault,) = faults("channel: #help\naction: report")
    assert "rules.yaml:1:1: `channel` has no value" in fault
    assert "starts with #" in fault


def test_a_policy_tells_which_heads_it_needs() -> None:
    text = (
        'triage: {toxicity: "> 0.9"}\naction: remove\n---\nbody: x\naction: remove\n'
        "action_reason: '{{triage.spam}}'\n---\nintent: help\naction: reply\n"
    )
    assert policy(text).heads == {"toxicity", "spam"}
    assert [rule.needs_scores for rule in policy(text).rules] == [True, True, True]


def test_the_design_document_s_example_loads_and_decides() -> None:
    text = (
        'type: any\nsimilar_to (removed): "> 0.92"\nauthor:\n    account_age: "< 7 days"\n'
        "action: filter\naction_reason: near-copy of a removed message ({{similar_to}})\n"
    )
    young = comment(author={"account_age_days": 2})
    assert decided(text, young, SCORED).actions[0].reason == (
        "near-copy of a removed message (0.93)"
    )
    assert not decided(text, comment(), SCORED).actions


def test_likeness_to_the_knowledge_is_asked_for_by_itself() -> None:
    text = 'similar_to (knowledge): "> 0.6"\naction: report'
    (rule,) = policy(text).rules
    assert (rule.needs_likeness, rule.needs_precedents, rule.needs_scores) == (True, False, False)
    assert fires('similar_to (knowledge): "> 0.6"', comment(), Signals(knowledge_score=0.7))
    assert not fires('similar_to (knowledge): "> 0.6"', comment(), Signals(knowledge_score=0.5))
    assert not fires('not: {"similar_to (knowledge)": "> 0.6"}', comment())
    (both,) = policy(
        'any: [{"similar_to (removed)": "> 0.9"}, {"similar_to": "> 0.8"}]\nban: true'
    ).rules
    assert (both.needs_likeness, both.needs_precedents) == (False, True)
