"""A message's whole way, with a real ledger, the real model and real Qdrant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from greenroom.context import EdgeStore, Knowledge, Precedents
from greenroom.context.base import Vector
from greenroom.counting import Counting
from greenroom.errors import DropMessage, RetryLater
from greenroom.ledger import Change, Judgement, Ledger, Verdict
from greenroom.loop import Loop, Stage
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Decision,
    Event,
    EventKind,
    Severity,
)
from greenroom.personas.base import Cue, Needs
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Limits
from greenroom.policies import Count, Known, parse_policy
from greenroom.policies.shelf import Shelf
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.triage.pool import EncoderPool
from tests.samples import NOON, a_message, an_event, handled
from tests.stand_ins import ScriptedAdapter


@dataclass
class Performer:
    """Decides by a function, and remembers what it was asked."""

    decides: Callable[[Cue], Decision]
    name: str = "warden"
    disclosure: str = "Automated."
    wanted: Needs = field(default_factory=Needs)
    asked: list[Cue] = field(default_factory=list)

    @property
    def knowledge(self) -> tuple[str, ...]:
        return self.wanted.knowledge

    def needs(self, cue: Cue) -> Needs:
        return self.wanted

    def seeks_knowledge(self, cue: Cue) -> bool:
        return bool(self.wanted.knowledge)

    def decide(self, cue: Cue) -> Decision:
        self.asked.append(cue)
        return self.decides(cue)


def filters_insults(cue: Cue) -> Decision:
    if cue.signals.scores.get("insult", 0.0) < 0.5:
        return Decision("warden")
    action = Action(ActionKind.FILTER, reason="insult", rule="civility#0")
    return Decision("warden", (action,), Severity.HIGH)


def replies(cue: Cue) -> Decision:
    return Decision("warden", (Action(ActionKind.REPLY, text=f"to {cue.message.id}"),))


@dataclass
class Theatre:
    """What a test's loop runs with."""

    ledger: Ledger
    senses: Senses
    adapter: ScriptedAdapter
    performer: Performer
    mode: str = "live"

    def loop(self, **options: Any) -> Loop:
        clock = lambda: NOON  # noqa: E731
        stage = Stage(self.adapter, self.mode, lambda message: [self.performer])
        limits = {"warden": Limits(replies_per_minute=10_000, per_member_per_hour=10_000)}
        return Loop(
            self.ledger,
            {"b": stage},
            senses=self.senses,
            gate=Gate(self.senses.scores, limits),
            sender=Sender(self.ledger, {"b": self.adapter}, clock=clock),
            clock=clock,
            **options,
        )

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[asyncio.Queue[Change]]:
        with self.ledger.feed.watch() as changes:
            task = asyncio.create_task(self.loop(**options).run())
            try:
                yield changes
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    ledger = Ledger(tmp_path / "ledger.db")
    store = EdgeStore(tmp_path / "qdrant")
    async with EncoderPool(threads=1) as pool:
        senses = Senses(pool, Knowledge(store), Precedents(store))
        scored = Needs(scores=True, floor=0.0)
        yield Theatre(ledger, senses, ScriptedAdapter(), Performer(filters_insults, wanted=scored))
    await store.close()
    ledger.close()


async def seen(changes: asyncio.Queue[Change], topic: str, count: int = 1) -> list[Change]:
    found: list[Change] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            change = await changes.get()
            if change.topic == topic:
                found.append(change)
    return found


def events(*texts: str) -> tuple[Event, ...]:
    return tuple(an_event(a_message(text, id=f"m{n}")) for n, text in enumerate(texts))


async def test_an_insult_is_filtered_and_becomes_a_case(theatre: Theatre) -> None:
    theatre.adapter.events = events("you are a stupid idiot", "lovely weather today")
    async with theatre.running() as changes:
        await seen(changes, "effect")
    ((case, message),) = await theatre.ledger.cases.queue()
    assert (message.text, case.severity) == ("you are a stupid idiot", Severity.HIGH)
    assert [order.action.kind for order in theatre.adapter.performed] == ["filter"]
    kept = await theatre.ledger.messages.get(message.key)
    assert kept is not None
    assert kept.state == "removed"


async def test_every_message_is_recorded_with_its_signals(theatre: Theatre) -> None:
    theatre.adapter.events = events("lovely weather today")
    async with theatre.running() as changes:
        await seen(changes, "message")
    (decided,) = await theatre.ledger.record.decisions(a_message(id="m0").key)
    assert decided.decision.actions == ()
    assert decided.signals["scores"]["insult"] < 0.5
    assert "@" in decided.signals["model"]


async def test_the_model_is_not_run_when_nobody_asks(theatre: Theatre) -> None:
    theatre.performer.wanted = Needs()
    theatre.adapter.events = events("you are a stupid idiot")
    async with theatre.running() as changes:
        await seen(changes, "message")
    assert theatre.performer.asked[0].signals.scores == {}


@pytest.mark.parametrize("has_scores", [False, True])
async def test_the_language_is_told_to_whom_asks_with_or_without_the_model(
    theatre: Theatre, has_scores: bool
) -> None:
    theatre.performer.wanted = Needs(language=True, scores=has_scores)
    theatre.adapter.events = events("Guten Morgen, wie geht es dir heute?")
    async with theatre.running() as changes:
        await seen(changes, "message")
    signals = theatre.performer.asked[0].signals
    assert (signals.language, bool(signals.scores)) == ("de", has_scores)


async def test_likeness_to_the_knowledge_is_told_to_whom_asks(
    theatre: Theatre, tmp_path: Path
) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "rules.md").write_text(
        "# Rules\n\n## Selling\n\nSelling things belongs into the market channel.\n"
    )

    async def embed(text: str) -> Vector:
        found = (await theatre.senses.triage.read(text)).embedding
        assert found is not None
        return found

    theatre.performer.wanted = Needs(likeness=True)
    theatre.adapter.events = events("nobody knows anything yet")
    async with theatre.running() as changes:
        await seen(changes, "message")
    assert theatre.performer.asked[0].signals.knowledge_score is None
    await theatre.senses.knowledge.index(tmp_path / "knowledge", embed)
    texts = ("may I sell things in the market channel?", "the moon is far away")
    theatre.adapter.events = tuple(
        an_event(a_message(text, id=f"k{number}")) for number, text in enumerate(texts)
    )
    async with theatre.running() as changes:
        await seen(changes, "message", 2)
    scores = {cue.message.text: cue.signals.knowledge_score for cue in theatre.performer.asked}
    near, far = (scores[text] for text in texts)
    assert near is not None
    assert far is not None
    assert near > 0.5 > far
    assert theatre.performer.asked[-1].signals.knowledge == ()


async def test_a_flood_is_counted_while_it_comes(theatre: Theatre) -> None:
    count = Count("rate", "messages", "member", 60)
    rules = parse_policy(
        "rate: {messages: '> 2'}\naction: report",
        path=Path("rules.yaml"),
        known=Known((), (), Shelf(Path())),
    )
    theatre.senses = replace(theatre.senses, counting=Counting(theatre.ledger, [rules]))
    theatre.performer.wanted = Needs(counts=frozenset({count}))
    theatre.adapter.events = events("a", "b", "c", "d")
    async with theatre.running() as changes:
        await seen(changes, "message", 4)
    found = sorted(cue.signals.counts[count.key] for cue in theatre.performer.asked)
    assert found[-1] == 4
    (decided,) = await theatre.ledger.record.decisions(a_message(id="m3").key)
    assert decided.signals["counts"][count.key] >= 1


async def test_shadow_mode_performs_nothing(theatre: Theatre) -> None:
    theatre.mode = "shadow"
    theatre.adapter.events = events("you are a stupid idiot")
    async with theatre.running() as changes:
        await seen(changes, "case")
    assert theatre.adapter.tried == []
    (effect,) = await theatre.ledger.outbox.about(a_message(id="m0").key)
    assert effect.state == "shadow"


async def test_what_a_crash_left_behind_is_done_at_the_next_start(theatre: Theatre) -> None:
    for event in events("you are a stupid idiot", "hi"):
        await theatre.ledger.inbox.put(event)
    async with theatre.running() as changes:
        await seen(changes, "message", 2)
    assert await theatre.ledger.inbox.depth() == 0
    assert len(await theatre.ledger.cases.queue()) == 1


async def test_a_redelivery_is_decided_once(theatre: Theatre) -> None:
    (event,) = events("hello")
    theatre.adapter.events = (event, replace(event, received_at=NOON), *events("x", "last")[1:])
    async with theatre.running() as changes:
        await seen(changes, "message", 2)
    assert len(theatre.performer.asked) == 2


async def test_own_messages_are_kept_and_not_decided(theatre: Theatre) -> None:
    own = a_message("I am the bot", author=Author("me", "bot", is_bot=True, is_self=True))
    theatre.adapter.events = (an_event(own),)
    async with theatre.running() as changes:
        await seen(changes, "message")
    assert theatre.performer.asked == []
    assert await theatre.ledger.messages.get(own.key) is not None


async def test_an_edit_is_decided_anew_and_in_order(theatre: Theatre) -> None:
    posted = an_event(a_message("hello"))
    edited = an_event(a_message("you are a stupid idiot", revision="2"), EventKind.MESSAGE_EDITED)
    theatre.adapter.events = (posted, edited)
    async with theatre.running() as changes:
        await seen(changes, "case")
    assert [cue.trigger for cue in theatre.performer.asked] == [
        EventKind.MESSAGE_POSTED,
        EventKind.MESSAGE_EDITED,
    ]
    ((case, _),) = await theatre.ledger.cases.queue()
    assert case.revision == "2"


async def test_a_deletion_withdraws_the_case(theatre: Theatre) -> None:
    (posted,) = events("you are a stupid idiot")
    assert posted.message is not None
    gone = Event(EventKind.MESSAGE_DELETED, "b", "discord", NOON, message_key=posted.message.key)
    theatre.adapter.events = (posted, gone)
    async with theatre.running() as changes:
        await seen(changes, "case", 2)
    assert await theatre.ledger.cases.counts() == {"withdrawn": 1}


async def test_a_message_no_stage_foresaw_becomes_a_case(theatre: Theatre) -> None:
    def breaks(cue: Cue) -> Decision:
        if cue.message.id == "m0":
            raise ZeroDivisionError("odd")
        return Decision("warden")

    theatre.performer.decides = breaks
    theatre.adapter.events = events("poison", "fine")
    async with theatre.running() as changes:
        await seen(changes, "message", 2)
    ((case, message),) = await theatre.ledger.cases.queue()
    assert (message.text, case.reason) == ("poison", "could not be processed")
    assert await theatre.ledger.inbox.depth() == 0
    assert await theatre.ledger.record.decisions(a_message(id="m1").key) != []


async def test_a_dropped_message_is_no_case(theatre: Theatre) -> None:
    def drops(cue: Cue) -> Decision:
        raise DropMessage("gone meanwhile")

    theatre.performer.decides = drops
    theatre.adapter.events = events("x")
    async with theatre.running() as changes:
        await seen(changes, "message")
    assert await theatre.ledger.cases.queue() == []
    assert [e.kind for e in await theatre.ledger.entries.latest()] == ["failure"]


async def test_without_qdrant_decisions_go_on(theatre: Theatre) -> None:
    class Away(Precedents):
        async def similar(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # as above it
            raise RetryLater("no route to Qdrant")

        async def has_any(self, community: str) -> bool:
            return True

        async def count(self) -> int:
            raise RetryLater("no route to Qdrant")

    theatre.senses = replace(theatre.senses, precedents=Away(EdgeStore.__new__(EdgeStore)))
    theatre.performer.wanted = Needs(scores=True, precedents=True)
    theatre.adapter.events = events("you are a stupid idiot")
    async with theatre.running() as changes:
        await seen(changes, "effect")
    assert [order.action.kind for order in theatre.adapter.performed] == ["filter"]


async def test_a_verdict_becomes_a_precedent(theatre: Theatre) -> None:
    theatre.adapter.events = events("you are a stupid idiot")
    async with theatre.running() as changes:
        (change,) = await seen(changes, "case")
        assert change.case is not None
        await theatre.ledger.cases.judge(Judgement(change.case, Verdict.UPHOLD, "sam"), NOON)
        theatre.ledger.feed.publish(Change("verdict", change.message, change.case))
        async with asyncio.timeout(20):
            while await theatre.ledger.cases.unindexed():
                await asyncio.sleep(0.01)
    reading = await theatre.senses.triage.read("you are such a stupid idiot")
    assert reading.embedding is not None
    (found,) = await theatre.senses.precedents.similar(reading.embedding, community="c1")
    assert (found.verdict, found.message) == ("removed", a_message(id="m0").key)
    assert found.score > 0.8


async def test_precedents_come_back_when_qdrant_was_emptied(
    theatre: Theatre, tmp_path: Path
) -> None:
    event = an_event(a_message("you are a stupid idiot"))
    await theatre.ledger.inbox.put(event)
    await theatre.ledger.record.handled(handled(1, event, case=True), NOON)
    await theatre.ledger.cases.judge(Judgement(1, Verdict.DISMISS, "sam"), NOON)
    await theatre.ledger.cases.indexed(a_message().key, "approved")
    async with theatre.running(), asyncio.timeout(20):
        while await theatre.senses.precedents.count() == 0:
            await asyncio.sleep(0.01)
        while await theatre.ledger.cases.unindexed():
            await asyncio.sleep(0.01)
    assert await theatre.senses.precedents.count() == 1


async def test_more_messages_than_queues_hold_are_all_decided(theatre: Theatre) -> None:
    theatre.performer = Performer(replies)
    theatre.adapter.events = events(*(f"text {n}" for n in range(300)))
    async with theatre.running(workers=2, queue_size=1) as changes:
        await seen(changes, "effect", 200)
        async with asyncio.timeout(30):
            while len(theatre.adapter.performed) < 300:
                await asyncio.sleep(0.01)
    assert len({order.key for order in theatre.adapter.performed}) == 300


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\udcff lone surrogate",
        "a" * 1_000_000,
        "word " * 200_000,
        "<@1> " * 10_000,
        "\u200b\u200d\u202e\u2066 tfel ot thgir",
        "\x00\x01\x07",
        "🏳️‍🌈" * 1000,
    ],
    ids=["empty", "surrogate", "1MB", "1MB-words", "mentions", "invisible", "control", "emoji"],
)
async def test_hostile_text_goes_through_every_stage(theatre: Theatre, text: str) -> None:
    theatre.performer.wanted = Needs(scores=True, precedents=True, knowledge=("faq.md",))
    theatre.adapter.events = events(text)
    async with theatre.running() as changes:
        await seen(changes, "message")
    (decided,) = await theatre.ledger.record.decisions(a_message(id="m0").key)
    assert decided.signals["scores"]
