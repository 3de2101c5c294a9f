"""JSON Schemas from the code: they take what the readers take, and complete what people write."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from greenroom.policies.parts import ALL_KEYS, GROUPS, RULE_KEYS
from greenroom.policies.read import read_sections
from greenroom.schemas import SCHEMAS, file_name
from tests.cli.conftest import Greenroom

ROOT = Path(__file__).parents[2]
FOLDERS = {"bot": "bots", "persona": "personas", "policy": "policies", "adapter": "adapters"}


def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[kind]())


def wrong(kind: str, text: str) -> list[str]:
    return [error.message for error in validator(kind).iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_each_is_a_sound_schema(kind: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind]())


@pytest.mark.parametrize("kind", sorted(FOLDERS))
def test_the_starter_content_fits(kind: str) -> None:
    files = sorted((ROOT / FOLDERS[kind]).glob("*.yaml"))
    assert files
    for file in files:
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if document is not None:
                assert list(validator(kind).iter_errors(document)) == [], file


def test_the_example_config_fits() -> None:
    text = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    assert wrong("config", text) == []


def test_every_key_of_a_rule_is_completed() -> None:
    shape = SCHEMAS["policy"]()["properties"]
    inside = {key for name in GROUPS for key in _keys(shape[name])}
    assert ALL_KEYS - (shape.keys() | inside) == set()
    assert RULE_KEYS | GROUPS.keys() | {"tests", "any", "all", "not"} <= shape.keys()


def _keys(shape: dict[str, Any]) -> set[str]:
    return set(shape.get("properties", {})) | {
        key for one in shape.get("anyOf", ()) for key in one.get("properties", {})
    }


@pytest.mark.parametrize(
    "rule",
    [
        "~body+title (regex, case-sensitive): 'a|b'",
        "body#2 (includes): [x, {list: words}]",
        "domain: {list: shorteners}",
        "author: [bob, ann]",
        "~author: bob",
        "author (regex): '^b'",
        "author: {~name: bob, comment_karma: '< 10', satisfy_any_threshold: true}",
        "any: [{body: x}, {not: {author: {is_gold: true}}}]",
        "any#2: {body: x, title: y}",
        "similar_to (removed): '> 0.9'",
        "hour (Europe/Berlin): 22-6",
        "day_of_week: [saturday, sunday]",
        "triage: {toxicity: '> 0.9', spam: '<= .5'}",
        "intent: [question, help]",
        "parent_submission: {title: x, set_locked: true}",
        "crosspost_subreddit: {name: x, is_nsfw: true}",
        "set_flair: [text, css]",
        "set_flair: {template_id: x, text: y}",
        "timeout: 1 hour\nban: true\nreact: [a, b]\nreply: true",
        "include: [a, b]\nmode: shadow\nstandard: streaming sites",
        "discussion_type: null",
        "title: 7\nbody: yes",
    ],
)
def test_what_the_reader_takes_fits(rule: str) -> None:
    assert wrong("policy", f"{rule}\naction: remove") == []


@pytest.mark.parametrize(
    "rule",
    [
        "bdoy: x",
        "action: delete",
        "author: {body: x}",
        "any: [{action: remove}]",
        "triage: {toxicty: '> 0.9'}",
        "triage: {toxicity: 0.9}",
        "intent: ask",
        "day_of_week: someday",
        "mode: off",
        "body (include): x",
        "priority: high",
        "tests: [{says: x, expects: []}]",
        "parent_submission: x",
    ],
)
def test_what_the_reader_refuses_does_not(rule: str) -> None:
    assert wrong("policy", rule)


def test_real_rule_files_fit_where_they_load() -> None:
    folder = ROOT.parent / "shared" / "data" / "automoderator"
    if not folder.is_dir():
        pytest.skip("NO REAL RULE FILES: ../shared/data/automoderator is not here")
    check, loaded, refused = validator("policy"), 0, []
    for file in sorted(folder.glob("*.yaml")):
        found = read_sections(file.read_text(encoding="utf-8", errors="replace"), file=file.name)
        for section in found.sections:
            typed = _typed(section.document.value)
            loaded += 1
            refused += [f"{file.name}:{section.line}" for _ in check.iter_errors(typed)]
    assert loaded > 400
    assert len(set(refused)) < loaded * 0.05, refused


def _typed(value: Any) -> Any:
    """As YAML reads it: rules keep every scalar as it is written."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return {"true": True, "false": False}.get(str(value).lower(), value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bot", "adapter: disord\ntoken: x\npersonas: {}"),
        ("bot", "adapter: discord\ntokn: x\npersonas: {}"),
        ("bot", "adapter: slack\ntoken: x\nmode: lvie\npersonas: {}"),
        ("persona", "kind: assistent\nname: x\noperator: y\ndisclosure: z"),
        ("persona", "kind: assistant\nname: x"),
        ("config", "triage: {provder: cpu}"),
        ("adapter", "intents: 3"),
    ],
)
def test_mistakes_in_other_files_are_seen(kind: str, text: str) -> None:
    assert wrong(kind, text)


def test_the_command_prints_one_and_writes_all(greenroom: Greenroom, tmp_path: Path) -> None:
    printed = json.loads(greenroom("schema", "policy").out)
    assert printed["title"] == "A rule of a Greenroom policy"
    assert greenroom("schema", "--out", tmp_path).code == 0
    assert {path.name for path in tmp_path.iterdir()} == set(map(file_name, SCHEMAS))
    assert json.loads((tmp_path / "policy.schema.json").read_text(encoding="utf-8")) == printed
    assert greenroom("schema", "--out", tmp_path).out == ""  # nothing changed
    ended = greenroom("schema")
    assert (ended.code, "policy" in ended.err) == (2, True)


def test_init_points_each_file_to_its_schema(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path, "--bot", "discord")
    files = [tmp_path / "config.yaml"]
    for folder in FOLDERS.values():
        files += (tmp_path / folder).glob("*.yaml")
    assert len(files) > 8
    for file in files:
        line = file.read_text(encoding="utf-8").split("\n")[0]
        mark, _, target = line.partition("$schema=")
        assert mark == "# yaml-language-server: "
        schema = (file.parent / target).resolve()
        kind = schema.name.removesuffix(".schema.json")
        assert schema.is_file()
        assert FOLDERS.get(kind, ".") == file.parent.relative_to(tmp_path).as_posix()
    assert greenroom("check", "--config", tmp_path / "config.yaml", "--no-secrets").code == 0


def test_init_points_each_rule_to_the_schema_and_rules_keep_their_names(
    greenroom: Greenroom, tmp_path: Path
) -> None:
    greenroom("init", tmp_path)
    text = (tmp_path / "policies" / "spam.yaml").read_text(encoding="utf-8")
    separators = [line for line in text.split("\n") if line.startswith("---")]
    assert len(separators) > 5
    assert all(line.endswith("policy.schema.json") for line in separators)
    original = (ROOT / "policies" / "spam.yaml").read_text(encoding="utf-8")
    names = [
        [section.name for section in read_sections(one, file="spam.yaml").sections]
        for one in (text, original)
    ]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (
            "slack",
            ("channels:history ", "channels:past "),
            r"adapters/slack\.yaml:\d+:5: `oauth_config\.scopes\.bot`: lacks",
        ),
        ("discord", ("privileged: false", "privileged: perhaps"), r"adapters/discord\.yaml:\d+:"),
        (
            "reddit",
            ("needed: true", "neded: true"),
            r"adapters/reddit\.yaml:\d+:3: unknown key",
        ),
    ],
)
def test_check_reads_how_platforms_are_connected(
    greenroom: Greenroom, tmp_path: Path, name: str, change: tuple[str, str], said: str
) -> None:
    greenroom("init", tmp_path)
    file = tmp_path / "adapters" / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    assert change[0] in text
    file.write_text(text.replace(*change, 1), encoding="utf-8")
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert ended.code == 2
    assert re.search(said, ended.err)
