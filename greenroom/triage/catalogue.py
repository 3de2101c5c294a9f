"""Which models lie where, for `greenroom models list` and `card`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenroom.errors import ConfigError
from greenroom.triage.classifier import KIND, load_classifier
from greenroom.triage.first import FIRST_FILE
from greenroom.triage.manifest import MODEL_FILES, load_manifest, read_facts

CARD: Final = "CARD.md"

_PRECISIONS: Final = {file: precision for precision, file in MODEL_FILES.items()} | {
    FIRST_FILE: "first stage"
}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that a manifest names; `precision` is empty for what is no model."""

    name: str
    precision: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A folder with a manifest.

    Attributes:
        kind: ``encoder`` or ``classifier``.
        fault: What is wrong with it; None where it is sound.
    """

    name: str
    folder: Path
    kind: str
    files: tuple[ModelFile, ...] = ()
    labels: tuple[str, ...] = ()
    fault: str | None = None


def models_in(folder: Path) -> list[Path]:
    """The folders right in `folder` that hold a manifest."""
    return sorted(file.parent for file in folder.glob("*/manifest.json"))


def look_at(folders: Iterable[Path]) -> list[Listed]:
    """Each folder once, with what its manifest says and whether its files are those."""
    return [_look(folder) for folder in dict.fromkeys(path.resolve() for path in folders)]


def _look(folder: Path) -> Listed:
    kind = "encoder"
    try:
        facts = read_facts(folder / "manifest.json")
        kind = KIND if facts.get("kind") == KIND else "encoder"
        name = (load_classifier if kind == KIND else load_manifest)(folder).name
    except ConfigError as error:
        return Listed(folder.name, folder, kind, fault=str(error))
    labels = tuple(str(label) for label in facts.get("labels", ()))
    return Listed(name, folder, kind, _files(facts), labels)


def _files(facts: dict[str, Any]) -> tuple[ModelFile, ...]:
    return tuple(
        ModelFile(
            name=name,
            precision=str(about.get("precision", _PRECISIONS.get(name, ""))),
            size=int(about.get("bytes", 0)),
            digest=str(about["sha256"]),
        )
        for name, about in facts["files"].items()
    )
