"""What runs a model: onnxruntime's providers by their names in config, and what each one needs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as state

from greenroom.errors import ConfigError

log = logging.getLogger(__name__)

READERS: Final = 64
"""Texts read at once where they share runs; more than a loop has workers, since they only wait."""

_FEATURES: Final = {
    "avx512f": "AVX-512",
    "avx512_vnni": "VNNI",
    "avx_vnni": "VNNI",
    "asimddp": "dot product",
    "i8mm": "I8MM",
}
"""A flag in /proc/cpuinfo → what it is called; VNNI and its kin multiply INT8 fast."""

_FAULTS: Final = (
    state.EPFail, state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf,
    state.NotImplemented, state.RuntimeException,
)  # fmt: skip
"""How onnxruntime fails to open a model; its errors have no common root of their own."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One of onnxruntime's providers, and how models are run on it.

    Attributes:
        name: In config.
        onnx_name: In onnxruntime.
        install: The command that installs it.
        precision: Which file of a model it runs, a key of `manifest.MODEL_FILES`.
        device: Where its tensors lie, as onnxruntime calls it.
        batches: Whether windows that wait at the same time are read in one run.
        budget: Tokens of a batch, padding included.
        graphs: Whether runs are captured as CUDA graphs; then batches have few, fixed shapes.
        engines: Where TensorRT keeps the engines it built, which takes it minutes; None builds
            them anew at each start.
    """

    name: str
    onnx_name: str
    install: str
    precision: str = "int8"
    device: str = "cpu"
    batches: bool = False
    budget: int = 16_384
    graphs: bool = False
    engines: Path | None = None


PROVIDERS: Final = {
    provider.name: provider
    for provider in (
        Provider("cpu", "CPUExecutionProvider", "pip install onnxruntime"),
        Provider(
            "cuda",
            "CUDAExecutionProvider",
            "pip install onnxruntime-gpu",
            precision="fp16",
            device="cuda",
            batches=True,
        ),
        Provider(
            "tensorrt",
            "TensorrtExecutionProvider",
            "pip install onnxruntime-gpu tensorrt",
            precision="fp16",
            device="cuda",
            batches=True,
        ),
    )
}


def provider_named(name: str) -> Provider:
    """The provider that config calls `name`.

    Raises:
        ConfigError: There is none of that name, or the installed onnxruntime lacks it.
    """
    if name not in PROVIDERS:
        raise ConfigError(
            f"triage.provider is {name!r}, which is no provider",
            accepted=f"Accepted: {', '.join(PROVIDERS)}.",
        )
    provider = PROVIDERS[name]
    if not is_installed(provider):
        raise _missing(provider, "is not in the installed onnxruntime")
    return provider


def is_installed(provider: Provider) -> bool:
    """Whether the installed onnxruntime has it; its libraries may still be missing."""
    return provider.onnx_name in ort.get_available_providers()


def open_session(file: Path, provider: Provider) -> Any:
    """An ``onnxruntime.InferenceSession`` that computes on the calling thread.

    Raises:
        ConfigError: The provider does not load, or the file is no model that it runs.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if provider.device == "cuda" and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # finds the CUDA libraries that pip installed
    try:
        session = ort.InferenceSession(file, options, providers=options_of(provider))
    except _FAULTS as error:
        raise ConfigError(f"{provider.onnx_name} cannot run this: {error}", file=file) from error
    # onnxruntime falls back to the CPU with a mere warning when a provider does not load.
    if session.get_providers()[0] != provider.onnx_name:
        raise _missing(provider, "does not load: its libraries are not all there")
    return session


def options_of(provider: Provider) -> list[tuple[str, dict[str, str]]]:
    """What a session is opened with: providers in the order of preference, with their options."""
    cuda = {"enable_cuda_graph": _flag(provider.graphs), "use_tf32": "0"}
    if provider.onnx_name == "CUDAExecutionProvider":
        return [(provider.onnx_name, cuda)]
    if provider.onnx_name != "TensorrtExecutionProvider":
        return [(provider.onnx_name, {})]
    # What TensorRT has no kernel for stays on the GPU.
    return [(provider.onnx_name, _tensorrt(provider)), ("CUDAExecutionProvider", {})]


def cpu_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...] | None:
    """What of AVX-512, VNNI and their like this CPU has; None where the system does not tell."""
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), None)
    if flags is None:
        return None
    words = set(flags.partition(":")[2].split())
    return tuple(dict.fromkeys(name for flag, name in _FEATURES.items() if flag in words))


def describe_cpu(features: tuple[str, ...] | None) -> str:
    """`features` for a person: what INT8 gains here."""
    if features is None:
        return "this system does not tell what its CPU has for INT8"
    if not {"VNNI", "dot product", "I8MM"} & set(features):
        return ", ".join((*features, "no VNNI: INT8 gains less"))
    return ", ".join(features)


def _tensorrt(provider: Provider) -> dict[str, str]:
    options = {"trt_fp16_enable": "1", "trt_cuda_graph_enable": _flag(provider.graphs)}
    if provider.engines is None:
        return options
    provider.engines.mkdir(parents=True, exist_ok=True)
    folder = str(provider.engines)
    return options | {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": folder,
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": folder,
    }


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _missing(provider: Provider, why: str) -> ConfigError:
    return ConfigError(
        f"triage.provider is {provider.name!r}, but {provider.onnx_name} {why}",
        accepted=f"Install it (`{provider.install}`), or set triage.provider to cpu.",
    )
