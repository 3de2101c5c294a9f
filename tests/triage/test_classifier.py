"""An adopted classifier: what it says of texts, and how it answers for heads beside the encoder."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from greenroom.errors import ConfigError
from greenroom.triage.base import HEADS, SCORES_ONLY
from greenroom.triage.classifier import Assignment, Classifier, activate, load_classifier
from greenroom.triage.encoder import Encoder
from greenroom.triage.manifest import load_manifest
from greenroom.triage.pool import EncoderPool
from greenroom.triage.providers import PROVIDERS
from tests.triage.tiny import make_classifier, make_encoder

CPU = PROVIDERS["cpu"]
BATCHED = replace(CPU, batches=True, budget=512)

TEXT = "you are a fool, and I will find you"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_classifier(tmp_path / "my-toxic")


@pytest.fixture
def plain(tmp_path: Path) -> Encoder:
    return Encoder(make_encoder(tmp_path / "encoder"))


def _with(plain: Encoder, *assignments: Assignment) -> Encoder:
    return Encoder(plain.manifest.folder, classifiers=assignments)


def test_labels_get_probabilities(folder: Path) -> None:
    classifier = Classifier(Assignment(folder, {}), provider=CPU)
    found = classifier.read(TEXT)
    assert tuple(found) == ("toxic", "threat", "fine")
    assert all(0 < chance < 1 for chance in found.values())


def test_softmax_labels_share_one(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path / "one", activation="softmax")
    found = Classifier(Assignment(folder, {}), provider=CPU).read(TEXT)
    assert sum(found.values()) == pytest.approx(1)


def test_long_text_has_its_worst_windows_score(folder: Path) -> None:
    classifier = Classifier(Assignment(folder, {}), provider=CPU)
    long = "the tea was warm that afternoon. " * 30 + TEXT
    windows = classifier._windower.cut(long).ids
    logits = [classifier._runner.run(["logits"], [ids])["logits"] for ids in windows]
    worst = activate(np.concatenate(logits).astype(np.float64), "sigmoid").max(axis=0)
    assert len(windows) > 3
    assert list(classifier.read(long).values()) == worst.tolist()


def test_batched_classifier_says_the_same(folder: Path) -> None:
    one, other = (Classifier(Assignment(folder, {}), provider=p) for p in (CPU, BATCHED))
    texts = [TEXT, "", "word " * 300, "hello"]
    for text in texts:
        assert other.read(text) == pytest.approx(one.read(text), abs=1e-5)


def test_heads_that_are_assigned_are_replaced_and_no_others(plain: Encoder, folder: Path) -> None:
    heads = {"toxicity": "toxic", "threat": "threat"}
    encoder, alone = _with(plain, Assignment(folder, heads)), plain.read(TEXT)
    reading = encoder.read(TEXT)
    own = Classifier(Assignment(folder, {}), provider=CPU).read(TEXT)
    assert reading.scores["toxicity"] == own["toxic"]
    assert reading.scores["threat"] == own["threat"]
    rest = set(alone.scores) - set(heads)
    assert {name: reading.scores[name] for name in rest} == {n: alone.scores[n] for n in rest}
    assert (reading.intents, reading.windows) == (alone.intents, alone.windows)


def test_highest_counts_where_config_says_so(plain: Encoder, folder: Path) -> None:
    own = Classifier(Assignment(folder, {}), provider=CPU).read(TEXT)
    alone = plain.read(TEXT, SCORES_ONLY).scores
    heads = dict.fromkeys(HEADS, "toxic")
    scores = _with(plain, Assignment(folder, heads, "max")).read(TEXT, SCORES_ONLY).scores
    assert scores == {head: max(own["toxic"], alone[head]) for head in HEADS}


def test_reading_names_every_model(plain: Encoder, tmp_path: Path) -> None:
    folders = [make_classifier(tmp_path / name) for name in ("first", "second")]
    assignments = [Assignment(one, {"spam": "fine"}, "max") for one in folders]
    model = _with(plain, *assignments).read(TEXT).model
    digests = [load_classifier(one).digest[:12] for one in folders]
    assert model == f"{plain.manifest.short_name}+first@{digests[0]}+second@{digests[1]}"


async def test_pool_reads_with_classifiers(plain: Encoder, folder: Path) -> None:
    one = Assignment(folder, {"toxicity": "toxic"})
    alone = _with(plain, one)
    texts = [f"{TEXT} {number}" for number in range(20)]
    async with EncoderPool(
        plain.manifest.folder, classifiers=[one], cascade=False, threads=4
    ) as pool:
        assert pool.model == plain.manifest.short_name
        together = await asyncio.gather(*(pool.read(text) for text in texts))
    assert [found.scores for found in together] == [alone.read(text).scores for text in texts]


def test_label_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no label `toxc`") as failure:
        Classifier(Assignment(folder, {"toxicity": "toxc"}), provider=CPU)
    assert "toxic, threat, fine" in str(failure.value)


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "tokenizer.json"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ConfigError, match="missing") as failure:
        load_classifier(folder)
    assert failure.value.file == str(folder / name)
    assert "greenroom models adopt" in str(failure.value)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_damaged_file_is_named(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ConfigError, match="damaged") as failure:
        load_classifier(folder)
    assert failure.value.file == str(folder / name)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "encoder"}, "not a classifier's manifest"),
        ({"activation": "relu"}, "activation: 'relu'"),
        ({"labels": None}, "missing or garbled"),
        ({"files": []}, "missing or garbled"),
        ({"max_tokens": "many"}, "missing or garbled"),
        ({"max_tokens": 32}, "max_tokens is below 64"),
    ],
)
def test_garbled_manifest_is_told(folder: Path, change: dict[str, object], told: str) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ConfigError, match=told):
        load_classifier(folder)


def test_gpu_runs_floats_and_refuses_int8(folder: Path) -> None:
    assert load_classifier(folder, precision="fp16").model_file.name == "model.onnx"
    file = folder / "manifest.json"
    file.write_text(file.read_text().replace('"fp32"', '"int8"'))
    with pytest.raises(ConfigError, match="INT8 file only") as failure:
        load_classifier(folder, precision="fp16")
    assert "--quantize fp16" in str(failure.value)
    assert load_classifier(folder).model_file.name == "model.onnx"


def test_classifier_is_no_encoder(folder: Path) -> None:
    with pytest.raises(ConfigError, match="an adopted classifier") as failure:
        load_manifest(folder)
    assert "triage.classifiers" in str(failure.value)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_activation_survives_any_number(activation: str) -> None:
    def first(number: float) -> float:
        return float(activate(np.array([[number, -number]]), activation)[0, 0])

    assert (first(1e6), first(-1e6), first(0.0)) == (1.0, 0.0, 0.5)
