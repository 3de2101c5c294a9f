"""Writes the first stage as one ONNX graph, its word table in eight bits a number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from greenroom.triage.base import HEADS
from training.first import DISTANCES, First, Promise
from training.graph import Array, in_eight_bits


def save_first(first: First, promise: Promise, target: Path) -> None:
    """Write it: `input_ids` (1, length) → `risk` (1), `scores` (1, 10).

    The promise's bounds are folded into the risk: it is at the limit or above where a head is at
    its bound or above. Its scales are folded into the scores.
    """
    folded = {"steepness": _steepness(promise), "scales": promise.scales[None].astype(np.float32)}
    arrays = {**_weights(first), **folded}
    graph = helper.make_graph(
        [*_words(), *_layers(), *_heads()],
        "first",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "length"])],
        [
            helper.make_tensor_value_info("risk", TensorProto.FLOAT, [1]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(HEADS)]),
        ],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def _steepness(promise: Promise) -> Array:
    """Score → the risk that it alone makes, which is the limit at its bound, shape (1, 10)."""
    steep = np.where(promise.bounds < 1, promise.limit / promise.bounds, 0)
    return steep[None].astype(np.float32)


def _weights(first: First) -> dict[str, Array]:
    state = {name: value.numpy() for name, value in first.state_dict().items()}
    whole, scale = in_eight_bits(state["words.weight"])
    layers = {
        f"layer{number}_{part}": state[f"layers.{number}.{part}"]
        for number in range(len(DISTANCES))
        for part in ("weight", "bias")
    }
    return {
        **layers,
        "words": whole,
        "scale": scale,
        "hidden_weight": state["hidden.weight"].T.copy(),
        "hidden_bias": state["hidden.bias"],
        "out_weight": state["out.weight"].T.copy(),
        "out_bias": state["out.bias"],
        "sizes": np.array([1, len(HEADS)]),
        "axis": np.array([1]),
        "along": np.array([2]),
    }


def _words() -> list[onnx.NodeProto]:
    make = helper.make_node
    return [
        make("Gather", ["words", "input_ids"], ["words_whole"], axis=0),
        make("Cast", ["words_whole"], ["words_float"], to=TensorProto.FLOAT),
        make("Gather", ["scale", "input_ids"], ["words_scale"], axis=0),
        make("Mul", ["words_float", "words_scale"], ["words_found"]),
        make("Transpose", ["words_found"], ["state0"], perm=[0, 2, 1]),
    ]


def _layers() -> list[onnx.NodeProto]:
    make = helper.make_node
    nodes = []
    for number, far in enumerate(DISTANCES):
        before, after = f"state{number}", f"state{number + 1}"
        inputs = [before, f"layer{number}_weight", f"layer{number}_bias"]
        nodes += [
            make("Conv", inputs, [f"near{number}"], dilations=[far], pads=[far, far]),
            make("Relu", [f"near{number}"], [f"said{number}"]),
            make("Add", [before, f"said{number}"], [after]),
        ]
    return nodes


def _heads() -> list[onnx.NodeProto]:
    make = helper.make_node
    last = f"state{len(DISTANCES)}"
    return [
        make("ReduceMean", [last, "along"], ["last_mean"], keepdims=0),
        make("ReduceMax", [last, "along"], ["last_max"], keepdims=0),
        make("ReduceMean", ["state0", "along"], ["words_mean"], keepdims=0),
        make("ReduceMax", ["state0", "along"], ["words_max"], keepdims=0),
        make("Concat", ["last_mean", "last_max", "words_mean", "words_max"], ["pools"], axis=1),
        make("Gemm", ["pools", "hidden_weight", "hidden_bias"], ["inner"]),
        make("Relu", ["inner"], ["meaning"]),
        make("Gemm", ["meaning", "out_weight", "out_bias"], ["logits"]),
        make("Sigmoid", ["logits"], ["chances"]),
        make("Split", ["chances", "sizes"], ["risk_column", "heads"], axis=1),
        make("Mul", ["heads", "scales"], ["scores"]),
        make("Mul", ["heads", "steepness"], ["risks"]),
        make("Concat", ["risk_column", "risks"], ["all_risks"], axis=1),
        make("ReduceMax", ["all_risks", "axis"], ["risk"], keepdims=0),
    ]
