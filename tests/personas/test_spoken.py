"""Commands in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from greenroom.message import Author, EventKind
from greenroom.personas.spoken import Spoken, asks_to_be_left_alone, spoken_command
from tests.samples import a_message, an_event


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("!optout", "optout", None),
        ("/OptOut.", "optout", None),
        ("!opt-out please", "optout", None),
        ("!opt-in", "optin", None),
        ("<@123> !memory", "memory", None),
        ("@guide /memory on", "memory", "on"),
        ("!memory forget all", "memory", "forget all"),
        (" !memory forget 2, 3 ", "memory", "forget 2, 3"),
        ("!why", "why", None),
    ],
)
def test_a_command_and_nothing_else_is_one(text: str, name: str, argument: str | None) -> None:
    assert spoken_command(an_event(a_message(text))) == Spoken(name, argument)


@pytest.mark.parametrize(
    "text",
    ["optout", "!optout is how you leave", "!memory of a goldfish", "!memory forget you idiots",
     "!whynot", "say !optout", "!memory on fire", "!optout\nyou idiots", "", "!human"],
)  # fmt: skip
def test_other_words_are_none(text: str) -> None:
    assert spoken_command(an_event(a_message(text))) is None


def test_only_what_a_member_posts_counts() -> None:
    message = a_message("!optout")
    for kind in (EventKind.MESSAGE_EDITED, EventKind.MESSAGE_REPORTED, EventKind.COMMAND_GIVEN):
        assert spoken_command(an_event(message, kind)) is None
    bot = replace(message, author=Author("b1", "bot", is_bot=True))
    assert spoken_command(an_event(bot)) is None
    assert spoken_command(an_event(replace(message, platform="reddit"))) is None


@pytest.mark.parametrize("text", ["/optout", "u/bot !optout now", "<@1> /opt-out and stay away"])
def test_a_plea_to_be_left_alone_is_answered_by_nobody(text: str) -> None:
    assert asks_to_be_left_alone(a_message(text))
    assert not asks_to_be_left_alone(a_message(f"how does {text} work"))
