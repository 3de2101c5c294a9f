"""``greenroom models``: what is shown, measured and refused; never how well the model does."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

from greenroom.cli.models import app
from greenroom.company import gather
from greenroom.config import Config
from greenroom.opening import open_senses
from greenroom.triage import HEADS, INTENTS, SCORES_ONLY
from greenroom.triage.labelled import read_labelled
from greenroom.triage.manifest import SHIPPED, load_manifest
from greenroom.triage.providers import PROVIDERS, is_installed
from tests.cli.conftest import Ended, Greenroom
from tests.triage.tiny import make_classifier

COMMANDS = ("list", "card", "build", "adopt", "optimize", "evaluate")

needs_no_training = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is not None, reason="the training extra is here"
)

ROWS = [
    {"text": "you stupid idiot", "labels": {"toxicity": 1, "spam": 0}, "source": "forum"},
    {"text": "shut up, moron", "labels": {"toxicity": 1}, "source": "forum"},
    {"text": "hello all", "labels": {"toxicity": 0, "spam": 0}, "intent": "greeting"},
    {"text": "cheap followers at http://x.example", "labels": {"spam": 1, "toxicity": 0}},
]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    file = tmp_path / "labelled.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return file


@pytest.fixture
def house(greenroom: Greenroom, tmp_path: Path) -> Path:
    """A deployment with an adopted classifier that answers for toxicity."""
    greenroom("init", tmp_path)
    make_classifier(tmp_path / "models" / "my-toxic")
    _configure(tmp_path, "heads: {toxicity: toxic}")
    return tmp_path


def _configure(folder: Path, heads: str, model: str = "models/my-toxic") -> None:
    (folder / "config.yaml").write_text(
        f"triage:\n  classifiers:\n    my-toxic:\n      model: {model}\n      {heads}\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(greenroom: Greenroom, command: str) -> None:
    ended = greenroom("models", command, "--help")
    assert ended.code == 0
    assert f"Example: greenroom models {command}" in " ".join(ended.out.split())


def test_every_command_is_known_to_the_help_test() -> None:
    assert {command.name for command in app.registered_commands} == set(COMMANDS)


def test_list_shows_the_shipped_model_and_what_runs_it(greenroom: Greenroom) -> None:
    ended = greenroom("models", "list")
    manifest = load_manifest(SHIPPED)
    assert ended.code == 0
    assert f"{manifest.name}: encoder" in ended.out
    assert f"sha256 {manifest.digest[:12]}…" in ended.out
    said = " ".join(ended.out.split())
    for provider in PROVIDERS.values():
        assert provider.name in said
        assert is_installed(provider) or "pip install onnxruntime-gpu" in said
    assert "CPU: " in ended.out


def test_list_shows_a_deployments_models(greenroom: Greenroom, house: Path) -> None:
    make_classifier(house / "models" / "spare", labels=("one",))
    (house / "models" / "spare" / "model.onnx").write_bytes(b"damaged")
    ended = greenroom("models", "list", "--config", house / "config.yaml")
    assert "my-toxic: classifier, in use for toxicity" in ended.out
    assert "labels: toxic, threat, fine" in ended.out
    assert "spare: classifier, not in use" in ended.out
    assert "unusable: " in ended.out
    assert "in use\n" in ended.out.split("my-toxic")[0]


def test_card_is_shown(greenroom: Greenroom) -> None:
    ended = greenroom("models", "card")
    assert ended.code == 0
    assert "triage" in ended.out
    assert "license:" not in ended.out.splitlines()[0]


def test_card_of_an_unknown_model_says_which_there_are(greenroom: Greenroom) -> None:
    ended = greenroom("models", "card", "minilm-l7")
    assert ended.code == 2
    assert "there is no model `minilm-l7`\n  did you mean `minilm-l6`?" in ended.err


def test_model_without_a_card_is_told(greenroom: Greenroom, house: Path) -> None:
    ended = greenroom("models", "card", "my-toxic", "--config", house / "config.yaml")
    assert ended.code == 2
    assert "has no CARD.md" in ended.err


def test_evaluate_tells_each_head_and_source(greenroom: Greenroom, labelled: Path) -> None:
    ended = greenroom("models", "evaluate", labelled)
    assert (ended.code, ended.err) == (0, "")
    for told in (
        "4 texts", "toxicity, all: 4 rows, 2 positive", "toxicity, forum: 2 rows, 2 positive",
        "spam, all: 3 rows, 1 positive", "AUROC", "AUPRC", "ECE", "at 0.6: precision", "recall",
        "false positives", "best F1", "intent: 1 rows", "texts/s",
    ):  # fmt: skip
        assert told in ended.out, told
    assert "threat" not in ended.out


def test_evaluate_as_json_is_one_object(greenroom: Greenroom, labelled: Path) -> None:
    ended = greenroom("models", "evaluate", labelled, "--json", "--threshold", "0.9")
    found = json.loads(ended.out)
    assert (found["texts"], found["threshold"]) == (4, 0.9)
    heads = {(one["head"], one["source"]): one for one in found["heads"]}
    assert set(heads) == {
        ("toxicity", None), ("toxicity", "forum"), ("spam", None), ("spam", "forum"),
    }  # fmt: skip
    whole = heads["toxicity", None]["figures"]
    assert set(whole["auroc"]) == {"value", "low", "high"}
    assert heads["toxicity", "forum"]["figures"]["auroc"]["value"] is None
    assert found["speed"]["texts_per_s"] > 0


def test_evaluate_reads_an_adopted_classifiers_own_labels(
    greenroom: Greenroom, house: Path
) -> None:
    file = house / "own.jsonl"
    file.write_text('{"text": "a", "labels": {"toxic": 1}}\n{"text": "b", "labels": {"toxic": 0}}')
    model = house / "models" / "my-toxic"
    assert "toxic, all: 2 rows" in greenroom("models", "evaluate", file, "--model", model).out
    file.write_text('{"text": "a", "labels": {"toxicity": 1}}')
    ended = greenroom("models", "evaluate", file, "--model", model)
    assert f"{file}:1:1: unknown label 'toxicity'\n  accepted: toxic, threat, fine" in ended.err


def test_evaluate_escapes_what_would_drive_a_terminal(greenroom: Greenroom, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps({**ROWS[0], "source": "\x1b[31mred [bold]"}))
    out = greenroom("models", "evaluate", file).out
    assert "\x1b" not in out
    assert "[bold]" in out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no texts"),
        ('{"text": "a"}\n{', ":2:1: is not JSON"),
        ('{"text": "a", "labels": {"toxcity": 1}}', ":1:1: unknown label 'toxcity'"),
    ],
)
def test_evaluate_tells_what_is_unfit(
    greenroom: Greenroom, tmp_path: Path, content: str, told: str
) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(content)
    ended = greenroom("models", "evaluate", file)
    assert ended.code == 2
    assert told in ended.err


def test_evaluate_of_a_missing_file_is_told(greenroom: Greenroom, tmp_path: Path) -> None:
    ended = greenroom("models", "evaluate", tmp_path / "none.jsonl")
    assert (ended.code, "cannot be read" in ended.err) == (2, True)


@needs_no_training
@pytest.mark.parametrize(
    "words",
    [("build",), ("adopt", "x", "--from", "some/model"), ("optimize", "in", "--out", "out")],
)
def test_missing_libraries_are_named(
    greenroom: Greenroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("config.json", "model.onnx"):
        (tmp_path / "in" / name).write_text("{}")
    ended = greenroom("models", *words)
    assert ended.code == 2
    assert "[training]" in ended.err
    assert {path.name for path in tmp_path.iterdir()} <= {"in", "models"}


def test_optimize_wants_an_exported_folder(greenroom: Greenroom, tmp_path: Path) -> None:
    ended = greenroom("models", "optimize", tmp_path, "--out", tmp_path / "out")
    assert ended.code == 2
    assert "there is no config.json here" in ended.err


def test_adopt_refuses_a_name_that_is_a_path(greenroom: Greenroom) -> None:
    ended = greenroom("models", "adopt", "../x", "--from", "some/model")
    assert (ended.code, "is no name for a model" in ended.err) == (2, True)


def test_check_accepts_a_classifier(greenroom: Greenroom, house: Path) -> None:
    ended = greenroom("check", "--config", house / "config.yaml")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize(
    ("heads", "told"),
    [
        ("heads: {toxcity: toxic}", ":5:15: there is no head `toxcity`\n  did you mean `toxicity`"),
        ("heads: {toxicity: toxc}", "has no label `toxc`\n  did you mean `toxic`? accepted: toxic"),
        ("heads: {}", "must not be empty"),
        ("heads: {toxicity: toxic}\n      combine: min", "accepted: replace, max"),
        ("labels: {}", "unknown key `labels`"),
    ],
)
def test_check_tells_what_is_wrong_with_a_classifier(
    greenroom: Greenroom, house: Path, heads: str, told: str
) -> None:
    _configure(house, heads)
    ended = greenroom("check", "--config", house / "config.yaml")
    assert ended.code == 2
    assert f"{house / 'config.yaml'}:" in ended.err
    assert told in ended.err


def test_check_tells_a_folder_that_is_no_classifier(greenroom: Greenroom, house: Path) -> None:
    _configure(house, "heads: {toxicity: toxic}", model="models/nowhere")
    ended = greenroom("check", "--config", house / "config.yaml")
    assert f"{house / 'config.yaml'}:4:7: " in ended.err
    assert "manifest is missing" in ended.err
    assert "greenroom models adopt" in ended.err


def test_check_tells_two_that_answer_for_one_head(greenroom: Greenroom, house: Path) -> None:
    config = house / "config.yaml"
    second = "    second: {model: models/my-toxic, heads: {toxicity: threat}}\n"
    config.write_text(config.read_text() + second)
    assert "another classifier answers for `toxicity`" in _check(greenroom, config).err
    config.write_text(config.read_text().replace("threat}}", "threat}, combine: max}"))
    assert _check(greenroom, config).code == 0


def _check(greenroom: Greenroom, config: Path) -> Ended:
    return greenroom("check", "--config", config)


async def test_deployment_reads_with_its_classifier_and_without_the_first_stage(
    house: Path,
) -> None:
    company = gather(house / "config.yaml")
    async with open_senses(company, context=house / "qdrant") as senses:
        reading = await senses.triage.read("hello there", SCORES_ONLY)
        assert senses.triage._first is None  # type: ignore[attr-defined]
    assert "+my-toxic@" in reading.model
    assert set(reading.scores) == set(HEADS)


def test_provider_that_is_missing_is_told_once(greenroom: Greenroom, house: Path) -> None:
    if is_installed(PROVIDERS["cuda"]):
        pytest.skip("CUDA is here")
    config = house / "config.yaml"
    config.write_text(config.read_text().replace("triage:\n", "triage:\n  provider: cuda\n"))
    ended = _check(greenroom, config)
    assert ended.code == 2
    assert ended.err.count("pip install onnxruntime-gpu") == 1


def test_what_the_page_shows_is_accepted() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    blocks = dict(re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL))
    config = Config.model_validate(yaml.safe_load(blocks["yaml"]))
    assert set(config.triage.classifiers["my-toxic"].heads) <= set(HEADS)
    lines = blocks["json"].encode().splitlines()
    rows = list(read_labelled(lines, file="models.md", heads=HEADS, intents=INTENTS))
    assert [row.source for row in rows] == ["forum", None]
    assert all(f"`{name}`" in page for name in PROVIDERS)
