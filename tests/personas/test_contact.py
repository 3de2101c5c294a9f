"""First contact: how to reach a person and how to opt out, once by each persona."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from greenroom.message import Action, ActionKind, Decision, Member
from greenroom.personas.contact import TELLING, FirstContact
from greenroom.personas.gate import Gate
from greenroom.personas.schema import FIRST_CONTACT, Limits, Persona
from tests.samples import NOON, a_message

ALL = frozenset(ActionKind)


async def harmless(text: str) -> Mapping[str, float]:
    return {"toxicity": 0.9 if "idiot" in text else 0.0}


class Book:
    """Who has spoken to whom, and how often that was looked up."""

    def __init__(self) -> None:
        self.spoken: set[tuple[str, str]] = set()
        self.looks = 0

    async def has_spoken(self, persona: str, member: Member) -> bool:
        self.looks += 1
        await asyncio.sleep(0)
        return (persona, member.key) in self.spoken


def a_gate(book: Book) -> Gate:
    lines = {"guide": FIRST_CONTACT, "friend": "/human or /optout"}
    limits = {"guide": Limits(), "friend": Limits(), "mute": Limits()}
    return Gate(harmless, limits, first_contact=FirstContact(book.has_spoken, lines))


async def said(gate: Gate, *actions: Action, by: str = "guide", after_s: float = 0) -> list[str]:
    admitted = await gate.admit(
        Decision(by, actions), a_message(), capabilities=ALL, disclosure="Automated.",
        now=NOON + timedelta(seconds=after_s),
    )  # fmt: skip
    return [action.said for action in admitted.actions]


REPLY = Action(ActionKind.REPLY, text="Look.")


async def test_the_first_words_carry_the_line_under_the_disclosure() -> None:
    assert await said(a_gate(Book()), REPLY) == [f"Look.\n\nAutomated.\n{FIRST_CONTACT}"]


async def test_who_was_spoken_to_hears_it_no_more() -> None:
    book = Book()
    book.spoken.add(("guide", "discord:c1:u1"))
    assert await said(a_gate(book), REPLY) == ["Look.\n\nAutomated."]
    assert await said(a_gate(book), REPLY, by="friend") == [
        "Look.\n\nAutomated.\n/human or /optout"
    ]


async def test_of_two_things_said_one_carries_it() -> None:
    notice = replace(REPLY, kind=ActionKind.NOTICE)
    texts = await said(a_gate(Book()), Action(ActionKind.REMOVE), notice, REPLY)
    assert [FIRST_CONTACT in text for text in texts] == [False, True, False]


async def test_two_messages_at_once_hear_it_once() -> None:
    gate = a_gate(Book())
    texts = await asyncio.gather(said(gate, REPLY), said(gate, REPLY))
    assert sum(FIRST_CONTACT in text for (text,) in texts) == 1


async def test_what_was_never_recorded_is_told_again() -> None:
    gate = a_gate(Book())
    await said(gate, REPLY)
    assert FIRST_CONTACT not in (await said(gate, REPLY, after_s=1))[0]
    late = TELLING.total_seconds() + 1
    assert FIRST_CONTACT in (await said(gate, REPLY, after_s=late))[0]


async def test_nothing_said_looks_nothing_up() -> None:
    book = Book()
    assert await said(a_gate(book), Action(ActionKind.REMOVE)) == [""]
    await said(a_gate(book), replace(REPLY, text="you idiot"))
    await said(a_gate(book), REPLY, by="mute")
    assert book.looks == 0


def test_an_operator_may_say_it_otherwise_but_must_say_both() -> None:
    fields = {"kind": "assistant", "name": "G", "operator": "T", "disclosure": "Automated."}
    assert Persona.model_validate(fields).first_contact == FIRST_CONTACT
    own = "Une personne : /human. Ne plus me parler : /optout."
    assert Persona.model_validate({**fields, "first_contact": own}).first_contact == own
    for text in ("hello", "for a person: /human", "to opt out: /optout"):
        with pytest.raises(ValidationError, match="name /"):
            Persona.model_validate({**fields, "first_contact": text})
