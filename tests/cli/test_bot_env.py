"""``.env``: secrets go in, all else stays, and what is read back is what was given."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom.cli.adding.env import EnvFile, Whole, write_whole
from greenroom.errors import ConfigError
from tests.cli.conftest import Greenroom, Talk

OTHERS = (
    "# ours\r\n"
    "export DATABASE='post gres'  # keep\n"
    "\n"
    'GREETING="two\nlines"\n'
    "BROKEN LINE\n"
    "EMPTY=\n"
    "URL=http://host/${DATABASE}"
)


def put(path: Path, **values: str) -> str:
    write_whole([Whole(path, EnvFile(path).with_values(values), 0o600)])
    return path.read_bytes().decode()


def test_other_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(OTHERS.encode())
    assert put(path, TOKEN="test-token") == f"{OTHERS}\nTOKEN=test-token\n"
    assert dotenv_values(path)["GREETING"] == "two\nlines"


def test_a_value_is_replaced_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n\n# the bot's\nTOKEN='old\nvalue'\nB=2\n")
    assert put(path, TOKEN="new") == "A=1\n\n# the bot's\nTOKEN=new\nB=2\n"


def test_it_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o644)
    put(path, TOKEN="x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [".env"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_text("A=1\n")
    link.symlink_to(real)
    put(link, TOKEN="x")
    assert link.is_symlink()
    assert real.read_text() == "A=1\nTOKEN=x\n"


@given(value=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_read_back_is_what_was_given(tmp_path: Path, value: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(OTHERS.encode())
    try:
        put(path, TOKEN=value)
    except ConfigError:
        assert "${" in value  # dotenv would put another variable there
    else:
        assert dotenv_values(path)["TOKEN"] == value
        assert dotenv_values(path)["GREETING"] == "two\nlines"


def test_a_value_that_the_file_cannot_hold_is_refused_unseen(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TOKEN cannot be written") as caught:
        EnvFile(tmp_path / ".env").with_values({"TOKEN": "se${HOME}cret"})
    assert "cret" not in str(caught.value).replace("secret", "")


def test_an_open_quote_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A='open\n")
    with pytest.raises(ConfigError, match="mend the quotes"):
        EnvFile(path).with_values({"TOKEN": "it's"})
    assert put(path, TOKEN="fine") == "A='open\nTOKEN=fine\n"


def test_if_one_file_cannot_be_written_none_is(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    with pytest.raises(ConfigError, match="cannot be written"):
        write_whole([Whole(env, "A=1\n"), Whole(tmp_path / "none" / "bot.yaml", "x: 1\n")])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_utf_8_is_told_and_kept(
    greenroom: Greenroom, talk: Talk, deployment: Path
) -> None:
    env = deployment / ".env"
    env.write_bytes(b"A=1\nNAME=caf\xe9\n")
    ended = talk("discord", "--offline", answers=["", "", "", "", "test-bot-token"])
    assert (ended.code, ".env:2:1: is not UTF-8" in ended.err) == (2, True)
    assert env.read_bytes() == b"A=1\nNAME=caf\xe9\n"
    assert list((deployment / "bots").iterdir()) == []
    assert greenroom("check", "--config", deployment / "config.yaml").code == 2
