"""A classifier of one's own beside the encoder: it answers for the heads that config gives it.

It is a Hugging Face sequence classifier that `greenroom models adopt` exported. It reads what
the encoder reads, the canonical text, so that one reading stands for all texts that are
canonically equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from greenroom.errors import ConfigError
from greenroom.triage.base import Reading
from greenroom.triage.manifest import check_digest, read_facts
from greenroom.triage.providers import Provider
from greenroom.triage.runs import open_runner
from greenroom.triage.windows import OVERLAP, Windower

KIND: Final = "classifier"
"""What a manifest says to be one of a classifier."""

MODEL_FILE: Final = "model.onnx"
GPU_FILE: Final = "model-fp16.onnx"
ACTIVATIONS: Final = ("sigmoid", "softmax")
"""Labels that hold independently of each other; labels of which one holds."""

SHORTEST: Final = 2 * OVERLAP
"""Tokens of the shortest window that a classifier may have: windows overlap, and must advance."""

_REMEDY: Final = "Make the folder anew: `greenroom models adopt NAME --from FOLDER_OR_HUB_ID`."


@dataclass(frozen=True, slots=True)
class Assignment:
    """A classifier's folder, and the heads that it answers for.

    Attributes:
        folder: As `greenroom models adopt` writes it.
        heads: Head → the classifier's label.
        combine: Whether its score replaces the encoder's, or the higher of the two counts.
    """

    folder: Path
    heads: Mapping[str, str]
    combine: Literal["replace", "max"] = "replace"


@dataclass(frozen=True, slots=True)
class ClassifierManifest:
    """A checked folder of a classifier.

    Attributes:
        model_file: The file for the provider that was asked for.
        digest: Its sha256, 64 hex digits.
        labels: In the order of the model's output.
        activation: One of `ACTIVATIONS`.
        max_tokens: The longest window, special tokens included.
        padding: The token that fills short rows of a batch up.
    """

    folder: Path
    name: str
    model_file: Path
    digest: str
    labels: tuple[str, ...]
    activation: str
    max_tokens: int
    padding: int

    @property
    def short_name(self) -> str:
        """What a decision's trace says of it."""
        return f"{self.name}@{self.digest[:12]}"


def load_classifier(folder: Path, *, precision: str = "int8") -> ClassifierManifest:
    """Read ``manifest.json`` in `folder` and check the files that it names.

    Args:
        folder: The classifier's folder.
        precision: The provider's. GPUs (``fp16``) run ``model-fp16.onnx``, or a ``model.onnx``
            that was not made INT8; CPUs run ``model.onnx`` whatever it is.

    Raises:
        ConfigError: A file is missing, unreadable or damaged, or there is none for a GPU.
    """
    file = folder / "manifest.json"
    facts = read_facts(file, remedy=_REMEDY)
    if facts.get("kind") != KIND:
        raise ConfigError("this is not a classifier's manifest", file=file, accepted=_REMEDY)
    try:
        manifest = _understand(folder, facts, precision)
        tokenizer = str(facts["files"]["tokenizer.json"]["sha256"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"a key is missing or garbled: {error!r}"
        raise ConfigError(text, file=file, accepted=_REMEDY) from error
    check_digest(manifest.model_file, manifest.digest, remedy=_REMEDY)
    check_digest(folder / "tokenizer.json", tokenizer, remedy=_REMEDY)
    return manifest


def _understand(folder: Path, facts: dict[str, Any], precision: str) -> ClassifierManifest:
    files = facts["files"]
    name = GPU_FILE if precision == "fp16" and GPU_FILE in files else MODEL_FILE
    if precision == "fp16" and files[name]["precision"] == "int8":
        raise ConfigError(
            "this classifier has an INT8 file only, which GPUs do not run",
            file=folder / MODEL_FILE,
            accepted=f"`greenroom models optimize {folder} --out FOLDER --quantize fp16` from "
            "one that was adopted without --quantize, or set triage.provider to cpu.",
        )
    if int(facts["max_tokens"]) < SHORTEST:
        raise ValueError(f"max_tokens is below {SHORTEST}")
    if facts["activation"] not in ACTIVATIONS:
        raise ValueError(f"activation: {facts['activation']!r}")
    return ClassifierManifest(
        folder=folder,
        name=str(facts["name"]),
        model_file=folder / name,
        digest=str(files[name]["sha256"]),
        labels=tuple(str(label) for label in facts["labels"]),
        activation=facts["activation"],
        max_tokens=int(facts["max_tokens"]),
        padding=int(facts["padding"]),
    )


class Classifier:
    """Reads texts with one adopted classifier. Safe to use from several threads at once.

    Raises:
        ConfigError: The folder is not a sound classifier, or lacks a label that is assigned.
    """

    def __init__(self, assignment: Assignment, *, provider: Provider) -> None:
        self.manifest = load_classifier(assignment.folder, precision=provider.precision)
        check_labels(self.manifest, assignment.heads)
        self._assignment = assignment
        self._runner = open_runner(
            self.manifest.model_file, provider, padding=self.manifest.padding
        )
        self._windower = Windower(
            self.manifest.folder / "tokenizer.json", max_tokens=self.manifest.max_tokens
        )

    def read(self, text: str) -> dict[str, float]:
        """Label → probability of a canonical text, of several windows the highest."""
        logits = self._runner.run(["logits"], self._windower.cut(text).ids)["logits"]
        chances = activate(logits.astype(np.float64), self.manifest.activation).max(axis=0)
        return dict(zip(self.manifest.labels, chances.tolist(), strict=True))

    def revise(self, reading: Reading, text: str) -> Reading:
        """`reading` of the canonical `text`, with this classifier's word on its heads."""
        found, scores = self.read(text), dict(reading.scores)
        for head, label in self._assignment.heads.items():
            own = found[label]
            scores[head] = own if self._assignment.combine == "replace" else max(own, scores[head])
        return replace(reading, scores=scores, model=f"{reading.model}+{self.manifest.short_name}")


def check_labels(manifest: ClassifierManifest, heads: Mapping[str, str]) -> None:
    """Every label that is assigned is one of the classifier's.

    Raises:
        ConfigError: The first that is not, with those that are.
    """
    for label in heads.values():
        if label not in manifest.labels:
            raise ConfigError(
                f"the classifier {manifest.name} has no label `{label}`",
                file=manifest.folder / "manifest.json",
                accepted=f"accepted: {', '.join(manifest.labels)}",
            )


def activate(logits: npt.NDArray[np.float64], activation: str) -> npt.NDArray[np.float64]:
    """Probabilities of logits, shape (windows, labels)."""
    if activation == "sigmoid":
        # Both branches of the sigmoid, so that no large number overflows.
        small = np.exp(-np.abs(logits))
        return np.where(logits >= 0, 1.0, small) / (1.0 + small)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result
