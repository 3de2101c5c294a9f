"""``check --online``: what bots' accounts may do, against what their personas need."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from greenroom.access import inspect_all, needs_of
from greenroom.company import gather
from greenroom.message import ActionKind
from tests.cli.conftest import Greenroom
from tests.cli.loopback import beside
from tests.platforms.faults import Fault
from tests.platforms.reddit.platform import RedditPlatform
from tests.platforms.reddit.server import ME, RedditServer, reddit_server

NOWHERE = {"oauth": "http://127.0.0.1:9", "www": "http://127.0.0.1:9"}


@pytest.fixture
def reddit() -> Iterator[RedditServer]:
    with beside(reddit_server) as server:
        yield server


@pytest.fixture
def config(deployment: Path, reddit: RedditServer) -> Path:
    """A deployment with one bot on Reddit."""
    add_bot(deployment, reddit, "garden")
    return deployment / "config.yaml"


def add_bot(deployment: Path, reddit: RedditServer, name: str, **changed: Any) -> None:
    keys = {**RedditPlatform(reddit).bot, "personas": {"warden": {"in": ["*"]}}, **changed}
    (deployment / "bots" / f"{name}.yaml").write_text(yaml.safe_dump(keys, sort_keys=False))


def test_nothing_lacks(greenroom: Greenroom, config: Path) -> None:
    ended = greenroom("check", "--online", "--config", config)
    assert (ended.code, ended.err) == (0, "")
    assert f"garden: signed in as u/{ME}" in ended.out
    assert "in r/gardening" in ended.out


def test_a_missing_permission_is_told_with_its_place_and_what_to_click(
    greenroom: Greenroom, config: Path, reddit: RedditServer
) -> None:
    reddit.permissions[ME] = ["mail", "flair"]
    ended = greenroom("check", "--online", "--config", config)
    assert ended.code == 1
    assert "garden.yaml:" in ended.err
    assert "lacks the permission Manage Posts & Comments" in ended.err
    assert "tick Manage Posts & Comments" in ended.err
    assert "fine" not in ended.out


@pytest.mark.parametrize("format_", ["json", "sarif", "github"])
def test_every_format_has_what_lacks(
    greenroom: Greenroom, config: Path, reddit: RedditServer, format_: str
) -> None:
    reddit.permissions[ME] = ["mail"]
    ended = greenroom("check", "--online", "--config", config, "--format", format_)
    assert (ended.code, ended.err) == (1, "")
    line = (config.parent / "bots" / "garden.yaml").read_text().split("\n").index("personas:") + 1
    if format_ == "json":
        (found,) = [one for one in json.loads(ended.out)["findings"] if one["level"] == "error"]
        assert (Path(found["file"]).name, found["line"]) == ("garden.yaml", line)
        assert found["accepted"].startswith("in r/gardening: Mod Tools")
    elif format_ == "sarif":
        texts = [one["message"]["text"] for one in json.loads(ended.out)["runs"][0]["results"]]
        assert any("Manage Posts & Comments" in text for text in texts)
    else:
        assert f"garden.yaml,line={line},col=1::garden: u/{ME} lacks" in ended.out


def test_refused_credentials_end_with_2_at_their_key(
    greenroom: Greenroom, config: Path, reddit: RedditServer
) -> None:
    add_bot(config.parent, reddit, "garden", password="test-wrong")
    ended = greenroom("check", "--online", "--config", config, "--format", "json")
    (found,) = [one for one in json.loads(ended.out)["findings"] if one["level"] == "error"]
    assert (ended.code, Path(found["file"]).name, found["line"]) == (2, "garden.yaml", 2)
    assert "test-wrong" not in ended.out + ended.err


def test_all_bots_are_asked_at_once_and_told_apart(
    greenroom: Greenroom, config: Path, reddit: RedditServer
) -> None:
    add_bot(config.parent, reddit, "away", endpoints=NOWHERE)
    add_bot(config.parent, reddit, "wrong", password="test-wrong")
    ended = greenroom("check", "--online", "--config", config)
    assert ended.code == 2
    assert "garden: signed in" in ended.out
    assert "away.yaml:1:1: reddit gives away no answer" in ended.err
    assert "wrong.yaml:2:1: wrong: " in ended.err


def test_a_platform_that_cannot_be_reached_ends_with_1(
    greenroom: Greenroom, config: Path, reddit: RedditServer
) -> None:
    add_bot(config.parent, reddit, "garden", endpoints=NOWHERE)
    ended = greenroom("check", "--online", "--config", config)
    assert ended.code == 1
    assert "reddit gives garden no answer" in ended.err


def test_faults_in_files_are_told_before_anybody_is_asked(
    greenroom: Greenroom, config: Path, reddit: RedditServer
) -> None:
    add_bot(config.parent, reddit, "garden", personas={"wardn": {}})
    assert greenroom("check", "--online", "--config", config).code == 2
    assert reddit.calls == []


def test_online_needs_the_secrets(greenroom: Greenroom, config: Path) -> None:
    ended = greenroom("check", "--online", "--no-secrets", "--config", config)
    assert (ended.code, "--online needs the secrets" in ended.err) == (2, True)


def test_bots_without_a_platform_are_left_out(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    ended = greenroom("check", "--online", "--config", tmp_path / "config.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert "signed in" not in ended.out


async def test_a_silent_platform_takes_no_longer_than_its_deadline(
    deployment: Path, reddit: RedditServer
) -> None:
    for name in ("one", "two", "three"):
        add_bot(deployment, reddit, name)
    reddit.ordered.delay_s = 1
    for _ in range(3):
        reddit.ordered.order(Fault.DELAY)
    began = time.monotonic()
    found = await inspect_all(gather(deployment / "config.yaml"), deadline_s=0.3)
    assert time.monotonic() - began < 2
    assert [one.bot for one in found] == ["one", "three", "two"]
    assert all("within 0.3 seconds" in str(one.unreached) for one in found)


@pytest.mark.parametrize(
    ("personas", "has_desk", "needs"),
    [
        (["guide"], False, {ActionKind.REPLY, ActionKind.RETRACT}),
        (["guide"], True, {ActionKind.REPLY, ActionKind.RETRACT, ActionKind.CARD}),
        (["warden"], False, {ActionKind.FILTER, ActionKind.APPROVE, ActionKind.MESSAGE}),
    ],
)
def test_needs_are_what_personas_ask_and_what_undoes_it(
    deployment: Path, personas: list[str], has_desk: bool, needs: set[ActionKind]
) -> None:
    company = gather(deployment / "config.yaml")
    assert needs_of(company, personas, has_desk=has_desk) == needs | {ActionKind.ANSWER}
