"""``bot add discord``: what is clicked, and the permissions of the invite."""

from __future__ import annotations

import base64
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import discord
import pytest

from greenroom.adapters.connection import DiscordConnection
from greenroom.adapters.discord_invite import shown
from greenroom.cli.adding.discord import DiscordConversation
from greenroom.cli.adding.file import Draft
from greenroom.documents import load, validate
from greenroom.message import ActionKind
from tests.cli.labels import labels

ROOT = Path(__file__).parents[2]
TOKEN = "test-bot-token"
SILENT = ("--no-input", "--offline", "--token", TOKEN)


@pytest.fixture(scope="module")
def connection() -> DiscordConnection:
    return validate(load(ROOT / "adapters" / "discord.yaml"), DiscordConnection)


def a_draft(*needs: ActionKind) -> Draft:
    return Draft(Path("bots/discord.yaml"), Path(), "discord", "", needs=frozenset(needs))


def invited(*needs: ActionKind, token: str = TOKEN, account: str | None = None) -> str:
    return DiscordConversation().invitation(a_draft(*needs), account=account, token=token)


def granted(told: str) -> discord.Permissions:
    (number,) = re.findall(r"permissions=(\d+)\n", told)
    return discord.Permissions(int(number))


def test_to_watch_takes_what_watching_takes() -> None:
    assert granted(invited()) == discord.Permissions(view_channel=True, read_message_history=True)


def test_all_actions_take_all_permissions(connection: DiscordConnection) -> None:
    assert granted(invited(*ActionKind)).value == connection.invite.everything


def test_an_invite_asks_for_what_the_personas_need_and_says_why(
    connection: DiscordConnection,
) -> None:
    told = invited(ActionKind.FILTER)
    asked = [name for name in connection.permissions if getattr(granted(told), name)]
    assert "manage_messages" in asked
    assert "ban_members" not in asked
    for name in asked:
        number = discord.Permissions(**{name: True}).value
        why = re.escape(connection.permissions[name].why)
        assert re.search(rf"{shown(name)} +{number}  {why}", told)
    assert "scope=bot+applications.commands" in told


def test_roles_are_spoken_of_where_they_matter() -> None:
    assert "drag" not in invited(ActionKind.FILTER)
    assert "drag" in invited(ActionKind.TIMEOUT)


@pytest.mark.parametrize(
    ("token", "account", "application"),
    [
        (TOKEN, "Greenroom (1234567)", "1234567"),
        (TOKEN, "Greenroom (99) (1234567)", "1234567"),
        (base64.b64encode(b"765432123").decode().rstrip("=") + ".a.b", None, "765432123"),
        (TOKEN, None, "APPLICATION_ID"),
        ("%%%.é", "Greenroom", "APPLICATION_ID"),
    ],
)
def test_the_address_names_the_application(
    token: str, account: str | None, application: str
) -> None:
    told = invited(token=token, account=account)
    assert f"client_id={application}&" in told
    assert ("**Application ID** under" in told) == (application == "APPLICATION_ID")


def test_what_is_clicked_stands_in_the_guide() -> None:
    guide = labels((ROOT / "docs" / "discord.md").read_text(encoding="utf-8"))
    told = DiscordConversation().steps(a_draft()) + invited(*ActionKind)
    assert labels(told) <= guide


def test_a_missing_library_is_told_before_anything_is_asked(deployment: Path) -> None:
    code = "import sys; sys.modules['discord'] = None; from greenroom.cli import main; main()"
    words = ["bot", "add", "discord", "--config", str(deployment / "config.yaml")]
    ended = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "pip install 'greenroom[discord]'" in ended.stderr


def test_a_terminal_never_shows_the_token(deployment: Path) -> None:
    words = ["bot", "add", "discord", "--offline", "--config", str(deployment / "config.yaml")]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "greenroom", *words],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    try:
        for prompt, answer in (
            (b"goes on stage?", b""), (b"guide on stage?", b""), (b"warden on stage?", b""),
            (b"Enter for none", b""), (b"(hidden)", TOKEN.encode()),
        ):  # fmt: skip
            seen += _until(ours, prompt)
            os.write(ours, answer + b"\n")
        seen += _until(ours, b"shadow mode")
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        os.close(ours)
    assert TOKEN.encode() not in seen
    assert f"DISCORD_TOKEN={TOKEN}\n" == (deployment / ".env").read_text()


def _until(terminal: int, words: bytes) -> bytes:
    seen, ends = b"", time.monotonic() + 30
    while words not in seen and time.monotonic() < ends:
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 4096)
    assert words in seen, seen.decode(errors="replace")
    return seen
