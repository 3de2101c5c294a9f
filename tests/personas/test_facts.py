"""What members say of themselves is told from what they say of anything else."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.message import Author, Signals
from greenroom.personas.base import Cue
from greenroom.personas.facts import DAYS, LONGEST, MOST, facts_of, learned_from
from tests.personas import lines
from tests.samples import NOON, a_message

LEAST_PRECISION = 0.9
"""Below this share of right facts among those found, more is told back wrongly than is of use."""


def found(text: str) -> list[tuple[str, str]]:
    return [(fact.kind, fact.text) for fact in facts_of(a_message(text), now=NOON)]


@pytest.mark.parametrize(("text", "kind", "fact"), lines.HOLDS)
def test_a_fact_is_the_members_own_words(text: str, kind: str, fact: str) -> None:
    ((got, said),) = found(text)
    assert got == kind
    assert said in " ".join(text.split())
    assert fact in ("", said)


@pytest.mark.parametrize("text", lines.HOLDS_NOTHING)
def test_other_words_hold_no_fact(text: str) -> None:
    assert found(text) == []


def test_precision_and_recall_on_lines_written_to_trip_it_up() -> None:
    holds = [*lines.HELD_OUT_HOLDS, *lines.LAST_HOLDS]
    nothing = [*lines.HELD_OUT_HOLDS_NOTHING, *lines.LAST_HOLDS_NOTHING]
    right = sum([kind for kind, _ in found(text)] == [kind] for text, kind in holds)
    wrong = sum(bool(found(text)) for text in nothing)
    wrong += sum(bool(found(text)) and found(text)[0][0] != kind for text, kind in holds)
    assert right / (right + wrong) >= LEAST_PRECISION
    assert right / len(holds) >= 0.8


def test_one_message_holds_several_facts_and_each_once() -> None:
    text = "My name is Ada. I live in Bergen. my name is Ada! I love tea; I collect stamps"
    assert [kind for kind, _ in found(text)] == ["name", "place", "likes", "about"]
    many = ". ".join(f"I collect stamps number {letter}" for letter in "abcdefghij")
    assert len(found(many)) == MOST


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("My name is Ada", 90),
        ("I'm moving to Oslo tomorrow", 3),
        ("I'm visiting Porto in April", 62),
        ("I'm visiting Porto on 3 March", 4),
        ("I have an exam on Friday", 7),  # noon is a Sunday
        ("I'm visiting Porto on 30 February", None),
        ("I'm visiting Porto next year", 90),
        ("I have a bad feeling", None),
    ],
)
def test_facts_expire(text: str, days: int | None) -> None:
    facts = facts_of(a_message(text), now=NOON, days=90)
    if days is None:
        assert facts == ()
        return
    (fact,) = facts
    assert NOON < fact.expires_at <= NOON + timedelta(days=days)
    assert fact.expires_at > NOON + timedelta(days=days - 2)


def test_a_persona_may_keep_things_for_less() -> None:
    (fact,) = facts_of(a_message("I'm visiting Porto in December"), now=NOON, days=5)
    assert fact.expires_at == NOON + timedelta(days=5)
    (fact,) = facts_of(a_message("I collect stamps"), now=NOON, days=366)
    assert fact.expires_at == NOON + timedelta(days=DAYS["about"])


def a_cue(consent: str | None, **scores: float) -> Cue:
    consents = {} if consent is None else {"friend": consent}
    return Cue(a_message("I love tea"), Signals(scores=scores, consents=consents), NOON)


def test_nothing_is_learned_without_consent() -> None:
    assert len(learned_from(a_cue("given"), "friend", days=90)) == 1
    for consent in (None, "asked", "withdrawn"):
        assert learned_from(a_cue(consent), "friend", days=90) == ()
    assert learned_from(a_cue("given"), "other", days=90) == ()


@pytest.mark.parametrize("head", ["injection", "self_harm", "hate"])
def test_nothing_is_learned_from_what_reads_as_harm(head: str) -> None:
    assert learned_from(a_cue("given", **{head: 0.8}), "friend", days=90) == ()


def test_bots_say_nothing_of_members() -> None:
    bot = replace(a_message("I love tea"), author=Author("b", "b", is_bot=True))
    assert facts_of(bot, now=NOON) == ()


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=400), st.sampled_from([text for text, _, _ in lines.HOLDS]))
def test_no_text_breaks_it_and_facts_stay_short(noise: str, line: str) -> None:
    for fact in facts_of(a_message(f"{noise}\n{line}\n{noise}"), now=NOON):
        assert 0 < len(fact.text) <= LONGEST
        assert 0 < fact.confidence <= 1
        assert fact.expires_at > NOON


@pytest.mark.parametrize(
    "text",
    ["I love " + "a " * 5_000, "1 " * 5_000, "my name is " + "A" * 9_000, "a" * 9_000,
     "I love " + "a-" * 70, '"' * 2_000, "`" * 2_000, "hi " * 800, "you" * 900,
     "I'm going " + "1.1/" * 400, "a.a" * 900 + "@"],
)  # fmt: skip
def test_no_text_stalls_it(text: str) -> None:
    started_s = time.perf_counter()
    facts_of(a_message(text), now=NOON)
    assert time.perf_counter() - started_s < 0.5
