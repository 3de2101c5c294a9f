"""A model's folder: what it must hold, and the proof that it holds just that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenroom.errors import ConfigError
from greenroom.triage.base import EMBEDDING_SIZE, HEADS, INTENTS

SHIPPED: Final = Path(__file__).parent / "models" / "minilm-l6"
"""The folder of the model that comes with Greenroom."""

_REMEDY: Final = (
    "Reinstall Greenroom (`pip install --force-reinstall greenroom`), or set triage.model to a "
    "folder that holds manifest.json, model.onnx and tokenizer.json."
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked model folder: both files are there and are the ones that were built.

    Attributes:
        short_name: Name and 12 hex digits of the model's sha256, for every decision's trace.
        max_tokens: Longest window, special tokens included.
    """

    name: str
    version: str
    model_file: Path
    tokenizer_file: Path
    model_sha256: str
    max_tokens: int

    @property
    def short_name(self) -> str:
        return f"{self.name}@{self.model_sha256[:12]}"


def load_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json`` in `folder` and check both files against it.

    Raises:
        ConfigError: Something is missing, unreadable, damaged or made for other heads; it
            names the file and says what to do.
    """
    file = folder / "manifest.json"
    facts = _parse(file)
    _check_shape(file, facts)
    try:
        return Manifest(
            name=str(facts["name"]),
            version=str(facts["version"]),
            model_file=_verified(folder, facts["model"]),
            tokenizer_file=_verified(folder, facts["tokenizer"]),
            model_sha256=str(facts["model"]["sha256"]),
            max_tokens=int(facts["max_tokens"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"lacks or garbles {error}", file=file, accepted=_REMEDY) from error


def _parse(file: Path) -> Mapping[str, object] | dict[str, object]:
    try:
        facts = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("the triage model is missing", file=file, accepted=_REMEDY) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file, accepted=_REMEDY) from error
    if not isinstance(facts, dict):
        raise ConfigError("is not a model's manifest", file=file, accepted=_REMEDY)
    return facts
