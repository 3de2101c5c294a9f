"""What a digest rests on leaves out who opted out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from greenroom.archive import Archive
from greenroom.ledger import Consent, Handled, Ledger
from greenroom.message import Author, Message
from greenroom.personas.occasions import Job
from tests.samples import NOON, a_message, an_event


async def say(ledger: Ledger, message: Message, *said: Consent) -> None:
    await ledger.inbox.put(an_event(message))
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    handled = Handled(pending.seq, pending.event, message=message)
    await ledger.record.handled(replace(handled, consents=said), NOON)


async def test_who_opted_out_is_quoted_in_no_digest(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.db")
    job = Job("digest", NOON + timedelta(hours=1), ("*",), NOON - timedelta(days=1))
    await say(ledger, a_message("mine"))
    await say(ledger, a_message("theirs", id="m2", author=Author("u2", "ann")))
    archive, place = Archive(ledger), a_message("", id="p")
    assert [one.text for one in await archive.said("b", place, job)] == ["mine", "theirs"]
    opted_out = Consent(a_message().member, "answers", "withdrawn")
    await say(ledger, a_message("/optout", id="c"), opted_out)
    assert [one.text for one in await archive.said("b", place, job)] == ["theirs"]
    ledger.close()
