"""A command, its case, its card, a verdict by a button: over Discord's own wire, all parts real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from greenroom.backstage import privacy
from greenroom.ledger import Ledger
from greenroom.message import Member
from tests.adapters.contract import WAIT_S
from tests.adapters.discord.stage import Sleeps, adapter_for
from tests.backstage.at_work import at_work, now
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.payloads import GUILD, MANAGE_MESSAGES, ME, MEMBER, MODERATOR, MODS
from tests.platforms.discord.server import DiscordServer


@asynccontextmanager
async def a_house(server: DiscordServer, folder: Path) -> AsyncIterator[Ledger]:
    """One bot on Discord, at work."""
    adapter = adapter_for(server, Sleeps(), clock=now)
    async with at_work(adapter, folder) as house, asyncio.TaskGroup() as group:
        running = group.create_task(adapter.run(house.intake))
        await server.interactions.offered.wait()
        yield house.ledger
        running.cancel()


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


async def test_members_see_and_end_what_is_remembered_of_them(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with a_house(server, tmp_path) as ledger:
        shown = await server.interactions.command("memory")
        await until(lambda: said(shown) == privacy.IS_OFF)
        assert shown.is_ephemeral
        on = await server.interactions.command("memory", "on")
        await until(lambda: said(on) == privacy.ON)
        out = await server.interactions.command("optout")
        await until(lambda: said(out) == privacy.OPTED_OUT)
        assert out.is_ephemeral
        member = Member("discord", GUILD, MEMBER)
        assert ledger.consents.has_opted_out(member)
        back = await server.interactions.command("optin")
        await until(lambda: said(back) == privacy.OPTED_IN)
        assert not ledger.consents.has_opted_out(member)
        assert ledger.consents.memory(member, "friend") is None
