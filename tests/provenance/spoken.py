"""Something said, the way the loop and the sender do it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from greenroom.ledger import Attestation, Handled, Ledger, Planned, order_key
from greenroom.message import (
    Action,
    ActionKind,
    Decision,
    Message,
    Outcome,
    Passage,
    Signals,
)
from greenroom.provenance import Keyring, Notary, Speaker
from tests.samples import NOON, a_message, an_event

WORDS = "> Be kind.\n\nSource: rules.md, Manners\n\nI'm an automated assistant."
SECRET = "what mika asked in confidence, zażółć 🦦"
ADDRESS = "https://desk.example"
EVIDENCE = Passage("rules.md", "Manners", "Be kind to newcomers.", 0.71234567)
SPEAKER = Speaker("Guide", "Harbour Team", "f" * 64)
VERSION = "a1" * 32


def notary(keys: Keyring, *, base: str | None = ADDRESS) -> Notary:
    return Notary(keys, lambda name: SPEAKER if name == "guide" else None, base=base)


def an_answer(**changes: Any) -> Action:
    return replace(Action(ActionKind.REPLY, text=WORDS, reason=f"asked: {SECRET}"), **changes)


async def order_one(
    ledger: Ledger,
    action: Action,
    message: Message,
    *,
    by: str = "persona:guide",
    evidence: tuple[Passage, ...] = (EVIDENCE,),
) -> None:
    """Decide and order; nothing is sent yet."""
    event = an_event(message)
    await ledger.inbox.put(event)
    pending = (await ledger.inbox.pending(after=0, limit=1))[0]
    decision = Decision("guide", (action,), evidence=evidence, version=VERSION)
    order = Planned(action, "b", by, order_key("b", message, action, by=by))
    signals = Signals(scores={"toxicity": 0.01}, model="minilm@0123456789ab")
    made = Handled(pending.seq, event, "live", message, signals, (decision,), (order,))
    await ledger.record.handled(made, NOON)


async def say(
    ledger: Ledger,
    action: Action | None = None,
    *,
    message: Message | None = None,
    by: str = "persona:guide",
    outcome: Outcome | None = None,
    evidence: tuple[Passage, ...] = (EVIDENCE,),
) -> list[Attestation]:
    """Decide, order, send; returns the records that there are about the message then."""
    message = message or a_message(SECRET)
    await order_one(ledger, action or an_answer(), message, by=by, evidence=evidence)
    for claimed in await ledger.outbox.claim(now_s=NOON.timestamp() + 1, limit=10, bots=("b",)):
        await ledger.outbox.done(claimed, outcome or Outcome(ref="777"), NOON)
    return await ledger.attestations.about(message.key)


async def a_record(ledger: Ledger, action: Action | None = None) -> dict[str, Any]:
    (one,) = await say(ledger, action)
    record: dict[str, Any] = json.loads(one.record)
    return record
