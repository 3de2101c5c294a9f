"""``bot add`` for an adapter of another package: its keys, as a file to fill in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

CODE = '''
from pydantic import Field, SecretStr

from greenroom.adapters.settings import Settings


class Keys(Settings):
    """Keys."""

    server: str = Field(description="where it is")
    password: SecretStr
    port: int = 6697
    nick: str | None = None


class IrcAdapter:
    settings = Keys
'''


def test_its_keys_are_shown_as_a_file(deployment: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "greenroom_irc-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greenroom-irc\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[greenroom.adapters]\nirc = greenroom_irc:IrcAdapter\n")
    (site / "greenroom_irc.py").write_text(CODE)
    ended = subprocess.run(
        [sys.executable, "-m", "greenroom", "bot", "add", "irc"],
        cwd=deployment, env={**os.environ, "PYTHONPATH": str(site), "COLUMNS": "200"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (2, "")
    assert "irc has no conversation here" in ended.stdout
    file = ended.stdout.split("\n\n")[1]
    assert yaml.safe_load(file) == {
        "adapter": "irc",
        "server": "…",
        "password": "${IRC_PASSWORD}",
        "mode": "shadow",
        "personas": {"warden": {"in": ["*"]}},
    }
    assert "# a text, needed: where it is" in file
    assert "# port: …" in file
    assert "# a whole number, else 6697" in file
