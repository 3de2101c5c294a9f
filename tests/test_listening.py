"""What members make of what a persona says, on the loop itself: ledger, model, Qdrant are real."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from greenroom.context import EdgeStore, Knowledge, Precedents
from greenroom.experiments import Experiment, FeedbackKind, Share, Utterance, choose
from greenroom.ledger import Consent, Handled, Ledger
from greenroom.ledger.utterances import forget
from greenroom.listening import Ear, Listening
from greenroom.loop import Loop, Stage
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Decision,
    Event,
    EventKind,
    Message,
    Purpose,
    Severity,
)
from greenroom.personas.base import Cue, Needs
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Limits
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.triage.pool import EncoderPool
from tests.samples import NOON, a_message
from tests.stand_ins import ScriptedAdapter

K = FeedbackKind
GREETINGS = Experiment(variants={"short": "Hello!", "long": "Hello, and welcome!"})
MIKA, KIM = Author("u1", "mika"), Author("u2", "kim")
QUESTION = "how do I get the verified role?"


def greets(cue: Cue, experiment: Experiment = GREETINGS) -> Decision:
    chosen = choose("guide", "greeting", experiment, cue.message, assigned=cue.assigned)
    action = Action(
        ActionKind.REPLY,
        text=chosen.text,
        experiment=chosen.experiment,
        variant=chosen.variant,
    )
    return Decision("guide", (action,))


def once(cue: Cue) -> Decision:
    """Answers a member's first message only, as an answer to an answer would be one more."""
    return greets(cue) if cue.message.id == "m1" else Decision("guide")


@dataclass
class Guide:
    """Decides by a function, and remembers what it was asked."""

    decides: Callable[[Cue], Decision] = once
    asked: list[Cue] = field(default_factory=list)
    name: str = "guide"
    disclosure: str = "Automated."
    knowledge: tuple[str, ...] = ()

    def needs(self, cue: Cue) -> Needs:
        return Needs()

    def seeks_knowledge(self, cue: Cue) -> bool:
        return False

    def decide(self, cue: Cue) -> Decision:
        self.asked.append(cue)
        return self.decides(cue)


@dataclass
class Theatre:
    """One bot at work, and what its members do."""

    ledger: Ledger
    senses: Senses
    guide: Any = field(default_factory=Guide)
    adapter: ScriptedAdapter = field(default_factory=ScriptedAdapter)
    options: dict[str, Any] = field(default_factory=dict)
    mode: str = "live"
    version: str = "v1"
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.loop = Loop(
            self.ledger,
            {"b": self.stage()},
            senses=self.senses,
            gate=Gate(self.senses.scores, {"guide": Limits(replies_per_minute=99)}),
            sender=Sender(self.ledger, {"b": self.adapter}, clock=lambda: self.now),
            clock=lambda: self.now,
            **self.options,
        )

    def stage(self) -> Stage:
        everybody, versions = [self.guide], {self.guide.name: self.version}
        return Stage(self.adapter, self.mode, lambda message: everybody, everybody, versions)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.loop.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def hear(self, event: Event) -> None:
        """Take an event in, and wait until it is handled and what it ordered is sent."""
        assert await self.loop.take_in(event)
        async with asyncio.timeout(30):
            while (await self.ledger.inbox.backlog()).depth:
                await asyncio.sleep(0.01)
            while await self.ledger.outbox.depth() or self.is_sending():
                await asyncio.sleep(0.01)

    def is_sending(self) -> bool:
        with sqlite3.connect(self.ledger.path) as db:
            found = db.execute("SELECT count(*) FROM outbox WHERE state = 'sending'").fetchone()
        return bool(found[0])

    async def say(self, text: str, *, id: str = "m1", minutes: float = 0, **more: Any) -> None:  # noqa: A002
        at = NOON + timedelta(minutes=minutes)
        await self.hear(posted(a_message(text, id=id, **{"posted_at": at, **more})))

    async def react(self, emoji: str, *, by: Author = KIM, to: str = "ref-1", **more: Any) -> None:
        event = Event(
            more.pop("kind", EventKind.REACTION_ADDED),
            "b",
            "discord",
            NOON,
            message_key=f"discord:c1:ch1:{to}",
            actor=by,
            text=emoji,
            id=emoji,
        )
        await self.hear(event)

    async def said(self) -> list[Utterance]:
        return await self.ledger.utterances.since(NOON - timedelta(days=1))

    async def kinds(self) -> list[FeedbackKind]:
        return [one.kind for said in await self.said() for one in said.feedback]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.ledger.path) as db:
            return db.execute(query).fetchall()


def posted(message: Message, kind: EventKind = EventKind.MESSAGE_POSTED) -> Event:
    return Event(kind, "b", "discord", NOON, message)


@pytest.fixture
async def senses(tmp_path: Path) -> AsyncIterator[Senses]:
    store = EdgeStore(tmp_path / "qdrant")
    async with EncoderPool(threads=1) as pool:
        yield Senses(pool, Knowledge(store), Precedents(store))
    await store.close()


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
async def theatre(ledger: Ledger, senses: Senses) -> AsyncIterator[Theatre]:
    theatre = Theatre(ledger, senses)
    async with theatre.at_work():
        yield theatre


async def test_what_is_said_is_known_with_persona_version_and_variant(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    (said,) = await theatre.said()
    assert (said.persona, said.version, said.experiment) == ("guide", "v1", "greeting")
    assert theatre.adapter.performed[0].action.text == GREETINGS.variants[str(said.variant)]
    (decided,) = await theatre.ledger.record.decisions(a_message().key)
    assert decided.decision.version == "v1"
    assert decided.decision.actions[0].variant == said.variant


async def test_reactions_are_counted_and_taken_back(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.react("👍🏽")
    await theatre.react("👎", by=MIKA)
    await theatre.react("👍", to="elsewhere")  # to what nobody of ours said
    (said,) = await theatre.said()
    assert [(one.kind, one.value) for one in said.feedback] == [(K.REACTION, 1), (K.REACTION, -1)]
    await theatre.react("👎", by=MIKA, kind=EventKind.REACTION_REMOVED)
    (said,) = await theatre.said()
    assert [one.value for one in said.feedback] == [1]


async def test_bots_and_we_ourselves_like_nothing(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.react("👍", by=Author("u8", "bot", is_bot=True))
    await theatre.react("👍", by=Author("u9", "guide", is_self=True))
    assert await theatre.kinds() == []


async def test_thanks_are_an_answer_with_its_sentiment(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("thank you so much, that is wonderful!", id="m2", minutes=5)
    (said,) = await theatre.said()
    answer, thanks = said.feedback
    assert (answer.kind, thanks.kind) == (K.ANSWER, K.THANKS)
    assert answer.value is not None
    assert answer.value > 0.3


async def test_a_reply_counts_whoever_writes_it_and_whenever(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("this is utter garbage", id="m2", minutes=90, author=KIM, reply_to="ref-1")
    (said,) = await theatre.said()
    (answer,) = said.feedback
    assert answer.value is not None
    assert answer.value < -0.3
    assert answer.at == NOON + timedelta(minutes=90)


async def test_the_members_next_message_answers_for_a_while_only(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("lovely weather", id="m2", minutes=1, author=KIM)
    await theatre.say("and now?", id="m3", minutes=31)
    assert await theatre.kinds() == []
    await theatre.say("and now?", id="m4", minutes=29)
    assert await theatre.kinds() == [K.ANSWER]


async def test_an_answer_in_the_thread_that_the_reply_began_is_one(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("where is that?", id="m2", minutes=1, thread="m1", reply_to="m1")
    assert await theatre.kinds() == [K.ANSWER]


async def test_sentiment_is_asked_for_of_answers_alone(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("lovely weather", id="m2", author=KIM)
    await theatre.say("lovely weather", id="m3")
    first, other, answer = theatre.guide.asked
    assert [set(cue.signals.scores) for cue in (first, other)] == [set(), set()]
    assert "sentiment" in answer.signals.scores
    assert answer.signals.intent is not None


@pytest.mark.parametrize(
    ("again", "held"),
    [
        ("but how can I get the verified role?", True),
        ("please, how do i become verified?", True),
        ("where do I find the rules?", False),
        ("got the verified role, thanks", False),
    ],
)
async def test_a_question_asked_again_is_noticed(theatre: Theatre, again: str, held: bool) -> None:
    await theatre.say(QUESTION)
    await theatre.say(again, id="m2", minutes=2)
    assert (K.ASKED_AGAIN in await theatre.kinds()) is held


async def test_a_plea_for_a_person_is_a_hand_over_in_words_and_as_a_command(
    theatre: Theatre,
) -> None:
    await theatre.say(QUESTION)
    await theatre.say("!human please", id="m2", minutes=1)
    assert K.HANDED_OVER in await theatre.kinds()
    command = replace(posted(a_message("/human", id="m3")), kind=EventKind.COMMAND_GIVEN)
    await theatre.hear(replace(command, command="human", actor=MIKA))
    assert (await theatre.kinds()).count(K.HANDED_OVER) == 2


async def test_no_word_of_a_member_is_kept_with_feedback(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("thanks, xylophone!", id="m2", minutes=1)
    await theatre.react(":xylophone:")
    tables = ("utterances", "utterance_keys", "feedback", "assignments", "pauses")
    kept = [theatre.rows(f"SELECT * FROM {table}") for table in tables]  # noqa: S608
    assert len(kept[2]) == 3
    assert "xylophone" not in str(kept)


async def test_a_member_who_is_erased_leaves_counts_only(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("thanks!", id="m2", minutes=1)
    await theatre.react("👍", by=KIM)
    await theatre.ledger._store.write(lambda c: forget(c, "discord:c1", "u1"))
    assert await theatre.kinds() == [K.REACTION]
    tables = ("utterances", "feedback", "assignments")
    kept = [theatre.rows(f"SELECT * FROM {table}") for table in tables]  # noqa: S608
    assert len(kept[0]) == 1
    assert "'u1'" not in str(kept)
    assert a_message().key not in str(kept)


async def test_an_opt_out_erases_the_account_everywhere_on_its_platform(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    await theatre.say("thanks!", id="m2", minutes=1)
    await theatre.react("👍", by=KIM)
    consent = Consent(a_message().member, "answers", "withdrawn")
    await theatre.ledger.inbox.put(posted(a_message("!optout", id="m9")))
    (pending,) = await theatre.ledger.inbox.pending(after=0, limit=9)
    said = Handled(pending.seq, pending.event, message=pending.event.message, consents=(consent,))
    await theatre.ledger.record.handled(said, NOON)
    assert await theatre.kinds() == [K.REACTION]
    kept = [theatre.rows("SELECT * FROM utterances"), theatre.rows("SELECT * FROM feedback")]
    assert "'u1'" not in str(kept)


async def test_who_does_not_want_to_be_measured_is_not(ledger: Ledger, senses: Senses) -> None:
    async def measured(platform: str, community: str, member: str) -> bool:
        assert (platform, community) == ("discord", "c1")
        return member != "u1"

    listening = Listening(ledger, likeness=senses.likeness, measured=measured)
    theatre = Theatre(ledger, senses, options={"listening": listening})
    async with theatre.at_work():
        await theatre.say(QUESTION)
        await theatre.say("thanks!", id="m2", minutes=1)
        await theatre.react("👍", by=MIKA)
        await theatre.react("👍", by=KIM)
        assert await theatre.kinds() == [K.REACTION]
        assert theatre.guide.asked[1].signals.scores == {}


async def test_a_community_says_what_it_listens_for(ledger: Ledger, senses: Senses) -> None:
    ear = Ear(timedelta(minutes=1), liked=(":ship:",), disliked=("👍",))
    listening = Listening(ledger, likeness=senses.likeness, ear=ear)
    theatre = Theatre(ledger, senses, options={"listening": listening})
    async with theatre.at_work():
        await theatre.say(QUESTION)
        await theatre.say("thanks!", id="m2", minutes=2)
        await theatre.react("👍")
        await theatre.react(":ship:")
        (said,) = await theatre.said()
        assert [one.value for one in said.feedback] == [-1, 1]


async def test_a_running_conversation_keeps_its_variant_when_weights_change(
    theatre: Theatre,
) -> None:
    theatre.guide.decides = greets
    await theatre.say("hello")
    (first,) = await theatre.said()
    other = next(name for name in GREETINGS.variants if name != first.variant)
    weighed = GREETINGS.model_copy(update={"weights": {str(first.variant): 0.0, other: 1.0}})
    theatre.guide.decides = lambda cue: greets(cue, weighed)
    await theatre.say("hello again", id="m2", minutes=1)
    await theatre.say("and in the thread", id="m3", minutes=2, thread="m1")
    await theatre.say("hello from me", id="m4", minutes=3, author=KIM)
    variants = [one.variant for one in await theatre.said()]
    assert variants == [first.variant, first.variant, first.variant, other]


async def test_in_shadow_mode_nothing_is_assigned_or_said(ledger: Ledger, senses: Senses) -> None:
    theatre = Theatre(ledger, senses, mode="shadow")
    async with theatre.at_work():
        await theatre.say("hello")
        assert await theatre.said() == []
        assert theatre.rows("SELECT * FROM assignments") == []


async def test_dislike_is_counted_by_members(theatre: Theatre) -> None:
    await theatre.say(QUESTION)
    (said,) = await theatre.said()
    for emoji in ("👎", "😡", "🤡"):
        await theatre.react(emoji, by=KIM)
    await theatre.react("🎉", by=MIKA)
    negative = theatre.ledger.utterances.negative
    assert await negative("guide") == Share(1, 2)
    assert await negative("guide", experiment="greeting", variant=said.variant) == Share(1, 2)
    assert await negative("guide", experiment="other") == Share(0, 0)
    assert await negative("guide", since=NOON + timedelta(hours=1)) == Share(0, 0)


async def test_a_paused_persona_says_nothing_from_the_next_message_on(theatre: Theatre) -> None:
    theatre.guide.decides = greets
    await theatre.say("hello")
    assert await theatre.ledger.pauses.pause("guide", by="sam", at=NOON)
    assert not await theatre.ledger.pauses.pause("guide", by="sam", at=NOON)
    await theatre.say("hello?", id="m2")
    assert len(theatre.adapter.performed) == 1
    (decided,) = await theatre.ledger.record.decisions(a_message(id="m2").key)
    assert decided.decision.notes == ("reply held back: the persona is paused",)
    assert await theatre.ledger.cases.queue() == []
    assert await theatre.ledger.pauses.resume("guide", by="sam", at=NOON)
    await theatre.say("hello??", id="m3")
    assert len(theatre.adapter.performed) == 2
    assert [(e.kind, e.by) for e in await theatre.ledger.entries.about("persona:guide")] == [
        ("pause", "moderator:sam"),
        ("resume", "moderator:sam"),
    ]
    assert await theatre.ledger.entries.first_broken() is None


@pytest.mark.parametrize(
    "action",
    [
        Action(ActionKind.REMOVE, reason="spam"),
        Action(ActionKind.REPLY, text="Please call 112.", purpose=Purpose.CRISIS),
    ],
)
async def test_what_a_paused_persona_would_do_is_for_people(
    theatre: Theatre, action: Action
) -> None:
    theatre.guide.decides = lambda cue: Decision("guide", (action,), Severity.HIGH)
    await theatre.ledger.pauses.pause("guide", by="sam", at=NOON)
    await theatre.say("buy pills")
    assert theatre.adapter.performed == []
    ((case, _),) = await theatre.ledger.cases.queue()
    assert case.reason == f"guide is paused; it would {action.kind}"
    assert case.severity is Severity.HIGH


async def test_what_waits_to_be_said_is_taken_back(ledger: Ledger, senses: Senses) -> None:
    theatre = Theatre(ledger, senses)
    event = posted(a_message("hello"))
    await ledger.inbox.put(event)
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    await theatre.loop.handle(pending)
    assert await ledger.outbox.depth() == 1
    await ledger.pauses.pause("guide", by="sam", at=NOON)
    assert await ledger.outbox.depth() == 0
    (effect,) = await ledger.outbox.about(event.message.key if event.message else "")
    assert effect.state == "cancelled"


async def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    for turn in ("pause", "look"):
        opened = Ledger(tmp_path / "other.db")
        if turn == "pause":
            await opened.pauses.pause("guide", by="sam", at=NOON)
        else:
            assert (await opened.pauses.all())["guide"].by == "sam"
        opened.close()
