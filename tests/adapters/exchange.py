"""A persona's reply on a platform, and what its members do about it, as the ledger keeps both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from greenroom.adapters.base import Adapter
from greenroom.experiments import Feedback
from greenroom.ledger import Handled, Ledger, Planned
from greenroom.listening import Listening
from greenroom.message import Action, ActionKind, Event, EventKind, Message, Signals


async def _unlike(_one: Message, _other: Message) -> float:
    return 0.0


@dataclass(slots=True)
class Exchange:
    """Replies through a real adapter, and hears its events."""

    ledger: Ledger
    adapter: Adapter

    async def reply(self, message: Message, text: str, kind: ActionKind = ActionKind.REPLY) -> str:
        """A persona answers a message; returns what the platform calls that."""
        planned = Planned(Action(kind, text=text), self.adapter.bot, "persona:guide", message.id)
        handled = Handled(0, _about(message, self.adapter), "live", message, planned=(planned,))
        await self._record(handled)
        at = message.posted_at or datetime.now(UTC)
        (claimed,) = await self.ledger.outbox.claim(
            now_s=datetime.now(UTC).timestamp() + 1, limit=1, bots=[self.adapter.bot]
        )
        outcome = await self.adapter.perform(claimed.order)
        assert outcome.ref is not None
        await self.ledger.outbox.done(claimed, outcome, at)
        return outcome.ref

    async def hear(self, event: Event) -> list[Feedback]:
        """Take an event in as the loop does; returns all feedback there is by now."""
        listening = Listening(self.ledger, likeness=_unlike)
        before = await listening.before(event)
        notes = await listening.notes(event, before, Signals(scores={"sentiment": 0.5}))
        await self._record(Handled(0, event, "live", event.message, notes=notes))
        (said,) = await self.ledger.utterances.since(datetime(2000, 1, 1, tzinfo=UTC))
        return list(said.feedback)

    async def _record(self, handled: Handled) -> None:
        assert await self.ledger.inbox.put(handled.event)
        (pending,) = await self.ledger.inbox.pending(after=0, limit=1)
        now = datetime.now(UTC)
        made = Handled(
            pending.seq,
            handled.event,
            handled.mode,
            handled.message,
            planned=handled.planned,
            notes=handled.notes,
        )
        await self.ledger.record.handled(made, now)


def _about(message: Message, adapter: Adapter) -> Event:
    return Event(
        EventKind.MESSAGE_POSTED, adapter.bot, adapter.platform, datetime.now(UTC), message
    )
