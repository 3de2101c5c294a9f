"""A community that talks with a persona: utterances and feedback, as outbox and loop make them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from greenroom.experiments import FeedbackKind
from greenroom.ledger import Handled, Ledger, Note, Planned
from greenroom.message import Action, ActionKind, Author, Decision, Outcome
from tests.samples import NOON, a_message, an_event

Feedback = tuple[FeedbackKind, float | None]


class Talk:
    """Says things and hears what members make of them.

    Args:
        ledger: A ledger of one's own, of which this is the only writer.
        start: When the first thing is said; each is said a second later.
    """

    def __init__(self, ledger: Ledger, start: datetime = NOON) -> None:
        self.ledger = ledger
        self.at = start
        self.count = 0

    async def say(
        self,
        *feedback: Feedback,
        persona: str = "guide",
        version: str | None = "v1",
        experiment: str | None = None,
        variant: str | None = None,
    ) -> None:
        """A member writes, the persona replies, the member does something about it."""
        self.count += 1
        self.at += timedelta(seconds=1)
        number, member = self.count, Author(f"u{self.count}", f"member {self.count}")
        message = a_message(id=f"talk{number}", author=member, posted_at=self.at)
        action = Action(ActionKind.REPLY, text="Hello!", experiment=experiment, variant=variant)
        planned = Planned(action, "b", f"persona:{persona}", f"key{number}", version=version)
        await self._handle(Handled(
            0, an_event(message), "live", message, decisions=(Decision(persona, (action,)),),
            planned=(planned,),
        ))  # fmt: skip
        (claimed,) = await self.ledger.outbox.claim(
            now_s=self.at.timestamp() + 1, limit=1, bots=["b"]
        )
        await self.ledger.outbox.done(claimed, Outcome(ref=f"ref{number}"), self.at)
        await self._hear(feedback, number)

    async def _hear(self, feedback: Sequence[Feedback], number: int) -> None:
        answer = a_message(id=f"answer{number}", author=Author(f"u{number}", "x"))
        notes = tuple(
            Note(
                kind,
                "discord:c1",
                answer.author.id,
                f"{answer.key}{place}",
                key=f"discord:c1:ch1:ref{number}",
                value=value,
                at=self.at + timedelta(minutes=1),
            )
            for place, (kind, value) in enumerate(feedback)
        )
        await self._handle(Handled(0, an_event(answer), "live", answer, notes=notes))

    async def _handle(self, handled: Handled) -> None:
        await self.ledger.inbox.put(handled.event)
        (pending,) = await self.ledger.inbox.pending(after=0, limit=1)
        made = Handled(
            pending.seq,
            handled.event,
            handled.mode,
            handled.message,
            decisions=handled.decisions,
            planned=handled.planned,
            notes=handled.notes,
        )
        await self.ledger.record.handled(made, self.at)
