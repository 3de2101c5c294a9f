"""One conversation, one speaker: who has the word, for how long, and with whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from greenroom.floor import KEPT, Floor, Word
from greenroom.message import Author, Message
from tests.samples import NOON, a_message

KIM = Author("u2", "kim")
LATER = NOON + timedelta(minutes=1)


def after(first: Message, said: Message, *, minutes: float = 1) -> Word:
    floor = Floor()
    floor.took(first, "host", NOON)
    return floor.word(said, NOON + timedelta(minutes=minutes))


def test_nobody_has_the_word_at_first() -> None:
    assert Floor().word(a_message(), NOON) == Word()


def test_the_word_stays_with_whoever_spoke_last_to_the_same_member() -> None:
    assert after(a_message(), a_message(id="m2")) == Word("host", is_partner=True)
    assert after(a_message(), a_message(id="m2", author=KIM)) == Word()


def test_in_a_thread_it_is_the_threads_and_the_partner_is_known() -> None:
    first = a_message(thread="t1")
    assert after(first, a_message(id="m2", thread="t1")) == Word("host", is_partner=True)
    assert after(first, a_message(id="m2", thread="t1", author=KIM)) == Word("host")
    assert after(first, a_message(id="m2", thread="t2")) == Word()


def test_a_thread_that_begins_under_the_answered_message_is_the_same_conversation() -> None:
    assert after(a_message(id="m1"), a_message(id="m2", thread="m1")).is_partner


@pytest.mark.parametrize(("minutes", "speaker"), [(14, "host"), (16, None)])
def test_the_word_is_lost_after_a_while(minutes: float, speaker: str | None) -> None:
    assert timedelta(minutes=15) == KEPT
    assert after(a_message(), a_message(id="m2"), minutes=minutes).speaker == speaker


def test_another_speaker_takes_over_with_partners_of_its_own() -> None:
    floor = Floor()
    floor.took(a_message(thread="t1"), "host", NOON)
    floor.took(a_message(id="m2", thread="t1", author=KIM), "guide", LATER)
    assert floor.word(a_message(id="m3", thread="t1"), LATER) == Word("guide")
    assert floor.word(a_message(id="m3", thread="t1", author=KIM), LATER).is_partner


def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenroom.floor._MOST", 10)
    floor = Floor()
    for number in range(50):
        floor.took(a_message(id=f"m{number}", thread=f"t{number}"), "host", NOON)
    assert floor.word(a_message(id="x", thread="t0"), NOON) == Word()
    assert floor.word(a_message(id="x", thread="t49"), NOON).speaker == "host"


def rushed_after(*gaps_s: float) -> bool:
    """Whether a conversation whose answers came after these gaps is taken for a machine's."""
    floor, now = Floor(), NOON
    for number, gap in enumerate(gaps_s):
        now += timedelta(seconds=gap)
        floor.took(a_message(id=f"m{number}"), "host", now)
    return floor.word(a_message(id="next"), now + timedelta(seconds=0.5)).is_rushed


def test_answers_that_nobody_could_type_are_noticed() -> None:
    assert rushed_after(0, 1, 1, 1, 1, 1)
    assert not rushed_after(0, 1, 1, 1, 1)
    assert not rushed_after(0, 1, 1, 5, 1, 1)
    assert not rushed_after(*[4] * 20)


def test_after_a_pause_the_conversation_may_go_on() -> None:
    floor = Floor()
    for second in range(8):
        floor.took(a_message(id=f"m{second}"), "host", NOON + timedelta(seconds=second))
    assert floor.word(a_message(id="x"), NOON + timedelta(seconds=8)).is_rushed
    assert not floor.word(a_message(id="x"), NOON + timedelta(seconds=10)).is_rushed
