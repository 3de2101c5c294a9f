"""What a persona says passes the gate; what does not is said, and a person sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from greenroom.message import Action, ActionKind, Author, Decision
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Limits
from tests.samples import NOON, a_message

ALL = frozenset(ActionKind)
DISCLOSURE = "I'm automated."


async def scores(text: str) -> Mapping[str, float]:
    return {"toxicity": 0.9 if "idiot" in text else 0.01, "spam": 0.9}


def a_gate(**limits: int) -> Gate:
    return Gate(scores, {"guide": Limits(**limits)})


def says(text: str, kind: ActionKind = ActionKind.REPLY) -> Decision:
    return Decision("guide", (Action(kind, text=text),))


async def admit(
    gate: Gate,
    decision: Decision,
    *,
    by: str = "u1",
    after_s: float = 0,
    can: frozenset[ActionKind] = ALL,
) -> Decision:
    message = a_message(author=Author(by, by))
    now = NOON + timedelta(seconds=after_s)
    return await gate.admit(decision, message, capabilities=can, disclosure=DISCLOSURE, now=now)


def kinds(decision: Decision) -> list[str]:
    return [action.kind.value for action in decision.actions]


async def test_a_reply_carries_the_disclosure_once() -> None:
    admitted = await admit(a_gate(), says("Look into the FAQ."))
    said = f"Look into the FAQ.\n\n{DISCLOSURE}"
    assert admitted.actions[0].said == said
    again = await admit(a_gate(), admitted)
    assert again.actions[0].said == said


@pytest.mark.parametrize(
    "text",
    [
        f"> {DISCLOSURE}\n\nNot true.",
        f"||{DISCLOSURE}|| psst",
        f"I used to say: {DISCLOSURE}",
        f"{DISCLOSURE}\n\nJust joking.",
    ],
)
async def test_a_disclosure_that_is_quoted_or_hidden_is_none(text: str) -> None:
    admitted = await admit(a_gate(), says(text))
    assert admitted.actions[0].footer == DISCLOSURE


async def test_harmful_words_are_held_back_and_shown_to_a_person() -> None:
    admitted = await admit(a_gate(), says("you idiot"))
    assert kinds(admitted) == ["escalate"]
    assert admitted.notes == ("reply held back: its text reads as toxicity (0.90)",)


async def test_what_the_platform_cannot_do_is_held_back() -> None:
    admitted = await admit(a_gate(), says("hi", ActionKind.MODMAIL), can=ALL - {ActionKind.MODMAIL})
    assert kinds(admitted) == ["escalate"]
    assert admitted.notes == ("modmail held back: discord cannot do it",)


async def test_an_escalation_needs_no_platform() -> None:
    decision = Decision("guide", (Action(ActionKind.ESCALATE, reason="odd"),))
    assert await admit(a_gate(), decision, can=frozenset()) == decision


async def test_replies_are_limited_by_the_minute() -> None:
    gate = a_gate(replies_per_minute=2)
    results = [await admit(gate, says("hi"), by=f"u{n}", after_s=n * 10) for n in range(3)]
    assert [kinds(result) for result in results] == [["reply"], ["reply"], ["escalate"]]
    assert kinds(await admit(gate, says("hi"), by="u9", after_s=61)) == ["reply"]


async def test_replies_are_limited_by_member_and_hour() -> None:
    gate = a_gate(replies_per_minute=99, per_member_per_hour=1)
    assert kinds(await admit(gate, says("hi"))) == ["reply"]
    assert kinds(await admit(gate, says("hi"), after_s=120)) == ["escalate"]
    assert kinds(await admit(gate, says("hi"), by="u2", after_s=120)) == ["reply"]
    assert kinds(await admit(gate, says("hi"), after_s=3601)) == ["reply"]


async def test_a_removal_passes_untouched() -> None:
    decision = Decision("guide", (Action(ActionKind.REMOVE, reason="spam"),))
    assert await admit(a_gate(), decision) == decision
