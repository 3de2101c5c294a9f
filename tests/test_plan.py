"""Who speaks, what is ordered, what becomes a case."""

from __future__ import annotations

from dataclasses import replace

from greenroom.ledger import Pending
from greenroom.message import (
    Action,
    ActionKind,
    Decision,
    EventKind,
    Passage,
    Purpose,
    Severity,
    Signals,
)
from greenroom.plan import one_voice, plan
from tests.samples import a_message, an_event

EVIDENCE = (Passage("faq.md", "Roles", "Read the rules.", 0.8),)
REMOVAL = Decision("warden", (Action(ActionKind.REMOVE),))
QUIET = Decision("warden")


def answer(persona: str) -> Decision:
    said = Action(ActionKind.REPLY, text="> Read", purpose=Purpose.ANSWER)
    return Decision(persona, (said,), evidence=EVIDENCE)


def planned(*decisions: Decision, mode: str = "live", kind: EventKind = EventKind.MESSAGE_POSTED):  # type: ignore[no-untyped-def]  # Handled
    pending = Pending(1, an_event(kind=kind))
    return plan(pending, a_message(), mode, Signals(), decisions)


def test_nobody_answers_what_is_removed() -> None:
    _, guide = one_voice([REMOVAL, answer("guide")], a_message())
    assert guide.actions == ()
    assert guide.notes == ("kept silent: another persona acts on this message",)


def test_only_the_first_answers() -> None:
    quiet, first, second = one_voice([QUIET, answer("guide"), answer("helper")], a_message())
    assert (quiet, first) == (QUIET, answer("guide"))
    assert second.actions == ()


def test_a_reply_that_is_no_answer_goes_with_a_removal() -> None:
    told = replace(REMOVAL, actions=(*REMOVAL.actions, Action(ActionKind.REPLY, text="why")))
    assert one_voice([told, answer("guide")], a_message())[0] == told


def test_an_escalation_is_a_case_and_no_order() -> None:
    decision = Decision(
        "warden", (Action(ActionKind.ESCALATE, reason="insult 0.7"),), Severity.HIGH
    )
    handled = planned(decision)
    assert handled.planned == ()
    assert handled.case is not None
    assert (handled.case.reason, handled.case.severity) == ("insult 0.7", Severity.HIGH)


def test_a_filter_is_an_order_and_a_case() -> None:
    handled = planned(Decision("warden", (Action(ActionKind.FILTER, reason="spam"),)))
    assert [order.action.kind for order in handled.planned] == ["filter"]
    assert handled.case is not None


def test_a_removal_alone_is_no_case() -> None:
    handled = planned(REMOVAL)
    assert [order.action.kind for order in handled.planned] == ["remove"]
    assert handled.case is None


def test_the_most_severe_decision_counts() -> None:
    low = Decision("a", (Action(ActionKind.ESCALATE, reason="x"),), Severity.LOW)
    high = Decision("b", (Action(ActionKind.ESCALATE, reason="y"),), Severity.CRITICAL)
    case = planned(low, high).case
    assert (case.severity, case.reason) == (Severity.CRITICAL, "x; y")


def test_shadow_orders_nothing_real() -> None:
    assert [order.is_shadow for order in planned(REMOVAL, mode="shadow").planned] == [True]


def test_keys_are_the_same_each_time_and_differ_by_persona() -> None:
    once, again = planned(REMOVAL).planned, planned(REMOVAL).planned
    other = planned(replace(REMOVAL, persona="other")).planned
    assert once[0].key == again[0].key
    assert once[0].key != other[0].key


def said(persona: str, purpose: Purpose) -> Decision:
    return Decision(persona, (Action(ActionKind.REPLY, text="so", purpose=purpose),))


UNANSWERED = Decision("guide", (Action(ActionKind.ESCALATE, purpose=Purpose.ANSWER),))


def test_words_for_somebody_in_need_go_before_all_others() -> None:
    first, crisis, other = one_voice(
        [answer("guide"), said("host", Purpose.CRISIS), said("pal", Purpose.CRISIS)], a_message()
    )
    assert (first.actions, len(crisis.actions), other.actions) == ((), 1, ())
    held, crisis = one_voice([REMOVAL, said("host", Purpose.CRISIS)], a_message())
    assert (held, len(crisis.actions)) == (REMOVAL, 1)


def test_one_handover_is_enough() -> None:
    handed = [said("a", Purpose.HANDOVER), said("b", Purpose.HANDOVER), answer("c")]
    assert [len(one.actions) for one in one_voice(handed, a_message())] == [1, 0, 0]


def test_who_has_the_word_keeps_it() -> None:
    both = [answer("guide"), said("host", Purpose.CHAT)]
    assert [len(one.actions) for one in one_voice(both, a_message(), "host")] == [0, 1]
    assert [len(one.actions) for one in one_voice(both, a_message(), "gone")] == [1, 0]


def test_a_want_of_an_answer_is_met_by_anothers() -> None:
    unanswered, linked = one_voice([UNANSWERED, said("c", Purpose.DUPLICATE)], a_message())
    assert (unanswered.actions, len(linked.actions)) == ((), 1)


def test_small_talk_is_no_answer() -> None:
    unanswered, chat = one_voice([UNANSWERED, said("host", Purpose.CHAT)], a_message())
    assert (unanswered, len(chat.actions)) == (UNANSWERED, 1)


def test_a_case_for_another_reason_keeps_all_silent() -> None:
    case = Decision("warden", (Action(ActionKind.ESCALATE),))
    assert [len(one.actions) for one in one_voice([case, answer("guide")], a_message())] == [1, 0]


def test_small_talk_ends_where_answers_come_quicker_than_a_person_types() -> None:
    (hushed,) = one_voice([said("host", Purpose.CHAT)], a_message(), "host", is_rushed=True)
    assert hushed.actions == ()
    assert hushed.notes == ("kept silent: answers come quicker than a person types",)
    for urgent in (Purpose.CRISIS, Purpose.HANDOVER):
        (urged,) = one_voice([said("host", urgent)], a_message(), is_rushed=True)
        assert len(urged.actions) == 1
