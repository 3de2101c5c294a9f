"""The order of evaluation, and who and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.message import ActionKind, EventKind, Message, Signals
from greenroom.policies import Situation, evaluate, wants
from tests.policies.rules import NOTHING, NOW, comment, decided, policy, post, shown


def fired(text: str, message: Message, **circumstances: Any) -> list[int]:
    return [one.rule for one in decided(text, message, **circumstances).fired]


def rules(*sections: str) -> str:
    return "\n---\n".join(f"body: cat\n{section}" for section in sections)


CAT = comment("cat")


def test_removals_come_first_and_stop_at_the_first() -> None:
    text = rules("comment: hi", "action: remove", "action: spam", "action: report")
    assert fired(text, CAT) == [1, 0, 3]


@pytest.mark.parametrize("verb", ["remove", "spam", "filter"])
def test_priority_orders_removals(verb: str) -> None:
    text = rules("action: remove\npriority: -1", f"action: {verb}\npriority: 5", "action: remove")
    assert fired(text, CAT) == [1]


def test_other_rules_all_run_by_priority_and_ties_keep_file_order() -> None:
    text = rules("comment: a", "modmail: b\npriority: -3", "message: c\npriority: 9", "comment: d")
    assert fired(text, CAT) == [2, 0, 3, 1]


def test_a_removal_that_does_not_hold_lets_the_next_one_try() -> None:
    text = "body: dog\naction: remove\npriority: 9\n---\n" + rules("action: filter")
    assert fired(text, CAT) == [1]


def test_a_removal_of_the_parent_is_no_removal_rule() -> None:
    text = rules("parent_submission: {action: remove}", "action: filter", "comment: x")
    assert fired(text, comment("cat", parent_submission={"title": "t"})) == [1, 0, 2]


@pytest.mark.parametrize(
    ("section", "is_exempt"),
    [
        ("action: remove", True),
        ("action: spam", True),
        ("action: filter", True),
        ("action: report", True),
        ("timeout: 1 hour", True),
        ("comment: hello", False),
        ("action: approve\ncomment: x", False),
        ("action: escalate", False),
        ("action: remove\nmoderators_exempt: false", False),
        ("comment: hello\nmoderators_exempt: true", True),
    ],
)
def test_moderators_are_exempt_from_removal_and_report(section: str, is_exempt: bool) -> None:
    moderator = comment("cat", author={"is_moderator": True})
    found = decided(rules(section), moderator)
    assert bool(found.fired) is not is_exempt
    assert any("moderators are exempt" in note for note in found.notes) is is_exempt
    assert fired(rules(section), comment("cat", author={"is_moderator": False})) == [0]
    assert fired(rules(section), CAT) == [0]


def test_a_removal_that_spares_a_moderator_stops_nothing() -> None:
    text = rules("action: remove", "action: remove\nmoderators_exempt: false")
    assert fired(text, comment("cat", author={"is_moderator": True})) == [1]


def test_no_rule_runs_on_what_a_moderator_removed() -> None:
    found = decided(rules("comment: x"), comment("cat", is_removed=True))
    assert not found.fired
    assert found.notes


def test_removal_rules_leave_approved_items_alone() -> None:
    text = rules("action: remove", "action: report", "comment: x")
    assert fired(text, comment("cat", is_approved=True)) == [1, 2]


def test_own_messages_are_skipped() -> None:
    assert not fired(rules("comment: x"), comment("cat", author={"is_self": True}))
    assert not fired(rules("comment: x"), CAT, own_names=["MIKA"])


@pytest.mark.parametrize(
    ("extra", "values", "is_done"),
    [
        ("", {}, False),
        ("", {"is_spam_filtered": True}, True),
        ("", {"reports": 3}, False),
        ("reports: 1\n", {"reports": 3}, True),
    ],
)
def test_approve_acts_on_filtered_or_reported_items(
    extra: str, values: dict[str, Any], is_done: bool
) -> None:
    found = shown(rules(f"{extra}action: approve"), comment("cat", **values))
    assert found["fired"]
    assert (found["action"] == "approve") is is_done
    assert bool(found["notes"]) is not is_done


def test_reports_trigger_only_rules_that_ask_for_reports() -> None:
    text = rules("comment: x", "reports: 2\naction: report", "reports: 0\ncomment: y")
    reported = comment("cat", reports=2)
    assert fired(text, reported, trigger=EventKind.MESSAGE_REPORTED) == [1]
    assert fired(text, reported) == [0, 1, 2]


def test_once_only_rules_run_once_per_item() -> None:
    text = rules("comment: x", "action: report", "modmail: m", "message: n", "set_locked: true")
    first = decided(text, CAT)
    assert [one.rule for one in first.fired] == [0, 1, 2, 3, 4]
    assert len(set(first.ran)) == 4
    assert fired(text, CAT, ran=first.ran) == [4]
    changed = text.replace("comment: x", "comment: changed")
    assert fired(changed, CAT, ran=first.ran) == [0, 4]


def test_the_same_rule_twice_comments_once() -> None:
    assert fired(
        rules("comment: x", "comment: x", "set_locked: true", "set_locked: true"), CAT
    ) == [
        0,
        2,
        3,
    ]


def test_several_policies_are_one_order() -> None:
    first = policy(rules("comment: a", "action: remove"), name="first")
    second = policy(rules("action: remove\npriority: 1", "comment: b\npriority: 1"), name="second")
    found = evaluate((first, second), CAT, NOTHING, now=NOW)
    assert [(one.policy, one.rule) for one in found.fired] == [
        ("second", 0),
        ("second", 1),
        ("first", 0),
    ]
    assert found.actions[0].rule == "second#0"


def test_a_trace_tells_what_was_found_where() -> None:
    (one,) = decided(rules("~title+body#x: dog\naction: report"), comment("a Cat")).fired
    assert [(hit.check, hit.field, hit.matched, hit.start, hit.end) for hit in one.hits] == [
        ("body", "body", "Cat", 2, 5),
        ("~title+body#x", None, None, None, None),
    ]


SCORED = "body: cat\ntriage: {toxicity: '> 0.9'}\naction: remove\n"


def test_scores_are_wanted_only_while_a_rule_could_fire() -> None:
    rules_ = policy(f"{SCORED}---\nbody: dog\nsimilar_to: '> 0.9'\naction: report\n")
    situation = Situation(NOW)

    def wanted(message: Message) -> tuple[bool, bool]:
        found = wants((rules_,), message, situation)
        return found.scores, found.precedents

    assert (rules_.needs_scores, rules_.needs_precedents) == (True, True)
    assert wanted(CAT) == (True, False)
    assert wanted(comment("dog")) == (False, True)
    assert wanted(comment("bird")) == (False, False)
    assert wanted(comment("cat", is_removed=True)) == (False, False)
    plain = policy("title: cat\naction: remove")
    assert not plain.needs_scores
    assert policy("title: cat\nmodmail: '{{triage.spam}}'").needs_scores


def test_dear_checks_are_asked_last() -> None:
    class Counting(dict[str, float]):
        asked = 0

        def get(self, key: str, default: Any = None) -> Any:
            Counting.asked += 1
            return super().get(key, default)

    text = "triage: {toxicity: '> 0.9'}\nbody: dog\naction: remove"
    decided(text, CAT, Signals(scores=Counting(toxicity=1.0)))
    assert Counting.asked == 0


def test_actions_used_names_all_that_rules_may_order() -> None:
    text = rules("action: remove\ncomment: x", "author: {set_flair: y}\nban: true")
    assert policy(text).actions_used == {
        ActionKind.REMOVE,
        ActionKind.REPLY,
        ActionKind.SET_FLAIR,
        ActionKind.BAN,
    }


def test_posts_and_comments_have_versions_of_their_own() -> None:
    text = "title+body: cat\nset_flair: Cats\n---\nbody: cat\nis_top_level: true\ncomment: hi\n"
    assert fired(text, post("cat")) == [0]
    assert fired(text, comment("cat", is_top_level=True)) == [1]
