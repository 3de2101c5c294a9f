"""Every colour of text can be read on what it stands on, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import greenroom.desk

CSS = (Path(greenroom.desk.__file__).parent / "static" / "desk.css").read_text()
_COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
_LIGHT, _DARK = CSS.split("@media (prefers-color-scheme: dark)", 1)
PALETTES = {"light": dict(_COLOUR.findall(_LIGHT)), "dark": dict(_COLOUR.findall(_DARK))}
PAIRS = [
    *(
        (ink, ground)
        for ink in ("ink", "dim", "green-ink")
        for ground in ("ground", "sheet", "sunk")
    ),
    *((ink, "wash") for ink in ("ink", "dim", "green-ink")),
    *(("red", ground) for ground in ("ground", "sheet", "red-wash", "wash")),
    *(("amber", ground) for ground in ("ground", "sheet", "amber-wash")),
    ("blue", "blue-wash"),
    ("mark-ink", "mark"),
    ("on-green", "green"),
    ("sheet", "red"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", PALETTES)
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_contrast_is_enough(scheme: str, ink: str, ground: str) -> None:
    palette = PALETTES[scheme]
    low, high = sorted((luminance(palette[ink]), luminance(palette[ground])))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_nothing_comes_from_elsewhere() -> None:
    folder = Path(greenroom.desk.__file__).parent
    for file in [*folder.glob("static/*"), *folder.glob("templates/*")]:
        text = file.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}/|@import|url\(", text), file.name
