"""`mode: shadow` on a rule: it is asked and told of, and does nothing."""

from __future__ import annotations

from greenroom.message import ActionKind, Severity, Signals
from greenroom.policies import Situation, wants
from tests.policies.rules import NOW, comment, decided, faults, policy, shown

SHADOW = "body: cat\naction: remove\nseverity: critical\nmode: shadow\ncomment: no cats\n"


def test_a_shadow_rule_is_told_of_and_does_nothing() -> None:
    found = decided(SHADOW, comment("a cat"))
    assert (found.actions, found.severity, found.ran) == ((), Severity.LOW, ())
    (fired,) = found.fired
    assert fired.would == (ActionKind.REMOVE, ActionKind.REPLY)
    assert fired.hits[0].matched == "cat"
    assert "(in shadow mode: would remove, reply)" in found.explanations[0]


def test_a_shadow_removal_keeps_no_other_from_being_asked() -> None:
    found = decided(f"{SHADOW}---\nbody: cat\naction: spam", comment("a cat"))
    assert [(one.rule, bool(one.would)) for one in found.fired] == [(0, True), (1, False)]
    assert [action.kind for action in found.actions] == ["spam"]


def test_a_live_rule_says_so_or_says_nothing() -> None:
    for mode in ("", "mode: live\n"):
        assert decided(f"body: cat\naction: remove\n{mode}", comment("cat")).actions


def test_policy_try_shows_what_it_would_do() -> None:
    assert shown(SHADOW, comment("a cat"))["fired"] == [
        {"rule": 0, "name": "any, body", "would": ["remove", "reply"]}
    ]


def test_a_shadow_rule_has_its_scores() -> None:
    rules = policy(
        "body: cat\naction: remove\nmode: shadow\n---\n"
        'triage: {spam: "> 0.5"}\naction: remove\nmode: shadow'
    )
    asked = wants((rules,), comment("a cat"), Situation(NOW))
    assert (asked.scores, asked.floor) == (True, 0.5)
    found = decided('triage: {spam: "> 0.5"}\naction: remove\nmode: shadow', comment(),
                    Signals(scores={"spam": 0.9}))  # fmt: skip
    assert found.fired


def test_there_is_no_third_mode() -> None:
    assert "`mode` cannot be 'off'" in faults("body: cat\naction: remove\nmode: off")[0]
