"""Signatures that others can check: W3C Data Integrity proofs, cryptosuite ``eddsa-jcs-2022``.

The suite is https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022: the document and the proof's
options in canonical JSON (RFC 8785), the SHA-256 of each, Ed25519 over both. The key stands in
the proof as a ``did:key``, so nothing has to be fetched to check one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import base58
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from greenroom.errors import DropMessage

Json = Mapping[str, Any]

SUITE: Final = "eddsa-jcs-2022"
PURPOSE: Final = "assertionMethod"
_LEAST, _MOST = 1e-4, 1e15  # between them numbers are written without an exponent
_MULTIBASE_BASE58: Final = "z"
_MULTICODEC_ED25519: Final = b"\xed\x01"
_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
_DID_KEY: Final = "did:key:"


def sign(document: Json, key: Ed25519PrivateKey, *, created: datetime) -> dict[str, Any]:
    """``document`` with a proof by ``key``."""
    name = multikey(key.public_key())
    options: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": timestamp(created),
        "verificationMethod": f"{_DID_KEY}{name}#{name}",
        "proofPurpose": PURPOSE,
    }
    if "@context" in document:
        options["@context"] = document["@context"]
    value = key.sign(_hashes(document, options))
    proof = {**options, "proofValue": _MULTIBASE_BASE58 + base58.b58encode(value).decode()}
    return {**document, "proof": proof}


def verify(secured: Json) -> str:
    """Check a signed document; returns the key that signed it, as a Multikey.

    Raises:
        DropMessage: It has no such proof, or the proof does not hold; it says which.
    """
    proof = secured.get("proof")
    if not isinstance(proof, dict):
        raise DropMessage("it has no proof")
    if (proof.get("type"), proof.get("cryptosuite")) != ("DataIntegrityProof", SUITE):
        raise DropMessage(f"its proof is not a DataIntegrityProof by {SUITE}")
    if proof.get("proofPurpose") != PURPOSE:
        raise DropMessage(f"its proof was not made for {PURPOSE}")
    document = {name: value for name, value in secured.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if "@context" in options:
        if not _begins_with(document.get("@context"), options["@context"]):
            raise DropMessage("its proof was made under another context")
        document["@context"] = options["@context"]
    name = _named_key(proof.get("verificationMethod"))
    try:
        public_key(name).verify(_signature(proof.get("proofValue")), _hashes(document, options))
    except InvalidSignature as error:
        raise DropMessage("its signature does not fit: something in it was changed") from error
    except rfc8785.CanonicalizationError as error:
        raise DropMessage(f"it cannot be put into canonical JSON: {error}") from error
    return name


def multikey(key: Ed25519PublicKey) -> str:
    """A public key as others write it: multibase base58-btc of its multicodec."""
    return _MULTIBASE_BASE58 + base58.b58encode(_MULTICODEC_ED25519 + raw(key)).decode()


def public_key(name: str) -> Ed25519PublicKey:
    """The key that a Multikey names.

    Raises:
        DropMessage: It names none of Ed25519.
    """
    found = _from_base58(name)
    if not found.startswith(_MULTICODEC_ED25519) or len(found) != _KEY_BYTES + 2:
        raise DropMessage(f"{name!a} is no Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(found[2:])


def fingerprint(name: str) -> str:
    """What people compare: SHA-256 of a Multikey's 32 bytes, in hex."""
    return hashlib.sha256(raw(public_key(name))).hexdigest()


def raw(key: Ed25519PublicKey) -> bytes:
    """A key's 32 bytes."""
    return key.public_bytes_raw()


def timestamp(at: datetime) -> str:
    """A time as XML Schema's ``dateTimeStamp`` has it: UTC, whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def did_key(name: str) -> str:
    """A Multikey as a decentralised identifier."""
    return f"{_DID_KEY}{name}"


def _hashes(document: Json, options: Json) -> bytes:
    """The suite's hashing step: the options' hash comes first."""
    return b"".join(hashlib.sha256(_canonical(part)).digest() for part in (options, document))


def _canonical(value: Json) -> bytes:
    """Canonical JSON; what both spell alike, the C encoder spells a good deal faster."""
    if not _is_plain(value):
        return rfc8785.dumps(dict(value))
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return plain.encode()


def _is_plain(value: Any) -> bool:
    """Whether Python's JSON is RFC 8785's, which has an order of keys and numbers of its own."""
    if isinstance(value, dict):
        return all(map(str.isascii, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, float):
        return _LEAST < abs(value) < _MOST and not value.is_integer()
    if isinstance(value, int):
        return abs(value) < _MOST
    return isinstance(value, str) or value is None


def _begins_with(context: Any, prefix: Any) -> bool:
    whole, wanted = _listed(context), _listed(prefix)
    return whole[: len(wanted)] == wanted


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named_key(method: Any) -> str:
    """The Multikey in ``did:key:KEY#KEY``."""
    name, sign_, fragment = str(method).removeprefix(_DID_KEY).partition("#")
    if not str(method).startswith(_DID_KEY) or not sign_ or name != fragment:
        raise DropMessage("its proof names no did:key")
    return name


def _signature(value: Any) -> bytes:
    found = _from_base58(value)
    if len(found) != _SIGNATURE_BYTES:
        raise DropMessage("its proof value is no Ed25519 signature")
    return found


def _from_base58(value: Any) -> bytes:
    """Raises DropMessage for what is not multibase base58-btc, or not its one spelling."""
    if not isinstance(value, str) or not value.isascii() or not value.startswith("z"):
        raise DropMessage(f"{str(value)[:80]!a} is not multibase base58-btc")
    try:
        found = base58.b58decode(value[1:])
    except ValueError as error:
        raise DropMessage(f"{value[:80]!a} is not multibase base58-btc") from error
    if base58.b58encode(found).decode() != value[1:]:
        raise DropMessage(f"{value[:80]!a} is not multibase base58-btc")
    return found
