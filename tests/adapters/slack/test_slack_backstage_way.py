"""A command, its case, its card, a verdict by a button: over Slack's own wire, all parts real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from greenroom.backstage import privacy
from greenroom.ledger import Ledger
from greenroom.message import Member
from tests.adapters.slack.deeds import Doing, until
from tests.backstage.at_work import at_work
from tests.platforms.slack.server import BOT_USER, DESK, MEMBER, TEAM


@asynccontextmanager
async def a_house(members: Doing, folder: Path) -> AsyncIterator[Ledger]:
    """One bot in Slack, at work; what its adapter takes in goes on to the ledger."""
    async with at_work(members.running.adapter, folder) as house, asyncio.TaskGroup() as group:

        async def hand_on() -> None:
            while True:
                await house.intake(await members.inbox.events.get())

        handing = group.create_task(hand_on())
        yield house.ledger
        handing.cancel()


def cards(members: Doing) -> list[dict[str, Any]]:
    kept = members.server.messages[DESK].values()
    return [one for one in kept if one.get("user") == BOT_USER]


def pressable(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in card["blocks"] if block["type"] == "actions"]


def told(members: Doing) -> str:
    """Everything that only one member was shown."""
    return str(members.slack.shown)


def is_told(members: Doing, text: str) -> bool:
    return text in told(members)


async def test_command_becomes_a_card_and_a_button_its_verdict(
    members: Doing, tmp_path: Path
) -> None:
    async with a_house(members, tmp_path) as ledger:
        await members.do(members.slack.command("/human", "my post is gone"))
        await until(lambda: "A person from the team" in told(members))
        await until(lambda: cards(members))
        (card,) = cards(members)
        assert "my post is gone" in str(card["blocks"])
        assert pressable(card)

        await members.do(members.slack.press(card, "Dismiss"))
        await until(lambda: "Taken: Dismiss" in told(members))
        await until(lambda: not pressable(cards(members)[0]))
        assert "dismissed by" in str(cards(members)[0]["blocks"])
        assert await ledger.cases.queue() == []


async def test_members_see_and_end_what_is_remembered_of_them(
    members: Doing, tmp_path: Path
) -> None:
    async with a_house(members, tmp_path) as ledger:
        for command, argument, answer in (
            ("/memory", "", privacy.IS_OFF),
            ("/memory", "on", "Memory is on here"),
            ("/greenroom", "memory forget 7", privacy.NONE_SUCH),
            ("/optout", "", privacy.OPTED_OUT),
            ("/memory", "on", privacy.IS_OUT),
        ):
            await members.do(members.slack.command(command, argument))
            await until(partial(is_told, members, answer))
        member = Member("slack", TEAM, MEMBER)
        assert ledger.consents.has_opted_out(member)
        await members.do(members.slack.command("/optin"))
        await until(lambda: privacy.OPTED_IN in told(members))
        assert not ledger.consents.has_opted_out(member)
