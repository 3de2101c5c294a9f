"""What members command about themselves: memory, opting out, coming back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from greenroom.backstage import privacy
from greenroom.ledger import Handled
from greenroom.message import ActionKind, Decision, Fact, Member, Remembered
from tests.backstage.stage import Rehearsed, rehearsed
from tests.samples import NOON, a_message, an_event

MIKA = Member("discord", "c1", "u1")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Rehearsed]:
    with rehearsed(tmp_path) as found:
        yield found


async def learn(stage: Rehearsed, *texts: str) -> None:
    """A companion learns what a member says."""
    for text in texts:
        message = a_message(text, id=text.replace(" ", "-"))
        await stage.ledger.inbox.put(an_event(message))
        (pending,) = await stage.ledger.inbox.pending(after=0, limit=1)
        fact = Fact("likes", text, 0.9, NOON + timedelta(days=90))
        decision = Decision("friend", learned=(fact,))
        handled = Handled(pending.seq, pending.event, "live", message, decisions=(decision,))
        await stage.ledger.record.handled(handled, NOON)


async def kept(stage: Rehearsed) -> list[Remembered]:
    return await stage.ledger.memories.of(MIKA, NOON)


async def test_memory_is_off_until_it_is_turned_on(stage: Rehearsed) -> None:
    assert await stage.command("memory") == privacy.IS_OFF
    assert await stage.command("memory", "on") == privacy.ON
    assert privacy.NOTHING in await stage.command("memory")
    assert stage.ledger.consents.may_remember(MIKA, "friend")


async def test_what_is_remembered_is_shown_with_source_and_expiry(stage: Rehearsed) -> None:
    await stage.command("memory", "ON")
    await learn(stage, "I like tea")
    told = await stage.command("memory")
    assert "1. likes: “I like tea” (you said so on 2026-03-01, general" in told
    assert "friend keeps it until 2026-05-30; sure to 90%" in told
    assert privacy.ERASE in told


async def test_a_long_list_stays_within_what_platforms_take(stage: Rehearsed) -> None:
    await stage.command("memory", "on")
    await learn(stage, *(f"I like tea of the sort number {number}" for number in range(60)))
    told = await stage.command("memory")
    assert len(told) <= privacy.SHOWN
    assert "more." in told


async def test_facts_are_erased_one_by_one_and_all(stage: Rehearsed) -> None:
    await stage.command("memory", "on")
    await learn(stage, "I like tea", "I like rain", "I like trains")
    assert await stage.command("memory", "forget 1, 3 9") == privacy.GONE.format("1 and 3")
    assert [fact.text for fact in await kept(stage)] == ["I like rain"]
    assert await stage.command("memory", "forget 7") == privacy.NONE_SUCH
    assert await stage.command("memory", "forget  all") == privacy.ALL_GONE
    assert await kept(stage) == []
    assert stage.ledger.consents.may_remember(MIKA, "friend")
    assert len(await stage.ledger.memories.erased()) == 3


async def test_nobody_erases_what_is_another_members(stage: Rehearsed) -> None:
    await stage.command("memory", "on")
    await learn(stage, "I like tea")
    assert await stage.command("memory", "forget 1", by="u2") == privacy.NONE_SUCH
    await stage.command("memory", "forget all", by="u2")
    await stage.command("optout", by="u2")
    assert "I like tea" not in await stage.command("memory", by="u2")
    assert len(await kept(stage)) == 1


async def test_turned_off_it_forgets(stage: Rehearsed) -> None:
    await stage.command("memory", "on")
    await learn(stage, "I like tea")
    assert await stage.command("memory", "off") == privacy.OFF
    assert await kept(stage) == []
    await learn(stage, "I like rain")
    assert await kept(stage) == []


@pytest.mark.parametrize("text", ["dance", "forget", "forget one", "forget 1 or 2", "on off", "½"])
async def test_what_is_not_understood_is_explained(stage: Rehearsed, text: str) -> None:
    assert await stage.command("memory", text) == privacy.USAGE


async def test_an_opt_out_erases_and_holds(stage: Rehearsed) -> None:
    await stage.command("memory", "on")
    await learn(stage, "I like tea")
    assert await stage.command("optout") == privacy.OPTED_OUT
    assert await kept(stage) == []
    assert stage.ledger.consents.has_opted_out(MIKA)
    assert await stage.command("memory") == privacy.IS_OUT
    assert await stage.command("memory", "on") == privacy.IS_OUT
    assert await stage.command("human") != ""


async def test_who_comes_back_agreed_to_nothing_else(stage: Rehearsed) -> None:
    await stage.command("memory", "on")
    await stage.command("optout")
    assert await stage.command("optin") == privacy.OPTED_IN
    assert await stage.command("memory") == privacy.IS_OFF


@pytest.mark.parametrize(
    ("can", "kind"),
    [
        (frozenset(ActionKind), ActionKind.NOTICE),
        (frozenset({ActionKind.MESSAGE, ActionKind.REPLY}), ActionKind.MESSAGE),
        (frozenset({ActionKind.REPLY}), ActionKind.REPLY),
    ],
)
async def test_a_command_in_words_is_answered_as_privately_as_can_be(
    tmp_path: Path, can: frozenset[ActionKind], kind: ActionKind
) -> None:
    with rehearsed(tmp_path, capabilities=can, mode="shadow") as stage:
        await stage.ledger.inbox.put(an_event(a_message("!memory on")))
        (pending,) = await stage.ledger.inbox.pending(after=0, limit=1)
        await stage.ledger.record.handled(await stage.backstage.hear(pending), NOON)
        (action,) = await stage.send("told")
        assert (action.kind, action.text, action.ref) == (kind, privacy.ON, None)
        assert stage.ledger.consents.may_remember(MIKA, "friend")
        assert not await stage.ledger.contacts.has_spoken("backstage", MIKA)


async def test_words_that_cannot_be_answered_count_all_the_same(tmp_path: Path) -> None:
    with rehearsed(tmp_path, capabilities=frozenset()) as stage:
        await stage.ledger.inbox.put(an_event(a_message("!optout")))
        (pending,) = await stage.ledger.inbox.pending(after=0, limit=1)
        await stage.ledger.record.handled(await stage.backstage.hear(pending), NOON)
        assert await stage.send("nothing") == []
        assert stage.ledger.consents.has_opted_out(MIKA)


async def test_the_words_are_gone_from_the_file(stage: Rehearsed, tmp_path: Path) -> None:
    await stage.command("memory", "on")
    await learn(stage, "I like tea")
    (fact,) = await kept(stage)
    assert fact.source == a_message(id="I-like-tea").key
    await stage.command("optout")
    rows = await stage.ledger._store.read(
        lambda c: [tuple(row) for row in c.execute("SELECT text, source, member FROM memories")]
    )
    assert rows == [("", "", "")]
    decisions = await stage.ledger.record.decisions(fact.source)
    assert [one.decision.learned for one in decisions] == [()]
