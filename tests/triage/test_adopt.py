"""Adopting for real: a tiny random BERT through transformers, optimum and onnxruntime.

The libraries are of the training extra; where they are not installed, this is skipped loudly.
With pytest installed there too: ``.training/venv/bin/python -m pytest tests/triage/test_adopt.py``
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greenroom.errors import ConfigError
from greenroom.triage import adopt as making
from greenroom.triage.classifier import Assignment, Classifier, activate, load_classifier
from greenroom.triage.manifest import SHIPPED
from greenroom.triage.providers import PROVIDERS

HAS_TOOLS = all(
    importlib.util.find_spec(name) is not None for name in ("transformers", "optimum", "torch")
)
pytestmark = pytest.mark.timeout(600)  # an export takes a while where others train
needs_tools = pytest.mark.skipif(
    not HAS_TOOLS, reason="adopting is not tested: transformers, optimum or torch is missing"
)
TEXTS = ("you are a fool", "hello there my friend, how are you today?", "word " * 60)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with three independent labels, as transformers saves it."""
    torch, transformers = (pytest.importorskip(name) for name in ("torch", "transformers"))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder: Path = tmp_path_factory.mktemp("hub") / "bert"
    config = transformers.BertConfig(
        vocab_size=30_522, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128, num_labels=3, initializer_range=0.5,
        id2label={0: "toxic", 1: "threat", 2: "fine"}, problem_type="multi_label_classification",
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer = transformers.BertTokenizerFast(tokenizer_file=str(SHIPPED / "tokenizer.json"))
    tokenizer.save_pretrained(folder)
    return folder


def _gap(source: Path, folder: Path) -> float:
    """How far the adopted one is from the original, at most."""
    torch, transformers = (pytest.importorskip(name) for name in ("torch", "transformers"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(source).eval()
    classifier, gaps = Classifier(Assignment(folder, {}), provider=PROVIDERS["cpu"]), [0.0]
    for text in TEXTS:
        with torch.no_grad():
            logits: Any = model(**tokenizer(text, return_tensors="pt")).logits.double().numpy()
        wanted = activate(logits, classifier.manifest.activation)[0]
        gaps.append(float(np.abs(wanted - list(classifier.read(text).values())).max()))
    return max(gaps)


@needs_tools
@pytest.mark.filterwarnings("ignore")  # the libraries' own
def test_adopted_classifier_says_what_the_original_says(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "my-toxic"
    manifest = making.adopt(str(source), folder, name="my-toxic")
    assert manifest.labels == ("toxic", "threat", "fine")
    assert (manifest.activation, manifest.max_tokens) == ("sigmoid", 128)
    assert _gap(source, folder) < 1e-5
    assert [file.name for file in folder.parent.iterdir()] == ["my-toxic"]


@needs_tools
@pytest.mark.filterwarnings("ignore")  # the libraries' own
@pytest.mark.parametrize("quantize", ["int8", "fp16"])
def test_adopted_classifier_can_be_smaller(source: Path, tmp_path: Path, quantize: str) -> None:
    folder = tmp_path / "small"
    making.adopt(str(source), folder, name="small", quantize=quantize)
    assert _gap(source, folder) < 0.15
    on_gpu = load_classifier(folder, precision="fp16" if quantize == "fp16" else "int8")
    assert on_gpu.model_file.stat().st_size < 2.5e6  # 4 MB in FP32


@needs_tools
@pytest.mark.filterwarnings("ignore")  # the libraries' own
@pytest.mark.parametrize("quantize", [None, "int8", "fp16"])
def test_optimised_classifier_says_the_same(
    source: Path, tmp_path: Path, quantize: str | None
) -> None:
    making.adopt(str(source), tmp_path / "plain", name="my-toxic")
    making.optimize(tmp_path / "plain", tmp_path / "fast", level="extended", quantize=quantize)
    assert _gap(source, tmp_path / "fast") < (0.15 if quantize == "int8" else 1e-5)
    assert load_classifier(tmp_path / "fast").name == "my-toxic"


@needs_tools
def test_source_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"no config\.json"):
        making.adopt(str(tmp_path / "empty"), tmp_path / "out", name="x")
    (tmp_path / "empty" / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ConfigError, match="cannot do this to"):
        making.adopt(str(tmp_path / "empty"), tmp_path / "out", name="x")
    assert not (tmp_path / "out").exists()


def test_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is there already"):
        making.adopt("anything", tmp_path, name="x")


@pytest.mark.skipif(HAS_TOOLS, reason="transformers and optimum are here")
def test_missing_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"greenroom\[training\]") as failure:
        making.adopt("anything", tmp_path / "out", name="x")
    assert "transformers" in str(failure.value)
    assert not (tmp_path / "out").exists()
