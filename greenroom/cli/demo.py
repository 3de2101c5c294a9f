"""``greenroom demo``: the whole system on recorded messages, with nothing to set up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from greenroom.app import House, open_house
from greenroom.cli.console import opening, out, set_up_logging
from greenroom.cli.demo_platform import play
from greenroom.cli.run import announce, until_stopped
from greenroom.cli.telling import tell
from greenroom.company import Company, gather
from greenroom.demo import PLATFORMS
from greenroom.errors import ConfigError
from greenroom.starter import lay_out

Stage = StrEnum("Stage", {name: name for name in PLATFORMS})  # type: ignore[misc]  # one source

EXAMPLE = "Example: greenroom demo --chat"


def demo(
    data: Annotated[
        Path, typer.Option(help="Where the demo's files live; look into them, change them.")
    ] = Path("greenroom-demo"),
    chat: Annotated[
        bool, typer.Option("--chat", help="Write as a member, here in the terminal.")
    ] = False,
    platform: Annotated[
        Stage | None,
        typer.Option(
            help="Play it on this platform's own wire, on loopback, with its real library."
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="The desk's port; the next free one if taken.")] = 8080,
) -> None:
    """Play recorded messages to two personas, with the desk open; Ctrl-C ends it."""
    if platform is not None:
        data = data / platform
        _log_to(data)
        asyncio.run(play(data, platform, port=port))
        return
    company = prepare(data, chat=chat, port=port)
    _log_to(data)
    asyncio.run(_demo(company, chat=chat))


def _log_to(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        set_up_logging(level="INFO", file=data / "greenroom.log")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=data) from error


def prepare(data: Path, *, chat: bool, port: int) -> Company:
    """Lay the demo out as an ordinary deployment, once; later starts go on with it."""
    list(lay_out(data, bots=["replay", "terminal"] if chat else ["replay"]))
    company = gather(data / "config.yaml")
    deployment = company.deployment
    desk = deployment.config.desk.model_copy(update={"port": port})
    bots = {name: bot for name, bot in deployment.bots.items() if chat or bot.adapter != "terminal"}
    config = deployment.config.model_copy(update={"desk": desk})
    return replace(company, deployment=replace(deployment, config=config, bots=bots))


async def _demo(company: Company, *, chat: bool) -> None:
    async with opening(open_house(company, port_tries=20)) as house:
        await announce(house, "demo")
        out.print("Cases arrive as the recording plays. Ctrl-C ends it.\n", markup=False)
        async with asyncio.TaskGroup() as group:
            teller = group.create_task(_told(house)) if chat else None
            await until_stopped(house)
            if teller is not None:
                teller.cancel()


async def _told(house: House) -> None:
    out.print("You are a member now: write something, or /human.\n", markup=False)
    await tell(house)
