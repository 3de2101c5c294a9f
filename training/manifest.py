"""Writes a model's manifest, which `greenroom.triage.manifest` reads and checks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from greenroom.triage.base import EMBEDDING_SIZE
from greenroom.triage.manifest import HEAD_KINDS, sha256_of


def write_manifest(folder: Path, facts: Mapping[str, object], names: Sequence[str]) -> None:
    """Write ``manifest.json``: `facts`, the heads, and the digest of each file in `names`."""
    files = {
        name: {"sha256": sha256_of(folder / name), "bytes": (folder / name).stat().st_size}
        for name in names
    }
    heads = {"heads": list(HEAD_KINDS), "embedding_size": EMBEDDING_SIZE}
    text = json.dumps({**facts, **heads, "files": files}, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, "utf-8")
