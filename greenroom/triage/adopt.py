"""Takes a Hugging Face classifier in: exports it to ONNX, makes it smaller or faster.

optimum and transformers do the work; they are heavy, so they are imported here only when one
of these functions runs, and only whoever adopts a model needs them, not whoever runs it.
"""

from __future__ import annotations

import importlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenroom.errors import ConfigError, GreenroomError
from greenroom.triage.batches import FIXED
from greenroom.triage.classifier import (
    GPU_FILE,
    KIND,
    MODEL_FILE,
    SHORTEST,
    ClassifierManifest,
    load_classifier,
)
from greenroom.triage.manifest import read_facts, sha256_of
from greenroom.triage.providers import cpu_features

TOKENIZER: Final = "tokenizer.json"
CARD_FILE: Final = "CARD.md"
LEVELS: Final = {"basic": 1, "extended": 2, "all": 99}
"""What onnxruntime may rewrite: constants and the like; fused operators; all that helps here."""

_NEEDS: Final = "pip install 'greenroom[training]', best in an environment of its own"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a classifier's manifest says beside its files.

    Attributes:
        source: Where it comes from: a folder or a name on the hub.
        labels: In the order of the model's output.
        activation: ``sigmoid`` where labels hold independently, ``softmax`` where one does.
        max_tokens: The longest window, special tokens included.
        padding: The token that fills short rows of a batch up.
    """

    name: str
    source: str
    labels: tuple[str, ...]
    activation: str
    max_tokens: int
    padding: int


def adopt(
    source: str, folder: Path, *, name: str, quantize: str | None = None
) -> ClassifierManifest:
    """Export a sequence classifier into `folder`, with its tokenizer and a manifest.

    Args:
        source: A folder as transformers saves it, or a name on the hub.
        folder: Written as a whole or not at all; it must not be there yet.
        name: What decisions' traces call it.
        quantize: ``int8`` for CPUs, ``fp16`` for GPUs (beside FP32), or None: FP32.

    Raises:
        ConfigError: A library is missing, or the model is none that can be adopted.
    """
    with _staged(folder) as stage, translated(source):
        facts = _understand(source, name)
        _save_tokenizer(source, stage / TOKENIZER)
        _load("optimum.exporters.onnx").main_export(
            source,
            output=stage / "raw",
            task="text-classification",
            library_name="transformers",
            do_validation=False,
        )
        _make(stage / "raw", stage, quantize=quantize)
        write_manifest(stage, facts, precision="int8" if quantize == "int8" else "fp32")
        (stage / CARD_FILE).write_text(_card(facts), "utf-8")
    return load_classifier(folder)


def optimize(source: Path, folder: Path, *, level: str, quantize: str | None = None) -> None:
    """Write an exported model to `folder`, its operators fused, and smaller on request.

    Args:
        source: What `adopt` or ``optimum-cli export onnx`` wrote, in FP32. The manifest of an
            adopted one is carried over.
        folder: Written as a whole or not at all; it must not be there yet.
        level: A key of `LEVELS`.
        quantize: As for `adopt`.

    Raises:
        ConfigError: A library is missing, or optimum cannot do this to the model.
    """
    facts = _facts_of(source)
    for file in ("config.json", MODEL_FILE):
        if not (source / file).exists():
            raise ConfigError(
                f"there is no {file} here", file=source, accepted="give a folder that was exported"
            )
    with _staged(folder) as stage, translated(str(source)):
        (stage / "raw").mkdir()
        optimum = _load("optimum.onnxruntime")
        settings = optimum.OptimizationConfig(optimization_level=LEVELS[level])
        optimizer = optimum.ORTOptimizer.from_pretrained(source)
        optimizer.optimize(settings, stage / "raw", file_suffix="")
        _make(stage / "raw", stage, quantize=quantize)
        if (source / TOKENIZER).exists():
            shutil.copy(source / TOKENIZER, stage / TOKENIZER)
        if (source / CARD_FILE).exists():
            shutil.copy(source / CARD_FILE, stage / CARD_FILE)
        if facts is not None:
            write_manifest(stage, facts, precision="int8" if quantize == "int8" else "fp32")


def write_manifest(folder: Path, facts: Facts, *, precision: str) -> None:
    """Write ``manifest.json`` for the files that lie in `folder`.

    Args:
        folder: Holds the model and its tokenizer.
        facts: What it is.
        precision: Of ``model.onnx``: ``fp32`` or ``int8``.
    """
    precisions = {MODEL_FILE: precision, GPU_FILE: "fp16", TOKENIZER: None}
    files = {
        name: {
            "sha256": sha256_of(folder / name),
            "bytes": (folder / name).stat().st_size,
            **({"precision": kind} if kind else {}),
        }
        for name, kind in precisions.items()
        if (folder / name).exists()
    }
    manifest = {
        "kind": KIND,
        "name": facts.name,
        "source": facts.source,
        "labels": list(facts.labels),
        "activation": facts.activation,
        "max_tokens": facts.max_tokens,
        "padding": facts.padding,
        "files": files,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, "utf-8")


@contextmanager
def translated(source: str) -> Iterator[None]:
    """What transformers and optimum raise, as a ConfigError about `source`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer's, about its own code
            yield
    except GreenroomError:
        raise
    except Exception as error:  # they raise whatever they stumble over, AttributeError too
        what = f"transformers or optimum cannot do this to {source}"
        raise ConfigError(f"{what}: {type(error).__name__}: {error}") from error


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `folder` when all went well."""
    if folder.exists():
        raise ConfigError("is there already", file=folder, accepted="name another, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".adopting-") as stage:
        done = Path(stage) / "done"
        done.mkdir()
        yield done
        shutil.rmtree(done / "raw", ignore_errors=True)
        done.rename(folder)


def _understand(source: str, name: str) -> Facts:
    """Labels and limits from the model's own config."""
    transformers = _load("transformers")
    if Path(source).is_dir() and not (Path(source) / "config.json").exists():
        raise ConfigError("there is no config.json here", file=source)
    config = transformers.AutoConfig.from_pretrained(source)
    if config.problem_type == "regression":
        raise ConfigError(f"{source} estimates a quantity and has no labels to map to heads")
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    lengths = [length for length in FIXED if SHORTEST <= length <= _longest(config, tokenizer)]
    if not lengths:
        raise ConfigError(f"{source} reads fewer than {SHORTEST} tokens at once")
    return Facts(
        name=name,
        source=source,
        labels=tuple(str(config.id2label[place]) for place in range(config.num_labels)),
        activation=_activation(config),
        # A length that batches are padded to, so that padding never passes the model's end.
        max_tokens=lengths[-1],
        padding=tokenizer.pad_token_id or 0,
    )


def _activation(config: Any) -> str:
    """As transformers' own pipeline chooses it."""
    several = config.problem_type == "multi_label_classification" or config.num_labels == 1
    return "sigmoid" if several else "softmax"


def _longest(config: Any, tokenizer: Any) -> int:
    """Tokens that the model has places for; RoBERTa and its kin lose two, as in 514."""
    places = int(getattr(config, "max_position_embeddings", None) or FIXED[-1])
    return min(int(tokenizer.model_max_length), places - (2 if places % FIXED[0] == 2 else 0))


def _save_tokenizer(source: str, file: Path) -> None:
    tokenizer = _load("transformers").AutoTokenizer.from_pretrained(source, use_fast=True)
    if not tokenizer.is_fast:
        raise ConfigError(f"{source} has no fast tokenizer, which run time needs")
    if len(tokenizer("")["input_ids"]) != 2:
        raise ConfigError(f"{source} does not put one token before and one behind a text")
    tokenizer.backend_tokenizer.save(str(file))


def _make(raw: Path, folder: Path, *, quantize: str | None) -> None:
    """Put the model that lies in `raw` into `folder`, in the precisions that were asked for."""
    shutil.copy(raw / "config.json", folder / "config.json")
    if quantize == "int8":
        _quantize(raw / MODEL_FILE, folder / MODEL_FILE)
        return
    if quantize == "fp16":
        _halve(raw / MODEL_FILE, folder / GPU_FILE)
    shutil.copy(raw / MODEL_FILE, folder / MODEL_FILE)


def _quantize(source: Path, target: Path) -> None:
    """Dynamic INT8 by channel; without VNNI 7 bits, or sums of products overflow.

    onnxruntime's own function, since optimum's quantiser stumbles over fused operators: it
    cannot be told what type their results have.
    """
    onnx, quantization = _load("onnx"), _load("onnxruntime.quantization")
    quantization.quantize_dynamic(
        source,
        target,
        per_channel=True,
        reduce_range="VNNI" not in (cpu_features() or ()),
        weight_type=quantization.QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def _halve(source: Path, target: Path) -> None:
    """FP16 inside, FP32 at the ends."""
    onnx, half = _load("onnx"), _load("onnxruntime.transformers.float16")
    model = half.convert_float_to_float16(onnx.load(str(source)), keep_io_types=True)
    onnx.save(model, str(target))


def _card(facts: Facts) -> str:
    """What is known of an adopted model; its maker's card says the rest."""
    return (
        f"# {facts.name}\n\nA classifier adopted from `{facts.source}`; see its own card for what "
        f"it was trained on and its licence.\n\n- labels: {', '.join(facts.labels)}\n"
        f"- activation: {facts.activation}\n- window: {facts.max_tokens} tokens\n"
    )


def _facts_of(folder: Path) -> Facts | None:
    """What an adopted model's manifest says; None for a folder that another tool exported."""
    if not (folder / "manifest.json").exists():
        return None
    facts = read_facts(folder / "manifest.json")
    if facts.get("kind") != KIND:
        raise ConfigError("this is not an adopted classifier", file=folder / "manifest.json")
    manifest = load_classifier(folder)
    if facts["files"][MODEL_FILE].get("precision") == "int8":
        raise ConfigError(
            "this classifier is INT8 already",
            file=folder / MODEL_FILE,
            accepted="start from one that was adopted without --quantize",
        )
    return Facts(
        name=manifest.name,
        source=str(facts.get("source", "")),
        labels=manifest.labels,
        activation=manifest.activation,
        max_tokens=manifest.max_tokens,
        padding=manifest.padding,
    )


def _load(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"adopting and optimising need {error.name or module}, which is not installed",
            accepted=_NEEDS,
        ) from error
