"""Messages, events and decisions that many tests start from."""

from __future__ import annotations

from datetime import UTC, datetime

from greenroom.ledger import CaseDraft, Handled, Planned, order_key
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Channel,
    Community,
    Decision,
    Event,
    EventKind,
    Fired,
    Message,
    Severity,
    Signals,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_message(text: str = "hello", *, id: str = "m1", **fields: object) -> Message:  # noqa: A002
    """A Discord message in #general."""
    values: dict[str, object] = {
        "platform": "discord",
        "community": Community("c1", "Harbour"),
        "channel": Channel("ch1", "general"),
        "id": id,
        "author": Author("u1", "mika"),
        "text": text,
        "posted_at": NOON,
        **fields,
    }
    return Message(**values)  # type: ignore[arg-type]  # field by field, as tests name them


def an_event(
    message: Message | None = None, kind: EventKind = EventKind.MESSAGE_POSTED, bot: str = "b"
) -> Event:
    """A delivery of ``message`` to the bot ``b``."""
    return Event(kind, bot, "discord", NOON, message or a_message())


def a_removal(message: Message, *, bot: str = "b", is_shadow: bool = False) -> Planned:
    """What a moderator persona orders when its rule says filter."""
    action = Action(ActionKind.FILTER, reason="insult", rule="civility#0")
    by = "persona:warden"
    return Planned(action, bot, by, order_key(bot, message, action, by=by), is_shadow)


def handled(
    seq: int,
    event: Event,
    *planned: Planned,
    case: bool = False,
    severity: Severity = Severity.MEDIUM,
) -> Handled:
    """What the loop makes of ``event``: one decision, the orders given, perhaps a case."""
    decision = Decision(
        "warden",
        tuple(order.action for order in planned),
        severity,
        "insult",
        (Fired("civility", 0, "insults"),),
    )
    draft = CaseDraft("warden", severity, "insult 0.80", "live") if case else None
    signals = Signals(scores={"toxicity": 0.8}, model="test@000000000000")
    return Handled(seq, event, "live", event.message, signals, (decision,), planned, draft)
