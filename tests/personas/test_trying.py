"""Experiments in what the kinds say: greetings, welcomes, headlines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from greenroom.message import Action, Author
from greenroom.personas.advocate import AdvocatePersona
from greenroom.personas.companion import CompanionPersona
from greenroom.personas.curator import FIRST_SEEN, CuratorPersona
from greenroom.personas.occasions import Job, Occasion
from greenroom.personas.trying import experiments_in
from tests.personas.people import a_companion, a_cue, a_persona
from tests.policies.rules import policy as policy_of
from tests.samples import NOON, a_message

TRIED = {"variants": {"short": "Hi {{author}}!", "long": "Hello {{author}}, welcome!"}}
TEXTS = {"short": "Hi mika!", "long": "Hello mika, welcome!"}
HEADLINES = ["The fair is on.", "Come to the fair."]
FAIR = {
    "in": ["#news"],
    "schedule": {"every": "day", "at": "12:00"},
    "headlines": HEADLINES,
    "about": ["fair"],
}


def said_by(persona: Any, cue: Any) -> Action:
    (action,) = persona.decide(cue).actions
    assert isinstance(action, Action)
    return action


def greeted(assigned: dict[str, str] | None = None, **message: Any) -> Action:
    host = CompanionPersona("host", a_companion(experiments={"greeting": TRIED}), ())
    cue = a_cue("hello", message={"mentions_me": True, **message}, intent="greeting")
    cue = type(cue)(**{**{k: getattr(cue, k) for k in cue.__slots__}, "assigned": assigned or {}})
    return said_by(host, cue)


def test_a_companion_tries_what_it_says_for_a_situation() -> None:
    action = greeted()
    assert action.experiment == "greeting"
    assert action.text == TEXTS[str(action.variant)]
    other = next(name for name in TEXTS if name != action.variant)
    kept = greeted({"host/greeting": other})
    assert (kept.variant, kept.text) == (other, TEXTS[other])


def test_members_get_both_and_each_always_the_same() -> None:
    drawn = {n: greeted(author=Author(f"u{n}", "mika"), id=f"m{n}").variant for n in range(40)}
    assert set(drawn.values()) == {"short", "long"}
    again = {n: greeted(author=Author(f"u{n}", "mika"), id=f"x{n}").variant for n in range(40)}
    assert drawn == again


def test_what_is_not_tried_is_said_as_ever() -> None:
    host = CompanionPersona("host", a_companion(experiments={"greeting": TRIED}), ())
    action = said_by(host, a_cue("so", message={"mentions_me": True}, intent="chat"))
    assert (action.experiment, action.variant) == (None, None)


def test_a_curator_tries_its_welcome() -> None:
    persona = a_persona(
        "curator", welcome={"in": ["*"], "says": "Welcome!"}, experiments={"welcome": TRIED}
    )
    curator = CuratorPersona("archivist", persona, ())
    action = said_by(curator, a_cue("hello all", counts={FIRST_SEEN.key: 0.0}))
    assert action.text == TEXTS[str(action.variant)]
    assert action.experiment == "welcome"


def test_each_post_has_its_headline_and_says_which() -> None:
    persona = a_persona("advocate", campaigns={"fair": FAIR})
    herald = AdvocatePersona("herald", persona, ())
    drawn = set()
    for day in range(20):
        at = NOON + timedelta(days=day)
        message = a_message("", id=f"herald/campaign:fair/{day}", posted_at=at)
        occasion = Occasion(Job("campaign:fair", at, ("#news",)), message, at)
        (action,) = herald.perform(occasion).actions
        assert action.experiment == "campaign:fair"
        assert action.subject == HEADLINES[int(str(action.variant)) - 1]
        drawn.add(action.variant)
    assert drawn == {"1", "2"}


def test_whoever_asks_gets_one_headline_for_the_whole_conversation() -> None:
    persona = a_persona("advocate", campaigns={"fair": FAIR})
    herald = AdvocatePersona("herald", persona, [policy_of("body: fair\naction: reply")])
    drawn = {said_by(herald, a_cue("the fair?", message={"id": f"m{n}"})).text for n in range(9)}
    assert len(drawn) == 1


def test_several_headlines_are_an_experiment_and_one_is_none() -> None:
    one = {**FAIR, "headlines": ["The fair is on."]}
    persona = a_persona("advocate", campaigns={"fair": FAIR, "other": one}, stop_on={"after": 12})
    found = experiments_in(persona)
    assert list(found) == ["campaign:fair"]
    assert list(found["campaign:fair"].variants) == ["1", "2"]
    assert found["campaign:fair"].stop.after == 12


@pytest.mark.parametrize(
    ("kind", "keys", "told"),
    [
        ("companion", {"experiments": {"greting": TRIED}}, "unknown situation `greting`"),
        (
            "companion",
            {"experiments": {"greeting": {"variants": {"a": "Hi {{autor}}", "b": "Hi"}}}},
            "unknown placeholder `{{autor}}`",
        ),
        (
            "companion",
            {
                "experiments": {"greeting": {"variants": {"a": "Hey guys", "b": "Hi"}}},
                "voice": {"avoid": ["guys"]},
            },
            "says “guys”, which its `voice` avoids",
        ),
        ("curator", {"experiments": {"welcome": TRIED}}, "tries texts for `welcome`"),
        (
            "curator",
            {"experiments": {"greeting": TRIED}, "welcome": {"in": ["*"]}},
            "can only be called `welcome`",
        ),
        ("moderator", {"experiments": {"greeting": TRIED}}, "is for kind companion or curator"),
    ],
)
def test_what_cannot_be_tried_is_told(kind: str, keys: dict[str, Any], told: str) -> None:
    make = a_companion if kind == "companion" else lambda **more: a_persona(kind, **more)
    with pytest.raises(ValidationError, match=told):
        make(**keys)
