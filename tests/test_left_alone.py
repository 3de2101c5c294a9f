"""Who opted out is answered by nobody; the rules hold, and a crisis reaches a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from greenroom.backstage import Backstage
from greenroom.context import EdgeStore, Knowledge, Precedents
from greenroom.desk import RunningBot
from greenroom.ledger import Ledger
from greenroom.loop import Loop, Stage
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Decision,
    Event,
    EventKind,
    Fact,
    Member,
    Severity,
)
from greenroom.personas.base import Cue, Needs
from greenroom.personas.contact import FirstContact
from greenroom.personas.gate import Gate
from greenroom.personas.schema import FIRST_CONTACT, Limits
from greenroom.plan import OPTED_OUT, leave_alone
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.triage.pool import EncoderPool
from tests.samples import NOON, a_message, an_event
from tests.stand_ins import ScriptedAdapter

MIKA = Member("discord", "c1", "u1")
RULE = "civility#0"


def acts(*actions: Action, severity: Severity = Severity.LOW, **more: object) -> Decision:
    return Decision("friend", actions, severity, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "action",
    [
        Action(ActionKind.REPLY, text="hi"),
        Action(ActionKind.REPLY, text="removed", rule=RULE),
        Action(ActionKind.MESSAGE, text="hi"),
        Action(ActionKind.NOTICE, text="hi"),
        Action(ActionKind.REACT, text="👋", rule=RULE),
        Action(ActionKind.LABEL, text="chatty"),
        Action(ActionKind.SET_FLAIR, on_author=True),
        Action(ActionKind.ESCALATE, reason="no evidence to answer from"),
    ],
)
def test_nothing_is_said_or_put_on_who_opted_out(action: Action) -> None:
    (left,) = leave_alone([acts(action)])
    assert left.actions == ()
    assert left.notes == (OPTED_OUT,)


@pytest.mark.parametrize(
    "action",
    [
        Action(ActionKind.REMOVE, rule=RULE),
        Action(ActionKind.FILTER, rule=RULE),
        Action(ActionKind.TIMEOUT, rule=RULE),
        Action(ActionKind.LABEL, text="spoiler", rule=RULE),
        Action(ActionKind.ESCALATE, reason="insult", rule=RULE),
        Action(ActionKind.STRIKE, rule=RULE),
    ],
)
def test_rules_hold_for_who_opted_out(action: Action) -> None:
    (left,) = leave_alone([acts(action)])
    assert left.actions == (action,)
    assert left.notes == ()


def test_a_plea_for_a_person_stands_without_an_answer() -> None:
    escalate = Action(ActionKind.ESCALATE, reason="asked for a person")
    decision = acts(Action(ActionKind.REPLY, text="soon"), escalate, severity=Severity.MEDIUM)
    (left,) = leave_alone([decision])
    assert left.actions == (escalate,)


def test_a_crisis_reaches_a_person_without_an_answer() -> None:
    decision = acts(
        Action(ActionKind.REPLY, text="you matter"), severity=Severity.CRITICAL, reason="self-harm"
    )
    (left,) = leave_alone([decision])
    assert [one.kind for one in left.actions] == [ActionKind.ESCALATE]
    assert (left.severity, left.actions[0].reason) == (Severity.CRITICAL, "self-harm")


def test_nothing_is_learned_of_who_opted_out() -> None:
    fact = Fact("likes", "I like tea", 0.9, NOON + timedelta(days=1))
    (left,) = leave_alone([acts(learned=(fact,), asks_consent=True)])
    assert (left.learned, left.asks_consent) == ((), False)


@dataclass
class Talker:
    """Answers everything, and hears what is written to people in need."""

    name: str = "friend"
    disclosure: str = "Automated."
    knowledge: tuple[str, ...] = ()
    slow: asyncio.Event | None = None
    asked: list[str] = field(default_factory=list)

    def needs(self, cue: Cue) -> Needs:
        return Needs(scores=True, floor=0.0)

    def seeks_knowledge(self, cue: Cue) -> bool:
        return False

    def decide(self, cue: Cue) -> Decision:
        self.asked.append(cue.message.id)
        reply = Action(ActionKind.REPLY, text=f"to {cue.message.id}")
        crisis = "crisis" in cue.message.text
        return acts(reply, severity=Severity.CRITICAL if crisis else Severity.LOW)


@dataclass
class House:
    ledger: Ledger
    senses: Senses
    adapter: ScriptedAdapter
    loop: Loop

    def said(self) -> list[str]:
        kinds = (ActionKind.REPLY, ActionKind.MESSAGE)
        orders = self.adapter.performed
        return [one.action.said for one in orders if one.action.kind in kinds]


@asynccontextmanager
async def a_house(folder: Path, *, mode: str = "live") -> AsyncIterator[House]:
    ledger, store = Ledger(folder / "l.db"), EdgeStore(folder / "q")
    adapter, clock = ScriptedAdapter(), lambda: NOON
    async with EncoderPool(threads=1) as pool:
        senses = Senses(pool, Knowledge(store), Precedents(store))
        sender = Sender(ledger, {"b": adapter}, clock=clock)
        bot = RunningBot("b", "discord", "live", adapter.capabilities)
        loop = Loop(
            ledger,
            {"b": Stage(adapter, mode, lambda message: [Talker()])},
            senses=senses,
            gate=Gate(
                senses.scores,
                {"friend": Limits(replies_per_minute=99)},
                first_contact=FirstContact(ledger.contacts.has_spoken, {"friend": FIRST_CONTACT}),
            ),
            sender=sender,
            backstage=Backstage(ledger, {"b": bot}, wake=sender.wake, clock=clock),
            clock=clock,
        )
        running = asyncio.create_task(loop.run())
        try:
            yield House(ledger, senses, adapter, loop)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await store.close()
            ledger.close()


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.01)


async def settled(house: House) -> None:
    """Everything taken in is recorded, and what was ordered went out."""
    async with asyncio.timeout(30):
        while await house.ledger.inbox.depth() or await house.ledger.outbox.depth():
            await asyncio.sleep(0.01)


def command(name: str, number: int) -> Event:
    said = a_message(f"/{name}", id=f"cmd-{number}")
    return Event(
        EventKind.COMMAND_GIVEN, "b", "discord", NOON, said, actor=said.author, command=name,
        respond="r",
    )  # fmt: skip


async def test_from_the_command_on_nobody_answers_until_the_member_comes_back(
    tmp_path: Path,
) -> None:
    async with a_house(tmp_path) as house:
        await house.loop.take_in(an_event(a_message("hello", id="m1")))
        await until(house.said)
        await house.loop.take_in(command("optout", 1))
        await settled(house)
        await house.loop.take_in(an_event(a_message("hello", id="m2")))
        await house.loop.take_in(an_event(a_message("hi", id="m3", author=Author("u2", "ann"))))
        await settled(house)
        await until(lambda: len(house.said()) == 2)
        (decided,) = await house.ledger.record.decisions("discord:c1:ch1:m2")
        assert decided.decision.notes == (OPTED_OUT,)
    async with a_house(tmp_path) as house:  # a restart
        await house.loop.take_in(an_event(a_message("hello", id="m4")))
        await settled(house)
        await house.loop.take_in(an_event(a_message("!optin", id="m5")))
        await settled(house)
        await house.loop.take_in(an_event(a_message("hello", id="m6")))
        await settled(house)
        await until(lambda: any("to m6" in one for one in house.said()))
        assert not any("to m4" in one or "to m5" in one for one in house.said())


async def test_a_crisis_of_who_opted_out_is_a_case(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.loop.take_in(an_event(a_message("!optout", id="m1")))
        await settled(house)
        await house.loop.take_in(an_event(a_message("a crisis", id="m2")))
        await settled(house)
        ((case, message),) = await house.ledger.cases.queue()
        assert (case.severity, message.id) == (Severity.CRITICAL, "m2")
        assert not any("to m2" in one for one in house.said())


async def test_messages_and_an_opt_out_at_once_leave_nothing_said_after_it(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        async with asyncio.TaskGroup() as group:
            for number in range(40):
                event = an_event(a_message(f"hello {number}", id=f"m{number}"))
                group.create_task(house.loop.take_in(event))
            group.create_task(house.loop.take_in(command("optout", 1)))
        await settled(house)
        entries = await house.ledger.entries.latest(limit=1_000)
        opted_out = next(one.seq for one in entries if one.kind == "consent")
        late = {one.subject for one in entries if one.kind == "decision" and one.seq > opted_out}
        for key in late:
            assert [one.action.kind for one in await house.ledger.outbox.about(key)] == []
        assert house.ledger.consents.has_opted_out(MIKA)


async def test_asking_costs_no_look_at_the_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.db")
    ledger.close()
    assert not ledger.consents.has_opted_out(MIKA)
    assert not ledger.consents.may_remember(MIKA, "friend")


async def test_first_contact_is_told_once_across_restarts(tmp_path: Path) -> None:
    for run in range(3):
        async with a_house(tmp_path) as house:
            await house.loop.take_in(an_event(a_message("hello", id=f"m{run}")))
            await until(house.said)
            (text,) = house.said()
            assert (FIRST_CONTACT in text) is (run == 0)


async def test_in_shadow_mode_nobody_has_been_told(tmp_path: Path) -> None:
    async with a_house(tmp_path, mode="shadow") as house:
        await house.loop.take_in(an_event(a_message("hello", id="m1")))
        await settled(house)
        assert not await house.ledger.contacts.has_spoken("friend", MIKA)
    async with a_house(tmp_path) as house:
        await house.loop.take_in(an_event(a_message("hello", id="m2")))
        await until(house.said)
        assert FIRST_CONTACT in house.said()[0]


async def test_what_a_crash_left_undecided_is_told_after_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.db")
    await ledger.inbox.put(an_event(a_message("hello", id="m1")))  # stored, and no more
    ledger.close()
    async with a_house(tmp_path) as house:
        await until(house.said)
        assert FIRST_CONTACT in house.said()[0]
        assert await house.ledger.contacts.has_spoken("friend", MIKA)
