"""Write the pages of docs/scenarios/ anew."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.scenarios.stage import on_stage, read_scenario, scenarios
from tests.scenarios.transcript import page

PAGES = Path(__file__).parents[2] / "docs" / "scenarios"


async def _write(path: Path) -> None:
    scenario = read_scenario(path)
    with tempfile.TemporaryDirectory() as folder:
        async with on_stage(scenario, Path(folder)) as stage:
            (PAGES / f"{scenario.name}.md").write_text(page(scenario, await stage.play()), "utf-8")


if __name__ == "__main__":
    for one in scenarios():
        asyncio.run(_write(one))
