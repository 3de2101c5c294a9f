"""The queue inside a platform, with a real ledger; what goes out is what the outbox holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from greenroom.backstage import Backstage
from greenroom.desk import RunningBot
from greenroom.ledger import Case, Handled, Ledger, Recorded
from greenroom.message import Action, ActionKind, Author, Event, EventKind, Message, Outcome
from tests.samples import NOON, a_message, a_removal, an_event, handled

MODERATOR = Author("u9", "kim", is_moderator=True)
OTHER_MODERATOR = Author("u8", "lee", is_moderator=True)


@dataclass
class Rehearsed:
    """A backstage and its ledger."""

    ledger: Ledger
    bot: RunningBot
    wakes: list[int] = field(default_factory=list)
    acts: int = 0

    @property
    def backstage(self) -> Backstage:
        return Backstage(
            self.ledger,
            {"b": self.bot},
            wake=lambda: self.wakes.append(1),
            clock=lambda: NOON,
            desk="https://desk.example",
        )

    async def removed(self, message: Message | None = None, *, is_done: bool = True) -> Case:
        """A message that the persona removed and left to people."""
        message = message or a_message("you fool")
        await self.ledger.inbox.put(an_event(message))
        (pending,) = await self.ledger.inbox.pending(after=0, limit=1)
        recorded = await self.ledger.record.handled(
            handled(pending.seq, pending.event, a_removal(message), case=True), NOON
        )
        if is_done:
            await self.send("done")
        return await self.case(recorded)

    async def case(self, recorded: Recorded) -> Case:
        assert recorded.case is not None
        found = await self.ledger.cases.get(recorded.case)
        assert found is not None
        return found

    async def send(self, detail: str) -> list[Action]:
        """Everything that is due goes out, and works."""
        claimed = await self.ledger.outbox.claim(now_s=NOON.timestamp(), limit=50, bots=["b"])
        for order in claimed:
            ref = order.order.action.ref or f"ref-{order.id}"
            await self.ledger.outbox.done(order, Outcome(detail, ref), NOON)
        return [order.order.action for order in claimed]

    async def act(self, kind: EventKind, actor: Author, **more: object) -> Handled:
        """Somebody acts; what follows is recorded, as the loop does."""
        self.acts += 1
        event = Event(kind, "b", "discord", NOON, actor=actor, id=f"act-{self.acts}", respond="r1")
        await self.ledger.inbox.put(replace(event, **more))  # type: ignore[arg-type]
        (pending,) = await self.ledger.inbox.pending(after=0, limit=1)
        found = await self.backstage.hear(pending)
        await self.ledger.record.handled(found, NOON)
        return found

    async def command(self, name: str, text: str = "", *, by: str = "mika") -> str:
        """A member commands; what they are told."""
        author = Author("u1" if by == "mika" else by, by)
        said = a_message(f"/{name} {text}", id=f"cmd-{self.acts}", author=author)
        await self.act(EventKind.COMMAND_GIVEN, author, message=said, command=name, text=text)
        return await self.told()

    async def press(self, value: str | None, *, by: Author = MODERATOR, note: str = "") -> str:
        """Somebody presses; what they are told."""
        await self.act(EventKind.BUTTON_PRESSED, by, command=value, text=note or None)
        return await self.told()

    async def told(self) -> str:
        actions = await self.send("told")
        (answer,) = [action for action in actions if action.kind is ActionKind.ANSWER]
        assert answer.ref == "r1"
        return answer.text or ""


@contextmanager
def rehearsed(folder: Path, **more: object) -> Iterator[Rehearsed]:
    """A live Discord bot with a desk channel, unless told otherwise."""
    given: dict[str, object] = {
        "name": "b",
        "platform": "discord",
        "mode": "live",
        "capabilities": frozenset(ActionKind),
        "has_desk_channel": True,
        **more,
    }
    ledger = Ledger(folder / "ledger.db")
    try:
        yield Rehearsed(ledger, RunningBot(**given))  # type: ignore[arg-type]
    finally:
        ledger.close()
