"""A model's folder: what it must hold, and the proof that it holds just that."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenroom.errors import ConfigError
from greenroom.triage.base import EMBEDDING_SIZE, HEADS, INTENTS
from greenroom.triage.first import FIRST_FILE, Certificate

SHIPPED: Final = Path(__file__).parent / "models" / "minilm-l6"
"""The folder of the model that comes with Greenroom."""

MODEL_FILES: Final = {"int8": "model.onnx", "fp16": "model-fp16.onnx"}
"""Precision → file: INT8 runs on CPUs, FP16 on GPUs."""

HEAD_KINDS: Final = (
    *({"name": name, "kind": "probability"} for name in HEADS),
    {"name": "sentiment", "kind": "signed"},
    {"name": "intent", "kind": "choice", "labels": list(INTENTS)},
)
"""The heads as a manifest lists them; a model with other heads is refused."""

_REMEDY: Final = (
    "Reinstall Greenroom (`pip install --force-reinstall greenroom`), or give the folder of a "
    "model that holds manifest.json, model.onnx and tokenizer.json."
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked model folder: its files are there and are the ones that were built.

    Attributes:
        digest: Sha256 of the encoder's file, 64 hex digits.
        model_file: The encoder in the precision that was asked for.
        max_tokens: The longest window, special tokens included.
        certificate: What the first stage may settle; None where the model has none.
    """

    folder: Path
    name: str
    version: str
    digest: str
    model_file: Path
    max_tokens: int
    certificate: Certificate | None = None

    @property
    def tokenizer_file(self) -> Path:
        return self.folder / "tokenizer.json"

    @property
    def short_name(self) -> str:
        """What a decision's trace says, such as ``minilm-l6@0123456789ab``."""
        return f"{self.name}@{self.digest[:12]}"


def load_manifest(folder: Path, *, precision: str = "int8") -> Manifest:
    """Read ``manifest.json`` in `folder` and check the files that it names.

    Args:
        folder: The model's folder.
        precision: A key of `MODEL_FILES`. A folder without that file is an error: INT8 on a
            GPU would run partly on the CPU, and a batch would change its scores.

    Raises:
        ConfigError: A file is missing, unreadable, damaged or made for other heads; the text
            names it and says what to do.
    """
    file = folder / "manifest.json"
    facts = read_facts(file)
    try:
        if facts.get("kind") == "classifier":
            raise _is_classifier(file)
        digests = {str(name): str(about["sha256"]) for name, about in facts["files"].items()}
        if MODEL_FILES[precision] not in digests:
            raise _without(precision, folder / MODEL_FILES[precision])
        manifest = _understand(folder, facts, digests, precision)
        needed = {manifest.model_file.name: manifest.digest}
        needed["tokenizer.json"] = digests["tokenizer.json"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(f"a key is missing or garbled: {error!r}", file) from error
    _check_heads(facts, file)
    if manifest.certificate is not None:
        needed[FIRST_FILE] = manifest.certificate.digest
    for name, digest in needed.items():
        check_digest(folder / name, digest)
    return manifest


def read_facts(file: Path, *, remedy: str = _REMEDY) -> dict[str, Any]:
    """What a manifest says, unchecked.

    Args:
        file: The manifest.
        remedy: What a person is told to do when it cannot be read.

    Raises:
        ConfigError: It is missing, or not a JSON object.
    """
    try:
        facts = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _unusable("the model's manifest is missing", file, remedy) from error
    except (OSError, ValueError, RecursionError) as error:
        text = f"the model's manifest cannot be read: {error}"
        raise _unusable(text, file, remedy) from error
    if not isinstance(facts, dict):
        raise _unusable("this is not a model's manifest", file, remedy)
    return facts


def _understand(
    folder: Path, facts: dict[str, Any], digests: dict[str, str], precision: str
) -> Manifest:
    file = MODEL_FILES[precision]
    return Manifest(
        folder=folder,
        name=str(facts["name"]),
        version=str(facts["version"]),
        digest=digests[file],
        model_file=folder / file,
        max_tokens=int(facts["max_tokens"]),
        certificate=_certificate(facts.get("first"), digests),
    )


def _certificate(facts: dict[str, Any] | None, digests: dict[str, str]) -> Certificate | None:
    if facts is None:
        return None
    line, limit, missed = (float(facts[name]) for name in ("line", "limit", "missed"))
    return Certificate(line=line, limit=limit, missed=missed, digest=digests[FIRST_FILE])


def _check_heads(facts: dict[str, Any], file: Path) -> None:
    if facts.get("heads") != list(HEAD_KINDS) or facts.get("embedding_size") != EMBEDDING_SIZE:
        raise _unusable("this model has other heads than this version of Greenroom reads", file)


def check_digest(file: Path, expected: str, *, remedy: str = _REMEDY) -> None:
    """`file` is the one that was built.

    Raises:
        ConfigError: It is missing, unreadable or another one.
    """
    try:
        found = sha256_of(file)
    except FileNotFoundError as error:
        raise _unusable("the model's file is missing", file, remedy) from error
    except OSError as error:
        raise _unusable(f"the model's file cannot be read: {error}", file, remedy) from error
    if found != expected:
        raise _unusable(
            f"the model's file is damaged: sha256 is {found[:12]}…, "
            f"the manifest says {expected[:12]}…",
            file,
            remedy,
        )


def sha256_of(file: Path) -> str:
    """A file's sha256, 64 hex digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _without(precision: str, file: Path) -> ConfigError:
    return ConfigError(
        f"this model has no {precision.upper()} file, and the provider runs no other",
        file=file,
        accepted="Build one (`greenroom models build`), or set triage.provider to "
        f"{'cuda' if precision == 'int8' else 'cpu'}.",
    )


def _is_classifier(file: Path) -> ConfigError:
    return ConfigError(
        "this is an adopted classifier: it answers for heads, and has no embedding",
        file=file,
        accepted="Name it under triage.classifiers instead of triage.model (see docs/models.md).",
    )


def _unusable(message: str, file: Path, remedy: str = _REMEDY) -> ConfigError:
    return ConfigError(message, file=file, accepted=remedy)
