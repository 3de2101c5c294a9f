"""The way of a message, top to bottom: steps 1 to 7 here, step 8 in ``sender``.

adapter → inbox → triage → context → decide → gate → record → outbox → adapter
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from greenroom import backlog
from greenroom.adapters.base import Adapter
from greenroom.errors import DropMessage, GreenroomError, RetryLater
from greenroom.floor import KEPT, Floor
from greenroom.ledger import Before, CaseDraft, Change, Handled, Ledger, Pending, Recorded
from greenroom.listening import Listening
from greenroom.message import (
    REMOVALS,
    ActionKind,
    Decision,
    Event,
    EventKind,
    Message,
    Severity,
    Signals,
)
from greenroom.personas.base import Cue, Performer
from greenroom.personas.composer import Composer
from greenroom.personas.gate import Gate
from greenroom.personas.occasions import Scheduled, job_of
from greenroom.personas.spoken import asks_to_be_left_alone, spoken_command
from greenroom.plan import as_posted, leave_alone, one_voice, plan, rest
from greenroom.policies import hurried
from greenroom.scheduler import Scheduler
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.supervisor import supervise
from greenroom.tally import Tally, TimedTriage

log = logging.getLogger(__name__)


class Backstage(Protocol):
    """The queue inside the platforms: what members command, what moderators press."""

    async def hear(self, pending: Pending) -> Handled:
        """What follows from a command or a pressed button."""

    async def run(self) -> None:
        """Show cases where moderators read, until cancelled."""


_CHUNK = 256  # events read from the inbox at once
_ACTED = frozenset({EventKind.COMMAND_GIVEN, EventKind.BUTTON_PRESSED})
_DECIDED = frozenset(
    {EventKind.MESSAGE_POSTED, EventKind.MESSAGE_EDITED, EventKind.MESSAGE_REPORTED}
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One bot on stage: its adapter, its mode, and who performs where."""

    adapter: Adapter
    mode: str  # shadow | live
    performers: Callable[[Message], Sequence[Performer]]
    troupe: Sequence[Performer] = ()  # all of them, wherever they are on stage
    versions: Mapping[str, str] = field(default_factory=dict)  # of the personas' files


class Loop:
    """Moves every message from its adapter to its record.

    Args:
        ledger: Inbox, record and outbox.
        stages: The bots, by name.
        senses: Triage and context.
        gate: What an answer passes.
        sender: Performs the outbox.
        listening: What members make of what personas say; without it, by the defaults.
        composer: Lets a language model word replies; without it they stay as decided.
        backstage: Hears commands and buttons; without it they are stored, and nothing follows.
        clock: The time now, in UTC.
        workers: Messages decided at the same time. A message's own events (post, edit,
            report) always meet the same worker, in order.
        queue_size: Messages that wait for each worker. When full the feeder waits; what
            it has not fetched yet stays in the inbox, on disk.
    """

    def __init__(
        self,
        ledger: Ledger,
        stages: Mapping[str, Stage],
        *,
        senses: Senses,
        gate: Gate,
        sender: Sender,
        composer: Composer | None = None,
        backstage: Backstage | None = None,
        listening: Listening | None = None,
        clock: Callable[[], datetime],
        workers: int = 16,
        queue_size: int = 8,
    ) -> None:
        self._ledger = ledger
        self._stages = stages
        self.tally = Tally()
        self._senses = replace(senses, triage=TimedTriage(senses.triage, self.tally.triage))
        self._gate = gate
        self._sender = sender
        self._composer = composer
        self._backstage = backstage
        self._listening = listening or Listening(ledger, likeness=senses.likeness)
        self._clock = clock
        self.floor = Floor()
        self._arrived = asyncio.Event()
        self._queues: list[asyncio.Queue[Pending]] = [
            asyncio.Queue(queue_size) for _ in range(workers)
        ]

    async def run(self) -> None:
        """Run until cancelled. A stage's failure ends the process; an adapter's does not."""
        await self._take_the_floor()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(), name="feeder")
            for number, queue in enumerate(self._queues):
                group.create_task(self._work(queue), name=f"worker-{number}")
            group.create_task(self._sender.run(), name="sender")
            group.create_task(self._follow_verdicts(), name="verdicts")
            look = self._ledger.inbox.backlog
            group.create_task(backlog.watch(look, self._clock), name="backlog")
            scheduler = Scheduler(self.take_in, self._clock)
            group.create_task(scheduler.run(lambda: self._stages), name="scheduler")
            if self._senses.recollection is not None:
                group.create_task(self._senses.recollection.run(), name="recollection")
            if self._backstage is not None:
                group.create_task(self._backstage.run(), name="backstage")
            for bot, stage in self._stages.items():
                group.create_task(supervise(stage.adapter, self.take_in), name=f"adapter-{bot}")

    async def _take_the_floor(self) -> None:
        """Who has the word, from what was answered before this start."""
        for one in reversed(await self._ledger.outbox.replies(self._clock() - KEPT)):
            if one.action.purpose is not None:
                self.floor.took(one.message, one.by.removeprefix("persona:"), one.at)

    async def take_in(self, event: Event) -> bool:
        """Steps 1 and 2: store the event durably; true if it is new."""
        is_new = await self._ledger.inbox.put(event)
        if is_new:
            self.tally.taken_in += 1
            self._arrived.set()
        else:
            self.tally.repeated += 1
        return is_new

    @property
    def stages(self) -> Mapping[str, Stage]:
        """The bots on stage, by name."""
        return self._stages

    def restage(self, stages: Mapping[str, Stage]) -> None:
        """Who decides where, from the next message on; adapters stay what they were."""
        self._stages = stages

    def queued(self) -> int:
        """How many events wait for a worker that has been chosen."""
        return sum(queue.qsize() for queue in self._queues)

    async def _feed(self) -> None:
        """Inbox to workers, in order of arrival; what a crash left behind comes first."""
        after = 0
        while True:
            self._arrived.clear()
            batch = await self._ledger.inbox.pending(after=after, limit=_CHUNK)
            for pending in batch:
                await self._queue_of(pending.event).put(pending)
                after = pending.seq
            if not batch:
                await self._arrived.wait()

    def _queue_of(self, event: Event) -> asyncio.Queue[Pending]:
        about = event.message.key if event.message else event.message_key or event.key
        return self._queues[zlib.crc32(about.encode()) % len(self._queues)]

    async def _work(self, queue: asyncio.Queue[Pending]) -> None:
        while True:
            pending = await queue.get()
            try:
                await self.handle(pending)
            except DropMessage as error:
                log.warning("dropped %s: %s", pending.event.key, error)
                await self._fail(replace(_failed(pending), case=None), str(error))
            except GreenroomError:
                raise
            except Exception as error:
                # A message that no stage foresaw must not stop the others: a person gets it.
                log.exception("cannot process %s", pending.event.key)
                await self._fail(_failed(pending), f"{type(error).__name__}: {error}")
            else:
                self._count(pending.event)

    async def handle(self, pending: Pending) -> None:
        """Steps 3 to 7 for one event."""
        event, stage = pending.event, self._stages.get(pending.event.bot)
        if self._senses.counting is not None:
            self._senses.counting.saw(event, event.received_at)
        if event.kind is EventKind.MESSAGE_DELETED:
            deleted = await self._ledger.record.deleted(pending.seq, event, self._clock())
            self._ledger.feed.publish(Change("case", event.message_key))
            if event.message_key is not None:
                await self._senses.forget(event.message_key)
            self._tell_of_facts(deleted)
            return
        handled = Handled(pending.seq, event, message=event.message)
        before = await self._listening.before(event)
        if self._backstage is not None and (event.kind in _ACTED or spoken_command(event)):
            handled = await self._backstage.hear(pending)
        elif stage is not None and event.message is not None and _is_for_deciding(event):
            handled = await self._decide(pending, event.message, stage, before)
        elif event.kind is EventKind.SCHEDULED and stage is not None and event.message is not None:
            handled = await self._perform(pending, event.message, stage, before)
        notes = await self._listening.notes(event, before, handled.signals)
        recorded = await self._ledger.record.handled(replace(handled, notes=notes), self._clock())
        self._tell(handled, recorded)

    def _count(self, event: Event) -> None:
        self.tally.decided += 1
        self.tally.deciding.add((self._clock() - event.received_at).total_seconds())

    async def _fail(self, handled: Handled, why: str) -> None:
        self.tally.failed += 1
        self._tell(handled, await self._ledger.record.failed(handled, why, self._clock()))

    def _tell(self, handled: Handled, recorded: Recorded) -> None:
        key = handled.message.key if handled.message else None
        self._ledger.feed.publish(Change("message", key))
        if recorded.case is not None:
            self._ledger.feed.publish(Change("case", key, recorded.case))
        if recorded.ordered:
            self._sender.wake()
        self._tell_of_facts(recorded)

    def _tell_of_facts(self, recorded: Recorded) -> None:
        if recorded.facts:
            self._ledger.feed.publish(Change("memory"))

    async def _decide(
        self, pending: Pending, message: Message, stage: Stage, before: Before
    ) -> Handled:
        event, now = pending.event, self._clock()
        performers, word = stage.performers(message), self.floor.word(message, now)
        cue = await self._senses.sense(
            message,
            performers,
            lambda signals: Cue(
                *(message, signals, now, event.kind),
                *(word.speaker, word.is_partner, before.assigned),
            ),
            besides=self._listening.needs(before),
        )
        decided = await hurried(lambda: [performer.decide(cue) for performer in performers])
        resting = [_known(one, stage, before) for one in decided]
        decisions = one_voice(
            resting, message, word.speaker, is_rushed=word.is_rushed and word.is_partner
        )
        if self._composer is not None:
            decisions = [
                await self._composer.compose(performer, decision, cue)
                for performer, decision in zip(performers, decisions, strict=True)
            ]
        admitted = [
            await self._gate.admit(
                decision,
                message,
                capabilities=stage.adapter.capabilities,
                disclosure=performer.disclosure,
                now=now,
            )
            for performer, decision in zip(performers, decisions, strict=True)
        ]
        if not self._is_left_alone(message):
            await self._note(message, cue, admitted, stage.mode)
        # Asked last of all: nothing that waited above goes out after an opt-out.
        if self._is_left_alone(message):
            admitted = leave_alone(admitted)
        return plan(pending, message, stage.mode, cue.signals, admitted)

    def _is_left_alone(self, message: Message) -> bool:
        opted_out = self._ledger.consents.has_opted_out(message.member)
        return opted_out or asks_to_be_left_alone(message)

    async def _note(
        self, message: Message, cue: Cue, decisions: Sequence[Decision], mode: str
    ) -> None:
        """Who has the word from now on; and what others may ask again, if it stays."""
        actions = [(one.persona, action) for one in decisions for action in one.actions]
        for persona, action in actions:
            if mode == "live" and action.kind is ActionKind.REPLY and action.purpose is not None:
                self.floor.took(message, persona, cue.now)
        if not any(action.kind in REMOVALS for _, action in actions):
            await self._senses.keep(message, cue.signals, cue.now)

    async def _perform(
        self, pending: Pending, message: Message, stage: Stage, before: Before
    ) -> Handled:
        """A persona speaks first: what it says is recorded as a message of its own."""
        name, job_name = job_of(pending.event.command)
        now = self._clock()
        handled = Handled(pending.seq, pending.event)
        performer = next((one for one in stage.performers(message) if one.name == name), None)
        if not isinstance(performer, Scheduled):
            return handled  # its file has changed since
        due = message.posted_at or now
        job = next((one for one in performer.jobs(now) if one.name == job_name), None)
        if job is None or job.due != due:
            return handled
        occasion = await self._senses.occasion(
            pending.event.bot, job, message, persona=name, now=now
        )
        decision = await self._gate.admit(
            _known(performer.perform(occasion), stage, before),
            message,
            capabilities=stage.adapter.capabilities,
            disclosure=performer.disclosure,
            now=now,
        )
        return plan(pending, as_posted(message, decision), stage.mode, Signals(), [decision])

    async def _follow_verdicts(self) -> None:
        """A verdict becomes a precedent; whatever a crash left unfinished is done first."""
        with self._ledger.feed.watch() as changes:
            await self._recall()
            while True:
                await self._remember()
                while (await changes.get()).topic != "verdict":
                    continue
                self._sender.wake()

    async def _recall(self) -> None:
        """Qdrant knows nothing (deleted, or another model): give it all verdicts again."""
        try:
            if await self._senses.precedents.count() == 0:
                await self._ledger.cases.index_anew()
        except RetryLater as error:
            log.warning("precedents are not looked at: %s", error)

    async def _remember(self) -> None:
        while batch := await self._ledger.cases.unindexed():
            for message, verdict, case in batch:
                try:
                    await self._senses.remember(message, verdict, case=case)
                except RetryLater as error:
                    log.warning("a precedent waits: %s", error)
                    return
                await self._ledger.cases.indexed(message.key, verdict)


def _known(decision: Decision, stage: Stage, before: Before) -> Decision:
    """A decision with its persona's version; of one that is paused, with nothing said or done."""
    version = stage.versions.get(decision.persona)
    return rest(replace(decision, version=version), before.paused)


def _is_for_deciding(event: Event) -> bool:
    """Nothing of ours is decided on: neither what we wrote nor what we reported."""
    author = event.message.author if event.message else None
    is_ours = author is None or author.is_self or (event.actor is not None and event.actor.is_self)
    return event.kind in _DECIDED and not is_ours


def _failed(pending: Pending) -> Handled:
    draft = CaseDraft("loop", Severity.MEDIUM, "could not be processed", "shadow")
    return Handled(pending.seq, pending.event, message=pending.event.message, case=draft)
