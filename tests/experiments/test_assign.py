"""A conversation keeps its variant: across processes, members and changed weights."""

from __future__ import annotations

from collections import Counter

import pytest

from greenroom.experiments import assign, conversation_of, conversations_of
from greenroom.message import Author
from tests.samples import a_message

EVEN = {"a": 1.0, "b": 1.0}


def test_a_draw_is_the_same_in_every_process() -> None:
    drawn = "".join(assign("greeting", EVEN, f"discord:c1:ch1:by:u{n}") for n in range(24))
    assert drawn == "abbabaaabbbbbabbbbbaaabb"  # as it was on the day this was written


def test_weights_are_kept() -> None:
    counts = Counter(assign("greeting", {"a": 3, "b": 1, "c": 0}, f"x{n}") for n in range(4000))
    assert counts["a"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert counts["c"] == 0


def test_experiments_and_salts_draw_apart() -> None:
    drawn = {
        key: [assign(name, EVEN, f"x{n}", salt=salt) for n in range(400)]
        for key, name, salt in (("one", "x", ""), ("other", "y", ""), ("salted", "x", "2"))
    }
    for other in ("other", "salted"):
        same = sum(a == b for a, b in zip(drawn["one"], drawn[other], strict=True))
        assert 0.4 < same / 400 < 0.6


def test_more_weight_moves_nobody_away() -> None:
    before = {n: assign("greeting", {"a": 1, "b": 1}, f"x{n}") for n in range(1000)}
    after = {n: assign("greeting", {"a": 1, "b": 3}, f"x{n}") for n in range(1000)}
    moved = {(before[n], after[n]) for n in before if before[n] != after[n]}
    assert moved == {("a", "b")}


def test_a_new_variant_takes_from_all_and_moves_nobody_else() -> None:
    before = {n: assign("greeting", {"a": 1, "b": 1}, f"x{n}") for n in range(1000)}
    after = {n: assign("greeting", {"a": 1, "b": 1, "c": 1}, f"x{n}") for n in range(1000)}
    moved = {(before[n], after[n]) for n in before if before[n] != after[n]}
    assert moved == {("a", "c"), ("b", "c")}


def test_what_was_assigned_stays_whatever_its_weight() -> None:
    for n in range(50):
        kept = assign("greeting", {"a": 1, "b": 0}, f"x{n}", assigned={"greeting": "b"})
        assert kept == "b"


def test_what_was_assigned_and_is_no_variant_any_more_is_drawn_anew() -> None:
    assert assign("greeting", {"a": 1}, "x", assigned={"greeting": "gone"}) == "a"
    assert assign("greeting", {"a": 1}, "x", assigned={"other": "b"}) == "a"


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(ValueError, match="greeting has no variant"):
        assign("greeting", {"a": 0}, "x")


def test_what_members_are_called_cannot_break_the_draw() -> None:
    hostile = a_message(author=Author("\ud800\x1f'; DROP", "x"))
    assert assign("greeting", EVEN, conversation_of(hostile)) in EVEN


def test_a_conversation_is_a_thread_or_a_member_in_a_channel() -> None:
    one, other = a_message(id="m1"), a_message(id="m2")
    assert conversation_of(one) == conversation_of(other)
    assert conversation_of(one) != conversation_of(a_message(author=Author("u2", "kim")))
    in_thread = a_message(thread="m1")
    assert conversation_of(in_thread) == conversation_of(
        a_message(thread="m1", author=Author("u2", "kim"))
    )


def test_an_answer_in_a_thread_goes_on_with_the_conversation() -> None:
    first, then = a_message(id="m1"), a_message(id="m2", thread="m1")
    assert conversation_of(then) in conversations_of(first)
