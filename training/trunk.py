"""The trained encoder, exported and quantised, and what the heads see of it.

Optimum exports it raw (opset 18, no fused operators), onnxruntime quantises it to INT8 by
channel. `POOLS` are added behind: the mean and the maximum over the tokens, after the third
layer (words, in their surroundings) and after the last (meaning).
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from optimum.exporters.onnx import main_export

from greenroom.triage.base import EMBEDDING_SIZE
from greenroom.triage.manifest import sha256_of

OPSET: Final = 18
LAST: Final = "last_hidden_state"
MIDDLE: Final = "/encoder/layer.{}/output/LayerNorm/LayerNormalization_output_0"
"""What a layer, counted from 0, gives."""

POOLS: Final = ("mean_last", "max_last", "mean_middle", "max_middle")
"""What the heads read, each (batch, 384), in this order."""

FEATURES: Final = len(POOLS) * EMBEDDING_SIZE

Features = npt.NDArray[np.float16]
Ids = Sequence[npt.NDArray[np.int64]]

log = logging.getLogger("training")


def export_trunk(folder: Path, work: Path) -> tuple[Path, Path]:
    """The encoder in `folder` with pools as FP32 and as INT8, made once for its weights."""
    raw, full, small = (work / name for name in ("raw", "trunk-fp32.onnx", "trunk-int8.onnx"))
    made, weights = work / "trunk.sha256", sha256_of(folder / "model.safetensors")
    if not made.exists() or made.read_text("ascii") != weights:
        export(folder, raw)
        quantize_dynamic(
            raw / "model.onnx", work / "raw-int8.onnx", per_channel=True,
            weight_type=QuantType.QInt8,
        )  # fmt: skip
        add_pools(raw / "model.onnx", full)
        add_pools(work / "raw-int8.onnx", small)
        made.write_text(weights, "ascii")
    return full, small


def export(folder: Path, raw: Path) -> None:
    """Write the encoder in `folder` as ``model.onnx`` in `raw`."""
    main_export(
        str(folder),
        output=raw,
        task="feature-extraction",
        opset=OPSET,
        optimize=None,
        library_name="transformers",
        do_validation=False,
    )


def add_pools(
    source: Path, target: Path, *, middle: int = 3, axes: npt.NDArray[np.float32] | None = None
) -> None:
    """Write `source` to `target` with `POOLS` and ``embedding`` as its outputs.

    Args:
        source: An exported encoder.
        target: The file to write.
        middle: The layer, from 1, that is pooled beside the last.
        axes: Shape (size, 384): on what the embedding is projected; None: it has that size.
    """
    model = onnx.load(source)
    graph = model.graph
    del graph.output[:]
    graph.node.extend(_pool_nodes(MIDDLE.format(middle - 1), is_projected=axes is not None))
    graph.initializer.extend(_constants())
    if axes is not None:
        graph.initializer.append(numpy_helper.from_array(axes, "axes"))
    size = EMBEDDING_SIZE if axes is None else len(axes)
    for name, width in (*((pool, size) for pool in POOLS), ("embedding", EMBEDDING_SIZE)):
        shape: list[str | int | None] = ["batch_size", width]
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    onnx.save(model, target)


def _pool_nodes(middle: str, *, is_projected: bool) -> list[onnx.NodeProto]:
    mask = [
        helper.make_node("Cast", ["attention_mask"], ["mask_flat"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask_flat", "axis_2"], ["mask"]),
        helper.make_node("ReduceSum", ["mask", "axis_1"], ["mask_count"], keepdims=0),
        helper.make_node("Sub", ["mask", "one"], ["mask_minus"]),
        helper.make_node("Mul", ["mask_minus", "far"], ["mask_floor"]),
    ]
    whole = "mean_projected" if is_projected else "mean_last"
    projected = [helper.make_node("MatMul", ["mean_last", "axes"], [whole])]
    norm = [
        *(projected if is_projected else ()),
        helper.make_node("ReduceL2", [whole, "axis_1"], ["length"], keepdims=1),
        helper.make_node("Max", ["length", "tiny"], ["length_safe"]),
        helper.make_node("Div", [whole, "length_safe"], ["embedding"]),
    ]
    return [*mask, *_pool(LAST, "last"), *_pool(middle, "middle"), *norm]


def _pool(hidden: str, name: str) -> list[onnx.NodeProto]:
    """Mean and maximum of `hidden` over the tokens that the mask lets through."""
    return [
        helper.make_node("Mul", [hidden, "mask"], [f"{name}_masked"]),
        helper.make_node("ReduceSum", [f"{name}_masked", "axis_1"], [f"{name}_sum"], keepdims=0),
        helper.make_node("Div", [f"{name}_sum", "mask_count"], [f"mean_{name}"]),
        helper.make_node("Add", [f"{name}_masked", "mask_floor"], [f"{name}_floored"]),
        helper.make_node("ReduceMax", [f"{name}_floored", "axis_1"], [f"max_{name}"], keepdims=0),
    ]


def _constants() -> list[onnx.TensorProto]:
    return [
        helper.make_tensor("axis_1", TensorProto.INT64, [1], [1]),
        helper.make_tensor("axis_2", TensorProto.INT64, [1], [2]),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
        helper.make_tensor("far", TensorProto.FLOAT, [], [1e4]),
        helper.make_tensor("tiny", TensorProto.FLOAT, [], [1e-12]),
    ]


def read_features(
    trunk: Path, ids: Ids, sources: npt.NDArray[np.str_], cache: Path, *, threads: int
) -> Features:
    """What the heads see of each text, shape (n, 1536): one text a run, as at run time.

    They are calibrated on the INT8 trunk itself, so that its rounding is part of what the
    calibration knows. `cache` keeps the results of each source, for its texts and trunk.
    """
    found = np.empty((len(ids), FEATURES), dtype=np.float16)
    for source in np.unique(sources):
        rows = np.flatnonzero(sources == source)
        found[rows] = _cached(trunk, [ids[row] for row in rows], str(source), cache, threads)
    return found


def _cached(trunk: Path, ids: Ids, source: str, cache: Path, threads: int) -> Features:
    content = trunk.read_bytes() + b"".join(part.tobytes() for part in ids)
    file = cache / f"features-{source}-{hashlib.sha256(content).hexdigest()[:16]}.npy"
    if not file.exists():
        began = time.monotonic()
        np.save(file, _run_all(trunk, ids, threads))
        log.info("  %s: %d texts in %.0f s", source, len(ids), time.monotonic() - began)
    return cast("Features", np.load(file))


def _run_all(trunk: Path, ids: Ids, threads: int) -> Features:
    session = open_session(trunk)
    found = np.empty((len(ids), FEATURES), dtype=np.float16)

    def run(row: int) -> None:
        found[row] = np.concatenate(session.run(list(POOLS), feed(ids[row])), axis=1)[0]

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(len(ids))))
    return found


def open_session(model: Path) -> ort.InferenceSession:
    """A session that computes on the calling thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feed(ids: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
    """The model's inputs for one text."""
    row = ids[None, :]
    return {
        "input_ids": row,
        "attention_mask": np.ones_like(row),
        "token_type_ids": np.zeros_like(row),
    }
