"""Template groups name only slots, heads and intents that exist."""

from __future__ import annotations

import re
import tomllib

import pytest

from greenroom.triage.base import HEADS, INTENTS
from training.templates import FOLDER, count_lines

FILES = sorted(file for file in FOLDER.glob("*.toml") if file.stem != "slots")
SLOTS = tomllib.loads((FOLDER / "slots.toml").read_text("utf-8"))
FROM_DATA = {"slur", "slur_one", "slur_many", "domain"}

GROUPS = [
    pytest.param(group, id=group["name"])
    for file in FILES
    for group in tomllib.loads(file.read_text("utf-8"))["group"]
]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_names_what_exists(group: dict[str, list[str]]) -> None:
    scored = set(group.get("scores", {}))
    unknown = set(group.get("unknown", [])) - {"sentiment"}
    assert scored | unknown <= set(HEADS)
    assert not scored & unknown
    assert group.get("intent", "other") in INTENTS
    named = set(re.findall(r"\{(\w+)\}", "".join(group["lines"])))
    assert named <= set(SLOTS) | FROM_DATA


def test_slots_name_only_slots() -> None:
    named = set(re.findall(r"\{(\w+)\}", "".join("".join(words) for words in SLOTS.values())))
    assert named <= set(SLOTS) | FROM_DATA


def test_every_file_of_groups_is_counted() -> None:
    names = [str(parameter.id) for parameter in GROUPS]
    assert len(set(names)) == len(names)
    assert set(count_lines()) == set(names)


def test_slots_hold_nothing_twice() -> None:
    assert all(len(set(words)) == len(words) for words in SLOTS.values())
