"""`report personas`: what came of what personas said, for people and for programs."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenroom.experiments import FeedbackKind
from greenroom.ledger import Ledger
from tests.cli.conftest import Greenroom
from tests.talk import Talk

K = FeedbackKind
HOST = """
kind: companion
name: Guide
operator: the moderation team
disclosure: I'm automated. Type /human for a person.
crisis: {resources: Call 112.}
replies: {from: template, templates: {otherwise: [Tell me more.]}}
experiments:
  greeting:
    variants: {short: Hello!, long: "Hello, and welcome!"}
    measure: thanks
    min_n: 15
"""


async def talk_a_while(file: Path) -> None:
    ledger = Ledger(file)
    talk = Talk(ledger, datetime.now(UTC) - timedelta(hours=3))
    for _ in range(16):
        await talk.say(experiment="greeting", variant="short")
        await talk.say((K.ANSWER, 0.9), (K.THANKS, None), experiment="greeting", variant="long")
    await talk.say((K.HANDED_OVER, None), persona="<b>warden</b>", version="<i>v9</i>")
    ledger.close()


@pytest.fixture
def folder(greenroom: Greenroom, tmp_path: Path) -> Path:
    assert greenroom("init", tmp_path, "--bot", "terminal").code == 0
    persona = tmp_path / "personas" / "guide.yaml"
    persona.write_text(HOST, encoding="utf-8")
    return tmp_path


@pytest.fixture
def past(folder: Path) -> Path:
    asyncio.run(talk_a_while(folder / "data" / "ledger.db"))
    return folder


def report(greenroom: Greenroom, folder: Path, *more: object) -> str:
    ended = greenroom("report", "personas", "--config", folder / "config.yaml", *more)
    assert ended.code == 0, ended.err
    return ended.out


def test_it_reads_in_plain_words(greenroom: Greenroom, past: Path) -> None:
    told = report(greenroom, past, "--since", "1d")
    assert "guide\n  version v1: 32 utterances" in told
    assert "thanked        50% (34% to 66%)       16 of 32" in told
    assert "ignored        50% (34% to 66%)       16 of 32" in told
    assert "negative       0% (0% to 19%)         0 of 16" in told
    assert "sentiment      +0.90 (+0.90 to +0.90) 16" in told
    assert "Stop: “long” wins on “thanked”. Keep it, and end the experiment." in told
    assert "<b>warden</b>" in told


def test_it_is_one_object_for_programs(greenroom: Greenroom, past: Path) -> None:
    told = json.loads(report(greenroom, past, "--json", "--persona", "guide"))
    (guide,) = told["personas"]
    assert guide["versions"][0]["shares"]["thanks"]["hits"] == 16
    (experiment,) = guide["experiments"]
    assert (experiment["advice"], experiment["variant"]) == ("winner", "long")
    short, long = experiment["variants"]
    assert short["difference"] is None
    assert long["difference"][0] > 0


def test_a_page_escapes_everything(greenroom: Greenroom, past: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    report(greenroom, past, "--html", page)
    written = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;warden" in written
    assert "<b>warden" not in written
    assert "<i>v9" not in written
    assert "<script" not in written


def test_what_is_older_is_left_out(greenroom: Greenroom, past: Path) -> None:
    told = report(greenroom, past, "--since", "1h")
    assert "said nothing" in told
    assert "needs 15 conversations, and one has 0" in told


def test_nobody_of_that_name_is_an_error(greenroom: Greenroom, past: Path) -> None:
    ended = greenroom("report", "personas", "--config", past / "config.yaml", "--persona", "giude")
    assert ended.code == 2
    assert "there is no persona `giude`" in ended.err
    assert "guide" in ended.err


def test_without_a_ledger_it_says_what_to_do(greenroom: Greenroom, folder: Path) -> None:
    ended = greenroom("report", "personas", "--config", folder / "config.yaml")
    assert ended.code == 2
    assert "there is no ledger yet" in ended.err


def test_an_experiment_with_a_fault_is_told_with_its_line(
    greenroom: Greenroom, folder: Path
) -> None:
    persona = folder / "personas" / "guide.yaml"
    text = persona.read_text(encoding="utf-8").replace("measure: thanks", "measure: clicks")
    persona.write_text(text, encoding="utf-8")
    ended = greenroom("check", "--config", folder / "config.yaml")
    line = 1 + text[: text.index("measure: clicks")].count("\n")
    assert ended.code == 2
    assert f"guide.yaml:{line}" in ended.err + ended.out
