"""Orders go out once, are repeated with care, and become a case when they cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.ledger import Change, Ledger
from greenroom.message import Order
from greenroom.sender import Sender
from greenroom.supervisor import Backoff
from tests.samples import NOON, a_message, a_removal, an_event, handled
from tests.stand_ins import ScriptedAdapter

NO_WAIT = Backoff(first_s=0.0, cap_s=0.0)


class Clock:
    """Moves a second each time it is read, so that what is due next is due soon."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    event = an_event()
    await opened.inbox.put(event)
    await opened.record.handled(handled(1, event, a_removal(a_message())), NOON)
    yield opened
    opened.close()


@asynccontextmanager
async def sending(
    ledger: Ledger, adapter: ScriptedAdapter, **options: float
) -> AsyncIterator[asyncio.Queue[Change]]:
    sender = Sender(ledger, {"b": adapter}, clock=Clock(), backoff=NO_WAIT, **options)  # type: ignore[arg-type]  # numbers only
    with ledger.feed.watch() as changes:
        task = asyncio.create_task(sender.run())
        try:
            yield changes
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_an_order_is_performed_and_recorded(ledger: Ledger) -> None:
    adapter = ScriptedAdapter()
    async with sending(ledger, adapter) as changes:
        assert (await changes.get()).topic == "effect"
    (effect,) = await ledger.outbox.about(a_message().key)
    assert (effect.state, effect.ref) == ("done", "ref-1")
    assert [entry.kind for entry in await ledger.entries.about(a_message().key)] == [
        "decision",
        "effect",
    ]


async def test_a_lost_answer_is_repeated_with_care(ledger: Ledger) -> None:
    failures = [RetryLater("gone", maybe_done=True), RetryLater("busy", after_s=0.0)]

    def script(order: Order) -> None:
        if failures:
            raise failures.pop(0)

    adapter = ScriptedAdapter(script=script)
    async with sending(ledger, adapter) as changes:
        await changes.get()
    assert [order.maybe_done for order in adapter.tried] == [False, True, True]
    assert len({order.key for order in adapter.tried}) == 1
    assert len(adapter.performed) == 1


@pytest.mark.parametrize(
    "error", [DropMessage("needs Manage Messages"), ConfigError("needs the scope chat:write")]
)
async def test_what_cannot_be_done_becomes_a_case(ledger: Ledger, error: Exception) -> None:
    def script(order: Order) -> None:
        raise error

    async with sending(ledger, ScriptedAdapter(script=script)) as changes:
        while (await changes.get()).topic != "case":
            continue
    ((case, _),) = await ledger.cases.queue()
    assert case.reason == f"filter failed: {error}"
    (effect,) = await ledger.outbox.about(a_message().key)
    assert (effect.state, effect.detail) == ("failed", str(error))


async def test_tries_end_with_a_case(ledger: Ledger) -> None:
    def script(order: Order) -> None:
        raise RetryLater("still away")

    adapter = ScriptedAdapter(script=script)
    async with sending(ledger, adapter, attempts=3) as changes:
        while (await changes.get()).topic != "case":
            continue
    assert len(adapter.tried) == 3
    ((case, _),) = await ledger.cases.queue()
    assert "given up after 3 tries: still away" in case.reason


async def test_no_answer_in_time_counts_as_perhaps_done(ledger: Ledger) -> None:
    class Slow(ScriptedAdapter):
        async def perform(self, order):  # type: ignore[no-untyped-def]  # as in the contract
            self.tried.append(order)
            if len(self.tried) == 1:
                await asyncio.Event().wait()
            return await ScriptedAdapter.perform(self, order)

    adapter = Slow()
    async with sending(ledger, adapter, deadline_s=0.01) as changes:
        await changes.get()
    assert [order.maybe_done for order in adapter.performed] == [True]


async def test_a_bot_that_is_gone_keeps_its_orders(ledger: Ledger) -> None:
    sender = Sender(ledger, {}, clock=Clock(), backoff=NO_WAIT)
    assert await sender._claim() == []
    assert (await ledger.outbox.about(a_message().key))[0].state == "pending"
