"""``greenroom demo --platform``: the recording, said on a platform's own wire on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from greenroom.adapters.replay import read_lines
from greenroom.adapters.terminal import printable
from greenroom.app import open_house
from greenroom.cli.console import opening, out
from greenroom.cli.run import announce, until_stopped
from greenroom.company import Company, gather
from greenroom.demo import Platform, open_platform
from greenroom.starter import demo_recording, lay_out

PACE_S: Final = 0.25  # between two messages of members
_LOOK_S: Final = 1.0  # between two looks at what the bot said
_SHOWN: Final = 160


async def play(data: Path, name: str, *, port: int) -> None:
    """Run the real adapter, with the platform's real library, against it; Ctrl-C ends it."""
    async with open_platform(name) as platform:
        company = prepare(data, name, platform.bot, port=port)
        async with opening(open_house(company, port_tries=20)) as house:
            await announce(house, "demo")
            out.print(
                f"A {name} on loopback: members talk, the bot moderates, live. Ctrl-C ends it.\n",
                markup=False,
            )
            await until_stopped(house, _talk(platform), _listen(platform))


def prepare(data: Path, name: str, keys: Mapping[str, Any], *, port: int) -> Company:
    """An ordinary deployment whose only bot connects to the platform on loopback."""
    list(lay_out(data, bots=[]))
    places: dict[str, dict[str, list[str]]] = {"warden": {"in": ["*"]}, "guide": {"in": ["*"]}}
    bot = {"mode": "live", "personas": places, **keys}
    (data / "bots").mkdir(exist_ok=True)
    (data / "bots" / f"{name}.yaml").write_text(
        "# Written anew by each `greenroom demo --platform`; its tokens are for loopback only.\n"
        + yaml.safe_dump(bot, sort_keys=False),
        encoding="utf-8",
    )
    company = gather(data / "config.yaml")
    deployment = company.deployment
    desk = deployment.config.desk.model_copy(update={"port": port})
    config = deployment.config.model_copy(update={"desk": desk})
    return replace(company, deployment=replace(deployment, config=config))


async def _talk(platform: Platform) -> None:
    """Members say what was recorded, once."""
    for line in read_lines(demo_recording()):
        author, channel = line.fields.get("author", "ada"), line.fields.get("channel", "general")
        await platform.say(line.fields["text"], author=str(author), channel=str(channel))
        await asyncio.sleep(PACE_S)
    out.print("The recording has ended; the bot stays on stage.", markup=False)


async def _listen(platform: Platform) -> None:
    """Print what the bot says, as members see it."""
    told: set[str] = set()
    while True:
        for said in platform.said_by_bot():
            if said.id not in told:
                told.add(said.id)
                text = " ".join(printable(said.text).split())
                shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
                out.print(f"  bot: {shown}", markup=False, soft_wrap=True)
        await asyncio.sleep(_LOOK_S)
