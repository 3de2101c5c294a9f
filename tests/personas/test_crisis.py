"""Words of somebody in need, in plain sight and disguised."""

from __future__ import annotations

import pytest

from greenroom.message import Purpose, Severity
from greenroom.personas.crisis import Crisis, help_in_crisis, in_crisis
from tests.personas.people import a_cue

CRISIS = Crisis(resources="Call 112.", words=("code blue",))


@pytest.mark.parametrize(
    "text",
    [
        "I want to die",
        "i wanna die",
        "sometimes i just want to kill myself",
        "ive been cutting myself again",
        "there is no reason to live",
        "everyone would be better off without me",
        "I don't want to be here anymore",
        "thinking about suicide a lot",
        "i want to k1ll mys3lf",
        "I w\u0430nt t\u043e di\u0435",  # Cyrillic letters
        "ich will nicht mehr leben",
        "ich möchte sterben",
        "je veux mourir",
        "quiero morirme",
        "não quero mais viver",
        "voglio morire",
        "this is code blue, really",
    ],
)
def test_these_words_are_a_crisis(text: str) -> None:
    assert in_crisis(a_cue(text), CRISIS)


@pytest.mark.parametrize(
    "text",
    [
        "my battery is going dead",
        "how do I kill a process on Linux?",
        "the die is cast in brass",
        "I live in Lisbon",
        "cut the wire to length",
        "the whole thing ended my evening",
        "no reason to worry",
        "This LED is dying",
    ],
)
def test_these_are_none(text: str) -> None:
    assert in_crisis(a_cue(text), CRISIS) is None


def test_the_score_counts_from_the_threshold_on() -> None:
    assert in_crisis(a_cue("…", scores={"self_harm": 0.61}), CRISIS) == (
        "may be in crisis: self_harm 0.61"
    )
    assert in_crisis(a_cue("…", scores={"self_harm": 0.59}), CRISIS) is None


def test_help_is_the_operators_words_and_a_case_before_all_others() -> None:
    decision = help_in_crisis("host", CRISIS, "why")
    assert [action.kind.value for action in decision.actions] == ["reply", "escalate"]
    assert decision.actions[0].text == "Call 112."
    assert decision.actions[0].purpose is Purpose.CRISIS
    assert decision.severity is Severity.CRITICAL
