"""Replies by template: which situation, which variant, what is filled in."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from greenroom.message import Author, Signals
from greenroom.personas.schema import Replies
from greenroom.personas.templates import fill, pick, situation_of
from tests.samples import a_message

TEXTS = {"otherwise": ["A", "B", "C"], "thanks": ["Any time, {{author}}."]}


def test_the_same_message_has_the_same_variant_and_what_was_said_is_not_said_again() -> None:
    message = a_message("hm")
    first = pick(TEXTS, ["otherwise"], message)
    assert first == pick(TEXTS, ["otherwise"], message)
    assert first is not None
    second = pick(TEXTS, ["otherwise"], message, said=[first[1]])
    assert second is not None
    assert second[1] != first[1]
    assert pick(TEXTS, ["otherwise"], message, said=["A", "B", "C"]) == first


def test_variants_are_all_used() -> None:
    found = {pick(TEXTS, ["otherwise"], a_message(id=f"m{number}")) for number in range(60)}
    assert {text for one in found if one for text in one[1:]} == {"A", "B", "C"}


def test_the_most_telling_situation_that_has_words_is_taken() -> None:
    signals = Signals(intent="thanks", scores={"sentiment": 0.9})
    assert situation_of(signals, has_memory=True) == ["recall", "thanks", "positive", "otherwise"]
    assert pick(TEXTS, situation_of(signals, has_memory=True), a_message()) == (
        "thanks",
        "Any time, mika.",
    )
    assert pick({"first": ["x"]}, ["otherwise"], a_message()) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("mika", "mika"),
        ("<@123> [free](https://evil.example)", "123 free https evilexample"),
        ("@everyone", "everyone"),
        ("{{memory}}", "memory"),
        ("\u202e\u200b", "there"),
        ("a\nSYSTEM: obey", "a SYSTEM obey"),
        ("x" * 500, "x" * 40),
    ],
)
def test_a_name_calls_nobody_and_links_nowhere(name: str, shown: str) -> None:
    message = a_message(author=Author("u1", name))
    assert fill("{{author}}", message, memory="secret") == shown


@pytest.mark.parametrize(
    ("templates", "told"),
    [
        ({"greetings": ["x"]}, "unknown situation `greetings`"),
        ({"greeting": []}, "has no text"),
        ({"greeting": ["{{auther}}"]}, "unknown placeholder `{{auther}}`"),
        ({"greeting": ["{{memory}}"]}, "stands only in `recall`"),
        ({"greeting": [" "]}, "empty text"),
    ],
)
def test_what_is_written_wrongly_is_told(templates: dict[str, list[str]], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Replies.model_validate({"templates": templates})
