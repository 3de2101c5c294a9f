"""Occasions: what is due goes into the inbox once, wherever the persona is on stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from greenroom.adapters.base import Place
from greenroom.errors import RetryLater
from greenroom.ledger import Ledger
from greenroom.loop import Stage
from greenroom.message import Channel, Community, EventKind, Message
from greenroom.personas.advocate import AdvocatePersona
from greenroom.personas.base import Performer
from greenroom.scheduler import Scheduler
from tests.personas.people import a_persona
from tests.samples import NOON
from tests.stand_ins import ScriptedAdapter

HARBOUR, QUAY = Community("c1", "Harbour"), Community("c2", "Quay")
PLACES = [
    Place(HARBOUR, Channel("1", "news")),
    Place(HARBOUR, Channel("2", "general")),
    Place(QUAY, Channel("3", "news")),
]


class Placed(ScriptedAdapter):
    """Knows where it may write."""

    def __init__(self, places: Sequence[Place] = PLACES) -> None:
        super().__init__()
        self.there = places

    async def places(self) -> Sequence[Place]:
        return self.there


def herald() -> AdvocatePersona:
    fair = {
        "in": ["#news"],
        "schedule": {"every": "day", "at": "12:00"},
        "headlines": ["The fair is on."],
    }
    return AdvocatePersona("herald", a_persona("advocate", campaigns={"fair": fair}), [])


def stage(
    adapter: ScriptedAdapter, *, channels: frozenset[str] = frozenset({"1", "2", "3"})
) -> Stage:
    persona = herald()

    def performers(message: Message) -> list[Performer]:
        return [persona] if message.channel.id in channels else []

    return Stage(adapter, "live", performers, [persona])


class Time:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]  # a fixture that ends
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


async def test_each_place_has_its_own_event_and_each_only_once(ledger: Ledger) -> None:
    time = Time()
    scheduler = Scheduler(ledger.inbox.put, time)
    on = stage(Placed())
    assert await scheduler.look("b", on) == 2
    assert await scheduler.look("b", on) == 0
    time.now += timedelta(minutes=10)
    assert await Scheduler(ledger.inbox.put, time).look("b", on) == 0  # after a restart
    time.now += timedelta(days=1) - timedelta(minutes=10)
    assert await scheduler.look("b", on) == 2


async def test_an_event_says_who_what_and_where(ledger: Ledger) -> None:
    await Scheduler(ledger.inbox.put, Time()).look("b", stage(Placed()))
    first, second = [one.event for one in await ledger.inbox.pending(after=0, limit=9)]
    assert (first.kind, first.command) == (EventKind.SCHEDULED, "herald/campaign:fair")
    assert [first.message.community, second.message.community] == [HARBOUR, QUAY]  # type: ignore[union-attr]
    assert first.message is not None
    assert first.message.author.is_self
    assert first.message.posted_at == NOON


async def test_where_it_is_not_on_stage_nothing_happens(ledger: Ledger) -> None:
    on = stage(Placed(), channels=frozenset({"3"}))
    assert await Scheduler(ledger.inbox.put, Time()).look("b", on) == 1


async def test_before_the_platform_is_connected_it_waits(ledger: Ledger) -> None:
    adapter = Placed([])
    scheduler = Scheduler(ledger.inbox.put, Time())
    assert await scheduler.look("b", stage(adapter)) == 0
    adapter.there = PLACES
    assert await scheduler.look("b", stage(adapter)) == 2


async def test_an_adapter_without_places_has_no_occasions(ledger: Ledger) -> None:
    assert await Scheduler(ledger.inbox.put, Time()).look("b", stage(ScriptedAdapter())) == 0


async def test_a_platform_that_is_away_is_asked_again(ledger: Ledger) -> None:
    class Away(Placed):
        async def places(self) -> Sequence[Place]:
            raise RetryLater("Slack is not connected")

    scheduler = Scheduler(ledger.inbox.put, Time())
    with pytest.raises(RetryLater):
        await scheduler.look("b", stage(Away()))
    assert await scheduler.look("b", stage(Placed())) == 2
