"""``greenroom run``: the house, on real platforms."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from greenroom.app import House, open_house
from greenroom.cli.console import fault, opening, out, set_up_logging
from greenroom.company import Company, gather
from greenroom.desk import sign_in_address
from greenroom.lint import warnings_of
from greenroom.reload import Reloader


class LogLevel(StrEnum):
    """Names of the logging library."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


EXAMPLE = "Example: greenroom run --config my-community/config.yaml"


def run(
    config: Annotated[Path, typer.Option(help="The deployment's config file.")] = Path(
        "config.yaml"
    ),
    moderator: Annotated[
        str, typer.Option(help="Whom the sign-in link that is printed is for.")
    ] = "moderator",
    log_level: Annotated[
        LogLevel, typer.Option(case_sensitive=False, help="What is logged.")
    ] = LogLevel.INFO,
) -> None:
    """Run the bots and the desk until Ctrl-C."""
    set_up_logging(level=log_level)
    company = gather(config)
    for warning in warnings_of(company):
        fault(f"warning: {warning}")
    asyncio.run(_run(company, moderator, config))


async def _run(company: Company, moderator: str, config: Path) -> None:
    async with opening(open_house(company)) as house:
        await announce(house, moderator)
        await until_stopped(house, Reloader(house, config).run())


async def announce(house: House, moderator: str) -> None:
    """Print where the desk is, who is on stage, and a one-time sign-in link."""
    for bot in house.company.deployment.bots.values():
        out.print(f"{bot.name}: {bot.adapter}, {bot.mode}, {', '.join(bot.personas)}", markup=False)
    token = await house.ledger.people.invite(moderator)
    base = house.company.deployment.config.desk.public_url or house.desk_address
    out.print(f"Desk: {base}", markup=False)
    out.print(
        f"Sign in (once, within 15 minutes): {sign_in_address(base, token)}",
        markup=False,
        soft_wrap=True,
    )


async def until_stopped(house: House, *beside: Coroutine[Any, Any, None]) -> None:
    """Run the loop, and what is to run beside it; SIGTERM and SIGINT end them cleanly."""
    running = asyncio.ensure_future(_together(house.loop.run(), *beside))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        out.print("\nStopped. What was taken in is kept; start again to go on.", markup=False)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _together(*parts: Coroutine[Any, Any, None]) -> None:
    """All of them, until one fails."""
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part)
