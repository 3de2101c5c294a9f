"""What of a record holds, for whoever has nothing but the record, a text and perhaps a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.errors import DropMessage
from greenroom.provenance.proof import fingerprint, verify
from greenroom.provenance.record import keyed_digest, sha256
from greenroom.provenance.wrapper import find


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``holds`` is None where nothing could be said."""

    what: str
    holds: bool | None


def read_record(text: str) -> dict[str, Any]:
    """A record's JSON.

    Raises:
        DropMessage: It is no JSON object, or names something twice, which two readers could
            take in two ways.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise DropMessage(f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise DropMessage("it is no JSON object")
    return value


def check_signature(record: Mapping[str, Any], known: Collection[str] | None) -> list[Finding]:
    """Whether the signature holds, and whether the key is one of ``known`` (Multikeys)."""
    try:
        key = verify(record)
    except (DropMessage, ValueError, RecursionError) as error:
        return [Finding(f"signature: {error}", holds=False)]
    found = [Finding(f"signature: holds, by the key with fingerprint {fingerprint(key)}", True)]
    if known is None:
        found.append(Finding("key: whose it is was not checked; give --key to compare it", None))
    elif key in known:
        found.append(Finding("key: is the one that was expected", True))
    else:
        found.append(Finding("key: is none of those that were expected", holds=False))
    return found


def check_text(record: Mapping[str, Any], text: str) -> Finding:
    """Whether the record is about this text; an editor's line break at its end is forgiven."""
    footer = _dict(record.get("schema:hasPart")).get("schema:text")
    posts = {_dict(one).get("schema:sha256") for one in _list(record.get("schema:encoding"))}
    shorter = text.removesuffix("\n").removesuffix("\r")
    wrapped = find(text)
    tried = [(text, ""), (shorter, ", but for a line break at its end")]
    if wrapped is not None:
        tried.append((wrapped.rest, ", but for the manifest in it"))
    for one, but in tried:
        if sha256(one) == record.get("schema:sha256"):
            return Finding(f"text: is what was said, to the last character{but}", True)
        bare = one.removesuffix(f"\n\n{footer}")
        if bare != one and sha256(bare) == record.get("schema:sha256"):
            return Finding(f"text: is what was said, with its footer{but}", True)
        if sha256(one) in posts:
            return Finding(f"text: is a post as the platform got it{but}", True)
    return Finding("text: is not what was said", holds=False)


def check_answered(record: Mapping[str, Any], text: str, salt: str) -> Finding:
    """Whether the record's utterance answers this message."""
    for one in _list(_dict(record.get("prov:wasGeneratedBy")).get("prov:used")):
        wanted = _dict(_dict(one).get("schema:identifier")).get("schema:value")
        if wanted is not None and keyed_digest(text, salt) == wanted:
            return Finding("answered message: is the one in the record", True)
    return Finding("answered message: is not the one in the record, or the salt is wrong", False)


def check_version(record: Mapping[str, Any], version_of: Callable[[str], str | None]) -> Finding:
    """Whether the persona's files here are those that spoke."""
    agent = _dict(record.get("prov:wasAttributedTo"))
    name, version = agent.get("schema:identifier"), agent.get("schema:softwareVersion")
    if not isinstance(name, str) or version is None:
        return Finding("persona: the record names no version of its files", None)
    here = version_of(name)
    if here is None:
        return Finding(f"persona: there are no files of {name} here to compare", None)
    if here == version:
        return Finding(f"persona: the files of {name} here are those that spoke", True)
    return Finding(f"persona: the files of {name} here have changed since, or are others", None)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
