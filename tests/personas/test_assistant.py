"""The assistant, where its words are its file's."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from greenroom.message import Decision, Purpose
from greenroom.personas.assistant import AssistantPersona
from greenroom.personas.base import Cue
from tests.personas.people import a_cue, a_persona
from tests.policies.rules import policy

ASKED = policy("body (includes): tickets\naction: reply\n")
REPLIES = {"from": "template", "templates": {"question": ["Ask at the desk, {{author}}."]}}


def decide(cue: Cue, **replies: object) -> Decision:
    persona = a_persona("assistant", replies={**REPLIES, **replies})
    return AssistantPersona("desk", persona, [ASKED]).decide(cue)


def test_a_template_answers_where_a_rule_asks() -> None:
    decision = decide(a_cue("where are the tickets?", intent="question"))
    assert [action.text for action in decision.actions] == ["Ask at the desk, mika."]
    assert decision.actions[0].purpose is Purpose.CHAT
    assert decision.reason == "said what it says for `question`"
    assert decide(a_cue("where is the door?", intent="question")).actions == ()


def test_without_words_for_it_a_person_answers_or_nobody() -> None:
    cue = a_cue("tickets, thanks", intent="thanks")
    assert [action.kind.value for action in decide(cue).actions] == ["escalate"]
    assert decide(cue, otherwise="silence").notes == ("has no words for `thanks`",)


def test_an_assistant_remembers_no_facts() -> None:
    with pytest.raises(ValidationError, match="not `long_term`"):
        a_persona("assistant", memory="long_term")


def test_a_crisis_is_known_by_its_score_too() -> None:
    persona = a_persona("assistant", replies=REPLIES, crisis={"resources": "Call 112."})
    assistant = AssistantPersona("desk", persona, [ASKED])
    needs = assistant.needs(a_cue("…"))
    assert (needs.scores, needs.floor) == (True, 0.6)
    decision = assistant.decide(a_cue("…", scores={"self_harm": 0.7}))
    assert [action.text for action in decision.actions] == ["Call 112.", None]


def test_templates_are_needed() -> None:
    with pytest.raises(ValidationError, match="needs `templates`"):
        a_persona("assistant", replies={"from": "template"})
