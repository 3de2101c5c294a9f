"""A model's folder: what it must hold, and the proof that it holds just that."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenroom.errors import ConfigError
from greenroom.triage.base import EMBEDDING_SIZE, HEADS, INTENTS

SHIPPED: Final = Path(__file__).parent / "models" / "minilm-l6"
"""The folder of the model that comes with Greenroom."""

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
    """A checked model folder: both files are there and are the ones that were built.

    Attributes:
        digest: Sha256 of ``model.onnx``, 64 hex digits.
        max_tokens: The longest window, special tokens included.
    """

    folder: Path
    name: str
    version: str
    digest: str
    max_tokens: int

    @property
    def model_file(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def tokenizer_file(self) -> Path:
        return self.folder / "tokenizer.json"

    @property
    def short_name(self) -> str:
        """What a decision's trace says, such as ``minilm-l6@0123456789ab``."""
        return f"{self.name}@{self.digest[:12]}"


def load_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json`` in `folder` and check both files against it.

    Raises:
        ConfigError: A file is missing, unreadable, damaged or made for other heads; the text
            names it and says what to do.
    """
    file = folder / "manifest.json"
    facts = _parse(file)
    try:
        manifest = _understand(folder, facts)
        expected = {name: str(facts["files"][name]["sha256"]) for name in facts["files"]}
        digests = (expected["model.onnx"], expected["tokenizer.json"])
    except (KeyError, TypeError, ValueError) as error:
        raise _unusable(f"a key is missing or garbled: {error!r}", file) from error
    _check_heads(facts, file)
    _check_digest(manifest.model_file, digests[0])
    _check_digest(manifest.tokenizer_file, digests[1])
    return manifest


def _parse(file: Path) -> dict[str, Any]:
    try:
        facts = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _unusable("the triage model's manifest is missing", file) from error
    except (OSError, ValueError) as error:
        raise _unusable(f"the triage model's manifest cannot be read: {error}", file) from error
    if not isinstance(facts, dict):
        raise _unusable("this is not a triage model's manifest", file)
    return facts


def _understand(folder: Path, facts: dict[str, Any]) -> Manifest:
    return Manifest(
        folder=folder,
        name=str(facts["name"]),
        version=str(facts["version"]),
        digest=str(facts["files"]["model.onnx"]["sha256"]),
        max_tokens=int(facts["max_tokens"]),
    )


def _check_heads(facts: dict[str, Any], file: Path) -> None:
    if facts.get("heads") != list(HEAD_KINDS) or facts.get("embedding_size") != EMBEDDING_SIZE:
        raise _unusable("this model has other heads than this version of Greenroom reads", file)


def _check_digest(file: Path, expected: str) -> None:
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise _unusable("the triage model's file is missing", file) from error
    except OSError as error:
        raise _unusable(f"the triage model's file cannot be read: {error}", file) from error
    if found != expected:
        raise _unusable(
            f"the triage model's file is damaged: sha256 is {found[:12]}…, "
            f"the manifest says {expected[:12]}…",
            file,
        )


def _unusable(message: str, file: Path) -> ConfigError:
    return ConfigError(message, file=file, accepted=_REMEDY)
