"""What ``check`` warns of before a bot runs: personas that would post where they may not."""

from __future__ import annotations

from pathlib import Path

import yaml

from greenroom.company import gather
from greenroom.lint import warnings_of
from greenroom.starter import lay_out


def told(folder: Path, **personas: list[str]) -> list[str]:
    """Warnings about a bot with these personas in these channels."""
    list(lay_out(folder, bots=["replay"]))
    path = folder / "bots" / "replay.yaml"
    bot = yaml.safe_load(path.read_text("utf-8"))
    bot["personas"] = {name: {"in": channels} for name, channels in personas.items()}
    path.write_text(yaml.safe_dump(bot), "utf-8")
    company = gather(folder / "config.yaml", secrets=False)
    return [str(one) for one in warnings_of(company) if "on stage" in str(one)]


def test_a_channel_in_which_a_persona_is_not_on_stage_is_named(tmp_path: Path) -> None:
    (warning,) = told(tmp_path, herald=["#general"], archivist=["#digest"])
    assert "replay.yaml:" in warning
    assert "herald posts in #events by its own file, and is not on stage there" in warning
    assert 'add "#events" to its `in`' in warning


def test_nothing_is_told_where_it_may_post(tmp_path: Path) -> None:
    assert told(tmp_path, herald=["#ev*"], archivist=["*"]) == []
