"""The record in docs/provenance.md is one that this version makes, and it verifies."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from greenroom.config import ProvenanceSettings
from greenroom.ledger import Said
from greenroom.message import Action, ActionKind, Decision, Passage
from greenroom.provenance import Speaker, check_text, record_of, sign, verify
from tests.samples import NOON, a_message

PAGE = Path(__file__).parents[2] / "docs" / "provenance.md"
TEXT = "> Write /verify in #welcome, and you have the role.\n\nSource: faq/roles.md, Verified"


def example() -> dict[str, Any]:
    """An utterance with all that a record can say, by a key that is nobody's."""
    seed = hashlib.sha256(b"the example in docs/provenance.md").digest()
    evidence = Passage("faq/roles.md", "Verified", "Write /verify in #welcome.", 0.7123)
    action = Action(ActionKind.REPLY, text=TEXT, footer="I'm an automated assistant.")
    said = Said(
        id="0f8fad5b-d9cb-469f-a165-70867728950e",
        bot="harbour",
        by="persona:guide",
        action=replace(action, sponsor="Harbour Cafe"),
        text=TEXT,
        sent=(f"{TEXT}\n-# I'm an automated assistant.",),
        message=a_message("how do I get the verified role?"),
        ref="1347",
        at=NOON,
        decided_at=NOON.isoformat(),
        decision=Decision("guide", (action,), evidence=(evidence,), version="5e" * 32),
        triage="greenroom-triage@3f2a9c0d1e4b",
        entry=(812, hashlib.sha256(b"entry").hexdigest()),
        salt="00" * 16,
    )
    speaker = Speaker("Guide", "Harbour Community Team", None)
    record = record_of(said, speaker, base="https://desk.harbour.example")
    return sign(record, Ed25519PrivateKey.from_private_bytes(seed), created=NOON)


def test_the_example_is_a_record_of_this_version() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown = json.loads(block)
    assert shown == example()
    assert verify(shown)
    assert check_text(shown, TEXT).holds


def test_every_key_and_command_stands_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in ProvenanceSettings.model_fields:
        assert f"  {name}: " in text
    for command in ("verify", "show", "export", "key", "rotate"):
        assert f"greenroom provenance {command}" in text
