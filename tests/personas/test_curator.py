"""The curator: digests, duplicates, welcomes; each item with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from greenroom.message import ActionKind, Alike, Author, Channel, Message, Passage, Purpose
from greenroom.personas.base import Cue
from greenroom.personas.curator import FIRST_SEEN, CuratorPersona
from greenroom.personas.digest import items_of
from greenroom.personas.occasions import Job, Occasion
from tests.personas.people import a_cue, a_persona
from tests.samples import NOON, a_message

HELLO = Channel("ch5", "introductions")
PASSAGE = Passage("faq.md", "Swap", "Sell things in #swap.", 0.5, "https://example.org/faq")


def archivist(**keys: object) -> CuratorPersona:
    return CuratorPersona("archivist", a_persona("curator", **keys), [])


def vectors(*angles: float) -> list[npt.NDArray[np.float32]]:
    """Unit vectors in a plane, so that likeness is the cosine of what lies between two."""
    return [np.array([np.cos(a), np.sin(a)], dtype=np.float32) for a in angles]


def lines(*texts: str) -> list[Message]:
    return [
        a_message(text, id=f"m{i}", permalink=f"https://example.org/{i}")
        for i, text in enumerate(texts)
    ]


TALK = lines(
    "The kiln reaches nine hundred degrees now.",
    "ok",
    "Our kiln gets to nine hundred degrees these days.",
    "I would rather talk about the garden fence today.",
    "Does the kiln hold its heat for an hour?",
)
ANGLES = (0.0, 0.3, 0.05, 1.5, 0.7)


def test_items_stand_for_the_rest_and_never_say_the_same_twice() -> None:
    items = items_of(TALK, vectors(*ANGLES), limit=2)
    assert [item.message.id for item in items] == ["m0", "m4"] or [
        item.message.id for item in items
    ] == ["m2", "m4"]


def test_what_says_too_little_is_no_item() -> None:
    assert items_of(lines("ok", "yes", "no way"), vectors(0, 1, 2), limit=5) == []
    assert items_of([], [], limit=5) == []


def test_answers_weigh() -> None:
    asked = TALK[3]
    answers = [replace(a_message("yes", id=f"r{i}"), reply_to=asked.id) for i in range(5)]
    items = items_of([*TALK, *answers], vectors(*ANGLES, *[3.0] * 5), limit=1)
    assert [(item.message.id, item.replies) for item in items] == [("m3", 5)]


def test_an_item_calls_nobody_and_is_one_line() -> None:
    (item,) = items_of(lines("hey @everyone look\nat this: the new kiln"), vectors(0), limit=1)
    assert item.text == "hey @\u2060everyone look at this: the new kiln"


def occasion(said: Sequence[Message], **more: object) -> Occasion:
    job = Job("digest", NOON, ("#digest",), NOON - timedelta(days=1))
    return Occasion(job, a_message("", id="d"), NOON, said, vectors(*ANGLES[: len(said)]), **more)  # type: ignore[arg-type]


def test_a_digest_quotes_and_links() -> None:
    digest = {"of": ["#general"], "in": ["#digest"], "least": 5, "items": 2}
    decision = archivist(digest=digest).perform(occasion(TALK))
    (action,) = decision.actions
    assert action.kind is ActionKind.POST
    assert action.purpose is Purpose.DIGEST
    head, *items = (action.text or "").split("\n")
    assert head == "What was talked about, 1 March 2026: 5 messages"
    assert len(items) == 2
    for item, passage in zip(items, decision.evidence, strict=True):
        assert item.startswith(f"• “{passage.text}” (mika")
        assert item.endswith(f"<{passage.url}>")


def test_with_little_said_there_is_no_digest() -> None:
    decision = archivist(digest={"least": 6}).perform(occasion(TALK))
    assert (decision.actions, decision.reason) == ((), "no digest: 5 messages, and it takes 6")


@pytest.mark.parametrize(
    ("hours", "is_due"), [(0, True), (5, True), (7, False), (23, False), (24, True)]
)
def test_a_digest_is_due_on_its_day_and_not_long_after(hours: int, is_due: bool) -> None:
    digest = {"in": ["#digest"], "schedule": {"every": "day", "at": "12:00"}}
    jobs = archivist(digest=digest).jobs(NOON + timedelta(hours=hours))
    assert bool(jobs) is is_due
    for job in jobs:
        assert job.since == job.due - timedelta(days=1)


def test_a_digest_waits_for_the_end_of_quiet_hours() -> None:
    digest = {"in": ["#digest"], "schedule": {"every": "day", "at": "12:00"}}
    persona = archivist(digest=digest, quiet_hours={"from": "11:00", "to": "13:00"})
    assert persona.jobs(NOON) == ()
    assert len(persona.jobs(NOON + timedelta(hours=1))) == 1


def test_a_digest_on_request_is_of_the_place_where_it_is_asked() -> None:
    embeddings = tuple(vectors(*ANGLES))
    cue = a_cue(
        "@archivist what did I miss?",
        message={"mentions_me": True, "thread": "t1"},
        said=tuple(TALK),
        said_embeddings=embeddings,
    )
    persona = archivist(digest={"items": 2})
    assert persona.needs(cue).said
    (action,) = persona.decide(cue).actions
    assert (action.text or "").startswith("What was talked about: 5 messages of this thread\n• “")
    silent = a_cue("what did I miss?", said=tuple(TALK), said_embeddings=embeddings)
    assert persona.decide(silent).actions == ()
    assert not persona.needs(silent).said


def asked(score: float, **more: Any) -> Cue:
    alike = Alike("k", "How do I anneal @all brass?", score, "https://example.org/1")
    signals: dict[str, Any] = {"alike": (alike,), "intent": "question", **more}
    return a_cue("how do I anneal brass?", **signals)


def test_what_was_asked_before_is_linked() -> None:
    decision = archivist(duplicates={"likeness": 0.8}).decide(asked(0.85))
    (action,) = decision.actions
    assert action.text == (
        "This looks like something that was asked before:\n"
        "• “How do I anneal @\u2060all brass?” <https://example.org/1>"
    )
    assert decision.evidence[0].source == "k"
    assert decision.reason == "was asked before (similar 0.85)"


@pytest.mark.parametrize(
    "cue", [asked(0.7), asked(0.9, intent="chat"), asked(0.9, alike=()), asked(0.9, alike=None)]
)
def test_nothing_else_is(cue: Cue) -> None:
    assert archivist(duplicates={"likeness": 0.8}).decide(cue).actions == ()


WELCOME = {"in": ["#introductions"], "says": "Welcome, {{author}}!", "suggests": 1}


def newcomer(**more: Any) -> Cue:
    signals: dict[str, Any] = {"counts": {FIRST_SEEN.key: 0.0}, "knowledge": (PASSAGE,), **more}
    message = {"channel": HELLO, **signals.pop("message", {})}
    return a_cue("hi, I build lamps", message=message, **signals)


def test_a_newcomer_is_welcomed_with_what_fits() -> None:
    decision = archivist(welcome=WELCOME, knowledge=["faq.md"]).decide(newcomer())
    (action,) = decision.actions
    assert action.text == (
        "Welcome, mika!\nThis may fit what you wrote:\n"
        "• Swap: Sell things in #swap. (Source: faq.md <https://example.org/faq>)"
    )
    assert decision.evidence == (PASSAGE,)


@pytest.mark.parametrize(
    "cue",
    [
        newcomer(counts={FIRST_SEEN.key: 86_400.0}),
        newcomer(counts={}),
        newcomer(message={"channel": Channel("c", "general")}),
        newcomer(
            message={"author": Author("u", "u", joined_at=NOON - timedelta(days=400))},
        ),
    ],
)
def test_nobody_else_is(cue: Cue) -> None:
    assert archivist(welcome=WELCOME).decide(cue).actions == ()


def test_without_a_fitting_section_it_is_only_a_welcome() -> None:
    far = replace(PASSAGE, score=0.1)
    (action,) = archivist(welcome=WELCOME).decide(newcomer(knowledge=(far,))).actions
    assert action.text == "Welcome, mika!"


def test_a_welcome_may_go_to_the_newcomer_alone() -> None:
    (action,) = archivist(welcome={**WELCOME, "how": "message"}).decide(newcomer()).actions
    assert action.kind is ActionKind.MESSAGE
