"""A record is JSON-LD that a processor understands, and holds nobody's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pyld import jsonld

from greenroom.ledger import Ledger, Said
from greenroom.message import SPOKEN, Action, ActionKind, Event, EventKind, Outcome, Passage
from greenroom.provenance import (
    Keyring,
    check_answered,
    check_text,
    check_version,
    read_record,
    sha256,
)
from tests.provenance.spoken import (
    ADDRESS,
    EVIDENCE,
    SECRET,
    SPEAKER,
    VERSION,
    WORDS,
    a_record,
    an_answer,
    notary,
    say,
)
from tests.samples import NOON, a_message, an_event

PROV, SCHEMA, SEC = (
    "http://www.w3.org/ns/prov#",
    "https://schema.org/",
    "https://w3id.org/security#",
)


def no_network(address: str, options: Any) -> Any:
    raise AssertionError(f"a record sent its reader to {address}")


def triples(record: dict[str, Any]) -> set[tuple[str, str, str]]:
    """What a JSON-LD processor makes of it, as RDF; strict, and without a network."""
    options = {"documentLoader": no_network}
    dataset = jsonld.to_rdf(record, options)
    return {
        (one["subject"]["value"], one["predicate"]["value"], one["object"]["value"])
        for graph in dataset.values()
        for one in graph
    }


def objects(found: set[tuple[str, str, str]], subject: str, predicate: str) -> set[str]:
    return {o for s, p, o in found if (s, p) == (subject, predicate)}


async def test_a_processor_reads_who_said_it_and_on_which_grounds(ledger: Ledger) -> None:
    record = await a_record(ledger)
    found, name = triples(record), record["id"]
    assert name.startswith(f"{ADDRESS}/provenance/")
    kind = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    assert objects(found, name, kind) == {f"{PROV}Entity", f"{SCHEMA}Message"}
    assert objects(found, name, f"{SCHEMA}sha256") == {sha256(WORDS)}
    assert objects(found, name, f"{PROV}generatedAtTime") == {"2026-03-01T12:00:00Z"}
    (persona,) = objects(found, name, f"{PROV}wasAttributedTo")
    assert objects(found, persona, kind) == {f"{PROV}SoftwareAgent", f"{SCHEMA}SoftwareApplication"}
    assert objects(found, persona, f"{SCHEMA}softwareVersion") == {VERSION}
    (operator,) = objects(found, persona, f"{PROV}actedOnBehalfOf")
    assert objects(found, operator, f"{SCHEMA}name") == {SPEAKER.operator}
    (activity,) = objects(found, name, f"{PROV}wasGeneratedBy")
    assert objects(found, activity, kind) == {f"{PROV}Activity", f"{SCHEMA}ReplyAction"}
    used = objects(found, activity, f"{PROV}used")
    digests = {d for one in used for d in objects(found, one, f"{SCHEMA}sha256")}
    assert digests == {sha256(EVIDENCE.text)}
    (model,) = objects(found, activity, f"{PROV}wasAssociatedWith")
    assert objects(found, model, f"{SCHEMA}softwareVersion") == {"0123456789ab"}


async def test_every_key_of_a_record_means_something(ledger: Ledger) -> None:
    """Expanded and compacted again nothing is lost: no key is unknown to the context."""
    record = await a_record(ledger, an_answer(sponsor="Harbour Cafe"))
    options = {"documentLoader": no_network}
    expanded = jsonld.expand(record, {**options, "safe": True})
    text = str(expanded)
    for value in _leaves({k: v for k, v in record.items() if k != "@context"}):
        assert value in text, value


async def test_the_proof_is_in_the_securitys_vocabulary(ledger: Ledger) -> None:
    found = triples(await a_record(ledger))
    predicates = {p for _, p, _ in found}
    assert {f"{SEC}{one}" for one in ("proof", "cryptosuite", "proofPurpose", "proofValue")} <= (
        predicates
    )
    assert {o for _, p, o in found if p == f"{SEC}proofPurpose"} == {f"{SEC}assertionMethod"}


async def test_no_record_holds_a_members_words(ledger: Ledger) -> None:
    (one,) = await say(ledger)
    for part in (SECRET, "mika", "confidence", sha256(SECRET), EVIDENCE.text):
        assert part not in one.record
    assert SECRET not in "".join(str(getattr(one, name)) for name in one.__slots__)


@pytest.mark.parametrize(
    ("source", "named"),
    [("discord:c1:ch1:m9", "discord:c1:ch1:m9"), ("memory:mika/allergies", "memory")],
)
async def test_what_members_wrote_is_no_more_than_named(
    ledger: Ledger, source: str, named: str
) -> None:
    """A digest quotes them: without their words, and without a digest to guess at."""
    quoted = Passage(source, "mika's title", SECRET, 0.9)
    (one,) = await say(ledger, evidence=(quoted, replace(quoted, source="https://site.example/a")))
    record = read_record(one.record)
    _, message, page = record["prov:wasGeneratedBy"]["prov:used"]
    assert message == {"type": ["prov:Entity", "schema:Message"], "schema:name": named}
    assert page["schema:sha256"] == sha256(SECRET)
    assert "allergies" not in one.record


async def test_a_sponsor_stands_in_the_record(ledger: Ledger) -> None:
    record = await a_record(ledger, an_answer(sponsor="Harbour Cafe"))
    assert record["schema:sponsor"]["schema:name"] == "Harbour Cafe"
    (sponsor,) = objects(triples(record), record["id"], f"{SCHEMA}sponsor")
    assert objects(triples(record), sponsor, f"{SCHEMA}name") == {"Harbour Cafe"}


async def test_without_a_public_address_it_is_named_by_a_uuid(
    ledger: Ledger, keys: Keyring
) -> None:
    ledger.attestations.attest = notary(keys, base=None)
    (one,) = await say(ledger)
    record = read_record(one.record)
    assert record["id"] == f"urn:uuid:{one.id}"
    assert objects(triples(record), record["id"], f"{SCHEMA}sha256") == {sha256(WORDS)}


async def test_a_moderators_reply_names_no_moderator(ledger: Ledger) -> None:
    (one,) = await say(ledger, by="moderator:kim")
    agent = read_record(one.record)["prov:wasAttributedTo"]
    assert "prov:Person" in agent["type"]
    assert "kim" not in one.record


async def test_the_text_is_known_as_said_and_as_sent(ledger: Ledger) -> None:
    outcome = Outcome(ref="1,2", sent=("first &amp; part", "second"))
    (one,) = await say(ledger, an_answer(footer="I'm automated."), outcome=outcome)
    record = read_record(one.record)
    for text in ("first &amp; part", "second", WORDS, f"{WORDS}\n\nI'm automated."):
        assert check_text(record, text).holds
        assert check_text(record, f"{text}\r\n").holds
    for text in ("first & part", "I'm automated.", "", f"{WORDS} ", f"{WORDS}\n\nI'm a person."):
        assert check_text(record, text).holds is False
    assert triples(record)


async def test_the_answered_message_is_checked_with_its_salt_only(ledger: Ledger) -> None:
    (one,) = await say(ledger)
    record = read_record(one.record)
    assert one.salt is not None
    assert check_answered(record, SECRET, one.salt).holds
    assert check_answered(record, SECRET, "00" * 16).holds is False
    assert check_answered(record, "another", one.salt).holds is False


async def test_the_personas_files_are_compared(ledger: Ledger) -> None:
    record = await a_record(ledger)
    assert check_version(record, lambda name: VERSION if name == "guide" else None).holds
    assert check_version(record, lambda name: "other").holds is None
    assert "changed" in check_version(record, lambda name: "other").what
    assert "no files" in check_version(record, lambda name: None).what
    assert check_version({}, lambda name: None).holds is None


@pytest.mark.parametrize("kind", sorted(SPOKEN))
async def test_everything_said_has_a_record(ledger: Ledger, kind: ActionKind) -> None:
    (one,) = await say(ledger, an_answer(kind=kind))
    record = read_record(one.record)
    assert record["prov:wasGeneratedBy"]["schema:name"] == kind.value
    assert record["schema:subjectOf"]["schema:sha256"] == (await ledger.entries.latest())[0].hash
    assert (one.ref, one.persona, one.created_at) == ("777", "guide", NOON.isoformat())


async def test_what_is_not_said_has_none(ledger: Ledger) -> None:
    assert await say(ledger, Action(ActionKind.REACT, text="👍")) == []


async def test_a_record_that_cannot_be_made_leaves_the_order_unfinished(
    ledger: Ledger, keys: Keyring
) -> None:
    """Neither is without the other: the next start sends it again, with care."""
    right = notary(keys)

    def broken(said: Said) -> str:
        raise RuntimeError("no record")

    ledger.attestations.attest = broken
    with pytest.raises(RuntimeError):
        await say(ledger)
    (effect,) = await ledger.outbox.about(a_message().key)
    assert effect.state == "sending"
    assert await ledger.attestations.count() == 0
    ledger.attestations.attest = right
    await ledger.outbox.recover()
    (claimed,) = await ledger.outbox.claim(now_s=NOON.timestamp() + 1, limit=1, bots=("b",))
    assert claimed.order.maybe_done
    await ledger.outbox.done(claimed, Outcome(ref="777"), NOON)
    assert await ledger.attestations.count() == 1
    assert await ledger.entries.first_broken() is None


async def test_a_deleted_message_leaves_a_digest_that_tells_nothing(ledger: Ledger) -> None:
    (one,) = await say(ledger)
    event = _deletion()
    await ledger.inbox.put(event)
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    await ledger.record.deleted(pending.seq, event, NOON)
    (after,) = await ledger.attestations.about(one.message)
    assert (after.salt, after.record) == (None, one.record)


async def test_records_are_read_since_a_moment(ledger: Ledger) -> None:
    for number in range(3):
        await say(ledger, message=a_message(SECRET, id=f"m{number}"))
    found = [one.message async for one in ledger.attestations.since(NOON)]
    assert found == [f"discord:c1:ch1:m{number}" for number in range(3)]
    assert [one async for one in ledger.attestations.since(NOON.replace(year=2027))] == []


def _deletion() -> Event:
    event = an_event(kind=EventKind.MESSAGE_DELETED)
    return replace(event, message_key=a_message().key, message=None)


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        named = (item for key, item in value.items() if key not in ("type", "@context"))
        return [leaf for item in named for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [] if value == "assertionMethod" else [str(value)]
