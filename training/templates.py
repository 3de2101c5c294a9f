"""Lines written for what the data files lack, filled in from slots.

The lines lie in ``templates/*.toml``. All fillings of one line share its split, so that the
test lines are ones whose wording the model has not met; still they are ours, not members', and
what they measure is that the wording generalises, no more.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from greenroom.triage.base import HEADS
from training.corpus import Example

FOLDER: Final = Path(__file__).parent / "templates"
FILLINGS: Final = 10
"""Texts made of one line, unless its group says otherwise; the same text twice counts once."""

LATE: Final = "late_templates"
"""The source of the lines that only the last round of training learns from."""

_FIRST: Final = ("everyday", "harm")
_LATE: Final = "late"

_OPENERS: Final = ("hey", "honestly", "idk,", "so", "hi,", "guys", "um", "@user", "ok so", "well,")

_SLOT: Final = re.compile(r"\{(\w+)\}")

Slots = dict[str, list[str]]


def read_templates(data: Path, *, seed: int) -> Iterator[Example]:
    """Every line of every group but the late ones, filled in; the source is ``templates``."""
    yield from _filled_in(_early(), "templates", data, seed)


def read_late_templates(data: Path, *, seed: int) -> Iterator[Example]:
    """The lines in ``late.toml``, filled in; the source is `LATE`."""
    yield from _filled_in((_LATE,), LATE, data, seed)


def count_lines() -> dict[str, int]:
    """Group name → number of its lines, for the card."""
    groups = (group for name in (*_early(), _LATE) for group in _read_groups(name))
    return {group["name"]: len(group["lines"]) for group in groups}


def _early() -> tuple[str, ...]:
    """Every file but the slots and the late lines, those of `_FIRST` before the others."""
    others = {file.stem for file in FOLDER.glob("*.toml")} - {*_FIRST, _LATE, "slots"}
    return (*_FIRST, *sorted(others))


def _read_groups(name: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))[
        "group"
    ]
    return groups


def _filled_in(names: Iterable[str], source: str, data: Path, seed: int) -> Iterator[Example]:
    dice = random.Random(seed)
    slots = _read_slots(data)
    for group in (group for name in names for group in _read_groups(name)):
        for line in group["lines"]:
            yield from _examples(line, group, source, slots, dice)


def _examples(
    line: str, group: dict[str, Any], source: str, slots: Slots, dice: random.Random
) -> Iterator[Example]:
    unknown = group.get("unknown", [])
    scores = dict.fromkeys(set(HEADS) - set(unknown), 0.0) | group.get("scores", {})
    for _ in range(group.get("fillings", FILLINGS)):
        yield Example(
            text=_roughen(_fill(line, slots, dice), dice),
            source=source,
            scores=scores,
            sentiment=group.get("sentiment"),
            intent=group.get("intent"),
            group="template " + line,
        )


def _fill(line: str, slots: Slots, dice: random.Random) -> str:
    """`line` with a filling for each slot; fillings may hold slots of their own."""
    while match := _SLOT.search(line):
        line = line[: match.start()] + dice.choice(slots[match[1]]) + line[match.end() :]
    return line


def _roughen(text: str, dice: random.Random) -> str:
    """`text` as it might be typed: opened, capitalised, shouted, or with marks changed."""
    if dice.random() < 0.2:
        text = f"{dice.choice(_OPENERS)} {text}"
    way = dice.random()
    if way < 0.45:
        return text
    if way < 0.65:
        return text[:1].upper() + text[1:]
    if way < 0.72:
        return text.upper()
    if way < 0.86:
        return text.rstrip(".?!") + dice.choice([".", "!", "!!", "...", " :)", " pls"])
    return text.replace("'", "").replace(",", "").rstrip(".?!")


def _read_slots(data: Path) -> Slots:
    slots: Slots = tomllib.loads((FOLDER / "slots.toml").read_text("utf-8"))
    slots["domain"] = [row["text"] for row in _rows(data / "phishing_domains.csv.gz")][::40]
    slots["slur"] = [
        row["text"]
        for row in _rows(data / "lexicon_surge_profanity.csv.gz")
        if row["severity"] == "Severe"
        and row["label"] in {"racial / ethnic slurs", "sexual orientation / gender"}
    ]
    # The file does not say which are plural.
    slots["slur_many"] = [slur for slur in slots["slur"] if slur[-1] in "sz"]
    slots["slur_one"] = [slur for slur in slots["slur"] if slur[-1] not in "sz"]
    return slots


def _rows(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
