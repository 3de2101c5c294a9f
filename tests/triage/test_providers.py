"""Providers by name: what each is opened with, and what is told when one is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnxruntime as ort
import pytest

from greenroom.errors import ConfigError
from greenroom.triage.manifest import MODEL_FILES, SHIPPED
from greenroom.triage.providers import (
    PROVIDERS,
    cpu_features,
    describe_cpu,
    is_installed,
    open_session,
    options_of,
    provider_named,
)

MISSING = [name for name, one in PROVIDERS.items() if not is_installed(one)]


@pytest.mark.parametrize("name", MISSING)
def test_missing_provider_names_what_installs_it(name: str) -> None:
    with pytest.raises(ConfigError) as failure:
        provider_named(name)
    assert PROVIDERS[name].install in str(failure.value)


def test_provider_that_does_not_load_is_an_error_and_no_fall_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with CUDA's libraries missing: onnxruntime knows the name, and runs on the CPU."""

    class FellBack:
        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(ort, "InferenceSession", lambda *_, **__: FellBack())
    with pytest.raises(ConfigError, match="CUDAExecutionProvider does not load") as failure:
        open_session(SHIPPED / "model.onnx", replace(PROVIDERS["cuda"], device="cpu"))
    assert "onnxruntime-gpu" in str(failure.value)


def test_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"no model")
    with pytest.raises(ConfigError) as failure:
        open_session(file, PROVIDERS["cpu"])
    assert failure.value.file == str(file)


def test_each_provider_runs_a_precision_that_models_have() -> None:
    assert {one.precision for one in PROVIDERS.values()} <= set(MODEL_FILES)
    assert not PROVIDERS["cpu"].batches


def test_graphs_are_captured_only_where_shapes_are_fixed() -> None:
    cuda = PROVIDERS["cuda"]
    ((_, plain),) = options_of(cuda)
    ((_, captured),) = options_of(replace(cuda, graphs=True))
    assert (plain["enable_cuda_graph"], captured["enable_cuda_graph"]) == ("0", "1")


def test_tensorrt_keeps_its_engines_and_leaves_the_rest_to_cuda(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "tensorrt"
    found = options_of(replace(PROVIDERS["tensorrt"], engines=folder))
    (name, options), (other, _) = found
    assert (name, other) == ("TensorrtExecutionProvider", "CUDAExecutionProvider")
    assert options["trt_fp16_enable"] == "1"
    assert options["trt_engine_cache_path"] == str(folder)
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("text", "features", "said"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_vnni\n", ("AVX-512", "VNNI"), "AVX-512, VNNI"),
        ("flags : fpu avx2 avx_vnni\n", ("VNNI",), "VNNI"),
        ("flags : fpu avx2\n", (), "no VNNI"),
        ("Features : fp asimd asimddp\n", ("dot product",), "dot product"),
        ("nothing of the kind\n", None, "does not tell"),
        (None, None, "does not tell"),
    ],
)
def test_cpu_says_what_int8_gains(
    tmp_path: Path, text: str | None, features: tuple[str, ...] | None, said: str
) -> None:
    file = tmp_path / "cpuinfo"
    if text is not None:
        file.write_text(text)
    assert cpu_features(file) == features
    assert said in describe_cpu(features)
