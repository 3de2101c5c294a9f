"""Step 8 of a message's way: performs what the outbox holds, and records what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from greenroom.adapters.base import Adapter
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.ledger import CaseDraft, Change, Claimed, Ledger
from greenroom.message import BACKSTAGE, Order, Outcome, Severity
from greenroom.supervisor import Backoff

Dress = Callable[[Claimed, Adapter], Order]
"""An order as it goes out through this adapter, such as with a manifest in its text."""

log = logging.getLogger(__name__)

_IDLE_S = 5.0  # looks again at least so often, whatever it was told


class Sender:
    """Claims due orders and hands them to their bot's adapter, a few at a time.

    An order is marked as being sent before it is tried. If the process ends there, the next
    start tries it again with ``maybe_done``, so that the adapter looks before it repeats.

    Args:
        ledger: Holds the outbox.
        adapters: By bot.
        clock: The time now, in UTC.
        senders: Orders performed at the same time.
        deadline_s: Seconds one try may take.
        attempts: Tries before an order is given up and becomes a case.
        dress: What becomes of an order just before it goes out; None: nothing.
    """

    def __init__(
        self,
        ledger: Ledger,
        adapters: Mapping[str, Adapter],
        *,
        clock: Callable[[], datetime],
        senders: int = 8,
        deadline_s: float = 30.0,
        attempts: int = 12,
        dress: Dress | None = None,
        backoff: Backoff = Backoff(first_s=1.0, cap_s=600.0),
    ) -> None:
        self._ledger = ledger
        self._adapters = adapters
        self._clock = clock
        self._deadline_s = deadline_s
        self._attempts = attempts
        self._dress = dress
        self._backoff = backoff
        self._senders = senders
        self._places = asyncio.Semaphore(senders)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled."""
        await self._ledger.outbox.recover()
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                claimed = await self._claim()
                for order in claimed:
                    await self._places.acquire()
                    group.create_task(self._send(order))
                if not claimed:
                    await self._pause()

    async def _claim(self) -> list[Claimed]:
        return await self._ledger.outbox.claim(
            now_s=self._clock().timestamp(), limit=self._senders, bots=tuple(self._adapters)
        )

    async def _pause(self) -> None:
        due_s = await self._ledger.outbox.next_due_s()
        wait_s = _IDLE_S if due_s is None else due_s - self._clock().timestamp()
        try:
            async with asyncio.timeout(min(_IDLE_S, max(0.05, wait_s))):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _send(self, claimed: Claimed) -> None:
        try:
            await self._try(claimed)
        finally:
            self._places.release()

    async def _try(self, claimed: Claimed) -> None:
        adapter = self._adapters[claimed.bot]
        order = claimed.order if self._dress is None else self._dress(claimed, adapter)
        try:
            async with asyncio.timeout(self._deadline_s):
                outcome = await adapter.perform(order)
        except TimeoutError:
            await self._again(claimed, RetryLater("no answer in time", maybe_done=True))
        except RetryLater as error:
            await self._again(claimed, error)
        except (DropMessage, ConfigError) as error:
            await self._fail(claimed, str(error))
        else:
            await self._done(claimed, _as_sent(outcome, order, claimed.order))

    async def _done(self, claimed: Claimed, outcome: Outcome) -> None:
        await self._ledger.outbox.done(claimed, outcome, self._clock())
        self._ledger.feed.publish(Change("effect", claimed.order.message.key))

    async def _again(self, claimed: Claimed, error: RetryLater) -> None:
        if claimed.attempts >= self._attempts:
            await self._fail(claimed, f"given up after {claimed.attempts} tries: {error}")
            return
        delay_s = max(
            error.after_s or 0.0, self._backoff.delay_s(claimed.attempts, random.random())
        )
        log.warning("%s: %s; next try in %.0f s", claimed.bot, error, delay_s)
        at_s = self._clock().timestamp() + delay_s
        await self._ledger.outbox.retry(
            claimed, at_s=at_s, detail=str(error), maybe_done=error.maybe_done
        )
        self.wake()  # it may be due before whatever the run waits for

    async def _fail(self, claimed: Claimed, detail: str) -> None:
        kind = claimed.order.action.kind
        if kind in BACKSTAGE:
            log.warning("%s: %s failed: %s", claimed.bot, kind, detail)
            await self._ledger.outbox.give_up(claimed, detail, self._clock())
            return
        log.error("%s: %s of %s failed: %s", claimed.bot, kind, claimed.order.message.key, detail)
        draft = CaseDraft("sender", Severity.HIGH, f"{kind} failed: {detail}", "live")
        case = await self._ledger.record.effect_failed(claimed, detail, draft, self._clock())
        self._ledger.feed.publish(Change("effect", claimed.order.message.key))
        self._ledger.feed.publish(Change("case", claimed.order.message.key, case))


def _as_sent(outcome: Outcome, order: Order, ordered: Order) -> Outcome:
    """With the text that went out, where it is another and the adapter does not say so itself."""
    if order is ordered or outcome.sent:
        return outcome
    return replace(outcome, sent=(order.action.text or "",))
