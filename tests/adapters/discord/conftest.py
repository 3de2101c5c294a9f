"""A Discord on loopback, and an adapter that runs against it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.discord.stage import Running, running
from tests.platforms.discord.server import DiscordServer, discord_server


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """A server; whatever it was sent obeyed Discord's API document."""
    async with discord_server() as found:
        yield found
        assert found.invalid == []


@pytest.fixture
async def stage(server: DiscordServer) -> AsyncIterator[Running]:
    """An adapter that is connected."""
    async with running(server) as found:
        yield found
