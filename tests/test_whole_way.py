"""From a platform to a decision to a verdict and back, on each platform's real library."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from greenroom.adapters.base import Health, Intake
from greenroom.context import EdgeStore, Knowledge, Precedents
from greenroom.desk import RunningBot, choices, judgement
from greenroom.ledger import Case, Change, Ledger
from greenroom.loop import Loop
from greenroom.loop import Stage as Staged
from greenroom.message import ActionKind, Message, Order, Outcome
from greenroom.personas.gate import Gate
from greenroom.personas.moderator import ModeratorPersona
from greenroom.personas.schema import Persona
from greenroom.policies import load_policy
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.triage import HEADS, INTENTS
from greenroom.triage.pool import EncoderPool
from tests.adapters.contract import COMMUNITIES, WAIT_S, Sent, Stage

RULES = """
# Bait
body (includes): "free gift"
action: filter
action_reason: "bait: {{match}}"
comment: Please read the rules.
"""
PERSONA = Persona(
    kind="moderator", name="Warden", operator="the team", disclosure="Automated. Type /human."
)


class Relayed:
    """The contract suite's running adapter, for a loop: its events go on to the intake."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.bot, self.platform = stage.adapter.bot, stage.adapter.platform
        self.capabilities = stage.adapter.capabilities

    async def run(self, intake: Intake) -> None:
        while True:
            await intake(await self._stage.inbox.events.get())

    async def perform(self, order: Order) -> Outcome:
        return await self._stage.adapter.perform(order)

    def health(self) -> Health:
        return self._stage.adapter.health()


@pytest.fixture(params=COMMUNITIES)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    module = importlib.import_module(f"tests.adapters.{request.param}.contract_stage")
    async with module.contract_stage() as found:
        yield found


@asynccontextmanager
async def a_house(stage: Stage, folder: Path) -> AsyncIterator[Ledger]:
    """A live loop over the stage's adapter, with one moderator and real parts."""
    (folder / "bait.yaml").write_text(RULES)
    policy = load_policy(folder / "bait.yaml", heads=HEADS, intents=INTENTS)
    warden = ModeratorPersona("warden", PERSONA, [policy])
    ledger, store, adapter = Ledger(folder / "l.db"), EdgeStore(folder / "q"), Relayed(stage)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
    async with EncoderPool(threads=1) as pool:
        senses = Senses(pool, Knowledge(store), Precedents(store))
        loop = Loop(
            ledger,
            {adapter.bot: Staged(adapter, "live", lambda message: [warden])},
            senses=senses,
            gate=Gate(senses.scores, {"warden": PERSONA.limits}),
            sender=Sender(ledger, {adapter.bot: adapter}, clock=clock),
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


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not done():
            await asyncio.sleep(0.01)


async def the_case(ledger: Ledger) -> tuple[Case, Message]:
    async with asyncio.timeout(WAIT_S):
        while not (queue := await ledger.cases.queue()):
            await asyncio.sleep(0.01)
    return queue[0]


def kinds(sent: Sequence[Sent], target: str) -> set[ActionKind]:
    return {one.kind for one in sent if one.target == target}


async def overturn(ledger: Ledger, stage: Stage, case: Case, message: Message) -> None:
    """As the desk does it."""
    bot = RunningBot(case.bot, stage.adapter.platform, "live", stage.adapter.capabilities)
    effects = await ledger.outbox.about(message.key)
    (choice,) = (one for one in choices(effects, bot) if one.name == "overturn")
    await ledger.cases.judge(judgement(choice, case, message, bot=bot, by="sam"), datetime.now(UTC))
    ledger.feed.publish(Change("verdict", message.key, case.id))


async def test_a_message_is_held_back_judged_and_put_back(stage: Stage, tmp_path: Path) -> None:
    async with a_house(stage, tmp_path) as ledger:
        harmless = await stage.say("what a lovely morning")
        bait = await stage.say("get your free gift here")
        await until(lambda: ActionKind.REPLY in kinds(stage.sent(), bait))
        await until(lambda: ActionKind.REMOVE in kinds(stage.sent(), bait))
        assert kinds(stage.sent(), harmless) == set()
        (reply,) = (one for one in stage.sent() if one.kind is ActionKind.REPLY)
        assert reply.text is not None
        assert "Please read the rules." in reply.text
        assert "Automated." in reply.text
        case, message = await the_case(ledger)
        assert (case.reason, message.id) == ("bait: free gift", bait)
        await until_all_done(ledger, message.key)
        before = len(stage.sent())
        await overturn(ledger, stage, case, message)
        await until_all_done(ledger, message.key)
        assert len(stage.sent()) > before
        states = {e.action.kind: e.state for e in await ledger.outbox.about(message.key)}
        assert (states[ActionKind.APPROVE], states[ActionKind.RETRACT]) == ("done", "done")
        kept = await ledger.messages.get(message.key)
        assert kept is not None
        assert kept.state == "visible"


async def until_all_done(ledger: Ledger, key: str) -> None:
    async with asyncio.timeout(WAIT_S):
        while {effect.state for effect in await ledger.outbox.about(key)} & {"pending", "sending"}:
            await asyncio.sleep(0.01)
