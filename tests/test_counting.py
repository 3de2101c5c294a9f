"""What rules ask to have counted: rates in memory, history in a real ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.counting import Counting, longest_rate
from greenroom.ledger import Judgement, Ledger, Planned, Verdict, order_key
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Channel,
    Community,
    Decision,
    Event,
    EventKind,
    Message,
    Outcome,
)
from greenroom.policies import Count
from greenroom.rates import Rates
from tests.policies.rules import policy
from tests.samples import NOON, a_message, an_event, handled


def rate(kind: str, per: str = "member", within_s: int = 60) -> Count:
    return Count("rate", kind, per, within_s)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_messages_are_counted_by_member_channel_and_community() -> None:
    rates = Rates(60)
    here = a_message("a")
    elsewhere = replace(here, channel=Channel("ch2"))
    other = replace(here, author=Author("u2", "ann"))
    abroad = replace(here, community=Community("c2"))
    for message in (here, elsewhere, other, abroad):
        rates.saw(message, NOON)
    assert rates.tell(here, rate("messages"), NOON) == 2
    assert rates.tell(here, rate("messages", "channel"), NOON) == 2
    assert rates.tell(here, rate("messages", "community"), NOON) == 3


def test_a_window_forgets_what_is_older() -> None:
    rates = Rates(60)
    message = a_message("a")
    for seconds in (0, 5, 12, 14):
        rates.saw(message, after(seconds))
    assert rates.tell(message, rate("messages", within_s=10), after(14)) == 3
    assert rates.tell(message, rate("messages", within_s=60), after(14)) == 4
    assert rates.tell(message, rate("messages", within_s=10), after(100)) == 0


def test_copies_are_the_same_text_however_disguised() -> None:
    rates = Rates(60)
    said = ("Free  NITRO here", "free nitro here", "fr\u200bee nitro h\u0435re", "free nitro there")
    for text in said:
        rates.saw(a_message(text), NOON)
    assert rates.tell(a_message("free nitro here"), rate("copies"), NOON) == 3


def test_mentions_and_links_are_counted_each() -> None:
    rates = Rates(60)
    rates.saw(a_message("a", mentions=("u1", "u2")), NOON)
    text = "https://a.example https://b.example"
    rates.saw(a_message(text, mentions=("u1",), links=("https://a.example",)), NOON)
    assert rates.tell(a_message("x"), rate("mentions"), NOON) == 3
    assert rates.tell(a_message("x"), rate("links"), NOON) == 2


def test_joins_are_the_communitys() -> None:
    rates = Rates(60)
    rates.joined("c1", NOON)
    rates.joined("c1", NOON)
    rates.joined("c2", NOON)
    assert rates.tell(a_message("x"), rate("joins", "community"), NOON) == 2


def test_no_text_is_kept() -> None:
    rates = Rates(60)
    rates.saw(a_message("a very private word"), NOON)
    assert "private" not in repr(rates)


@settings(deadline=None)
@given(
    at=st.lists(st.floats(0, 1000), max_size=30),
    within_s=st.integers(1, 300),
)
def test_counts_agree_with_a_list_of_all_times(at: list[float], within_s: int) -> None:
    rates = Rates(300)
    message = a_message("a")
    for seconds in sorted(at):
        rates.saw(message, after(seconds))
    now = max(at, default=0)
    expected = sum(after(one).timestamp() > after(now).timestamp() - within_s for one in at)
    assert rates.tell(message, rate("messages", within_s=within_s), after(now)) == expected


def test_a_flood_of_members_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenroom.rates.MOST_WINDOWS", 20)
    rates = Rates(60)
    for number in range(100):
        rates.saw(a_message(f"t{number}", author=Author(f"u{number}", "x")), NOON)
    assert len(rates._windows) <= 20


def test_only_what_is_asked_decides_how_far_back_rates_reach() -> None:
    text = "rate: {messages: '> 1', within: 2 hours}\naction: report\n---\nbody: x\naction: report"
    assert longest_rate([policy(text)]) == 7200
    assert longest_rate([policy("body: x\naction: report")]) == 1


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


async def kept(ledger: Ledger, message: Message, *, kind: ActionKind | None = None) -> None:
    """A message that was handled, and perhaps something done to it."""
    event = an_event(message)
    await ledger.inbox.put(event)
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    orders = [] if kind is None else [an_order(message, kind)]
    await ledger.record.handled(handled(pending.seq, event, *orders), NOON)


def an_order(message: Message, kind: ActionKind) -> Planned:
    action = Action(kind, rule="rules#0")
    return Planned(action, "b", "persona:warden", order_key("b", message, action, by="warden"))


def history(kind: str, days: int = 30) -> Count:
    within_s = 0 if kind == "first_seen" else days * 86_400
    return Count("history", kind, "member", within_s)


async def told(ledger: Ledger, count: Count, message: Message, at: datetime) -> float | None:
    counting = Counting(ledger, ())
    return (await counting.tell(message, [count], at)).get(count.key)


async def test_history_is_the_members_own_in_this_community(ledger: Ledger) -> None:
    for number in range(3):
        await kept(ledger, a_message("x", id=f"m{number}"))
    await kept(ledger, a_message("x", id="m8", author=Author("u2", "ann")))
    await kept(ledger, a_message("x", id="m9", community=Community("c2")))
    message = a_message("y", id="m10")
    assert await told(ledger, history("messages"), message, NOON) == 3
    assert await told(ledger, history("messages"), message, NOON + timedelta(days=31)) == 0
    at = NOON + timedelta(days=2)
    assert await told(ledger, history("first_seen"), message, at) == 2 * 86_400
    stranger = a_message("y", author=Author("u9", "new"))
    assert await told(ledger, history("first_seen"), stranger, NOON) == 0
    assert await told(ledger, history("messages"), stranger, NOON) == 0
    nobody = a_message("y", author=Author("", ""))
    assert await told(ledger, history("messages"), nobody, NOON) is None


async def test_removals_count_once_done_and_until_undone(ledger: Ledger) -> None:
    message = a_message("x", id="m1")
    await kept(ledger, message, kind=ActionKind.FILTER)
    later = a_message("y", id="m2")
    assert await told(ledger, history("removals"), later, NOON) == 0  # ordered, not done
    await performed(ledger)
    assert await told(ledger, history("removals"), later, NOON) == 1
    assert await told(ledger, history("removals"), later, NOON + timedelta(days=31)) == 0
    again = a_message("x", id="m1", revision="1")
    await kept(ledger, again, kind=ActionKind.APPROVE)
    await performed(ledger)
    assert await told(ledger, history("removals"), later, NOON) == 0


async def test_a_warning_is_a_direct_message_that_was_sent(ledger: Ledger) -> None:
    await kept(ledger, a_message("x", id="m1"), kind=ActionKind.MESSAGE)
    await performed(ledger)
    assert await told(ledger, history("warnings"), a_message("y", id="m2"), NOON) == 1


async def struck(
    ledger: Ledger, message: Message, *, mode: str = "live", case: bool = True
) -> None:
    """A message for which a rule gives a strike of a week."""
    event = an_event(message)
    await ledger.inbox.put(event)
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    strike = Action(ActionKind.STRIKE, rule="rules#0", duration_s=7 * 86_400)
    outcome = handled(pending.seq, event, case=True)
    decisions = (Decision("warden", (strike,)),)
    await ledger.record.handled(replace(outcome, mode=mode, decisions=decisions), NOON)


async def test_strikes_count_until_they_expire(ledger: Ledger) -> None:
    await struck(ledger, a_message("x", id="m1"))
    await struck(ledger, a_message("x", id="m2"))
    await struck(ledger, a_message("x", id="m2", revision="1"))  # the same message, edited
    await struck(ledger, a_message("x", id="m3"), mode="shadow")
    message = a_message("y", id="m4")
    assert await told(ledger, history("strikes"), message, NOON) == 2
    assert await told(ledger, history("strikes"), message, NOON + timedelta(days=6)) == 2
    assert await told(ledger, history("strikes"), message, NOON + timedelta(days=8)) == 0


@pytest.mark.parametrize(
    ("verdict", "left"), [(Verdict.OVERTURN, 0), (Verdict.DISMISS, 0), (Verdict.UPHOLD, 1)]
)
async def test_a_person_takes_a_strike_back(ledger: Ledger, verdict: Verdict, left: int) -> None:
    await struck(ledger, a_message("x", id="m1"))
    ((case, _),) = await ledger.cases.queue()
    await ledger.cases.judge(Judgement(case.id, verdict, "sam"), NOON)
    assert await told(ledger, history("strikes"), a_message("y", id="m2"), NOON) == left


async def performed(ledger: Ledger) -> None:
    """All that is due is done."""
    claims = await ledger.outbox.claim(now_s=NOON.timestamp() + 1, limit=9, bots=["b"])
    for claimed in claims:
        await ledger.outbox.done(claimed, Outcome(), NOON)


async def test_events_are_counted_as_the_loop_takes_them_up(ledger: Ledger) -> None:
    rules = policy("rate: {joins: '> 1', within: 5 minutes}\naction: report")
    counting = Counting(ledger, [rules])
    message = a_message("hello")
    counting.saw(an_event(message), NOON)
    counting.saw(an_event(message, EventKind.MESSAGE_EDITED), NOON)  # said once
    joined = Event(EventKind.MEMBER_JOINED, "b", "discord", NOON, id="c1:2026-03-01T12:00:00")
    counting.saw(joined, NOON)
    found = await counting.tell(message, [rate("messages"), rate("joins", "community", 300)], NOON)
    assert found == {"rate.messages/member/60": 1, "rate.joins/community/300": 1}
