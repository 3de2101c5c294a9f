"""Harmless sentences that mention who people are, the same ones for every group.

They measure the gap between groups in false alarms and train nothing: no line of them is among
the templates.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "identities.toml"


def identity_texts() -> dict[str, list[str]]:
    """Group → its sentences."""
    frames = tomllib.loads(FILE.read_text("utf-8"))
    return {
        group: [line.format(**words) for line in frames["lines"]]
        for group, words in frames["groups"].items()
    }
