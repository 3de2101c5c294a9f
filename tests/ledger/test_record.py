"""One message's outcome is one transaction, and happens once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from greenroom.errors import DropMessage
from greenroom.ledger import Claimed, Handled, Judgement, Ledger, Planned, Verdict, order_key
from greenroom.message import Action, ActionKind, Author, Decision, EventKind, Outcome, Severity
from tests.samples import NOON, a_message, a_removal, an_event, handled


async def take(ledger: Ledger, *, bots: tuple[str, ...] = ("b",)) -> list[Claimed]:
    return await ledger.outbox.claim(now_s=NOON.timestamp() + 1, limit=10, bots=bots)


async def test_inbox_takes_a_redelivery_once(ledger: Ledger) -> None:
    assert await ledger.inbox.put(an_event())
    assert not await ledger.inbox.put(an_event())
    assert await ledger.inbox.depth() == 1


async def test_inbox_takes_an_edit_as_new(ledger: Ledger) -> None:
    edited = a_message("hello!", revision="2026-03-01T12:01:00")
    assert await ledger.inbox.put(an_event())
    assert await ledger.inbox.put(an_event(edited, EventKind.MESSAGE_EDITED))
    assert [
        p.event.message and p.event.message.text
        for p in await ledger.inbox.pending(after=0, limit=10)
    ] == ["hello", "hello!"]


@pytest.mark.parametrize(
    "text", ["", "\udc00 lone", "x" * 1_000_000, "\u202eabc", "a\x00b", "\u200b\u200d"]
)
async def test_hostile_text_goes_in_and_comes_out(ledger: Ledger, text: str) -> None:
    await ledger.inbox.put(an_event(a_message(text)))
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    assert pending.event.message is not None
    assert pending.event.message.text == text.replace("\udc00", "�")


async def test_record_happens_once(ledger: Ledger) -> None:
    event = an_event()
    await ledger.inbox.put(event)
    order = a_removal(a_message())
    first = await ledger.record.handled(handled(1, event, order, case=True), NOON)
    again = await ledger.record.handled(handled(1, event, order, case=True), NOON)
    assert (first.is_first, first.ordered, again.is_first) == (True, 1, False)
    assert len(await take(ledger)) == 1
    assert await ledger.inbox.depth() == 0


async def test_record_rolls_back_whole(ledger: Ledger) -> None:
    event = an_event()
    await ledger.inbox.put(event)
    broken = replace(handled(1, event, case=True), mode=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        await ledger.record.handled(broken, NOON)
    assert await ledger.inbox.depth() == 1
    assert await ledger.entries.latest() == []


async def test_reports_of_one_message_are_one_case(ledger: Ledger) -> None:
    for number, severity in enumerate((Severity.LOW, Severity.HIGH, Severity.MEDIUM), start=1):
        event = replace(an_event(), actor=Author(f"u{number}", "x"))
        await ledger.inbox.put(event)
        await ledger.record.handled(handled(number, event, case=True, severity=severity), NOON)
    ((case, message),) = await ledger.cases.queue()
    assert (case.severity, message.text, case.reason) == (Severity.HIGH, "hello", "insult 0.80")


async def test_queue_puts_the_most_severe_first(ledger: Ledger) -> None:
    for number, severity in enumerate((Severity.LOW, Severity.CRITICAL), start=1):
        event = an_event(a_message(id=f"m{number}"))
        await ledger.inbox.put(event)
        await ledger.record.handled(handled(number, event, case=True, severity=severity), NOON)
    assert [case.severity for case, _ in await ledger.cases.queue()] == ["critical", "low"]


async def test_an_effect_changes_the_message(ledger: Ledger) -> None:
    event = an_event()
    await ledger.inbox.put(event)
    await ledger.record.handled(handled(1, event, a_removal(a_message())), NOON)
    (claimed,) = await take(ledger)
    assert await take(ledger) == []
    await ledger.outbox.done(claimed, Outcome(), NOON)
    kept = await ledger.messages.get(a_message().key)
    assert kept is not None
    assert kept.state == "removed"


async def test_what_was_being_sent_at_a_crash_is_looked_at_first(ledger: Ledger) -> None:
    event = an_event()
    await ledger.inbox.put(event)
    await ledger.record.handled(handled(1, event, a_removal(a_message())), NOON)
    (first,) = await take(ledger)
    assert not first.order.maybe_done
    assert await ledger.outbox.recover() == 1
    (second,) = await take(ledger)
    assert second.order.maybe_done
    assert (second.attempts, second.order.key) == (2, first.order.key)


async def test_a_verdict_closes_once_and_orders_its_actions(ledger: Ledger) -> None:
    event = an_event()
    await ledger.inbox.put(event)
    await ledger.record.handled(handled(1, event, a_removal(a_message()), case=True), NOON)
    ((case, message),) = await ledger.cases.queue()
    action = Action(ActionKind.APPROVE)
    by = "moderator:mods"
    key = order_key("b", message, action, by=by)
    judgement = Judgement(
        case.id, Verdict.OVERTURN, "mods", "irony", (Planned(action, "b", by, key),)
    )
    closed = await ledger.cases.judge(judgement, NOON)
    assert (closed.state, closed.verdict, closed.moderator) == ("closed", "overturn", "mods")
    with pytest.raises(DropMessage, match="already overturn by mods"):
        await ledger.cases.judge(replace(judgement, moderator="late"), NOON)
    # the removal was not sent yet: it is taken back, and only the approval goes out
    assert [claimed.order.action.kind for claimed in await take(ledger)] == ["approve"]
    assert [v for _, v, _ in await ledger.cases.unindexed()] == ["approved"]


async def test_a_deletion_withdraws_the_case(ledger: Ledger) -> None:
    event = an_event()
    await ledger.inbox.put(event)
    await ledger.record.handled(handled(1, event, a_removal(a_message()), case=True), NOON)
    gone = replace(event, kind=EventKind.MESSAGE_DELETED, message=None, message_key=a_message().key)
    await ledger.inbox.put(gone)
    await ledger.record.deleted(2, gone, NOON)
    assert await ledger.cases.queue() == []
    assert await ledger.cases.counts() == {"withdrawn": 1}
    assert await take(ledger) == []


async def test_a_shadow_order_is_never_claimed(ledger: Ledger) -> None:
    event = an_event()
    await ledger.inbox.put(event)
    order = a_removal(a_message(), is_shadow=True)
    await ledger.record.handled(handled(1, event, order), NOON)
    assert await take(ledger) == []
    assert [effect.state for effect in await ledger.outbox.about(a_message().key)] == ["shadow"]


async def test_the_chain_holds_and_a_change_breaks_it(ledger: Ledger) -> None:
    for number in range(1, 6):
        event = an_event(a_message(id=f"m{number}"))
        await ledger.inbox.put(event)
        await ledger.record.handled(handled(number, event, case=True), NOON)
    assert await ledger.entries.first_broken() is None
    store = ledger.record._store
    await store.write(
        lambda c: c.execute("UPDATE entries SET body = replace(body, 'live', 'dead') WHERE seq = 5")
    )
    assert await ledger.entries.first_broken() == 5


async def test_a_missing_entry_breaks_the_chain(ledger: Ledger) -> None:
    for number in range(1, 4):
        event = an_event(a_message(id=f"m{number}"))
        await ledger.inbox.put(event)
        await ledger.record.handled(handled(number, event), NOON)
    await ledger.record._store.write(lambda c: c.execute("DELETE FROM entries WHERE seq = 2"))
    assert await ledger.entries.first_broken() == 3


async def test_entries_hold_no_words_of_members(ledger: Ledger) -> None:
    event = an_event(a_message("my secret garden"))
    await ledger.inbox.put(event)
    await ledger.record.handled(handled(1, event, a_removal(a_message()), case=True), NOON)
    for entry in await ledger.entries.latest():
        assert "garden" not in str(entry)


async def test_many_writers_share_commits(ledger: Ledger) -> None:
    before = ledger.record._store._writer.commits
    await asyncio.gather(
        *(ledger.inbox.put(an_event(a_message(id=str(number)))) for number in range(300))
    )
    assert await ledger.inbox.depth() == 300
    assert ledger.record._store._writer.commits - before < 150


async def test_the_cases_beside_one_follow_the_queue(ledger: Ledger) -> None:
    severities = (Severity.LOW, Severity.CRITICAL, Severity.LOW, Severity.MEDIUM)
    for number, severity in enumerate(severities, start=1):
        event = an_event(a_message(id=f"m{number}"))
        await ledger.inbox.put(event)
        await ledger.record.handled(handled(number, event, case=True, severity=severity), NOON)
    queue = [case for case, _ in await ledger.cases.queue()]
    numbers = [case.id for case in queue]
    assert numbers == [2, 4, 1, 3]
    beside = [await ledger.cases.beside(case) for case in queue]
    assert beside == list(zip([None, *numbers], [*numbers[1:], None], strict=False))
    assert await ledger.cases.oldest_open() == NOON.isoformat()


def test_a_rules_reply_goes_out_once_whatever_is_filled_in() -> None:
    first = Action(ActionKind.REPLY, text="no cats", rule="pets#0")
    edited = a_message("dogs", revision="2")
    keys = {
        order_key("b", a_message(), first, by="persona:w"),
        order_key("b", edited, replace(first, text="no dogs"), by="persona:w"),
    }
    assert len(keys) == 1
    assert order_key("b", edited, replace(first, rule="pets#1"), by="persona:w") not in keys


def test_a_removal_is_ordered_anew_for_each_revision() -> None:
    removal = Action(ActionKind.REMOVE, rule="pets#0")
    edited = a_message("dogs", revision="2")
    assert order_key("b", a_message(), removal, by="w") != order_key("b", edited, removal, by="w")


async def test_a_sponsor_and_where_the_consent_is_stand_in_the_chain(ledger: Ledger) -> None:
    said = Action(ActionKind.POST, "Ad", sponsor="Acme Tools", consent="contract 7")
    event = an_event()
    await ledger.inbox.put(event)
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    decision = Decision("herald", (said, Action(ActionKind.REPLY, "hello")))
    await ledger.record.handled(
        Handled(pending.seq, event, "live", event.message, decisions=(decision,)), NOON
    )
    (entry,) = await ledger.entries.about(a_message().key)
    assert entry.body["decisions"][0]["endorsements"] == [
        {"sponsor": "Acme Tools", "consent": "contract 7"}
    ]
    assert await ledger.entries.first_broken() is None
