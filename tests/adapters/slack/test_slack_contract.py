"""The Adapter contract over HTTP events; `test_contract.py` itself takes Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters import test_contract
from tests.adapters.contract import Stage
from tests.adapters.slack.contract_stage import contract_stage

# Every test of the suite, also those written later; the fixture below stands in for its own.
globals().update({name: it for name, it in vars(test_contract).items() if name.startswith("test_")})


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A workspace that sends its events over HTTP."""
    async with contract_stage("http") as found:
        yield found
