"""`check --format`: the same findings for people, editors and code hosts."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from greenroom.cli.findings import Finding, Level, as_github, as_sarif
from greenroom.errors import ConfigError, ConfigErrors
from tests.cli.conftest import Greenroom

ROOT = Path(__file__).parents[2]


@pytest.fixture
def faulty(greenroom: Greenroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with two faults, one of which quotes what is hostile to every format."""
    greenroom("init", tmp_path, "--bot", "discord")
    (tmp_path / "policies" / "mine.yaml").write_text(
        "body: x\naction: remove\n---\n\"bo,dy:%0A::error::\": '<b>'\naction: filter\nbodi: 1\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def places(findings: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [(one["file"], one["line"], one["column"]) for one in findings]


def test_json_has_every_finding_with_its_place(greenroom: Greenroom, faulty: Path) -> None:
    ended = greenroom("check", "--no-secrets", "--format", "json")
    told = json.loads(ended.out)
    assert (ended.code, told["counts"]) == (2, {"error": 2, "warning": 0})
    assert places(told["findings"]) == [("policies/mine.yaml", 4, 1), ("policies/mine.yaml", 6, 1)]
    assert "body" in told["findings"][1]["accepted"]


def test_sarif_points_into_the_files(greenroom: Greenroom, faulty: Path) -> None:
    ended = greenroom("check", "--no-secrets", "--format", "sarif")
    log = json.loads(ended.out)
    (run,) = log["runs"]
    assert (ended.code, log["version"]) == (2, "2.1.0")
    assert re.match(r"https://.*sarif-schema-2\.1\.0\.json", log["$schema"])
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"error", "warning"}
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "policies/mine.yaml"
    assert place["region"] == {"startLine": 6, "startColumn": 1}
    assert run["results"][1]["level"] == run["results"][1]["ruleId"] == "error"


def test_github_gets_one_command_a_finding(greenroom: Greenroom, faulty: Path) -> None:
    ended = greenroom("check", "--no-secrets", "--format", "github")
    first, second = ended.out.splitlines()
    assert first.startswith("::error file=policies/mine.yaml,line=4,col=1::unknown ")
    assert "%250a::error::" in first  # what a file says starts no command of its own
    assert second.startswith("::error file=policies/mine.yaml,line=6,col=1::unknown key `bodi`%0A")


def test_warnings_alone_are_told_and_are_no_failure(
    greenroom: Greenroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greenroom("init", tmp_path, "--bot", "discord")
    (tmp_path / "policies" / "civility.yaml").write_text("body: x\naction: report\n")
    monkeypatch.chdir(tmp_path)
    ended = greenroom("check", "--no-secrets", "--format", "json")
    told = json.loads(ended.out)
    assert (ended.code, told["counts"]["error"]) == (0, 0)
    assert told["findings"][0]["file"] == "bots/discord.yaml"
    assert told["findings"][0]["level"] == "warning"


def test_a_failed_example_is_a_finding(
    greenroom: Greenroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greenroom("init", tmp_path)
    guide = tmp_path / "personas" / "guide.yaml"
    said = guide.read_text(encoding="utf-8")
    guide.write_text(re.sub(r"cites: [\w.]+", "cites: nothing.md", said, count=1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ended = greenroom("check", "--examples", "--format", "json")
    (finding,) = [one for one in json.loads(ended.out)["findings"] if one["level"] == "error"]
    assert (ended.code, finding["file"]) == (1, "personas/guide.yaml")
    assert "expected a reply that cites nothing.md" in finding["message"]


def test_a_fault_without_a_place_is_told_too() -> None:
    findings = Finding.all_of(Level.ERROR, ConfigErrors([ConfigError("it\nis late")]))
    assert as_github(findings) == "::error::it%0Ais late"
    assert "locations" not in json.loads(as_sarif(findings))["runs"][0]["results"][0]


def test_files_elsewhere_keep_their_whole_path(tmp_path: Path) -> None:
    (found,) = Finding.all_of(Level.WARNING, ConfigError("x", file="/else/where.yaml", line=2))
    result = json.loads(as_sarif([found]))["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "file:///else/where.yaml"},
        "region": {"startLine": 2},
    }


def test_the_problem_matcher_finds_faults_and_warnings(greenroom: Greenroom, faulty: Path) -> None:
    matchers = json.loads((ROOT / "docs" / "problem-matcher.json").read_text(encoding="utf-8"))
    patterns = {
        one["severity"]: re.compile(one["pattern"][0]["regexp"])
        for one in matchers["problemMatcher"]
    }

    def found(severity: str) -> list[tuple[str, ...]]:
        lines = greenroom("check", "--no-secrets").err.splitlines()
        return [match.groups() for line in lines if (match := patterns[severity].match(line))]

    places = [(Path(file).name, line, column) for file, line, column, _ in found("error")]
    assert places == [("mine.yaml", "4", "1"), ("mine.yaml", "6", "1")]
    assert found("warning") == []
    (faulty / "policies" / "mine.yaml").write_text("body (includes): as\naction: filter\n")
    ((file, line, column, message),) = found("warning")
    assert (Path(file).name, line, column) == ("mine.yaml", "1", "1")
    assert "inside longer words" in message
    assert found("error") == []


def test_the_hook_for_pre_commit_runs_a_command_that_exists() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    command, *arguments = hook["entry"].split()
    assert command in scripts["scripts"]
    assert arguments == ["check", "--no-secrets"]
    assert {hook["language"], hook["pass_filenames"]} == {"python", False}
