"""Adapters of other packages: found by their entry point, checked and completed like ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.example.page import source

PLACE = "greenroom_jsonlines:JsonLinesAdapter"


def _package(folder: Path, code: str, place: str = PLACE) -> Path:
    """A package as pip lays it out, with its entry point."""
    site = folder / "site"
    info = site / "greenroom_jsonlines-1.0.dist-info"
    info.mkdir(parents=True)
    about = "Metadata-Version: 2.1\nName: greenroom-jsonlines\nVersion: 1.0\n"
    (info / "METADATA").write_text(about)
    (info / "entry_points.txt").write_text(f"[greenroom.adapters]\njsonlines = {place}\n")
    (site / "greenroom_jsonlines.py").write_text(code)
    return site


def _greenroom(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "greenroom", *arguments],
        capture_output=True, text=True, env=environment, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    folder = tmp_path / "acme"
    made = _greenroom(tmp_path, "init", str(folder))
    assert made.returncode == 0, made.stderr
    (folder / "bots" / "terminal.yaml").unlink()
    return folder


def _bot(folder: Path, text: str) -> None:
    (folder / "bots" / "chat.yaml").write_text(f"adapter: jsonlines\n{text}")


def test_a_bot_of_another_packages_adapter_is_checked(deployment: Path, tmp_path: Path) -> None:
    site = _package(tmp_path, source())
    _bot(deployment, 'port: 7000\npersonas: {warden: {in: ["*"]}}\n')
    checked = _greenroom(site, "check", "--config", str(deployment / "config.yaml"))
    assert checked.returncode == 0, checked.stderr
    assert "jsonlines cannot do `filter`" in checked.stderr


def test_its_keys_are_its_own(deployment: Path, tmp_path: Path) -> None:
    site = _package(tmp_path, source())
    _bot(deployment, 'prot: 7000\npersonas: {warden: {in: ["*"]}}\n')
    checked = _greenroom(site, "check", "--config", str(deployment / "config.yaml"))
    assert checked.returncode == 2
    assert "chat.yaml:2:1" in checked.stderr
    assert "port" in checked.stderr


@pytest.mark.parametrize(
    ("code", "place", "told"),
    [
        ("import not_there_at_all", PLACE, "not_there_at_all"),
        ("class JsonLinesAdapter: pass", PLACE, "settings"),
        ("", "greenroom_jsonlines:Gone", "Gone"),
    ],
)
def test_a_broken_package_is_told_at_the_bot_that_names_it(
    deployment: Path, tmp_path: Path, code: str, place: str, told: str
) -> None:
    site = _package(tmp_path, code, place)
    _bot(deployment, 'port: 7000\npersonas: {warden: {in: ["*"]}}\n')
    checked = _greenroom(site, "check", "--config", str(deployment / "config.yaml"))
    assert checked.returncode == 2
    assert "chat.yaml:1:1:" in checked.stderr
    assert told in checked.stderr
    assert "Traceback" not in checked.stderr


def test_the_editor_completes_its_keys(deployment: Path, tmp_path: Path) -> None:
    site = _package(tmp_path, source())
    shown = _greenroom(site, "schema", "bot")
    assert shown.returncode == 0, shown.stderr
    text = json.dumps(json.loads(shown.stdout))
    assert "jsonlines" in text
    assert "timeout_s" in text
