"""The starter content: the YAML and knowledge that ``greenroom init`` lays out.

In an installed package it lies in ``greenroom/starter/``; in a checkout it is the
repository's own top-level folders, so there is one source.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from greenroom.errors import ConfigError

FOLDERS = ("personas", "policies", "knowledge", "adapters")
SCHEMAS = "schemas"
_KINDS = {"bots": "bot", "personas": "persona", "policies": "policy", "adapters": "adapter"}
_SEPARATOR = re.compile(r"^---[ \t]*$", re.MULTILINE)
_PACKAGE = Path(__file__).parent


def starter_folder() -> Path:
    """Where the starter content lies.

    Raises:
        ConfigError: The installation is incomplete.
    """
    for folder in (_PACKAGE / "starter", _PACKAGE.parent):
        if (folder / "config.example.yaml").is_file():
            return folder
    raise ConfigError("the starter content is missing", accepted="install Greenroom again")


def starter_bots() -> list[str]:
    """The names of the bots that ``init`` can lay out."""
    return sorted(path.stem for path in (starter_folder() / "bots").glob("*.yaml"))


def demo_recording() -> Path:
    """The sample of real messages that the demo plays; its sources lie beside it."""
    return _PACKAGE / "demo" / "messages.jsonl"


def lay_out(target: Path, *, bots: Iterable[str]) -> Iterator[Path]:
    """Copy the starter content into ``target``; yields what was written, never overwrites.

    Raises:
        ConfigError: The target is a file, or cannot be written.
    """
    source = starter_folder()
    pairs = [(source / "config.example.yaml", target / "config.yaml")]
    for folder in FOLDERS:
        pairs += [
            (path, target / folder / path.relative_to(source / folder))
            for path in sorted((source / folder).rglob("*"))
            if path.is_file()
        ]
    for bot in bots:
        pairs.append((source / "bots" / f"{bot}.yaml", target / "bots" / f"{bot}.yaml"))
        if bot == "replay":
            pairs.append((demo_recording(), target / "messages.jsonl"))
    try:
        for origin, copy in pairs:
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, copy)
                _add_modeline(copy, target)
                yield copy
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=target) from error


def modeline(kind: str, schemas: str) -> str:
    """What tells editors with the YAML language server where the schema of a file is."""
    return f"# yaml-language-server: $schema={schemas}/{kind}.schema.json"


def _add_modeline(file: Path, target: Path) -> None:
    """Tell editors with the YAML language server which schema a file has."""
    place = file.relative_to(target)
    kind = "config" if place.name == "config.yaml" else _KINDS.get(place.parts[0])
    if file.suffix != ".yaml" or kind is None or len(place.parts) > 2:
        return
    line = modeline(kind, "../" * (len(place.parts) - 1) + SCHEMAS)
    text = file.read_text(encoding="utf-8")
    if kind == "policy":  # the line counts for one document, and each rule is one
        text = _SEPARATOR.sub(f"--- {line}", text)
    file.write_text(f"{line}\n\n{text}", encoding="utf-8")
