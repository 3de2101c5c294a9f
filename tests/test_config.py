"""What people write in files is checked before anything connects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from greenroom.adapters.registry import OWN
from greenroom.config import Config, Deployment, read
from greenroom.errors import ConfigError, ConfigErrors
from greenroom.message import Channel
from greenroom.starter import starter_bots, starter_folder
from tests.samples import a_message

PERSONA = """
kind: moderator
name: Warden
operator: the team
disclosure: automated
"""
BOT = """
adapter: discord
token: ${DISCORD_TOKEN}
personas:
  warden: {in: ["#help", "off*"]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("bots", "personas", "policies", "knowledge"):
        (tmp_path / name).mkdir()
    (tmp_path / "config.yaml").write_text("desk: {port: 8081}\n")
    (tmp_path / "personas" / "warden.yaml").write_text(PERSONA)
    (tmp_path / "bots" / "harbour.yaml").write_text(BOT)
    return tmp_path


def read_all(folder: Path, **environment: str) -> Deployment:
    values = {"DISCORD_TOKEN": "a-word", **environment}
    return read(folder / "config.yaml", adapters=OWN, environment=values)


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(folder / "config.yaml", adapters=OWN, environment={"DISCORD_TOKEN": "x"})
    return [str(fault) for fault in caught.value.faults]


def test_a_deployment_is_read(folder: Path) -> None:
    deployment = read_all(folder)
    bot = deployment.bots["harbour"]
    assert (bot.adapter, bot.mode, deployment.config.desk.port) == ("discord", "shadow", 8081)
    assert bot.settings.token.get_secret_value() == "a-word"  # type: ignore[attr-defined]
    assert deployment.personas["warden"].name == "Warden"


@pytest.mark.parametrize(
    ("channel", "is_covered"),
    [("help", True), ("offtopic", True), ("general", False), ("helpers", False)],
)
def test_personas_are_cast_by_channel(folder: Path, channel: str, is_covered: bool) -> None:
    bot = read_all(folder).bots["harbour"]
    cast = bot.cast(a_message(channel=Channel("123", channel)))
    assert cast == (["warden"] if is_covered else [])


def test_secrets_lie_beside_the_config(folder: Path) -> None:
    (folder / ".env").write_text("DISCORD_TOKEN=from-the-file\n")
    deployment = read(folder / "config.yaml", adapters=OWN, environment={})
    token = deployment.bots["harbour"].settings.token  # type: ignore[attr-defined]
    assert token.get_secret_value() == "from-the-file"


def test_a_missing_secret_is_told(folder: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"harbour.yaml:3:1: secret DISCORD_TOKEN is not set"):
        read(folder / "config.yaml", adapters=OWN, environment={})


def test_a_check_can_do_without_secrets(folder: Path) -> None:
    deployment = read(folder / "config.yaml", adapters=OWN, environment={}, secrets=False)
    assert list(deployment.bots) == ["harbour"]


def test_all_faults_of_all_files_are_told_at_once(folder: Path) -> None:
    (folder / "bots" / "harbour.yaml").write_text(BOT.replace("warden:", "warten:"))
    (folder / "bots" / "second.yaml").write_text("adapter: discrod\n")
    (folder / "personas" / "bad.yaml").write_text(PERSONA.replace("kind: moderator", "kind: king"))
    told = faults(folder)
    assert len(told) == 3
    assert "bad.yaml:2:1: `kind`" in told[0]
    assert "second.yaml:1:1: unknown adapter `discrod`\n  did you mean `discord`?" in told[1]
    assert "harbour.yaml:5:3: there is no persona `warten`\n  did you mean `warden`?" in told[2]


def test_a_missing_folder_is_told(folder: Path) -> None:
    (folder / "config.yaml").write_text("bots: robots\n")
    with pytest.raises(ConfigError, match="robots: is no folder"):
        read_all(folder)


def test_a_transport_without_its_secret_is_told(folder: Path) -> None:
    (folder / "bots" / "s.yaml").write_text(
        "adapter: slack\ntoken: a\ntransport: http\npersonas: {warden: {}}\n"
    )
    (told,) = faults(folder)
    assert "transport: http needs signing_secret" in told


def test_the_example_config_has_the_defaults() -> None:
    path = starter_folder() / "config.example.yaml"
    assert Config.model_validate(yaml.safe_load(path.read_text())) == Config()


def test_the_example_config_explains_every_key() -> None:
    text = (starter_folder() / "config.example.yaml").read_text()
    for section, key in _keys(Config):
        assert re.search(rf"^{section}:", text, re.MULTILINE), section
        if key is not None:
            assert re.search(rf"^  {key}:", text, re.MULTILINE), f"{section}.{key}"
    for line_before, line in zip(text.split("\n"), text.split("\n")[1:], strict=False):
        if re.match(r"^  \w+: ", line):  # a key: it, or the key above it, is explained
            assert "#" in line_before or re.match(r"^  \w+: ", line_before), line


def _keys(model: type[BaseModel]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += [(name, key) for key in inner.model_fields]
        else:
            found.append((name, None))
    return found


@pytest.mark.parametrize("bot", starter_bots())
def test_every_starter_bot_loads(tmp_path: Path, bot: str) -> None:
    source = starter_folder()
    (tmp_path / "bots").mkdir()
    (tmp_path / "bots" / f"{bot}.yaml").write_text((source / "bots" / f"{bot}.yaml").read_text())
    (tmp_path / "config.yaml").write_text(f"personas: {source / 'personas'}\n")
    deployment = read(tmp_path / "config.yaml", adapters=OWN, environment={}, secrets=False)
    assert list(deployment.bots) == [bot]
    assert deployment.bots[bot].adapter == bot


def test_the_example_config_lists_the_emoji_that_count_by_default() -> None:
    text = (starter_folder() / "config.example.yaml").read_text()
    assert Config.model_validate(yaml.safe_load(text)).feedback == Config().feedback
