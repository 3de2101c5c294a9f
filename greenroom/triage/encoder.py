"""The ONNX session: text in, `Reading` out, on the calling thread."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import onnxruntime as ort

from greenroom.errors import ConfigError
from greenroom.triage.base import EVERYTHING, HEADS, INTENTS, Reading, Vector, Wants
from greenroom.triage.language import detect_language
from greenroom.triage.manifest import SHIPPED, Manifest, load_manifest
from greenroom.triage.spelling import canonical
from greenroom.triage.windows import Ids, Windower, Windows

PROVIDERS: Final = {
    "cpu": ("CPUExecutionProvider", "pip install onnxruntime"),
    "cuda": ("CUDAExecutionProvider", "pip install onnxruntime-gpu"),
    "tensorrt": ("TensorrtExecutionProvider", "pip install onnxruntime-gpu tensorrt"),
}
"""Name in the config → onnxruntime's name, and what installs it."""

_SCORES: Final = ("scores",)
_INTENT: Final = ("sentiment", "intents")
_VECTOR: Final = ("embedding",)


class _Session(Protocol):
    def run(self, outputs: list[str], feed: dict[str, Ids]) -> list[Vector]: ...


class Encoder:
    """Reads texts with one model. Safe to use from several threads at once.

    A text is read by itself, one window a run: on a CPU a batch gains nothing, and the INT8
    model scales each run by what is in it, so that in a batch a score would depend on the
    neighbours. `read` computes on the calling thread and takes no other.

    Args:
        folder: A model's folder, as `load_manifest` wants it.
        provider: A name in `PROVIDERS`.

    Raises:
        ConfigError: The folder is not a sound model, or the provider is not there.
    """

    def __init__(self, folder: Path = SHIPPED, *, provider: str = "cpu") -> None:
        self.manifest = load_manifest(folder)
        self._session = _open_session(self.manifest, provider)
        self.windower = Windower(self.manifest.tokenizer_file, max_tokens=self.manifest.max_tokens)

    def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        """Read `text`; see `Reading` for what comes of many windows."""
        return self.read_canonical(canonical(text), wants)

    def read_canonical(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        """Read what `greenroom.triage.spelling.canonical` made of a text."""
        return self.read_windows(self.windower.cut(text), wants, language_of=text)

    def read_windows(
        self, windows: Windows, wants: Wants = EVERYTHING, *, language_of: str = ""
    ) -> Reading:
        """Read windows of tokens; the language is that of `language_of`."""
        names = [*_SCORES, *(_INTENT if wants.intent else ()), *(_VECTOR if wants.embedding else ())]
        runs = [self._session.run(names, _feed(ids)) for ids in windows.ids]
        found = dict(zip(names, map(np.concatenate, zip(*runs, strict=True)), strict=True))
        scores = dict(zip(HEADS, found["scores"].max(axis=0).tolist(), strict=True))
        intents: dict[str, float] = {}
        if wants.intent:
            scores["sentiment"] = float(found["sentiment"].mean())
            intents = dict(zip(INTENTS, found["intents"].mean(axis=0).tolist(), strict=True))
        has_words = any(ids.size > 2 for ids in windows.ids)
        return Reading(
            scores=scores,
            intent=max(intents, key=intents.__getitem__) if intents and has_words else None,
            intents=intents,
            embedding=_mean_direction(found["embedding"]) if wants.embedding else None,
            model=self.manifest.short_name,
            windows=windows.total,
            windows_read=len(windows.ids),
            language=detect_language(language_of) if wants.language else None,
        )


def _open_session(manifest: Manifest, provider: str) -> _Session:
    name = _provider_name(provider)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(manifest.model_file, options, providers=[name])
    # onnxruntime falls back to the CPU with a mere warning when a provider does not load.
    if session.get_providers()[0] != name:
        raise _missing(provider, "does not load: its libraries are not all there")
    return cast("_Session", session)


def _provider_name(provider: str) -> str:
    if provider not in PROVIDERS:
        raise ConfigError(
            f"triage.provider is {provider!r}, which is no provider",
            accepted=f"Accepted: {', '.join(PROVIDERS)}.",
        )
    name = PROVIDERS[provider][0]
    if name not in ort.get_available_providers():
        raise _missing(provider, "is not in the installed onnxruntime")
    return name


def _missing(provider: str, why: str) -> ConfigError:
    name, install = PROVIDERS[provider]
    return ConfigError(
        f"triage.provider is {provider!r}, but {name} {why}",
        accepted=f"Install it (`{install}`), or set triage.provider to cpu.",
    )


def _feed(ids: Ids) -> dict[str, Ids]:
    return {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }


def _mean_direction(embeddings: Vector) -> Vector:
    """The windows' mean, shape (384,), brought back to unit length."""
    mean = embeddings.mean(axis=0)
    return cast("Vector", mean / max(float(np.linalg.norm(mean)), 1e-12))
