"""``greenroom schema``: JSON Schemas of the files that people write, for their editors."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from greenroom.cli.console import out
from greenroom.errors import ConfigError
from greenroom.schemas import SCHEMAS, file_name

EXAMPLE = "Example: greenroom schema policy > policy.schema.json"

Kind = StrEnum("Kind", [(name.upper(), name) for name in SCHEMAS])  # type: ignore[misc]


def schema(
    kind: Annotated[
        Kind | None, typer.Argument(help="The kind of file; without one, all with --out.")
    ] = None,
    out_: Annotated[
        Path | None, typer.Option("--out", help="A folder to write the schemas of all kinds to.")
    ] = None,
) -> None:
    """Print the schema of one kind of file, or write those of all kinds to a folder."""
    if kind is not None:
        sys.stdout.write(_text(kind.value))
    if out_ is not None:
        for path in write_schemas(out_):
            out.print(f"  {path}", markup=False)
    if kind is None and out_ is None:
        raise ConfigError("which kind of file?", accepted=", ".join(SCHEMAS))


def write_schemas(folder: Path) -> list[Path]:
    """Write all schemas, over older ones; returns what changed.

    Raises:
        ConfigError: The folder cannot be written.
    """
    changed = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in SCHEMAS:
            path, text = folder / file_name(kind), _text(kind)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
                changed.append(path)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=folder) from error
    return changed


def _text(kind: str) -> str:
    return json.dumps(SCHEMAS[kind](), indent=1, ensure_ascii=False) + "\n"
