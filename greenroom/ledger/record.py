"""Step 7 of a message's way: everything that was decided, in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from greenroom.ledger import (
    assignments,
    attestations,
    cases,
    consents,
    contacts,
    entries,
    feedback,
    inbox,
    memories,
    messages,
    outbox,
    utterances,
)
from greenroom.ledger.cases import CaseDraft
from greenroom.ledger.codec import decode_decisions, encode_decisions, encode_signals, scrub
from greenroom.ledger.consents import Consent, Consents
from greenroom.ledger.feedback import Note
from greenroom.ledger.memories import Forget
from greenroom.ledger.outbox import Claimed, Planned
from greenroom.ledger.store import Store
from greenroom.message import (
    TO_ONE,
    ActionKind,
    Decision,
    Event,
    EventKind,
    Message,
    Purpose,
    Signals,
)


@dataclass(frozen=True, slots=True)
class Handled:
    """What the loop made of one inbox event."""

    seq: int
    event: Event
    mode: str = "shadow"
    message: Message | None = None
    signals: Signals = field(default_factory=Signals)
    decisions: tuple[Decision, ...] = ()
    planned: tuple[Planned, ...] = ()
    case: CaseDraft | None = None
    spoken: Message | None = None  # a command that is about another message; kept beside it
    consents: tuple[Consent, ...] = ()  # what a member agreed to or refused
    forget: Forget | None = None  # what a member wants forgotten
    notes: tuple[Note, ...] = ()  # what the event says of something that a persona said


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the transaction came to; ``is_first`` is false if the event was done before."""

    is_first: bool
    case: int | None = None
    ordered: int = 0
    facts: int = 0  # learned or erased, and opt-outs: what Qdrant has to hear of


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as the ledger keeps it, with the signals it rested on."""

    decision: Decision
    bot: str
    mode: str
    revision: str
    signals: Mapping[str, Any]
    decided_at: str


class Record:
    """Writes what was decided, and reads it again."""

    def __init__(self, store: Store, consents: Consents) -> None:
        self._store = store
        self._consents = consents

    async def handled(self, handled: Handled, at: datetime) -> Recorded:
        """Record one event's whole outcome; a second call for the same event does nothing."""
        whole = replace(handled, consents=(*handled.consents, *_asked(handled)))
        self._consents.note(whole.consents)  # from here on: what is written later heeds it
        recorded = None
        try:
            recorded = await self._store.write(lambda c: _record(c, whole, at))
        finally:
            if whole.consents and not (recorded and recorded.is_first):
                self._consents.reload()
        return recorded

    async def deleted(self, seq: int, event: Event, at: datetime) -> Recorded:
        """The message is gone: withdraw its case, take back what was not sent."""
        return await self._store.write(lambda c: _deleted(c, seq, event, at))

    async def failed(self, handled: Handled, why: str, at: datetime) -> Recorded:
        """The event cannot be processed: keep it, and let a person look if it is a message."""
        return await self._store.write(lambda c: _failed(c, handled, why, at))

    async def effect_failed(
        self, claimed: Claimed, detail: str, draft: CaseDraft, at: datetime
    ) -> int:
        """An action cannot be done: note it, and let a person look; returns the case."""
        return await self._store.write(lambda c: _effect_failed(c, claimed, detail, draft, at))

    async def decisions(self, message_key: str) -> list[Decided]:
        """What was decided about one message, oldest first."""
        return await self._store.read(lambda c: _decisions(c, message_key))


def _record(connection: sqlite3.Connection, handled: Handled, at: datetime) -> Recorded:
    if not inbox.finish(connection, handled.seq):
        return Recorded(is_first=False)
    feedback.keep(connection, handled.notes, at)
    message = handled.message
    if message is None:
        return Recorded(is_first=True)
    for one in (message, handled.spoken):
        if one is not None:
            messages.keep(connection, one, handled.event.bot, at)
    if handled.decisions:
        _keep_decisions(connection, handled, message, at)
        _keep_strikes(connection, handled, message, at)
        if handled.mode == "live":
            assignments.keep(connection, handled.decisions, message, at)
    case = None
    if handled.case is not None:
        case = cases.open_case(connection, message, handled.event.bot, handled.case, at)
    facts = _keep_words(connection, handled, message, at)
    ordered = [one for one in handled.planned if outbox.add(connection, one, message, at)]
    for planned in ordered:
        if _is_contact(planned):
            contacts.keep(connection, planned.by.removeprefix("persona:"), message, at)
    return Recorded(True, case, len(ordered), facts)


def _asked(handled: Handled) -> tuple[Consent, ...]:
    """That personas ask for consent in what they say; in shadow mode nobody hears it."""
    if handled.mode != "live" or handled.message is None:
        return ()
    return tuple(
        Consent(handled.message.member, "memory", "asked", one.persona, handled.message.key)
        for one in handled.decisions
        if one.asks_consent and any(action.kind in TO_ONE for action in one.actions)
    )


def _is_contact(planned: Planned) -> bool:
    is_persona = planned.by.startswith("persona:") and planned.by != "persona:backstage"
    is_told = planned.action.kind in TO_ONE and planned.action.purpose is not Purpose.CRISIS
    return is_persona and is_told and not planned.is_shadow


def _keep_words(
    connection: sqlite3.Connection, handled: Handled, message: Message, at: datetime
) -> int:
    """What the member agreed to, refused, and said of themselves; the facts that changed."""
    changed = 0
    for consent in handled.consents:
        consents.add(connection, consent, handled.event.bot, at)
        if consent.state != "withdrawn":
            continue
        if consent.subject == "answers":
            outbox.silence(connection, consent.member)
            utterances.forget_account(connection, consent.member.platform, consent.member.id)
            changed += 1 + memories.forget(connection, Forget(consent.member), at)
        else:
            changed += memories.forget_here(connection, consent.member, consent.persona, at)
    if handled.forget is not None:
        changed += memories.forget(connection, handled.forget, at)
    if handled.event.kind is EventKind.MESSAGE_EDITED:
        changed += memories.forget_source(connection, message.key, at)
    if handled.mode == "live":
        for one in handled.decisions:
            changed += memories.learn(connection, one.learned, message, one.persona, at)
    return changed


def _keep_decisions(
    connection: sqlite3.Connection, handled: Handled, message: Message, at: datetime
) -> None:
    encoded = encode_decisions(handled.decisions)
    signals = encode_signals(handled.signals)
    connection.execute(
        "INSERT INTO decisions (message, revision, bot, mode, decisions, signals, decided_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            message.key,
            message.revision,
            handled.event.bot,
            handled.mode,
            encoded,
            signals,
            at.isoformat(),
        ),
    )
    body = {
        "event": handled.event.kind,
        "mode": handled.mode,
        "revision": message.revision,
        "model": handled.signals.model,
        "decisions": [_summary(decision) for decision in handled.decisions],
        "digest": entries.digest(f"{encoded}\n{signals}"),
    }
    by = f"bot:{handled.event.bot}"
    entries.append(connection, "decision", at=at, subject=message.key, by=by, body=body)


def _keep_strikes(
    connection: sqlite3.Connection, handled: Handled, message: Message, at: datetime
) -> None:
    """Marks that rules gave; in shadow mode none, and one message gives one a rule."""
    if handled.mode != "live":
        return
    for decision in handled.decisions:
        for action in decision.actions:
            if action.kind is ActionKind.STRIKE:
                expires_at = at + timedelta(seconds=action.duration_s or 0)
                connection.execute(
                    "INSERT INTO strikes (community, author, message, rule, given_at, expires_at)"
                    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (
                        *(scrub(text) for text in (message.community.id, message.author.id)),
                        *(scrub(message.key), action.rule),
                        *(at.isoformat(), expires_at.isoformat()),
                    ),
                )


def _summary(decision: Decision) -> dict[str, Any]:
    """What the chain says of a decision: names and kinds, sponsors, no member's words."""
    endorsements = [
        {"sponsor": action.sponsor, "consent": action.consent}
        for action in decision.actions
        if action.sponsor is not None
    ]
    return {
        **({"endorsements": endorsements} if endorsements else {}),
        "persona": decision.persona,
        "actions": [action.kind for action in decision.actions],
        "severity": decision.severity,
        "rules": [f"{fired.policy}#{fired.rule}" for fired in decision.trace],
    }


def _deleted(connection: sqlite3.Connection, seq: int, event: Event, at: datetime) -> Recorded:
    if not inbox.finish(connection, seq):
        return Recorded(is_first=False)
    key = event.message_key or (event.message.key if event.message else None)
    facts = 0 if key is None else memories.forget_source(connection, key, at)
    if key is None or not messages.set_state(connection, key, "deleted"):
        return Recorded(is_first=True, facts=facts)
    cases.withdraw(connection, key, at)
    outbox.cancel_pending(connection, key)
    attestations.forget_answered(connection, key)
    entries.append(
        connection,
        "deletion",
        at=at,
        subject=key,
        by=f"bot:{event.bot}",
        body={"event": event.kind},
    )
    return Recorded(is_first=True, facts=facts)


def _failed(connection: sqlite3.Connection, handled: Handled, why: str, at: datetime) -> Recorded:
    event = handled.event
    if not inbox.finish(connection, handled.seq, dead=why):
        return Recorded(is_first=False)
    subject = event.message.key if event.message else event.key
    body = {"event": event.kind, "digest": entries.digest(why)}
    entries.append(connection, "failure", at=at, subject=subject, by=f"bot:{event.bot}", body=body)
    if event.message is None or handled.case is None or event.kind is EventKind.MESSAGE_DELETED:
        return Recorded(is_first=True)
    messages.keep(connection, event.message, event.bot, at)
    case = cases.open_case(connection, event.message, event.bot, handled.case, at)
    return Recorded(True, case)


def _effect_failed(
    connection: sqlite3.Connection, claimed: Claimed, detail: str, draft: CaseDraft, at: datetime
) -> int:
    outbox.fail(connection, claimed, detail, at)
    return cases.open_case(connection, claimed.order.message, claimed.bot, draft, at)


def _decisions(connection: sqlite3.Connection, message_key: str) -> list[Decided]:
    rows = connection.execute(
        "SELECT * FROM decisions WHERE message = ? ORDER BY id", (message_key,)
    )
    return [
        Decided(
            decision=decision,
            bot=row["bot"],
            mode=row["mode"],
            revision=row["revision"],
            signals=json.loads(row["signals"]),
            decided_at=row["decided_at"],
        )
        for row in rows
        for decision in decode_decisions(row["decisions"])
    ]
