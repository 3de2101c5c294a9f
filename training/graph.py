"""Puts the trained heads behind the encoder: one graph, one run, scores and embedding.

The graph is then written in half precision for GPUs, its word table in eight bits a number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from greenroom.triage.base import EMBEDDING_SIZE, HEADS, INTENTS
from training.calibrate import Calibration
from training.network import Network
from training.trunk import POOLS

OUTPUTS: Final[dict[str, list[str | int | None]]] = {
    "scores": ["batch_size", len(HEADS)],
    "sentiment": ["batch_size"],
    "intents": ["batch_size", len(INTENTS)],
    "embedding": ["batch_size", EMBEDDING_SIZE],
}

Array = npt.NDArray[np.generic]


def attach_heads(trunk: Path, network: Network, calibration: Calibration, target: Path) -> None:
    """Write `trunk` with the heads and their calibration, and `OUTPUTS`, to `target`.

    The calibration is folded into the last layer. The word table is kept in half precision: it
    is the largest part of the heads.
    """
    model = onnx.load(trunk)
    del model.graph.output[:]
    model.graph.node.extend(_nodes())
    arrays = {**_weights(network, calibration), **_shapes()}
    model.graph.initializer.extend(numpy_helper.from_array(arrays[n], n) for n in arrays)
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in OUTPUTS.items()
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def _weights(network: Network, calibration: Calibration) -> dict[str, Array]:
    heads = ("words.weight", "hidden.weight", "hidden.bias", "out.weight", "out.bias")
    values = network.cpu().state_dict()
    state = {name: values[name].float().numpy() for name in heads}
    return {
        "words": state["words.weight"].astype(np.float16),
        "hidden_weight": state["hidden.weight"].T.copy(),
        "hidden_bias": state["hidden.bias"],
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


def halve(full: Path, target: Path) -> None:
    """Write an FP32 model in FP16; inputs and outputs keep their types.

    The encoder's word table, half of all weights, is kept in INT8 with a scale a row: it is
    only looked up in, and 12 MB lighter for that.
    """
    model = convert_float_to_float16(onnx.load(full), keep_io_types=True)
    table = max(model.graph.initializer, key=lambda one: int(np.prod(one.dims)))
    node = next(
        one for one in model.graph.node if one.op_type == "Gather" and one.input[0] == table.name
    )
    whole, scale = in_eight_bits(numpy_helper.to_array(table).astype(np.float32))
    model.graph.initializer.remove(table)
    model.graph.initializer.extend(
        [
            numpy_helper.from_array(whole, "table_whole"),
            numpy_helper.from_array(scale.astype(np.float16), "table_scale"),
        ]
    )
    place, ids, found = list(model.graph.node).index(node), node.input[1], node.output[0]
    model.graph.node.remove(node)
    looked_up = [
        helper.make_node("Gather", ["table_whole", ids], ["row_whole"], axis=0),
        helper.make_node("Cast", ["row_whole"], ["row_half"], to=TensorProto.FLOAT16),
        helper.make_node("Gather", ["table_scale", ids], ["row_scale"], axis=0),
        helper.make_node("Mul", ["row_half", "row_scale"], [found]),
    ]
    for step, one in enumerate(looked_up):
        model.graph.node.insert(place + step, one)
    sorter = OnnxModel(model)
    sorter.topological_sort()  # the converter leaves its casts behind their users
    onnx.checker.check_model(sorter.model)
    onnx.save(sorter.model, target)


def in_eight_bits(
    table: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """A table in INT8, and the scale of each of its rows, shape (rows, 1)."""
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-6) / 127
    return np.round(table / scale).astype(np.int8), scale
