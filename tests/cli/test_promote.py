"""`promote`: live only if people agreed with what shadow mode would have done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Greenroom

RULES = """\
# Cats
body: cat
action: filter
mode: shadow        # until we know
---
# Dogs
body: dog
action: filter
"""


def lines(bad: int, fine: int) -> str:
    told = [("removed", "a cat")] * bad + [("approved", "a cat")] * fine
    return "".join(json.dumps({"body": body, "verdict": one}) + "\n" for one, body in told)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cats.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "past.jsonl").write_text(lines(18, 2), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(*more: object) -> list[object]:
    return ["promote", "cats.yaml", "--rule", "Cats", "--against", "past.jsonl", *more]


def test_a_rule_over_the_floor_goes_live(greenroom: Greenroom, folder: Path) -> None:
    ended = greenroom(*asked("--floor", "0.9"))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "cats.yaml:2: rule 0 (Cats) is live now: precision 90% (70% to 97%, 18 of 20)\n"
    )
    after = (folder / "cats.yaml").read_text(encoding="utf-8")
    assert after == RULES.replace("mode: shadow        # until we know\n", "")


def test_a_rule_under_the_floor_stays(greenroom: Greenroom, folder: Path) -> None:
    ended = greenroom(*asked("--floor", "0.95"))
    assert ended.code == 1
    assert "stays in shadow mode: precision 90% (70% to 97%, 18 of 20) is under" in ended.err
    assert (folder / "cats.yaml").read_text(encoding="utf-8") == RULES


def test_a_few_lucky_verdicts_promote_nothing(greenroom: Greenroom, folder: Path) -> None:
    (folder / "past.jsonl").write_text(lines(9, 0), encoding="utf-8")
    ended = greenroom(*asked("--floor", "0.5"))
    assert ended.code == 1
    assert "people judged 9 of the messages that it caught, and 10 are needed" in ended.err
    assert greenroom(*asked("--floor", "0.5", "--least", "9")).code == 0


@pytest.mark.parametrize(
    ("rules", "rule", "said"),
    [
        (RULES, "Dogs", "cats.yaml:7: rule 1 (Dogs) is not in shadow mode"),
        (RULES, "Hens", "cats.yaml: has no rule `Hens`"),
        ("{body: cat, action: filter, mode: shadow}\n", "0", "cannot be changed for you here"),
        ("mode: shadow\nbody: cat\nmode: shadow\naction: filter\n", "0", "more than once"),
    ],
)
def test_what_cannot_be_promoted_is_told(
    greenroom: Greenroom, folder: Path, rules: str, rule: str, said: str
) -> None:
    (folder / "cats.yaml").write_text(rules, encoding="utf-8")
    ended = greenroom(
        "promote", "cats.yaml", "--rule", rule, "--against", "past.jsonl", "--floor", "0.5"
    )
    assert ended.code == 2
    assert said in ended.err


@pytest.mark.parametrize("written", ["mode: shadow # careful", "'mode': \"shadow\"", None])
def test_a_bot_goes_live_and_keeps_its_file(
    greenroom: Greenroom, folder: Path, written: str | None
) -> None:
    greenroom("init", folder, "--bot", "discord")
    for name in ("civility", "spam"):
        (folder / "policies" / f"{name}.yaml").write_text("body: cat\naction: filter\n")
    bot = folder / "bots" / "discord.yaml"
    before = [one for one in bot.read_text(encoding="utf-8").splitlines() if "mode:" not in one]
    shadow = [] if written is None else [written]
    bot.write_text("\n".join([*shadow, *before]) + "\n", encoding="utf-8")
    tried = ["promote", bot, "--against", "past.jsonl", "--floor"]
    assert greenroom(*tried, "0.95").code == 1
    ended = greenroom(*tried, "0.9")
    assert (ended.code, ended.err) == (0, "")
    after = bot.read_text(encoding="utf-8").splitlines()
    changed = [one for one in after if one not in before]
    assert changed == [
        "mode: live"
        if written is None
        else written.replace('"shadow"', "live").replace("shadow", "live")
    ]
    again = greenroom(*tried, "0.9")
    assert (again.code, "is live already" in again.err) == (2, True)


def test_only_a_deployments_own_bots_are_promoted(greenroom: Greenroom, folder: Path) -> None:
    greenroom("init", folder)
    ended = greenroom("promote", "cats.yaml", "--against", "past.jsonl", "--floor", "0.5")
    assert ended.code == 2
    assert "is no bot of this deployment" in ended.err
