"""A key of its own for each test, and an utterance that went out through a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.ledger import Ledger
from greenroom.provenance import Keyring
from tests.provenance.spoken import notary


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def ledger(tmp_path: Path, keys: Keyring) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    opened.attestations.attest = notary(keys)
    yield opened
    opened.close()
