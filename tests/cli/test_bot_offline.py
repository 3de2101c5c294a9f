"""``bot add`` without a platform: what is asked, what is written, and when nothing is."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from greenroom.company import gather
from tests.cli.conftest import Greenroom, Talk

TOKEN = "test-bot-token"
ANSWERS = ("", "", "", "", TOKEN)  # everybody, everywhere, no desk channel
SILENT = ("--no-input", "--offline", "--token", TOKEN)


def left(deployment: Path) -> list[str]:
    """What is there besides what `init` laid out."""
    found = [*(deployment / "bots").iterdir(), *deployment.glob(".env*")]
    return sorted(one.name for one in found)


def bot_of(deployment: Path, name: str = "discord") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((deployment / "bots" / f"{name}.yaml").read_text())
    return found


def test_answers_become_a_bot_that_is_read_as_it_was_meant(talk: Talk, deployment: Path) -> None:
    answers = ["warden, guide", "*", "#help, #welcome", "#mods", TOKEN]
    ended = talk("discord", "--offline", answers=answers)
    assert (ended.code, ended.err) == (0, "")
    assert TOKEN not in ended.out
    bot = gather(deployment / "config.yaml").deployment.bots["discord"]
    assert (bot.mode, bot.desk_channel) == ("shadow", "#mods")
    assert {name: place.channels for name, place in bot.personas.items()} == {
        "warden": ("*",),
        "guide": ("#help", "#welcome"),
    }
    assert bot.settings.token.get_secret_value() == TOKEN  # type: ignore[attr-defined]
    assert stat.S_IMODE((deployment / ".env").stat().st_mode) == 0o600


def test_the_file_reads_like_the_starters(talk: Talk, deployment: Path) -> None:
    talk("discord", *SILENT, "--persona", "guide=#help,#welcome", "--desk-channel", "#mods")
    assert (deployment / "bots" / "discord.yaml").read_text() == (
        "# yaml-language-server: $schema=../schemas/bot.schema.json\n"
        "\n"
        "# A bot on a Discord server. docs/discord.md shows where to click.\n"
        "adapter: discord\n"
        "token: ${DISCORD_TOKEN}      # kept in .env beside config.yaml\n"
        "mode: shadow                 # decide and record, do nothing; `live` when you trust it\n"
        'desk_channel: "#mods"        # where moderators read: cards, and reports\n'
        "personas:\n"
        '  guide: {in: ["#help", "#welcome"]}\n'
    )


@pytest.mark.parametrize("count", range(len(ANSWERS)))
def test_answers_that_end_leave_nothing(talk: Talk, deployment: Path, count: int) -> None:
    ended = talk("discord", "--offline", answers=ANSWERS[:count])
    assert (ended.code, "Stopped. Nothing was written." in ended.err) == (1, True)
    assert left(deployment) == []


def test_ctrl_c_leaves_nothing(
    talk: Talk, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    ended = talk("discord", "--offline")
    assert (ended.code, "Nothing was written" in ended.err) == (130, True)
    assert left(deployment) == []


@pytest.mark.parametrize(
    "name", ["../evil", "a/b", "/etc/x", "..", ".hidden", "", "a b", "a\n", "b.yaml", "x" * 65]
)
def test_a_name_is_a_name_and_no_path(talk: Talk, deployment: Path, name: str) -> None:
    ended = talk("discord", *SILENT, "--name", name)
    assert (ended.code, "a name has letters, digits, - and _" in ended.err) == (2, True)
    assert left(deployment) == []
    assert not (deployment / "evil.yaml").exists()


def test_a_taken_name_is_not_written_over(talk: Talk, deployment: Path) -> None:
    taken = deployment / "bots" / "discord.yaml"
    talk("discord", *SILENT)
    before = taken.read_text()
    ended = talk("discord", *SILENT)
    assert (ended.code, "--force replaces it" in ended.err) == (2, True)
    answers = ["", "second", *ANSWERS]
    ended = talk("discord", "--offline", answers=answers)
    assert ended.code == 0
    assert (taken.read_text(), left(deployment)) == (
        before,
        [".env", "discord.yaml", "second.yaml"],
    )


def test_case_makes_no_other_name(talk: Talk) -> None:
    assert talk("discord", *SILENT).code == 0
    assert "discord.yaml: is there already" in talk("discord", *SILENT, "--name", "Discord").err


def test_a_file_of_another_ending_is_never_replaced(talk: Talk, deployment: Path) -> None:
    talk("discord", *SILENT)
    (deployment / "bots" / "discord.yaml").rename(deployment / "bots" / "discord.yml")
    ended = talk("discord", *SILENT, "--force")
    assert (ended.code, "discord.yml: is there already" in ended.err) == (2, True)
    ended = talk("discord", "--offline", answers=["", *ANSWERS])
    assert (ended.code, "discord-2.yaml" in left(deployment)) == (0, True)


def test_a_file_that_is_made_meanwhile_is_kept(
    talk: Talk, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = deployment / "bots" / "discord.yaml"
    answers = iter(ANSWERS)

    def answered(_: str) -> str:
        path.write_text("mine\n")
        return next(answers)

    monkeypatch.setattr("builtins.input", answered)
    ended = talk("discord", "--offline")
    assert (ended.code, "made meanwhile by somebody else" in ended.err) == (2, True)
    assert (path.read_text(), left(deployment)) == ("mine\n", ["discord.yaml"])


def test_a_taken_name_is_replaced_if_one_says_so(talk: Talk, deployment: Path) -> None:
    talk("discord", *SILENT)
    answers = ["y", "guide", "#help", "", "y"]
    ended = talk("discord", "--offline", answers=answers)
    assert (ended.code, bot_of(deployment)["personas"]) == (0, {"guide": {"in": ["#help"]}})
    assert (deployment / ".env").read_text() == f"DISCORD_TOKEN={TOKEN}\n"


def test_another_bots_variable_is_left_alone(talk: Talk, deployment: Path) -> None:
    talk("discord", *SILENT)
    ended = talk(
        "discord", "--no-input", "--offline", "--name", "dev-2", "--token", "test-other-token"
    )
    assert ended.code == 0
    assert bot_of(deployment, "dev-2")["token"] == "${DISCORD_TOKEN_DEV_2}"
    assert (deployment / ".env").read_text() == (
        f"DISCORD_TOKEN={TOKEN}\nDISCORD_TOKEN_DEV_2=test-other-token\n"
    )


@pytest.mark.parametrize(
    ("answers", "variable", "env"),
    [
        (["y"], "DISCORD_TOKEN", "A=1\nDISCORD_TOKEN=test-old\n"),
        (["n", TOKEN, "y"], "DISCORD_TOKEN", f"A=1\nDISCORD_TOKEN={TOKEN}\n"),
        (
            ["n", TOKEN, "n"],
            "DISCORD_TOKEN_2",
            f"A=1\nDISCORD_TOKEN=test-old\nDISCORD_TOKEN_2={TOKEN}\n",
        ),
    ],
)
def test_a_variable_is_replaced_only_if_one_says_so(
    talk: Talk, deployment: Path, answers: list[str], variable: str, env: str
) -> None:
    (deployment / ".env").write_text("A=1\nDISCORD_TOKEN=test-old\n")
    ended = talk("discord", "--offline", answers=[*ANSWERS[:4], *answers])
    assert ended.code == 0
    assert bot_of(deployment)["token"] == f"${{{variable}}}"
    assert (deployment / ".env").read_text() == env


def test_silence_replaces_no_variable(talk: Talk, deployment: Path) -> None:
    (deployment / ".env").write_text("DISCORD_TOKEN=test-old\n")
    ended = talk("discord", *SILENT)
    assert (ended.code, left(deployment)) == (2, [".env"])
    assert "--force replaces it" in ended.err
    assert talk("discord", *SILENT, "--force").code == 0
    assert (deployment / ".env").read_text() == f"DISCORD_TOKEN={TOKEN}\n"


def test_silence_takes_the_token_from_the_environment(
    talk: Talk, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = talk("discord", "--no-input", "--offline")
    assert (ended.code, "put DISCORD_TOKEN=… into .env" in ended.err) == (2, True)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    assert talk("discord", "--no-input", "--offline").code == 0
    assert left(deployment) == ["discord.yaml"]


def test_what_the_environment_sets_is_not_shadowed(
    talk: Talk, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "test-of-the-shell")
    assert talk("discord", *SILENT).code == 0
    bot = gather(deployment / "config.yaml").deployment.bots["discord"]
    assert bot.settings.token.get_secret_value() == TOKEN  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("", "the bot token is needed"),
        ("two words", "holds no blanks"),
        ("tokén", "no accents"),
        ("x\x1b[31m", "characters that cannot be meant"),
        ("y" * 4001, "longer than any bot token"),
    ],
)
def test_what_is_no_token_is_asked_again(talk: Talk, answer: str, told: str) -> None:
    ended = talk("discord", "--offline", answers=[*ANSWERS[:4], answer, f"  {TOKEN} "])
    assert (ended.code, told in ended.err) == (0, True)
    assert answer.strip() not in ended.err or not answer


def test_five_wrong_answers_are_enough(talk: Talk, deployment: Path) -> None:
    ended = talk("discord", "--offline", answers=[*ANSWERS[:4], *["two words"] * 9])
    assert (ended.code, "Nothing was written" in ended.err) == (1, True)
    assert left(deployment) == []


def test_answers_that_are_not_utf_8_are_refused(
    talk: Talk, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = talk("discord", "--offline", answers=[*ANSWERS[:3], "#m\udce9ds", "", TOKEN])
    assert (ended.code, "cannot be meant" in ended.err) == (0, True)
    assert "desk_channel" not in bot_of(deployment)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--persona", "wardn"], "did you mean `warden`?"),
        (["--set", "shard=2"], "did you mean `shards`?"),
        (["--set", "mode=live"], "discord has no key `mode`"),
        (["--set", "shards"], "--set wants KEY=VALUE"),
        (["--set", "shards=none"], "`shards"),
        (["--set", "endpoints.api=ftp://x"], "`endpoints.api`"),
        (["--set", "endpoints.api=[", "--set", "shards=2"], "is not YAML"),
        (["--set", "shards=2", "--set", "shards.x=1"], "has a value already"),
    ],
)
def test_options_that_cannot_be_are_told_and_nothing_is_written(
    talk: Talk, deployment: Path, words: list[str], told: str
) -> None:
    ended = talk("discord", *SILENT, *words)
    assert (ended.code, told in ended.err) == (2, True)
    assert left(deployment) == []


def test_other_keys_are_set_and_secrets_among_them_are_not_shown(
    talk: Talk, deployment: Path
) -> None:
    ended = talk(
        "slack", "--no-input", "--offline", "--set", "token=test-bot-token",
        "--set", "signing_secret=test-signing", "--set", "transport=http",
        "--set", "listen.port=3001", "--set", "moderators=[U1, U2]",
    )  # fmt: skip
    assert ended.code == 0
    found = bot_of(deployment, "slack")
    assert found["signing_secret"] == "${SLACK_SIGNING_SECRET}"
    assert (found["listen"], found["moderators"]) == ({"port": 3001}, ["U1", "U2"])
    assert "test-signing" not in ended.out + ended.err
    gather(deployment / "config.yaml")


@pytest.mark.parametrize(
    "pair", ["install.client_secret=test-client", "install={client_secret: test-client}"]
)
def test_a_secret_below_another_key_does_not_come_into_the_bots_file(
    talk: Talk, deployment: Path, pair: str
) -> None:
    ended = talk("slack", *SILENT, "--set", pair, "--set", "app_token=test-app-token")
    assert (ended.code, "`install.client_secret` is a secret" in ended.err) == (2, True)
    assert "test-client" not in ended.out + ended.err
    assert left(deployment) == []


def test_a_deployment_without_personas_has_nobody_to_put_on_stage(
    talk: Talk, deployment: Path
) -> None:
    for file in (deployment / "personas").iterdir():
        file.unlink()
    ended = talk("discord", *SILENT)
    assert (ended.code, "has no personas" in ended.err) == (2, True)


def test_a_folder_without_a_deployment_is_told(greenroom: Greenroom, tmp_path: Path) -> None:
    ended = greenroom("bot", "add", "discord", "--config", tmp_path / "config.yaml")
    assert (ended.code, "cannot be read" in ended.err) == (2, True)


def test_persona_names_that_yaml_reads_otherwise_stay_names(talk: Talk, deployment: Path) -> None:
    for name in ("yes", "12"):
        warden = (deployment / "personas" / "warden.yaml").read_text()
        (deployment / "personas" / f"{name}.yaml").write_text(warden)
    assert talk("discord", *SILENT, "--persona", "yes", "--persona", "12").code == 0
    assert set(gather(deployment / "config.yaml").deployment.bots["discord"].personas) == {
        "yes",
        "12",
    }


@pytest.mark.parametrize(
    ("adapter", "told"),
    [
        ("replay", r"file: …\s+# a text, needed"),
        ("terminal", r"# member: …\s+# a text, else you"),
    ],
)
def test_an_adapter_without_conversation_shows_its_keys(
    talk: Talk, deployment: Path, adapter: str, told: str
) -> None:
    ended = talk(adapter)
    assert (ended.code, left(deployment)) == (2, [])
    assert re.search(told, ended.out)
    assert f"greenroom init . --bot {adapter}" in ended.out


def test_an_unknown_adapter_is_told(talk: Talk) -> None:
    ended = talk("discrod")
    assert (ended.code, "did you mean `discord`?" in ended.err) == (2, True)
