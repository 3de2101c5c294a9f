"""Puts the trained heads behind the encoder: one graph, one run, scores and embedding."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from greenroom.triage.base import EMBEDDING_SIZE, HEADS, INTENTS
from training.calibrate import Calibration
from training.heads import Heads
from training.trunk import POOLS

OUTPUTS: Final[dict[str, list[str | int | None]]] = {
    "scores": ["batch_size", len(HEADS)],
    "sentiment": ["batch_size"],
    "intents": ["batch_size", len(INTENTS)],
    "embedding": ["batch_size", EMBEDDING_SIZE],
}

Array = npt.NDArray[np.generic]


def attach_heads(trunk: Path, heads: Heads, calibration: Calibration, target: Path) -> None:
    """Write `trunk` with the heads and their calibration, and `OUTPUTS`, to `target`.

    The standardisation of the pools is folded into the first layer, the calibration into the
    last. The word table is kept in half precision: it is the largest part of the heads.
    """
    model = onnx.load(trunk)
    del model.graph.output[:]
    model.graph.node.extend(_nodes())
    arrays = {**_weights(heads, calibration), **_shapes()}
    model.graph.initializer.extend(numpy_helper.from_array(arrays[n], n) for n in arrays)
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in OUTPUTS.items()
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def _weights(heads: Heads, calibration: Calibration) -> dict[str, Array]:
    state = {name: value.numpy() for name, value in heads.state_dict().items()}
    inner = state["hidden.weight"] / state["scale"]
    return {
        "words": state["words.weight"].astype(np.float16),
        "hidden_weight": inner.T.astype(np.float32).copy(),
        "hidden_bias": (state["hidden.bias"] - inner @ state["mean"]).astype(np.float32),
        "out_weight": (state["out.weight"] * calibration.slope[:, None]).T.copy(),
        "out_bias": state["out.bias"] * calibration.slope + calibration.offset,
    }


def _shapes() -> dict[str, Array]:
    return {
        "split_sizes": np.array([len(HEADS), 1, len(INTENTS)]),
        "axis_last": np.array([-1]),
    }


def _nodes() -> list[onnx.NodeProto]:
    make = helper.make_node
    words = [
        make("Gather", ["words", "input_ids"], ["words_half"], axis=0),
        make("Cast", ["words_half"], ["words_all"], to=TensorProto.FLOAT),
        make("Mul", ["words_all", "mask"], ["words_masked"]),
        make("ReduceSum", ["words_masked", "axis_1"], ["words_sum"], keepdims=0),
        make("Div", ["words_sum", "mask_count"], ["words_mean"]),
        make("Add", ["words_masked", "mask_floor"], ["words_floored"]),
        make("ReduceMax", ["words_floored", "axis_1"], ["words_max"], keepdims=0),
    ]
    network = [
        make("Concat", list(POOLS), ["pools"], axis=1),
        make("Gemm", ["pools", "hidden_weight", "hidden_bias"], ["hidden"]),
        make("Relu", ["hidden"], ["meaning"]),
        make("Concat", ["meaning", "words_mean", "words_max"], ["all"], axis=1),
        make("Gemm", ["all", "out_weight", "out_bias"], ["logits"]),
        make("Split", ["logits", "split_sizes"], ["heads", "mood", "purpose"], axis=1),
    ]
    outputs = [
        make("Sigmoid", ["heads"], ["scores"]),
        make("Tanh", ["mood"], ["mood_column"]),
        make("Squeeze", ["mood_column", "axis_last"], ["sentiment"]),
        make("Softmax", ["purpose"], ["intents"], axis=1),
    ]
    return [*words, *network, *outputs]
