"""Tiny float models made by hand, so that batches and classifiers can be tested exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copy

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from greenroom.triage.adopt import Facts, write_manifest
from greenroom.triage.base import EMBEDDING_SIZE, HEADS, INTENTS
from greenroom.triage.manifest import HEAD_KINDS, SHIPPED, sha256_of

WORDS = 30_522
WIDTH = 16

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def make_classifier(
    folder: Path,
    *,
    labels: Sequence[str] = ("toxic", "threat", "fine"),
    activation: str = "sigmoid",
    max_tokens: int = 64,
) -> Path:
    """A classifier's folder: logits are a random map of the mean of the tokens' vectors."""
    folder.mkdir(parents=True)
    _save(folder / "model.onnx", {"logits": len(labels)}, inputs=_INPUTS[:2])
    copy(SHIPPED / "tokenizer.json", folder)
    facts = Facts(
        name=folder.name,
        source="made by hand",
        labels=tuple(labels),
        activation=activation,
        max_tokens=max_tokens,
        padding=0,
    )
    write_manifest(folder, facts, precision="fp32")
    return folder


def make_encoder(folder: Path, *, file: str = "model.onnx") -> Path:
    """An encoder's folder with all the outputs of the real one, in floats."""
    folder.mkdir(parents=True)
    outputs = {"scores": len(HEADS), "intents": len(INTENTS), "embedding": EMBEDDING_SIZE}
    _save(folder / file, outputs, inputs=_INPUTS, has_sentiment=True)
    copy(SHIPPED / "tokenizer.json", folder)
    manifest = {
        "name": "tiny",
        "version": "1",
        "heads": list(HEAD_KINDS),
        "embedding_size": EMBEDDING_SIZE,
        "max_tokens": 128,
        "files": {name: {"sha256": sha256_of(folder / name)} for name in (file, "tokenizer.json")},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def _save(
    file: Path,
    outputs: Mapping[str, int],
    *,
    inputs: Sequence[str],
    has_sentiment: bool = False,
) -> None:
    dice = np.random.default_rng(0)
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "words": dice.normal(size=(WORDS, WIDTH)).astype(np.float32),
        "axis_1": np.array([1]),
        "axis_2": np.array([2]),
    }
    make = helper.make_node
    nodes = [
        make("Cast", ["attention_mask"], ["mask_flat"], to=TensorProto.FLOAT),
        make("Unsqueeze", ["mask_flat", "axis_2"], ["mask"]),
        make("Gather", ["words", "input_ids"], ["vectors"], axis=0),
        make("Mul", ["vectors", "mask"], ["masked"]),
        make("ReduceSum", ["masked", "axis_1"], ["sum"], keepdims=0),
        make("ReduceSum", ["mask", "axis_1"], ["count"], keepdims=0),
        make("Div", ["sum", "count"], ["mean"]),
    ]
    shapes: dict[str, list[str | int | None]] = {}
    for name, width in outputs.items():
        arrays[f"{name}_weight"] = dice.normal(size=(WIDTH, width)).astype(np.float32)
        nodes.append(make("MatMul", ["mean", f"{name}_weight"], [f"{name}_raw"]))
        nodes.append(make(_LAST[name], [f"{name}_raw"], [name]))
        shapes[name] = ["batch", width]
    if has_sentiment:
        nodes.append(make("ReduceMean", ["mean", "axis_1"], ["sentiment"], keepdims=0))
        shapes["sentiment"] = ["batch"]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in inputs],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))


_LAST = {
    "logits": "Identity",
    "scores": "Sigmoid",
    "intents": "Softmax",
    "embedding": "Identity",
}
