"""A command, its case, its card, a verdict by a button: over Discord's own wire, all parts real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from greenroom.adapters.discord import DiscordAdapter
from greenroom.backstage import Backstage
from greenroom.desk import RunningBot
from greenroom.ledger import Ledger
from greenroom.message import Event
from greenroom.sender import Sender
from tests.adapters.contract import WAIT_S
from tests.adapters.discord.stage import Sleeps, adapter_for
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.payloads import MANAGE_MESSAGES, ME, MODERATOR, MODS
from tests.platforms.discord.server import DiscordServer


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def a_house(server: DiscordServer, folder: Path) -> AsyncIterator[Ledger]:
    """One live bot, whose commands and presses are worked as they come."""
    adapter, ledger = adapter_for(server, Sleeps(), clock=now), Ledger(folder / "ledger.db")
    sender = Sender(ledger, {adapter.bot: adapter}, clock=now)
    bot = RunningBot(adapter.bot, "discord", "live", adapter.capabilities, has_desk_channel=True)
    backstage = Backstage(ledger, {bot.name: bot}, wake=sender.wake, clock=now)
    arrived = asyncio.Event()

    async def intake(event: Event) -> bool:
        is_new = await ledger.inbox.put(event)
        arrived.set()
        return is_new

    async def work() -> None:
        after = 0
        while True:
            await arrived.wait()
            arrived.clear()
            for pending in await ledger.inbox.pending(after=after, limit=100):
                after = pending.seq
                if pending.event.command is not None:
                    await ledger.record.handled(await backstage.hear(pending), now())
                    sender.wake()

    tasks = [asyncio.ensure_future(way) for way in _ways(adapter, intake, sender, backstage)]
    tasks.append(asyncio.ensure_future(work()))
    try:
        await server.interactions.offered.wait()
        yield ledger
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ledger.close()


def _ways(adapter: DiscordAdapter, intake: Any, sender: Sender, backstage: Backstage) -> list[Any]:
    return [adapter.run(intake), sender.run(), backstage.run()]


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not done():
            await asyncio.sleep(0.01)


def cards(server: DiscordServer) -> list[dict[str, Any]]:
    return [one for one in server.messages[MODS].values() if one["author"]["id"] == ME]


def said(given: Interaction) -> str:
    return str((given.shown or {}).get("content", ""))


async def test_command_becomes_a_card_and_a_button_its_verdict(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with a_house(server, tmp_path) as ledger:
        given = await server.interactions.command("human", "my post is gone")
        await until(lambda: "A person from the team" in said(given))
        assert given.is_ephemeral
        await until(lambda: cards(server))
        (card,) = cards(server)
        (embed,) = card["embeds"]
        assert "/human my post is gone" in embed["description"]

        refused = await server.interactions.press(card, "Dismiss")
        await until(lambda: "Only moderators" in said(refused))

        server.interactions.permissions[MODERATOR] = MANAGE_MESSAGES
        pressed = await server.interactions.press(card, "Dismiss", by=MODERATOR)
        await until(lambda: said(pressed).startswith("Taken"))
        await until(lambda: cards(server)[0]["components"] == [])
        (card,) = cards(server)
        assert "by mo" in card["embeds"][0]["title"]
        assert await ledger.cases.queue() == []
