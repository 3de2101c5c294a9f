"""Discord's place in the suite that every adapter is held to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.adapters.contract import Stage
from tests.adapters.discord.stage import running
from tests.platforms.discord.server import discord_server


@asynccontextmanager
async def contract_stage() -> AsyncIterator[Stage]:
    """An adapter connected to a Discord on loopback, which obeyed its API document."""
    async with discord_server() as server:
        async with running(server) as stage:
            yield stage
        assert server.invalid == []
