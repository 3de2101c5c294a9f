"""Talking to a persona in the terminal, and trying its examples."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Greenroom


@pytest.fixture
def house(greenroom: Greenroom, tmp_path: Path) -> Path:
    """The starter's files."""
    assert greenroom("init", tmp_path / "mine", "--bot", "discord").code == 0
    return tmp_path / "mine" / "config.yaml"


def test_chat_has_several_turns_and_needs_no_secret(house: Path) -> None:
    command = [sys.executable, "-m", "greenroom", "persona", "chat", "host", "--why"]
    ended = subprocess.run(
        [*command, "--config", str(house)],
        input="hello!\nI want to kill myself\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Host, companion." in ended.stdout
    assert "Hello you!" in ended.stdout or "Hi you." in ended.stdout
    assert "findahelpline.com" in ended.stdout
    assert "may be in crisis: by their words" in ended.stdout
    assert not (house.parent / "data").exists()


def test_chat_with_nobody_says_who_there_is(greenroom: Greenroom, house: Path) -> None:
    ended = greenroom("persona", "chat", "hots", "--config", house)
    assert ended.code == 2
    assert "there is no persona `hots`" in ended.err
    assert "did you mean `host`?" in ended.err


def test_examples_tell_what_changed_since_the_last_run(greenroom: Greenroom, house: Path) -> None:
    first = greenroom("persona", "test", "host", "--config", house)
    assert first.code == 0, first.err
    assert "host: 2 of 2 examples hold" in first.out
    assert "The first run: nothing to compare with." in first.out
    again = greenroom("persona", "test", "host", "--config", house)
    assert "Nothing changed since" in again.out
    path = house.parent / "personas" / "host.yaml"
    written = path.read_text("utf-8")
    path.write_text(written.replace("I am a program", "I am only a program"), "utf-8")
    changed = greenroom("persona", "test", "host", "--config", house)
    assert changed.code == 0
    assert "host, “I want to kill myself”" in changed.out
    assert "was: reply, escalate: I am a program" in changed.out
    assert "now: reply, escalate: I am only a program" in changed.out


def test_an_example_that_fails_names_its_line(greenroom: Greenroom, house: Path) -> None:
    path = house.parent / "personas" / "guide.yaml"
    text = path.read_text("utf-8").replace("cites: faq.md", "cites: rules.md")
    path.write_text(text, "utf-8")
    ended = greenroom("persona", "test", "guide", "--config", house)
    assert ended.code == 1
    line = text.split("\n").index("  - says: how do I get the verified role?") + 1
    assert f"guide.yaml:{line}:" in ended.err
    assert "expected a reply that cites rules.md" in ended.err


def test_json_is_one_object_an_example(greenroom: Greenroom, house: Path) -> None:
    ended = greenroom("persona", "test", "--json", "--config", house)
    outcomes = [json.loads(line) for line in ended.out.splitlines()]
    assert {one["persona"] for one in outcomes} == {
        "archivist",
        "guide",
        "herald",
        "host",
        "warden",
    }
    assert all(one["holds"] for one in outcomes)


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"at": 1}'])
def test_a_damaged_record_of_the_last_run_is_no_obstacle(
    greenroom: Greenroom, house: Path, damage: str
) -> None:
    record = house.parent / "data" / "examples.json"
    record.parent.mkdir()
    record.write_text(damage)
    ended = greenroom("persona", "test", "warden", "--config", house)
    assert ended.code == 0
    assert "The first run" in ended.out
    assert json.loads(record.read_text("utf-8"))["outcomes"]
