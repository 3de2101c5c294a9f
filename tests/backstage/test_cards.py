"""Review cards: what they show, who may press them, and what a press does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from greenroom.backstage import backstage
from greenroom.backstage.cards import MOST_BUTTONS, MOST_TEXT, card_of, may_judge, read_value
from greenroom.desk import verdicts
from greenroom.ledger import Change, Judgement, Verdict
from greenroom.message import Action, ActionKind, Author, Card, EventKind
from tests.backstage.stage import MODERATOR, Rehearsed, rehearsed
from tests.samples import NOON, a_message, an_event, handled

WAIT_S = 10.0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Rehearsed]:
    with rehearsed(tmp_path) as found:
        yield found


@asynccontextmanager
async def running(stage: Rehearsed) -> AsyncIterator[None]:
    task = asyncio.create_task(stage.backstage.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def next_card(stage: Rehearsed) -> Action:
    """The next card that goes out."""
    async with asyncio.timeout(WAIT_S):
        while True:
            sent = await stage.send("posted")
            for action in sent:
                stage.ledger.feed.publish(Change("effect", "discord:c1:ch1:m1"))
                if action.kind is ActionKind.CARD:
                    return action
            await asyncio.sleep(0.01)


async def the_card(stage: Rehearsed) -> Card:
    ((case, message),) = await stage.ledger.cases.queue()
    return card_of(case, message, await stage.ledger.outbox.about(case.message), stage.bot)


async def value_of(stage: Rehearsed, choice: str) -> str:
    found = [one for one in (await the_card(stage)).buttons if f":{choice}:" in one.value]
    return found[0].value


async def test_an_open_case_gets_one_card_that_follows_it(stage: Rehearsed) -> None:
    case = await stage.removed()
    async with running(stage):
        posted = await next_card(stage)
        assert posted.card is not None
        assert posted.ref is None
        assert posted.card.title == f"Case {case.id}: medium"
        assert posted.card.text == "you fool"
        assert posted.card.link == f"https://desk.example/cases/{case.id}"
        assert dict(posted.card.fields)["Done"] == "hold the message back"
        await stage.ledger.cases.judge(Judgement(case.id, Verdict.UPHOLD, "kim"), NOON)
        stage.ledger.feed.publish(Change("verdict", case.message, case.id))
        final = await next_card(stage)
        assert final.card is not None
        assert final.ref is not None
        assert final.card.title == f"Case {case.id}: upheld by kim"
        assert final.card.buttons == ()


async def test_a_restart_posts_what_is_missing_and_nothing_twice(stage: Rehearsed) -> None:
    await stage.removed()
    async with running(stage):
        await next_card(stage)
    async with running(stage):
        await asyncio.sleep(0.1)
        assert await stage.send("again") == []


async def test_no_desk_channel_no_card(tmp_path: Path) -> None:
    with rehearsed(tmp_path, has_desk_channel=False) as stage:
        await stage.removed()
        async with running(stage):
            await asyncio.sleep(0.1)
            assert await stage.send("none") == []


async def test_a_case_judged_before_its_card_gets_none(stage: Rehearsed) -> None:
    case = await stage.removed()
    await stage.ledger.cases.judge(Judgement(case.id, Verdict.UPHOLD, "kim"), NOON)
    async with running(stage):
        stage.ledger.feed.publish(Change("verdict", case.message, case.id))
        await asyncio.sleep(0.1)
        assert await stage.send("none") == []


async def test_cards_and_answers_are_nothing_that_was_done(stage: Rehearsed) -> None:
    case = await stage.removed()
    async with running(stage):
        await next_card(stage)
    effects = await stage.ledger.outbox.about(case.message)
    assert [one.action.kind for one in effects] == [ActionKind.FILTER]
    assert all("card" not in str(entry.body) for entry in await stage.ledger.entries.latest())


async def test_a_press_is_a_verdict_with_its_orders(stage: Rehearsed) -> None:
    case = await stage.removed()
    told = await stage.press(await value_of(stage, "overturn"), note="a joke")
    assert told.startswith("Taken: Overturn.")
    closed = await stage.ledger.cases.get(case.id)
    assert closed is not None
    assert (closed.verdict, closed.note) == (Verdict.OVERTURN, "a joke")
    assert closed.moderator == "kim (discord u9)"
    effects = await stage.ledger.outbox.about(case.message)
    assert [one.action.kind for one in effects][1:] == [ActionKind.APPROVE]
    assert stage.wakes


async def test_the_second_press_changes_nothing(stage: Rehearsed) -> None:
    await stage.removed()
    value = await value_of(stage, "uphold")
    await stage.press(value)
    assert "decided already: upheld" in await stage.press(value)


async def test_members_cannot_press(stage: Rehearsed) -> None:
    case = await stage.removed()
    told = await stage.press(await value_of(stage, "uphold"), by=Author("u1", "mika"))
    assert told == backstage.NOT_YOURS
    kept = await stage.ledger.cases.get(case.id)
    assert kept is not None
    assert kept.state == "open"


async def test_an_edit_since_the_card_wants_another_look(stage: Rehearsed) -> None:
    await stage.removed()
    value = await value_of(stage, "uphold")
    edited = a_message("you dear", revision="1")
    await stage.ledger.inbox.put(an_event(edited))
    (pending,) = await stage.ledger.inbox.pending(after=0, limit=1)
    await stage.ledger.record.handled(handled(pending.seq, pending.event), NOON)
    assert await stage.press(value) == verdicts.EDITED


@pytest.mark.parametrize(
    "value",
    [None, "", "case:1:uphold", "case:99:uphold:00000000", "case:1:nonsense:00000000",
     "case:x:uphold:00000000", "case:1:uphold:00000000\n", "<script>", "case:" + "9" * 400],
)  # fmt: skip
async def test_a_forged_press_judges_nothing(stage: Rehearsed, value: str | None) -> None:
    case = await stage.removed()
    await stage.act(EventKind.BUTTON_PRESSED, MODERATOR, command=value)
    kept = await stage.ledger.cases.get(case.id)
    assert kept is not None
    assert kept.state == "open"


async def test_another_bots_case_cannot_be_pressed(stage: Rehearsed) -> None:
    case = await stage.removed()
    value = await value_of(stage, "uphold")
    await stage.act(EventKind.BUTTON_PRESSED, MODERATOR, command=value, bot="other")
    kept = await stage.ledger.cases.get(case.id)
    assert kept is not None
    assert kept.state == "open"


async def test_a_card_stays_within_what_platforms_take(stage: Rehearsed) -> None:
    await stage.removed(a_message("x" * 9_000))
    card = await the_card(stage)
    assert len(card.text) == MOST_TEXT + 1
    assert 0 < len(card.buttons) <= MOST_BUTTONS
    assert all(len(one.value) <= 100 and one.value.isascii() for one in card.buttons)
    assert all(read_value(one.value) is not None for one in card.buttons)


async def test_sanctions_ask_for_a_note(stage: Rehearsed) -> None:
    await stage.removed()
    card = await the_card(stage)
    asking = {one.label for one in card.buttons if one.asks}
    assert "Uphold" not in asking
    assert any("Time out" in label for label in asking)


async def test_shadow_mode_stands_on_the_card(tmp_path: Path) -> None:
    with rehearsed(tmp_path, mode="shadow") as stage:
        await stage.removed(is_done=False)
        assert "shadow" in dict((await the_card(stage)).fields)["Mode"]


@pytest.mark.parametrize(
    ("actor", "more", "may"),
    [
        (Author("1", "a", is_moderator=True), {}, True),
        (Author("1", "a", is_moderator=None), {}, False),
        (Author("1", "a", is_moderator=True, is_bot=True), {}, False),
        (Author("1", "a", roles=()), {"platform": "slack"}, True),
        (Author("1", "a", roles=None), {"platform": "slack"}, False),
        (Author("1", "a", roles=("guest",)), {"platform": "slack"}, False),
        (Author("1", "a"), {"moderators": frozenset({"1"})}, True),
        (Author("1", "a", roles=("Mods",)), {"moderators": frozenset({"Mods"})}, True),
        (Author("1", "Mods", is_moderator=True), {"moderators": frozenset({"Mods"})}, False),
    ],
)
async def test_who_may_press(
    stage: Rehearsed, actor: Author, more: dict[str, object], may: bool
) -> None:
    assert may_judge(actor, replace(stage.bot, **more)) is may  # type: ignore[arg-type]
