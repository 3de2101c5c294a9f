"""An opt-out in plain words, on each platform's real library, through a whole loop."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from greenroom.backstage import Backstage
from greenroom.context import EdgeStore, Knowledge, Precedents
from greenroom.desk import RunningBot
from greenroom.ledger import Ledger
from greenroom.loop import Loop
from greenroom.loop import Stage as Staged
from greenroom.message import ActionKind
from greenroom.personas.contact import FirstContact
from greenroom.personas.gate import Gate
from greenroom.personas.moderator import ModeratorPersona
from greenroom.personas.schema import FIRST_CONTACT, Persona
from greenroom.policies import load_policy
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.triage import HEADS, INTENTS
from greenroom.triage.pool import EncoderPool
from tests.adapters.contract import COMMUNITIES, WAIT_S, Stage
from tests.platforms.reddit.server import ME
from tests.test_whole_way import Relayed

RULES = """
body (includes): "hello"
comment: Welcome.
---
body (includes): "free gift"
action: filter
action_reason: bait
"""
PERSONA = Persona(kind="moderator", name="W", operator="the team", disclosure="Automated.")


@pytest.fixture(params=COMMUNITIES)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    module = importlib.import_module(f"tests.adapters.{request.param}.contract_stage")
    async with module.contract_stage() as found:
        yield found


@asynccontextmanager
async def a_house(stage: Stage, folder: Path) -> AsyncIterator[Ledger]:
    """A live loop with commands over the stage's adapter, and one persona that greets."""
    (folder / "greet.yaml").write_text(RULES)
    policy = load_policy(folder / "greet.yaml", heads=HEADS, intents=INTENTS)
    warden = ModeratorPersona("warden", PERSONA, [policy])
    ledger, store, adapter = Ledger(folder / "l.db"), EdgeStore(folder / "q"), Relayed(stage)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
    async with EncoderPool(threads=1) as pool:
        senses = Senses(pool, Knowledge(store), Precedents(store))
        sender = Sender(ledger, {adapter.bot: adapter}, clock=clock)
        bot = RunningBot(adapter.bot, adapter.platform, "live", adapter.capabilities)
        contact = FirstContact(ledger.contacts.has_spoken, {"warden": FIRST_CONTACT})
        loop = Loop(
            ledger,
            {adapter.bot: Staged(adapter, "live", lambda message: [warden])},
            senses=senses,
            gate=Gate(senses.scores, {"warden": PERSONA.limits}, first_contact=contact),
            sender=sender,
            backstage=Backstage(ledger, {adapter.bot: bot}, wake=sender.wake, clock=clock),
            clock=clock,
        )
        running = asyncio.create_task(loop.run())
        try:
            yield ledger
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await store.close()
            ledger.close()


def replies(stage: Stage, to: str) -> list[str]:
    sent = stage.sent()
    return [one.text or "" for one in sent if one.kind is ActionKind.REPLY and one.target == to]


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not done():
            await asyncio.sleep(0.01)


async def settled(ledger: Ledger, stage: Stage, message: str) -> None:
    """The message is decided on, and what was ordered went out."""
    async with asyncio.timeout(WAIT_S):
        while not any(
            one.kind == "decision" and one.subject.endswith(f":{message}")
            for one in await ledger.entries.latest(limit=500)
        ):
            await asyncio.sleep(0.01)
        while await ledger.outbox.depth():
            await asyncio.sleep(0.01)


async def test_who_opts_out_is_moderated_and_answered_by_nobody(
    stage: Stage, tmp_path: Path
) -> None:
    async with a_house(stage, tmp_path) as ledger:
        first = await stage.say("hello there")
        await until(lambda: replies(stage, first))
        assert "/optout" in replies(stage, first)[0]
        second = await stage.say("hello again")
        await until(lambda: replies(stage, second))
        assert "/optout" not in replies(stage, second)[0]

        is_reddit = stage.adapter.platform == "reddit"
        await stage.say(f"u/{ME} !optout" if is_reddit else "!optout")
        kept = await ledger.messages.get(await key_of(ledger, first))
        assert kept is not None
        await until(lambda: ledger.consents.has_opted_out(kept.message.member))

        third = await stage.say("hello once more")
        bait = await stage.say("a free gift")
        await settled(ledger, stage, third)
        await settled(ledger, stage, bait)
        assert replies(stage, third) == []
        removed = {one.target for one in stage.sent() if one.kind is ActionKind.REMOVE}
        assert bait in removed
    ledger = Ledger(tmp_path / "l.db")
    assert ledger.consents.has_opted_out(kept.message.member)
    ledger.close()


async def key_of(ledger: Ledger, message: str) -> str:
    entries = await ledger.entries.latest(limit=500)
    return next(one.subject for one in entries if one.subject.endswith(f":{message}"))
