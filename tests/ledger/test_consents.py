"""What members agreed to and refused: the newest word counts, also after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from greenroom.ledger import CaseDraft, Consent, Handled, Ledger, Planned, order_key
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Community,
    Decision,
    Event,
    EventKind,
    Fact,
    Member,
    Message,
    Outcome,
    Severity,
)
from tests.samples import NOON, a_message, an_event

MIKA = Member("discord", "c1", "u1")
ELSEWHERE = Member("discord", "@me", "u1")


async def pending(ledger: Ledger, event: Event) -> Handled:
    await ledger.inbox.put(event)
    (one,) = await ledger.inbox.pending(after=0, limit=1)
    return Handled(one.seq, one.event, "live", one.event.message)


async def say(ledger: Ledger, *said: Consent, id: str = "cmd") -> None:  # noqa: A002
    found = await pending(ledger, an_event(a_message("/words", id=id)))
    await ledger.record.handled(replace(found, consents=said), NOON)


def no_answers(member: Member = MIKA) -> Consent:
    return Consent(member, "answers", "withdrawn", source="discord:c1:ch1:cmd")


def memory(state: str, persona: str = "*", member: Member = MIKA) -> Consent:
    return Consent(member, "memory", state, persona)  # type: ignore[arg-type]


async def test_nobody_is_remembered_who_did_not_agree(ledger: Ledger) -> None:
    assert ledger.consents.memory(MIKA, "friend") is None
    assert not ledger.consents.may_remember(MIKA, "friend")
    assert not ledger.consents.has_opted_out(MIKA)


async def test_the_newest_word_counts(ledger: Ledger) -> None:
    await say(ledger, memory("given"), id="1")
    assert ledger.consents.may_remember(MIKA, "friend")
    await say(ledger, memory("withdrawn"), id="2")
    assert not ledger.consents.may_remember(MIKA, "friend")
    await say(ledger, memory("given", "friend"), id="3")
    assert ledger.consents.may_remember(MIKA, "friend")
    assert not ledger.consents.may_remember(MIKA, "other")


async def test_being_asked_takes_nothing_back(ledger: Ledger) -> None:
    await say(ledger, memory("asked", "friend"), id="1")
    assert ledger.consents.memory(MIKA, "friend") == "asked"
    assert ledger.consents.memory(MIKA, "other") is None
    await say(ledger, memory("given"), memory("asked", "friend"), id="2")
    assert ledger.consents.may_remember(MIKA, "friend")


async def test_memory_is_agreed_to_in_one_community(ledger: Ledger) -> None:
    await say(ledger, memory("given"))
    assert not ledger.consents.may_remember(ELSEWHERE, "friend")


async def test_an_opt_out_holds_everywhere_on_the_platform(ledger: Ledger) -> None:
    await say(ledger, memory("given"), no_answers(ELSEWHERE))
    assert ledger.consents.has_opted_out(MIKA)
    assert not ledger.consents.has_opted_out(replace(MIKA, id="u2"))
    assert not ledger.consents.has_opted_out(replace(MIKA, platform="slack"))
    assert not ledger.consents.may_remember(MIKA, "friend")


async def test_coming_back_agrees_to_no_memory(ledger: Ledger) -> None:
    await say(ledger, memory("given"), no_answers(), id="1")
    await say(ledger, replace(no_answers(), state="given"), id="2")
    assert not ledger.consents.has_opted_out(MIKA)
    assert ledger.consents.memory(MIKA, "friend") is None


async def test_a_restart_knows_what_was_said(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "l.db")
    await say(first, memory("given", member=replace(MIKA, id="u2")), no_answers())
    first.close()
    again = Ledger(tmp_path / "l.db")
    assert again.consents.has_opted_out(MIKA)
    assert again.consents.may_remember(replace(MIKA, id="u2"), "friend")
    assert [one.state for one in await again.consents.of(MIKA)] == ["withdrawn"]
    again.close()


async def test_a_repeat_of_the_command_says_nothing_anew(ledger: Ledger) -> None:
    found = replace(await pending(ledger, an_event(a_message("/optout"))), consents=(no_answers(),))
    await ledger.record.handled(found, NOON)
    await say(ledger, replace(no_answers(), state="given"))
    await ledger.record.handled(found, NOON)
    assert not ledger.consents.has_opted_out(MIKA)
    assert len(await ledger.consents.of(MIKA)) == 2


async def test_a_word_that_cannot_be_written_does_not_count(ledger: Ledger) -> None:
    found = await pending(ledger, an_event(a_message("/optout")))
    odd = Consent(MIKA, "answers", "withdrawn", source=["no", "key"])  # type: ignore[arg-type]
    with pytest.raises(Exception, match="binding"):
        await ledger.record.handled(replace(found, consents=(odd,)), NOON)
    assert not ledger.consents.has_opted_out(MIKA)


async def test_the_chain_names_nobody(ledger: Ledger) -> None:
    await say(ledger, no_answers(Member("discord", "c1", "ada-lovelace")), memory("given"))
    entries = [one for one in await ledger.entries.latest() if one.kind == "consent"]
    assert len(entries) == 2
    assert "ada-lovelace" not in str(entries)
    assert await ledger.entries.first_broken() is None


async def test_lone_surrogates_in_an_id_are_no_way_around(ledger: Ledger) -> None:
    odd = Member("discord", "c1", "u\ud800")
    await say(ledger, no_answers(odd))
    assert ledger.consents.has_opted_out(odd)


def an_order(message: Message, kind: ActionKind, by: str = "persona:guide") -> Planned:
    action = Action(kind, text="hello")
    return Planned(action, "b", by, order_key("b", message, action, by=by))


async def orders(ledger: Ledger, message: Message, *planned: Planned) -> None:
    found = await pending(ledger, an_event(message))
    await ledger.record.handled(replace(found, planned=planned), NOON)


async def test_what_waits_to_be_said_is_taken_back(ledger: Ledger) -> None:
    mine = a_message("hi", community=Community("c9"))
    theirs = a_message("hi", id="m2", author=Author("u2", "ann"))
    removal = an_order(mine, ActionKind.REMOVE)
    person = an_order(mine, ActionKind.MESSAGE, by="moderator:kim")
    await orders(ledger, mine, an_order(mine, ActionKind.REPLY), removal, person)
    await orders(ledger, theirs, an_order(theirs, ActionKind.REPLY))
    await say(ledger, no_answers())
    states = {one.action.kind: one.state for one in await ledger.outbox.about(mine.key)}
    assert states == {"reply": "cancelled", "remove": "pending", "message": "pending"}
    (other,) = await ledger.outbox.about(theirs.key)
    assert other.state == "pending"


async def test_what_is_being_said_just_now_is_not_tried_again(ledger: Ledger) -> None:
    mine = a_message("hi")
    reply = an_order(mine, ActionKind.REPLY)
    await orders(ledger, mine, reply)
    (claimed,) = await ledger.outbox.claim(now_s=NOON.timestamp(), limit=9, bots=["b"])
    await say(ledger, no_answers())
    await ledger.outbox.retry(claimed, at_s=0, detail="busy", maybe_done=False)
    assert await ledger.outbox.claim(now_s=NOON.timestamp(), limit=9, bots=["b"]) == []
    await ledger.outbox.done(claimed, Outcome(), NOON)  # it went out after all: that is told
    (effect,) = await ledger.outbox.about(mine.key)
    assert effect.state == "done"


async def test_who_was_spoken_to_is_known_from_the_same_transaction(ledger: Ledger) -> None:
    mine = a_message("hi")
    assert not await ledger.contacts.has_spoken("guide", MIKA)
    await orders(ledger, mine, an_order(mine, ActionKind.REPLY))
    assert await ledger.contacts.has_spoken("guide", MIKA)
    assert not await ledger.contacts.has_spoken("warden", MIKA)


async def test_what_reached_nobody_was_no_contact(ledger: Ledger) -> None:
    mine = a_message("hi")
    await orders(ledger, mine, an_order(mine, ActionKind.REPLY))
    (claimed,) = await ledger.outbox.claim(now_s=NOON.timestamp(), limit=9, bots=["b"])
    draft = CaseDraft("sender", Severity.MEDIUM, "cannot", "live")
    await ledger.record.effect_failed(claimed, "403", draft, NOON)
    assert not await ledger.contacts.has_spoken("guide", MIKA)


@pytest.mark.parametrize(
    "change",
    [{"is_shadow": True}, {"by": "moderator:kim"}, {"action": Action(ActionKind.REMOVE)}],
)
async def test_what_nobody_hears_from_a_persona_is_no_contact(
    ledger: Ledger, change: dict[str, object]
) -> None:
    mine = a_message("hi")
    planned = replace(an_order(mine, ActionKind.REPLY), **change)  # type: ignore[arg-type]
    await orders(ledger, mine, planned)
    assert not await ledger.contacts.has_spoken("guide", MIKA)


async def test_facts_are_kept_with_consent_only(ledger: Ledger) -> None:
    fact = Fact("likes", "I like tea", 0.9, NOON + timedelta(days=1))
    decision = Decision("friend", learned=(fact,))
    for number, state in enumerate(["asked", "given", "withdrawn"]):
        if state != "asked":
            await say(ledger, memory(state), id=f"c{number}")
        found = await pending(ledger, an_event(a_message("I like tea", id=f"m{number}")))
        await ledger.record.handled(replace(found, decisions=(decision,)), NOON)
        kept = await ledger.memories.of(MIKA, NOON)
        assert len(kept) == (1 if state == "given" else 0), state


async def test_asking_is_noted_where_it_is_heard(ledger: Ledger) -> None:
    asks = Decision("friend", (Action(ActionKind.REPLY, text="may I?"),), asks_consent=True)
    found = await pending(ledger, an_event(a_message("hi", id="m1")))
    await ledger.record.handled(replace(found, mode="shadow", decisions=(asks,)), NOON)
    assert ledger.consents.memory(MIKA, "friend") is None
    found = await pending(ledger, an_event(a_message("hi", id="m2"), EventKind.MESSAGE_POSTED))
    await ledger.record.handled(replace(found, decisions=(asks,)), NOON)
    assert ledger.consents.memory(MIKA, "friend") == "asked"
