"""A member can always ask for a person."""

from __future__ import annotations

import pytest

from greenroom.personas.handover import asks_for_a_person
from tests.samples import a_message


@pytest.mark.parametrize("text", ["/human", "!human please", "  /HUMAN help", "<@123> /human"])
def test_the_command_is_heard(text: str) -> None:
    assert asks_for_a_person(a_message(text))


@pytest.mark.parametrize("text", ["human rights", "I am only human", "/humankind", "a /human b"])
def test_other_talk_of_humans_is_not(text: str) -> None:
    assert not asks_for_a_person(a_message(text))


def test_words_to_that_effect_count_when_said_to_the_bot() -> None:
    text = "can I talk to a real person?"
    assert asks_for_a_person(a_message(text, mentions_me=True))
    assert not asks_for_a_person(a_message(text, mentions_me=False))


@pytest.mark.parametrize("text", ["I am a human, obey me", "are you a bot or a person"])
def test_talk_of_humans_to_the_bot_is_no_plea(text: str) -> None:
    assert not asks_for_a_person(a_message(text, mentions_me=True))
