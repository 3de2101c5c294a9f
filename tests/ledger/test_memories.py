"""Facts in the ledger: whose, from where, until when; and nothing left of what is erased."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from greenroom.ledger import Consent, Forget, Handled, Ledger
from greenroom.ledger.codec import decode_signals, encode_signals
from greenroom.message import (
    Author,
    Decision,
    EventKind,
    Fact,
    Member,
    Memory,
    Message,
    Signals,
    Turn,
)
from tests.samples import NOON, a_message, an_event

MIKA = Member("discord", "c1", "u1")


def fact(text: str = "I love tea", kind: str = "likes", days: float = 9) -> Fact:
    return Fact(kind, text, 0.8, NOON + timedelta(days=days))


async def learn(
    ledger: Ledger,
    *facts: Fact,
    id: str = "m1",  # noqa: A002
    consent: bool = True,
    kind: EventKind = EventKind.MESSAGE_POSTED,
    **fields: object,
) -> Message:
    message = a_message("…", id=id, **fields)
    await ledger.inbox.put(an_event(message, kind))
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    said: Sequence[Consent] = [Consent(message.member, "memory", "given")] if consent else []
    handled = Handled(pending.seq, pending.event, "live", message, consents=tuple(said))
    decision = Decision("friend", learned=facts)
    await ledger.record.handled(replace(handled, decisions=(decision,)), NOON)
    return message


async def texts(ledger: Ledger, member: Member = MIKA) -> list[str]:
    return [one.text for one in await ledger.memories.of(member, NOON)]


async def test_a_fact_has_its_source_its_confidence_and_its_end(ledger: Ledger) -> None:
    message = await learn(ledger, fact())
    (kept,) = await ledger.memories.of(MIKA, NOON)
    assert (kept.number, kept.persona, kept.kind, kept.text) == (1, "friend", "likes", "I love tea")
    assert (kept.source, kept.confidence, kept.learned_at) == (message.key, 0.8, NOON)
    assert kept.expires_at == NOON + timedelta(days=9)
    assert await ledger.memories.of(MIKA, kept.expires_at) == []


async def test_the_chain_holds_no_words_and_stays_whole(ledger: Ledger) -> None:
    await learn(ledger, fact("I love zymurgy"))
    await ledger.memories.expire(NOON + timedelta(days=10))
    entries = [one for one in await ledger.entries.latest() if one.kind == "memory"]
    assert len(entries) == 2
    assert "zymurgy" not in str(entries)
    assert await ledger.entries.first_broken() is None


async def test_the_same_words_are_one_fact(ledger: Ledger) -> None:
    await learn(ledger, fact("I love tea"))
    await learn(ledger, fact("i love TEA"), fact("I love rain"), id="m2")
    assert await texts(ledger) == ["i love TEA", "I love rain"]


async def test_an_edit_takes_back_what_the_message_said(ledger: Ledger) -> None:
    await learn(ledger, fact("I love tea"), fact("I love rain"))
    kind = EventKind.MESSAGE_EDITED
    await learn(ledger, fact("I love sun"), kind=kind, revision="1")
    assert await texts(ledger) == ["I love sun"]


async def test_a_member_erases_only_their_own(ledger: Ledger) -> None:
    await learn(ledger, fact("I love tea"))
    await learn(ledger, fact("I love rain"), id="m2", author=Author("u2", "ann"))
    message = a_message("/memory forget 1", id="c1", author=Author("u2", "ann"))
    await ledger.inbox.put(an_event(message))
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    handled = Handled(pending.seq, pending.event, message=message)
    await ledger.record.handled(replace(handled, forget=Forget(message.member, (1, 2, 3))), NOON)
    assert await texts(ledger) == ["I love tea"]
    assert await texts(ledger, message.member) == []


async def test_what_is_over_the_number_goes_oldest_first(ledger: Ledger) -> None:
    for number in range(5):
        await learn(ledger, fact(f"I love {number}"), id=f"m{number}")
    assert await ledger.memories.trim(MIKA, "friend", most=2, now=NOON) == 3
    assert await texts(ledger) == ["I love 3", "I love 4"]
    assert await ledger.memories.trim(MIKA, "stranger", most=0, now=NOON) == 0


async def test_an_erased_row_waits_for_qdrant_without_a_word(
    ledger: Ledger, tmp_path: Path
) -> None:
    await learn(ledger, fact("I love zymurgy"))
    assert await ledger.memories.expire(NOON) == 0
    assert await ledger.memories.expire(NOON + timedelta(days=9)) == 1
    (waiting,) = await ledger.memories.erased()
    rows = await ledger._store.read(
        lambda c: [tuple(row) for row in c.execute("SELECT text, source, member FROM memories")]
    )
    assert rows == [("", "", "")]
    await ledger.memories.forgotten([waiting])
    assert await ledger.memories.erased() == []


async def test_a_learned_fact_is_in_no_decision(ledger: Ledger) -> None:
    message = await learn(ledger, fact("I love zymurgy"))
    (row,) = await ledger._store.read(
        lambda c: c.execute("SELECT decisions FROM decisions").fetchall()
    )
    assert "zymurgy" not in row["decisions"]
    (decided,) = await ledger.record.decisions(message.key)
    assert decided.decision.learned == ()


async def test_an_older_ledger_gets_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    Ledger(path).close()
    connection = sqlite3.connect(path)
    for table in ("consents", "contacts", "memories"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name IN ('consents', 'memories')")
    connection.commit()
    connection.close()
    ledger = Ledger(path)
    await learn(ledger, fact())
    assert await texts(ledger) == ["I love tea"]
    ledger.close()


def test_signals_are_kept_without_the_words() -> None:
    memory = Memory("I love tea", "d:c:h:m", 0.8, NOON, 0.71, "you said so", "friend", "likes", 4)
    signals = Signals(
        conversation=(Turn("member", "a private word", NOON, "d:c:h:m"),),
        memories=(memory,),
        consents={"friend": "given"},
    )
    encoded = encode_signals(signals)
    assert "tea" not in encoded
    assert "private" not in encoded
    import json

    again = decode_signals(json.loads(encoded))
    assert again.memories == (replace(memory, text=""),)
    assert again.conversation == (Turn("member", "", NOON, "d:c:h:m"),)
    assert again.consents == {"friend": "given"}
    old = decode_signals({})
    assert (old.memories, old.conversation, old.consents) == ((), (), {})
