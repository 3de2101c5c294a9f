"""A real ledger and a real desk on loopback for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from greenroom.ledger import Ledger
from tests.desk.house import Clock, House


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db", now_s=lambda: clock().timestamp())
    yield opened
    opened.close()


@pytest.fixture
async def house(ledger: Ledger, clock: Clock) -> AsyncIterator[House]:
    """A desk with one live Discord bot ``b``, and a browser-like client without a session."""
    async with House.open(ledger, clock) as opened:
        yield opened
