"""An utterance as JSON-LD: W3C PROV for who did what with what, schema.org for the rest.

The context stands in the record, so that a processor has nothing to fetch.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenroom.ledger import Said
from greenroom.message import ActionKind, Passage
from greenroom.provenance.proof import timestamp

_TIME: Final = {"@type": "xsd:dateTime"}

CONTEXT: Final[Mapping[str, Any]] = {
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "sec": "https://w3id.org/security#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "id": "@id",
    "type": "@type",
    "prov:generatedAtTime": _TIME,
    "prov:startedAtTime": _TIME,
    "prov:endedAtTime": _TIME,
    "DataIntegrityProof": "sec:DataIntegrityProof",
    "proof": {"@id": "sec:proof", "@type": "@id", "@container": "@graph"},
    "cryptosuite": {"@id": "sec:cryptosuite", "@type": "sec:cryptosuiteString"},
    "created": {"@id": "http://purl.org/dc/terms/created", "@type": "xsd:dateTime"},
    "verificationMethod": {"@id": "sec:verificationMethod", "@type": "@id"},
    "proofPurpose": {"@id": "sec:proofPurpose", "@type": "@vocab"},
    "assertionMethod": "sec:assertionMethod",
    "proofValue": {"@id": "sec:proofValue", "@type": "sec:multibase"},
}

ANSWERED: Final = "the message that this answers"
_ACTS: Final = {ActionKind.REPLY: "schema:ReplyAction"}
_ACT: Final = "schema:CommunicateAction"
_IN_PRIVATE: Final = (ActionKind.MESSAGE, ActionKind.NOTICE)
_KEY_COLONS: Final = 3  # platform:community:channel:id
_KEYED: Final = "HMAC-SHA-256"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A persona, as far as a record names it."""

    name: str
    operator: str
    version: str | None  # SHA-256 of its files as they are now
    is_model: bool = False  # whether a language model words what it says


def record_of(said: Said, speaker: Speaker | None, *, base: str | None) -> dict[str, Any]:
    """The record of an utterance, not signed yet.

    Args:
        said: What was said.
        speaker: Whose words they were; None for a persona that is gone, or a person.
        base: The desk's public address; without one the record is named by a UUID.
    """
    address = f"urn:uuid:{said.id}" if base is None else f"{base.rstrip('/')}/provenance/{said.id}"
    record: dict[str, Any] = {
        "@context": dict(CONTEXT),
        "id": address,
        "type": ["prov:Entity", "schema:Message"],
        "schema:identifier": _identifiers(said),
        "schema:sha256": sha256(said.text),
        **_parts(said),
        "prov:generatedAtTime": timestamp(said.at),
        "prov:wasAttributedTo": _agent(said, speaker, address),
        "prov:wasGeneratedBy": _activity(said, address),
        "schema:subjectOf": {
            "type": "schema:CreativeWork",
            "schema:name": "entry of the ledger",
            "schema:position": said.entry[0],
            "schema:sha256": said.entry[1],
        },
    }
    if said.action.sponsor is not None:
        record["schema:sponsor"] = {
            "type": ["prov:Agent", "schema:Organization"],
            "schema:name": said.action.sponsor,
        }
    return record


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hex."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def keyed_digest(text: str, salt: str) -> str:
    """HMAC-SHA-256 of a member's text: without ``salt`` (hex) nobody can guess at the text."""
    key = bytes.fromhex(salt)
    return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _parts(said: Said) -> dict[str, Any]:
    """Its footer, which is the operator's words, and the text of each post as it was sent."""
    found: dict[str, Any] = {}
    if said.action.footer:
        footer = {"type": "schema:CreativeWork", "schema:text": said.action.footer}
        found["schema:hasPart"] = footer
    if said.sent:
        found["schema:encoding"] = [
            {"type": "schema:MediaObject", "schema:sha256": sha256(one)} for one in said.sent
        ]
    return found


def _identifiers(said: Said) -> list[dict[str, str]]:
    """Its own name, and the platform's for it, unless only one member can see it."""
    found = [_property("UUID", said.id)]
    if said.ref and said.action.kind not in _IN_PRIVATE:
        found.append(_property(said.message.platform, said.ref))
    return found


def _property(kind: str, value: str | float) -> dict[str, Any]:
    return {"type": "schema:PropertyValue", "schema:propertyID": kind, "schema:value": value}


def _agent(said: Said, speaker: Speaker | None, address: str) -> dict[str, Any]:
    kind, _, name = said.by.partition(":")
    if kind == "moderator":  # which of them is nobody's business outside
        return {
            "id": f"{address}#moderator",
            "type": ["prov:Person", "schema:Person"],
            "schema:jobTitle": "moderator",
        }
    agent: dict[str, Any] = {
        "id": f"{address}#persona",
        "type": ["prov:SoftwareAgent", "schema:SoftwareApplication"],
        "schema:identifier": name,
        "schema:name": name if speaker is None else speaker.name,
    }
    version = said.decision.version if said.decision is not None else None
    if version is None and speaker is not None:
        version = speaker.version
    if version is not None:
        agent["schema:softwareVersion"] = version
    if speaker is not None:
        agent["prov:actedOnBehalfOf"] = {
            "type": ["prov:Organization", "schema:Organization"],
            "schema:name": speaker.operator,
        }
    return agent


def _activity(said: Said, address: str) -> dict[str, Any]:
    activity: dict[str, Any] = {
        "id": f"{address}#activity",
        "type": ["prov:Activity", _ACTS.get(said.action.kind, _ACT)],
        "schema:name": said.action.kind.value,
        "prov:endedAtTime": timestamp(said.at),
        "prov:used": [*_answered(said), *map(_evidence, _cited(said))],
    }
    if said.decided_at is not None:
        activity["prov:startedAtTime"] = said.decided_at.replace("+00:00", "Z")
    models = _models(said)
    if models:
        activity["prov:wasAssociatedWith"] = [
            {"type": ["prov:SoftwareAgent", "schema:SoftwareApplication"], **model}
            for model in models
        ]
    return activity


def _answered(said: Said) -> list[dict[str, Any]]:
    if said.action.kind is ActionKind.POST:
        return []
    digest = keyed_digest(said.message.text, said.salt)
    return [
        {
            "type": ["prov:Entity", "schema:Message"],
            "schema:name": ANSWERED,
            "schema:identifier": _property(_KEYED, digest),
        }
    ]


def _cited(said: Said) -> Sequence[Passage]:
    """What the decision rests on."""
    return () if said.decision is None else said.decision.evidence


def _evidence(passage: Passage) -> dict[str, Any]:
    """A document with its digest; of what members wrote no more than its key."""
    if not _is_document(passage.source):
        return {"type": ["prov:Entity", "schema:Message"], "schema:name": _key(passage.source)}
    found: dict[str, Any] = {
        "type": ["prov:Entity", "schema:CreativeWork"],
        "schema:name": passage.source,
        "schema:sha256": sha256(passage.text),
        "schema:additionalProperty": _property("cosine similarity", round(passage.score, 4)),
    }
    if passage.heading:
        found["schema:headline"] = passage.heading
    return found


def _is_document(source: str) -> bool:
    """Whether it is a file of the knowledge, or a page; messages and memories have keys."""
    return ":" not in source or source.startswith(("https://", "http://"))


def _key(source: str) -> str:
    """A message's key; of anything else that is not a document its kind alone."""
    return source if source.count(":") >= _KEY_COLONS else source.partition(":")[0]


def _models(said: Said) -> list[dict[str, Any]]:
    """Triage's model, and the one that worded the answer, if a decision names it."""
    found: list[dict[str, Any]] = []
    if said.triage:
        name, _, digest = said.triage.partition("@")
        found.append({"schema:name": name, "schema:description": "triage"})
        if digest:
            found[-1]["schema:softwareVersion"] = digest
    worded = getattr(said.decision, "model", None)
    if worded:
        found.append({"schema:name": str(worded), "schema:description": "wording"})
    return found
