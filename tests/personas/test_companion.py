"""The companion: speaks to who speaks to it, and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from greenroom.message import Author, EventKind, Memory, Passage, Purpose, Severity, Turn
from greenroom.personas.base import Cue
from greenroom.personas.companion import CompanionPersona
from tests.personas.people import CRISIS, a_companion, a_cue, a_persona
from tests.samples import NOON

REPLIES = {
    "min_evidence": 0.4,
    "otherwise": "silence",
    "templates": {
        "greeting": ["Hello {{author}}!"],
        "recall": ["You said: {{memory}}."],
        "otherwise": ["Tell me more.", "And then?"],
    },
}


def host(**keys: object) -> CompanionPersona:
    return CompanionPersona("host", a_companion(**{"replies": REPLIES, **keys}), [])


def said(cue: Cue, **keys: object) -> list[str | None]:
    return [action.text for action in host(**keys).decide(cue).actions]


def to_host(text: str, **more: Any) -> Cue:
    return a_cue(text, message={"mentions_me": True}, **more)


def test_it_answers_a_mention_and_not_the_room() -> None:
    assert said(to_host("hello", intent="greeting")) == ["Hello mika!"]
    assert said(a_cue("hello all", intent="greeting")) == []


def test_a_conversation_goes_on_with_whom_it_was_with() -> None:
    assert said(a_cue("I built a lamp", speaker="host", is_partner=True)) != []
    assert said(a_cue("I built a lamp", speaker="host")) == []
    assert said(a_cue("I built a lamp", speaker="guide", is_partner=True)) == []
    to_another = a_cue("see?", speaker="host", is_partner=True, message={"mentions": ("u9",)})
    assert said(to_another) == []


def test_it_does_not_repeat_itself() -> None:
    first = said(to_host("hm"))[0]
    turn = Turn("host", first or "", NOON, "k")
    second = said(to_host("hm", conversation=(turn,)))[0]
    assert {first, second} == {"Tell me more.", "And then?"}


def test_what_it_remembers_is_said_with_its_reason() -> None:
    memory = Memory("I like soldering", "k", 0.9, NOON, 0.7, "you said so", persona="host")
    decision = host().decide(to_host("hm", memories=(memory,)))
    assert decision.actions[0].text == "You said: I like soldering."
    assert decision.reason == "said what it says for `recall`; remembered: you said so"


@pytest.mark.parametrize("changed", [{"persona": "other"}, {"score": 0.2}])
def test_anothers_memory_and_one_that_does_not_fit_stay_unsaid(changed: dict[str, object]) -> None:
    values = {"text": "x", "source": "k", "confidence": 0.9, "learned_at": NOON, "score": 0.7}
    memory = Memory(**{**values, "why": "", "persona": "host", **changed})  # type: ignore[arg-type]
    assert said(to_host("hm", memories=(memory,)))[0] in ("Tell me more.", "And then?")


def test_a_question_is_answered_from_the_knowledge() -> None:
    passage = Passage("faq.md", "Roles", "Read the rules.", 0.8)
    decision = host(knowledge=["faq.md"]).decide(
        to_host("how?", intent="question", knowledge=(passage,))
    )
    assert decision.actions[0].text == "> Read the rules.\n\nSource: faq.md, Roles"
    assert decision.actions[0].purpose is Purpose.ANSWER
    assert decision.evidence == (passage,)


@pytest.mark.parametrize("text", ["I want to kill myself", "@host i wanna die"])
def test_a_crisis_comes_before_everything_wherever_it_is_said(text: str) -> None:
    decision = host().decide(a_cue(text))
    assert [action.kind.value for action in decision.actions] == ["reply", "escalate"]
    assert decision.actions[0].text == CRISIS["resources"]
    assert decision.severity is Severity.CRITICAL


def test_a_plea_for_a_person_hands_over() -> None:
    decision = host().decide(to_host("/human please"))
    assert [action.purpose for action in decision.actions] == [Purpose.HANDOVER, None]


def test_a_language_that_it_does_not_speak_is_left_to_others() -> None:
    voice = {"languages": ["en"]}
    decision = host(voice=voice).decide(to_host("bonjour", language="fr"))
    assert (decision.actions, decision.notes) == ((), ("does not speak fr",))


def test_bots_and_edits_are_not_answered() -> None:
    bot = a_cue("hello", message={"mentions_me": True, "author": Author("b", "b", is_bot=True)})
    assert said(bot) == []
    assert said(to_host("hello", trigger=EventKind.MESSAGE_EDITED)) == []


def test_what_is_not_said_to_it_needs_no_more_than_a_score() -> None:
    needs = host().needs(a_cue("hello all"))
    assert (needs.scores, needs.intent, needs.knowledge) == (True, False, ())
    assert host().needs(to_host("hello")).intent


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, "needs `crisis"),
        ({"crisis": CRISIS}, "needs `replies"),
        ({"crisis": CRISIS, "replies": REPLIES, "digest": {}}, "`digest` is for kind curator"),
        (
            {"crisis": CRISIS, "replies": REPLIES, "voice": {"avoid": ["tell"]}},
            "says “tell”, which its `voice` avoids",
        ),
    ],
)
def test_a_file_with_a_mistake_says_which(keys: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        a_persona("companion", **keys)


def test_time_passes_without_changing_what_it_says() -> None:
    assert said(to_host("hm")) == said(to_host("hm", now=NOON + timedelta(days=3)))
