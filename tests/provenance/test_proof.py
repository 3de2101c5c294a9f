"""Proofs are the standard's: its own example verifies, and nothing that was changed does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from greenroom.errors import DropMessage
from greenroom.ledger import Ledger
from greenroom.provenance import Keyring, check_signature, fingerprint, read_record, sign, verify
from greenroom.provenance.proof import _canonical, multikey, public_key
from greenroom.provenance.record import CONTEXT
from tests.provenance.spoken import a_record, say
from tests.samples import NOON

# https://www.w3.org/TR/vc-di-eddsa/#representation-eddsa-jcs-2022: the signed credential.
STANDARD: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/ns/credentials/examples/v2",
    ],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": (
            "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
            "#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
        ),
        "proofPurpose": "assertionMethod",
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://www.w3.org/ns/credentials/examples/v2",
        ],
        "proofValue": (
            "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
        ),
    },
}


def test_the_standards_own_example_verifies() -> None:
    assert verify(STANDARD) == "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


@pytest.mark.parametrize("key", [key for key in STANDARD if key != "proof"])
def test_the_standards_example_without_a_part_does_not(key: str) -> None:
    with pytest.raises(DropMessage):
        verify({name: value for name, value in STANDARD.items() if name != key})


def test_a_key_has_one_name_each_way(keys: Keyring) -> None:
    assert keys.name.startswith("z6Mk")
    assert multikey(public_key(keys.name)) == keys.name
    assert len(fingerprint(keys.name)) == 64


async def test_a_record_verifies_by_the_deployments_key(ledger: Ledger, keys: Keyring) -> None:
    record = await a_record(ledger)
    assert verify(record) == keys.name
    assert [one.holds for one in check_signature(record, keys.names)] == [True, True]
    assert [one.holds for one in check_signature(record, None)] == [True, None]


async def test_a_strangers_signature_is_not_ours(
    ledger: Ledger, keys: Keyring, tmp_path: Path
) -> None:
    record = await a_record(ledger)
    stranger = Keyring(tmp_path / "elsewhere")
    forged = sign({k: v for k, v in record.items() if k != "proof"}, stranger.current, created=NOON)
    assert [one.holds for one in check_signature(forged, keys.names)] == [True, False]
    named = {"verificationMethod": forged["proof"]["verificationMethod"]}
    swapped = {**record, "proof": {**record["proof"], **named}}
    with pytest.raises(DropMessage, match="does not fit"):
        verify(swapped)


async def test_every_changed_byte_is_seen(ledger: Ledger) -> None:
    """Each byte of a kept record in turn: flipped bits, a digit more, a letter less."""
    (one,) = await say(ledger)
    text = one.record.encode()
    original = read_record(one.record)
    for at in range(len(text)):
        for changed in (
            text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + b"7" + text[at:],
        ):
            assert not _passes(changed, original), changed[max(0, at - 20) : at + 20]


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_random_change_passes(data: st.DataObject, keys: Keyring) -> None:
    whole = st.integers(-(2**53) + 1, 2**53 - 1)  # what JSON's readers agree on
    leaf = st.none() | st.booleans() | whole | st.floats(-1e9, 1e9) | st.text()
    values = st.recursive(
        leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
    )
    document = {"@context": dict(CONTEXT), "id": "urn:uuid:1", "value": data.draw(values)}
    secured = sign(document, keys.current, created=NOON)
    assert verify(json.loads(json.dumps(secured))) == keys.name
    other = data.draw(values)
    if rfc8785.dumps(other) != rfc8785.dumps(document["value"]):
        assert check_signature({**secured, "value": other}, None)[0].holds is False


NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8"))


@settings(max_examples=600, deadline=None)
@given(
    st.dictionaries(
        st.text("ab@~é\uffff🦦", max_size=3),
        st.recursive(
            st.none() | st.booleans() | NUMBERS | st.floats(-1, 1) | TEXTS,
            lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
            max_leaves=6,
        ),
    )
)
@example({"a": [1e-4, 1.00001e-4, 1e15, 0.1, -0.0, 1.0, 999999999999999.9, 123456789.5, 1e-7]})
@example({"a": '\x00\x1f\x7f\u2028\\"/\b\f\n\r\t'})
@example({"\uffff": 1, "🦦": 2})
def test_canonical_json_is_the_standards(document: dict[str, Any]) -> None:
    assert _canonical(document) == rfc8785.dumps(document)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", '{"a": 1, "a": 2}', '{"proof": 1}', '{"proof": {}}', "[" * 100_000],
)
def test_what_is_no_record_is_told(text: str) -> None:
    with pytest.raises(DropMessage):
        verify(read_record(text))


@pytest.mark.parametrize(
    "change",
    [
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"type": "Ed25519Signature2020"},
        {"proofPurpose": "authentication"},
        {"verificationMethod": "https://desk.example/key"},
        {"verificationMethod": "did:key:z6Mk#z6Mk"},
        {"verificationMethod": None},
        {"proofValue": "z"},
        {"proofValue": "u2HnFSS"},
        {"proofValue": "z0OIl"},
        {"proofValue": "z1" + STANDARD["proof"]["proofValue"][1:]},
        {"proofValue": f" {STANDARD['proof']['proofValue']}"},
        {"@context": "https://www.w3.org/ns/credentials/examples/v2"},
        {"created": float("nan")},
        {"created": 2**70},
        {"created": "\ud800"},
    ],
)
def test_another_proof_does_not_hold(change: dict[str, Any]) -> None:
    changed = {**STANDARD, "proof": {**STANDARD["proof"], **change}}
    assert check_signature(changed, None)[0].holds is False


def _passes(changed: bytes, original: dict[str, Any]) -> bool:
    """Whether a changed record verifies and says something else."""
    try:
        record = read_record(changed.decode())
    except (DropMessage, UnicodeDecodeError):
        return False
    if check_signature(record, None)[0].holds is False:
        return False
    return record != original
