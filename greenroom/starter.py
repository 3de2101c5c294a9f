"""The starter content: the YAML and knowledge that ``greenroom init`` lays out.

In an installed package it lies in ``greenroom/starter/``; in a checkout it is the
repository's own top-level folders, so there is one source.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from greenroom.errors import ConfigError

FOLDERS = ("personas", "policies", "knowledge", "adapters")
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
                yield copy
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=target) from error
