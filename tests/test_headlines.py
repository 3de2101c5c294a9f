"""Campaigns on the loop itself: headlines are tried, dislike stops them, and so does a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from greenroom.adapters.base import Place
from greenroom.archive import Archive
from greenroom.experiments import Share
from greenroom.ledger import Ledger
from greenroom.message import ActionKind, Author, Channel, Community, Message
from greenroom.personas.advocate import AdvocatePersona
from greenroom.scheduler import Scheduler
from greenroom.senses import Senses
from tests.personas.people import a_persona
from tests.samples import NOON
from tests.stand_ins import ScriptedAdapter
from tests.test_listening import Theatre, ledger, senses

__all__ = ["ledger", "senses"]  # fixtures

HEADLINES = ["The fair is on.", "Come to the fair."]
FAIR = {
    "in": ["#general"],
    "schedule": {"every": "day", "at": "12:00"},
    "headlines": HEADLINES,
}


class Placed(ScriptedAdapter):
    """Says where it may write."""

    async def places(self) -> list[Place]:
        return [Place(Community("c1", "Harbour"), Channel("ch1", "general"))]


@pytest.fixture
async def stage(ledger: Ledger, senses: Senses) -> Theatre:
    persona = a_persona(
        "advocate", campaigns={"fair": FAIR}, stop_on={"negative": 0.3, "after": 10}
    )
    herald = AdvocatePersona("herald", persona, ())
    reading = replace(senses, archive=Archive(ledger))
    return Theatre(ledger, reading, herald, Placed())


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.01)


async def notes_of(theatre: Theatre, due: datetime) -> tuple[str, ...]:
    """What was said, on that day, about why nothing was posted."""
    message = Message(
        "discord",
        Community("c1"),
        Channel("ch1"),
        f"herald/campaign:fair/{due:%Y-%m-%dT%H:%MZ}",
        Author("", ""),
        "",
    )
    async with asyncio.timeout(30):
        while not (found := await theatre.ledger.record.decisions(message.key)):
            await asyncio.sleep(0.01)
    return found[0].decision.notes


async def next_day(theatre: Theatre) -> None:
    theatre.now += timedelta(days=1)
    assert (
        await Scheduler(theatre.loop.take_in, lambda: theatre.now).look("b", theatre.stage()) == 1
    )


async def test_a_headline_that_members_dislike_is_not_posted_again(stage: Theatre) -> None:
    async with stage.at_work():
        await until(lambda: stage.adapter.performed)
        (order,) = stage.adapter.performed
        assert order.action.kind is ActionKind.POST
        assert order.action.text in HEADLINES
        for number in range(12):
            await stage.react("👎", by=Author(f"u{number}", "x"))
        (said,) = await stage.said()
        assert (said.experiment, said.variant) == ("campaign:fair", order.action.variant)
        assert await stage.ledger.utterances.negative("herald") == Share(12, 12)
        await next_day(stage)
        (note,) = await notes_of(stage, stage.now)
        assert "stopped, since 12 of 12 responses were negative" in note
        assert len(stage.adapter.performed) == 1


async def test_a_headline_that_members_like_is_followed_by_the_next(stage: Theatre) -> None:
    async with stage.at_work():
        await until(lambda: stage.adapter.performed)
        for number in range(12):
            await stage.react("🎉", by=Author(f"u{number}", "x"))
        await next_day(stage)
        assert await notes_of(stage, stage.now) == ()
        await until(lambda: len(stage.adapter.performed) == 2)


async def test_a_paused_advocate_announces_nothing(stage: Theatre) -> None:
    await stage.ledger.pauses.pause("herald", by="sam", at=NOON)
    async with stage.at_work():
        assert await notes_of(stage, NOON) == ("post held back: the persona is paused",)
        assert stage.adapter.performed == []
        await stage.ledger.pauses.resume("herald", by="sam", at=NOON)
        await next_day(stage)
        await until(lambda: stage.adapter.performed)
