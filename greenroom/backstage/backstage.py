"""Cards out, commands and presses in: the queue as it is worked inside the platforms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from greenroom.backstage.cards import Pressed, card_of, may_judge, read_value
from greenroom.backstage.commands import Commands
from greenroom.desk.room import RunningBot
from greenroom.desk.verdicts import judgement, taken
from greenroom.desk.wording import outcome_in_words
from greenroom.errors import DropMessage
from greenroom.ledger import Case, Change, Handled, Kept, Ledger, Pending, Planned
from greenroom.message import Action, ActionKind, Author, Card, EventKind
from greenroom.personas.spoken import Spoken, spoken_command
from greenroom.plan import answer_to

_AT_START: Final = 500  # open cases whose cards are looked at when the process starts
_BY: Final = "persona:backstage"
_CHANGES: Final = frozenset({"case", "verdict", "effect"})

_IN_WORDS: Final = "in words"
_PRIVATE_FIRST: Final = (ActionKind.NOTICE, ActionKind.MESSAGE, ActionKind.REPLY)

NOT_YOURS: Final = "Only moderators decide here."


@dataclass(frozen=True, slots=True)
class Sought:
    """The verdict that somebody pressed for."""

    case: Case
    kept: Kept
    bot: RunningBot
    pressed: Pressed


class Backstage:
    """Works the queue where moderators are.

    Args:
        ledger: Cases, orders and the feed.
        bots: The running bots by name, as the desk sees them.
        wake: Tells the sender that something was ordered.
        clock: The time now, in UTC.
        desk: The desk's address for links, if the team reaches it from elsewhere.
    """

    def __init__(
        self,
        ledger: Ledger,
        bots: Mapping[str, RunningBot],
        *,
        wake: Callable[[], None],
        clock: Callable[[], datetime],
        desk: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._bots = bots
        self._wake = wake
        self._clock = clock
        self._desk = desk
        self._commands = Commands(ledger, clock=clock)

    async def hear(self, pending: Pending) -> Handled:
        """What follows from a command or a pressed button."""
        bot = self._bots.get(pending.event.bot)
        spoken = spoken_command(pending.event)
        if spoken is not None:
            return await self._spoken(pending, spoken, bot)
        if pending.event.kind is EventKind.COMMAND_GIVEN:
            return await self._commands.obey(pending, bot.mode if bot else "shadow")
        return await self._pressed(pending, bot)

    async def run(self) -> None:
        """Keep the cards in the desk channels as the cases are, until cancelled."""
        with self._ledger.feed.watch() as changes:
            for case, _ in await self._ledger.cases.queue(limit=_AT_START):
                await self._show(case)
            while True:
                change = await changes.get()
                if change.topic in _CHANGES:
                    await self._follow(change)

    async def _spoken(self, pending: Pending, spoken: Spoken, bot: RunningBot | None) -> Handled:
        """A command in plain words, answered in the most private way there is."""
        event = replace(pending.event, command=spoken.name, text=spoken.argument, respond=_IN_WORDS)
        handled = await self._commands.obey(
            replace(pending, event=event), bot.mode if bot else "shadow"
        )
        can = bot.capabilities if bot else frozenset[ActionKind]()
        kind = next((one for one in _PRIVATE_FIRST if one in can), None)
        planned = () if kind is None else tuple(_said_as(one, kind) for one in handled.planned)
        return replace(handled, event=pending.event, planned=planned)

    async def _follow(self, change: Change) -> None:
        if change.case is not None:
            case = await self._ledger.cases.get(change.case)
            found = [case] if case is not None else []
        elif change.message is not None:
            found = (await self._ledger.cases.about(change.message))[-1:]
        else:
            found = []
        for one in found:
            await self._show(one)
            await self._tell_appellant(one)

    async def _show(self, case: Case) -> None:
        """Bring the card to the case's state; what is on its way is waited for."""
        bot = self._bots.get(case.bot)
        if bot is None or not bot.has_desk_channel or ActionKind.CARD not in bot.capabilities:
            return
        cards = await self._ledger.outbox.cards(case.id)
        if any(one.state in ("pending", "sending") for one in cards):
            return
        ref = next((one.ref for one in reversed(cards) if one.state == "done" and one.ref), None)
        if cards and cards[-1].state == "failed":
            return  # the log says why; the desk has the case
        kept = await self._ledger.messages.get(case.message)
        if kept is None or (ref is None and case.state != "open"):
            return
        card = await self._card(case, kept, bot)
        if cards and cards[-1].action.card == card:
            return
        action = Action(ActionKind.CARD, card=card, ref=ref)
        planned = Planned(action, case.bot, _BY, _key("card", case.id, len(cards)), case=case.id)
        if await self._ledger.outbox.order(planned, kept.message, self._clock()):
            self._wake()

    async def _card(self, case: Case, kept: Kept, bot: RunningBot) -> Card:
        objection = await self._ledger.messages.get(case.appeal) if case.appeal else None
        effects = await self._ledger.outbox.about(case.message)
        appeal = None if objection is None else objection.message.text
        return card_of(case, kept.message, effects, bot, appeal=appeal, desk=self._desk)

    async def _tell_appellant(self, case: Case) -> None:
        bot = self._bots.get(case.bot)
        if bot is None or case.appeal is None or case.verdict is None:
            return
        kept = await self._ledger.messages.get(case.message)
        if kept is None or ActionKind.MESSAGE not in bot.capabilities:
            return
        text = (
            f"Your appeal was decided by a person: what was done is {outcome_in_words(case)}."
            " To talk to somebody: /human"
        )
        action = Action(ActionKind.MESSAGE, text=text, subject="Your appeal")
        key = _key("appeal", case.id, 0)
        planned = Planned(action, case.bot, _BY, key, is_shadow=bot.is_shadow, case=case.id)
        if await self._ledger.outbox.order(planned, kept.message, self._clock()):
            self._wake()

    async def _pressed(self, pending: Pending, bot: RunningBot | None) -> Handled:
        """Take a verdict, and tell whoever pressed what came of it."""
        event, pressed = pending.event, read_value(pending.event.command)
        case = await self._ledger.cases.get(pressed.case) if pressed else None
        kept = await self._ledger.messages.get(case.message) if case else None
        if pressed is None or case is None or kept is None or bot is None or case.bot != event.bot:
            return Handled(pending.seq, event)
        said = NOT_YOURS
        if event.actor is not None and may_judge(event.actor, bot):
            said = await self._judge(Sought(case, kept, bot, pressed), event.actor, event.text)
        answer = answer_to(event, said)
        return Handled(pending.seq, event, message=kept.message, planned=answer)

    async def _judge(self, sought: Sought, actor: Author, note: str | None) -> str:
        case, kept = sought.case, sought.kept
        by = f"{actor.name} ({sought.bot.platform} {actor.id})"
        if case.state != "open":
            return f"Case {case.id} was decided already: {outcome_in_words(case)}."
        choice, objection = taken(
            sought.pressed.choice,
            sought.pressed.seen,
            case,
            kept.message,
            effects=await self._ledger.outbox.about(case.message),
            bot=sought.bot,
        )
        if choice is None:
            await self._show(case)  # the card may be older than the case
            return objection
        verdict = judgement(choice, case, kept.message, bot=sought.bot, by=by, note=note or "")
        try:
            closed = await self._ledger.cases.judge(verdict, self._clock())
        except DropMessage as error:
            return f"Not taken: {error}."
        self._ledger.feed.publish(Change("verdict", closed.message, closed.id))
        if verdict.actions:
            self._wake()
        return f"Taken: {choice.label}. {choice.follows}"


def _said_as(planned: Planned, kind: ActionKind) -> Planned:
    action = replace(planned.action, kind=kind, ref=None, subject="Your command")
    return replace(planned, action=action)


def _key(what: str, case: int, number: int) -> str:
    """An idempotency key of 32 hex characters."""
    return hashlib.sha256(f"{what}\x1f{case}\x1f{number}".encode()).hexdigest()[:32]
