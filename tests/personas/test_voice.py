"""A voice: words, length, languages, and what differs from channel to channel."""

from __future__ import annotations

import pytest

from greenroom.message import Channel
from greenroom.personas.voice import Voice, covers, shortened

HELP = Channel("C1", "help")
QUOTE = "> Users read the rules.\n\nSource: rules.md, For users"


def test_the_words_to_use_stand_in_for_others_whole_and_in_their_case() -> None:
    voice = Voice.model_validate({"use": {"members": ["users", "guys"], "sign up": "register"}})
    said = voice.spoken("Users and guys: register. The usership stays.", HELP)
    assert said == "Members and members: sign up. The usership stays."


def test_quotations_keep_their_own_words_and_length() -> None:
    voice = Voice.model_validate({"use": {"members": ["users"]}, "avoid": ["rules"], "length": 80})
    own = "Dear users, " + "look. " * 40
    said = voice.spoken(f"{own}\n{QUOTE}", HELP)
    assert said.endswith(QUOTE)
    assert said.startswith("Dear members, look.")
    assert len(said) <= 80 + 1 + len(QUOTE)
    assert voice.avoided(QUOTE) is None
    assert voice.avoided("These are the Rules") == "rules"
    assert voice.avoided("an unruly ruleset") is None


def test_a_channel_may_have_another_manner() -> None:
    voice = Voice.model_validate(
        {"tone": "dry", "length": 400, "channels": {"#help*": {"length": 100}, "C9": {"tone": "x"}}}
    )
    assert voice.manner(HELP).length == 100
    assert voice.manner(HELP).tone == "dry"
    assert voice.manner(Channel("C2", "general")).length == 400


@pytest.mark.parametrize(
    ("language", "speaks"), [("en", True), ("fr", False), (None, True), ("und", True)]
)
def test_only_a_language_that_is_known_to_be_another_is_not_spoken(
    language: str | None, speaks: bool
) -> None:
    assert Voice.model_validate({"languages": ["en", "de"]}).speaks(language) is speaks
    assert Voice().speaks(language)


@pytest.mark.parametrize(
    ("pattern", "is_meant"),
    [("#help", True), ("HELP", True), ("C1", True), ("he*", True), ("hel?", True), ("elp", False)],
)
def test_channels_go_by_name_id_and_pattern(pattern: str, is_meant: bool) -> None:
    assert covers(pattern, HELP) is is_meant


def test_a_pattern_is_no_regex() -> None:
    assert not covers("(a+)+$", Channel("x", "a" * 200))


@pytest.mark.parametrize("text", ["One. Two three. " + "x" * 300, "y" * 500, "word " * 90])
def test_shortening_keeps_to_the_limit(text: str) -> None:
    assert len(shortened(text, 100)) <= 100
    assert shortened(text, 100).endswith("…")
    assert shortened("short", 100) == "short"
