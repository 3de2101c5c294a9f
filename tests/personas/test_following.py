"""Questions that go on from the one before."""

from __future__ import annotations

import pytest

from greenroom.message import Turn
from greenroom.personas.following import whole_question
from tests.samples import NOON

TALK = (
    Turn("member", "how do I get the verified role?", NOON, "k1"),
    Turn("guide", "> Press the button.", NOON, "k1"),
)


@pytest.mark.parametrize(
    "text",
    ["and how long does it take?", "But where is that?", "what about weekends?", "can I lose it?"],
)
def test_a_short_question_that_points_back_is_asked_with_the_one_before(text: str) -> None:
    assert whole_question(text, TALK) == f"how do I get the verified role? {text}"


@pytest.mark.parametrize(
    "text",
    [
        "when is the next build night?",
        "and I would like to know when exactly the next build night at the harbour is",
        "thanks",
    ],
)
def test_a_question_that_stands_for_itself_is_asked_alone(text: str) -> None:
    assert whole_question(text, TALK) is None


def test_where_nothing_was_asked_before_it_stands_alone_too() -> None:
    assert whole_question("and how long does it take?", ()) is None
    assert whole_question("and how long does it take?", TALK[1:]) is None


def test_a_long_word_before_is_cut() -> None:
    before = (Turn("member", "x" * 10_000, NOON, "k"),)
    assert len(whole_question("and it?", before) or "") < 600
