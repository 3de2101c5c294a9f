"""Memory from a member's words to Qdrant and back: a real loop, companion, ledger and model."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greenroom.backstage import Backstage
from greenroom.context import EdgeStore, Knowledge, MemoryIndex, Posts, Precedents
from greenroom.context.base import Vector
from greenroom.desk import RunningBot
from greenroom.errors import RetryLater
from greenroom.ledger import Ledger
from greenroom.loop import Loop, Stage
from greenroom.message import (
    Author,
    Channel,
    Community,
    Decision,
    Event,
    EventKind,
    Member,
    Message,
    Remembered,
)
from greenroom.personas.companion import CompanionPersona
from greenroom.personas.contact import FirstContact
from greenroom.personas.gate import Gate
from greenroom.personas.memory import ASKS, MemorySettings
from greenroom.personas.schema import Persona
from greenroom.recollection import Recollection
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.triage.pool import EncoderPool
from tests.samples import NOON, a_message, an_event
from tests.stand_ins import ScriptedAdapter

MIKA = Member("discord", "c1", "u1")
FILE = {
    "kind": "companion",
    "name": "Friend",
    "operator": "the team",
    "disclosure": "Automated.",
    "memory": {"kind": "long_term", "session_turns": 4, "session_minutes": 60, "facts": 3},
    "crisis": {"resources": "Call 112."},
    "limits": {"replies_per_minute": 1000, "per_member_per_hour": 1000},
    "replies": {
        "from": "template",
        "templates": {
            "first": ["Nice to meet you."],
            "recall": ["You told me: {{memory}}"],
            "otherwise": ["I see.", "Go on.", "Tell me more."],
        },
    },
}


def persona(**changes: Any) -> Persona:
    return Persona.model_validate({**FILE, **changes})


class Listening(CompanionPersona):
    """The companion, and what it was told with each message."""

    def __init__(self, file: Persona) -> None:
        super().__init__("friend", file, [])
        self.heard: dict[str, Any] = {}

    def decide(self, cue: Any) -> Decision:
        self.heard[cue.message.id] = cue.signals
        return super().decide(cue)


@dataclass
class House:
    ledger: Ledger
    index: MemoryIndex
    posts: Posts
    adapter: ScriptedAdapter
    loop: Loop
    friend: Listening
    recollection: Recollection
    time: list[datetime] = field(default_factory=lambda: [NOON])

    async def say(self, text: str, id: str, **fields: Any) -> Message:  # noqa: A002
        """A member says something to the bot; returns once all that follows is done."""
        message = a_message(text, id=id, mentions_me=True, **fields)
        await self.take(an_event(message))
        return message

    async def take(self, event: Event) -> None:
        await self.loop.take_in(event)
        await self.settled()

    async def settled(self) -> None:
        async with asyncio.timeout(30):
            while (
                await self.ledger.inbox.depth()
                or await self.ledger.outbox.depth()
                or len(self.adapter.performed) < len(self.adapter.tried)
            ):
                await asyncio.sleep(0.005)
            while any(one.state == "sending" for one in await self.effects()):
                await asyncio.sleep(0.005)

    async def effects(self) -> list[Any]:
        rows = await self.ledger._store.read(
            lambda c: c.execute("SELECT message FROM outbox").fetchall()
        )
        return [one for row in rows for one in await self.ledger.outbox.about(row["message"])]

    def said(self) -> list[str]:
        return [order.action.text or "" for order in self.adapter.performed]

    async def facts(self) -> list[Remembered]:
        return await self.ledger.memories.of(MIKA, self.time[0])

    async def indexed(self, count: int) -> None:
        """Until Qdrant holds so many facts, and the ledger waits for nothing."""
        async with asyncio.timeout(30):
            while (
                await self.index.count() != count
                or await self.ledger.memories.unindexed()
                or await self.ledger.memories.erased()
                or await self.ledger.consents.unsettled()
            ):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def a_house(
    folder: Path,
    *,
    file: Persona | None = None,
    mode: str = "live",
    index: Callable[[EdgeStore], MemoryIndex] = MemoryIndex,
    time: list[datetime] | None = None,
) -> AsyncIterator[House]:
    ledger, store = Ledger(folder / "l.db"), EdgeStore(folder / "q")
    adapter, times = ScriptedAdapter(), time or [NOON]
    clock = lambda: times[0]  # noqa: E731
    friend = Listening(file or persona())
    files = {"friend": friend.persona}
    async with EncoderPool(threads=1) as pool:
        posts, facts = Posts(store), index(store)
        senses = Senses(pool, Knowledge(store), Precedents(store), posts=posts, memory=facts)
        recollection = Recollection(ledger, facts, senses.embed, files, posts=posts, clock=clock)
        senses = replace(senses, recollection=recollection)
        sender = Sender(ledger, {"b": adapter}, clock=clock)
        bot = RunningBot("b", "discord", "live", adapter.capabilities)
        contact = FirstContact(ledger.contacts.has_spoken, {})
        loop = Loop(
            ledger,
            {"b": Stage(adapter, mode, lambda message: [friend])},
            senses=senses,
            gate=Gate(senses.scores, {"friend": friend.persona.limits}, first_contact=contact),
            sender=sender,
            backstage=Backstage(ledger, {"b": bot}, wake=sender.wake, clock=clock),
            clock=clock,
        )
        running = asyncio.create_task(loop.run())
        try:
            yield House(ledger, facts, posts, adapter, loop, friend, recollection, times)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await store.close()
            ledger.close()


async def test_without_a_yes_nothing_is_kept_and_it_asks_once(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("I love sailing", "m1")
        await house.say("I collect old maps", "m2")
        await house.say("what a day", "m3")
        asked = [ASKS in text for text in house.said()]
        assert asked == [True, False, False]
        assert await house.facts() == []
        assert await house.ledger.memories.count() == 0
        assert house.friend.heard["m2"].consents == {"friend": "asked"}
    async with a_house(tmp_path) as house:  # nor after a restart
        await house.say("I love rowing", "m4")
        assert ASKS not in house.said()[0]


async def test_it_is_not_asked_where_nothing_is_worth_keeping(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("what a day", "m1")
        assert ASKS not in house.said()[0]
        assert house.ledger.consents.memory(MIKA, "friend") is None


async def test_what_was_agreed_to_is_learned_recalled_and_says_why(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        await house.say("My name is Ada. I love sailing on cold lakes", "m1")
        assert [fact.text for fact in await house.facts()] == [
            "My name is Ada",
            "I love sailing on cold lakes",
        ]
        await house.indexed(2)
        await house.say("I was out on the lake with my boat, sailing in the cold", "m2")
        memories = house.friend.heard["m2"].memories
        best = memories[0]
        assert (best.text, best.kind) == ("I love sailing on cold lakes", "likes")
        assert best.source == "discord:c1:ch1:m1"
        assert best.why == f"you said so on 2026-03-01; similar {best.score:.2f}"
        assert best.score > 0.45
        assert house.said()[-1] == "You told me: I love sailing on cold lakes"
        (name,) = [one for one in memories if one.kind == "name"]
        assert name.why.startswith("you said so on 2026-03-01; ")
        (decided,) = await house.ledger.record.decisions("discord:c1:ch1:m2")
        assert "cold lakes" not in str(decided.signals)
        assert decided.signals["memories"][0]["why"] == best.why
        assert "remembered: you said so" in (decided.decision.reason or "")


async def test_each_member_persona_and_community_has_its_own(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        await house.say("I love sailing on cold lakes", "m1")
        await house.indexed(1)
        others: Mapping[str, Mapping[str, Any]] = {
            "m2": {"author": Author("u2", "ann")},
            "m3": {"community": Community("c2")},
        }
        for number, fields in others.items():
            await house.say("!memory on", f"c-{number}", **fields)
            await house.say("sailing on cold lakes", number, **fields)
            assert house.friend.heard[number].memories == ()


async def test_a_name_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        await house.say("My name is Ada", "m1")
        await house.say("My name is Grace", "m2")
        await house.say("my name is Grace!", "m3")
        (fact,) = await house.facts()
        assert (fact.text, fact.source) == ("my name is Grace", "discord:c1:ch1:m3")
        await house.indexed(1)


async def test_of_too_many_facts_the_oldest_go(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        for number, thing in enumerate(["sailing", "rowing", "chess", "old maps", "tea"]):
            await house.say(f"I love {thing}", f"m{number}")
        await house.indexed(3)
        assert [fact.text for fact in await house.facts()] == [
            "I love chess", "I love old maps", "I love tea",
        ]  # fmt: skip


async def test_a_deleted_or_edited_source_takes_its_facts_along(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        first = await house.say("I love sailing", "m1")
        second = await house.say("I love rowing. I collect maps", "m2")
        await house.indexed(3)
        await house.take(
            Event(EventKind.MESSAGE_DELETED, "b", "discord", NOON, message_key=first.key)
        )
        edited = replace(second, text="I love skating", revision="1")
        await house.take(an_event(edited, EventKind.MESSAGE_EDITED))
        assert [fact.text for fact in await house.facts()] == ["I love skating"]
        await house.indexed(1)


async def test_forgotten_at_once_in_both_places_and_in_every_file(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        await house.say("I love zymurgy and sailing", "m1")
        await house.indexed(1)
        source = b"discord:c1:ch1:m1"
        assert any(source in path.read_bytes() for path in files(tmp_path / "q"))
        await house.say("!optout", "c2")
        assert await house.facts() == []
        await house.indexed(0)
        await house.say("I love sailing", "m2")
        assert house.friend.heard["m2"].memories == ()
        assert house.friend.heard["m2"].conversation == ()
    assert not any(source in path.read_bytes() for path in files(tmp_path / "q"))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_an_opt_out_takes_the_members_questions_from_qdrant(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        mine, theirs = a_message("why is it down?"), a_message("how?", author=Author("u2", "a"))
        vector: Vector = np.eye(1, 384, dtype=np.float32)[0]
        for message in (mine, replace(theirs, id="m2")):
            await house.posts.keep(message, vector, NOON)
        await house.say("/optout", "c1")
        await house.indexed(0)
        found = await house.posts.alike(a_message("x", id="m9"), vector, days=9, now=NOON)
        assert [one.key for one in found] == ["discord:c1:ch1:m2"]


async def test_expired_facts_are_recalled_no_more_and_erased(tmp_path: Path) -> None:
    time = [NOON]
    async with a_house(tmp_path, time=time) as house:
        await house.say("!memory on", "c1")
        await house.say("I love sailing on cold lakes", "m1")
        await house.indexed(1)
        time[0] = NOON + timedelta(days=91)
        await house.say("sailing on cold lakes", "m2")
        assert house.friend.heard["m2"].memories == ()
        assert await house.facts() == []
        await house.recollection.tend()
        await house.indexed(0)


async def test_what_the_rules_object_to_teaches_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        await house.say("I love sailing. I want to kill myself", "m1")
        assert await house.facts() == []


async def test_shadow_mode_learns_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, mode="shadow") as house:
        await house.say("!memory on", "c1")
        await house.say("I love sailing", "m1")
        assert await house.facts() == []


class Away(MemoryIndex):
    """Qdrant is not there."""

    async def remember(self, fact: Remembered, vector: Vector) -> None:
        raise RetryLater("away")

    async def forget(self, facts: Any) -> None:
        raise RetryLater("away")

    async def forget_member(self, member: Member) -> None:
        raise RetryLater("away")

    async def recall(self, *args: Any, **more: Any) -> list[tuple[int, float]]:
        raise RetryLater("away")


async def test_what_a_stop_left_between_ledger_and_qdrant_is_done_after_it(tmp_path: Path) -> None:
    async with a_house(tmp_path, index=Away) as house:
        await house.say("!memory on", "c1")
        await house.say("My name is Ada. I love sailing", "m1")
        assert len(await house.ledger.memories.unindexed()) == 2
        await house.say("hello", "m2")
        assert [one.why for one in house.friend.heard["m2"].memories] == [
            "you said so on 2026-03-01; always recalled"
        ]
    async with a_house(tmp_path) as house:
        await house.indexed(2)
    async with a_house(tmp_path, index=Away) as house:
        await house.say("!memory forget all", "c2")
        assert len(await house.ledger.memories.erased()) == 2
        assert await house.index.count() == 2
    async with a_house(tmp_path) as house:
        await house.indexed(0)


async def test_an_empty_qdrant_is_given_all_facts_again(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await house.say("!memory on", "c1")
        await house.say("I love sailing", "m1")
        await house.indexed(1)
    for path in sorted((tmp_path / "q" / "memory").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (tmp_path / "q" / "memory").rmdir()
    async with a_house(tmp_path) as house:
        await house.indexed(1)


async def test_a_session_has_both_sides_and_is_bounded(tmp_path: Path) -> None:
    time = [NOON]
    async with a_house(tmp_path, time=time, file=persona(memory="session")) as house:
        await house.say("good morning", "m1")
        time[0] += timedelta(minutes=1)
        await house.say("it rains", "m2")
        (first, answer) = house.friend.heard["m2"].conversation
        assert (first.by, first.text, first.key) == ("member", "good morning", "discord:c1:ch1:m1")
        assert (answer.by, answer.text) == ("friend", "Nice to meet you.")
        time[0] += timedelta(minutes=1)
        await house.say("elsewhere", "m3", channel=Channel("ch2"))
        await house.say("somebody else", "m4", author=Author("u2", "ann"))
        assert house.friend.heard["m3"].conversation == ()
        assert house.friend.heard["m4"].conversation == ()
        for number in range(5, 10):
            time[0] += timedelta(minutes=1)
            await house.say(f"line {number}", f"m{number}")
        turns = house.friend.heard["m9"].conversation
        assert len(turns) == MemorySettings().session_turns
        assert [turn.text for turn in turns if turn.by == "member"][-1] == "line 8"
        assert [turn.at for turn in turns] == sorted(turn.at for turn in turns)
        time[0] += timedelta(minutes=61)
        await house.say("later", "m10")
        assert house.friend.heard["m10"].conversation == ()
        assert await house.ledger.memories.count() == 0


async def test_deleted_words_leave_the_session(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        message = await house.say("a secret thing", "m1")
        await house.take(
            Event(EventKind.MESSAGE_DELETED, "b", "discord", NOON, message_key=message.key)
        )
        await house.say("hello", "m2")
        assert house.friend.heard["m2"].conversation == ()


async def test_a_persona_without_memory_recalls_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, file=persona(memory="none")) as house:
        await house.say("!memory on", "c1")
        await house.say("I love sailing", "m1")
        await house.say("hello", "m2")
        heard = house.friend.heard["m2"]
        assert (heard.conversation, heard.memories, heard.consents) == ((), (), {})
        assert await house.facts() == []


@pytest.mark.parametrize(
    ("written", "kind"),
    [("none", "none"), ("session", "session"), ("long_term", "long_term"),
     ({"kind": "long_term", "days": 30}, "long_term")],
)  # fmt: skip
def test_memory_is_a_word_or_a_mapping(written: object, kind: str) -> None:
    assert persona(memory=written).memory.kind == kind


async def killed(folder: Path, what: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.dying", str(folder), what, cwd=Path(__file__).parents[1]
    )
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL


async def test_killed_between_ledger_and_qdrant_nothing_is_lost_or_left(tmp_path: Path) -> None:
    await killed(tmp_path, "learn")
    async with a_house(tmp_path) as house:
        await house.indexed(1)
        assert [fact.text for fact in await house.facts()] == ["I love sailing"]
    await killed(tmp_path, "forget")
    async with a_house(tmp_path) as house:
        await house.indexed(0)
        assert await house.facts() == []
        assert await house.ledger.entries.first_broken() is None
