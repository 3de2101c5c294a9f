"""Which version of a persona speaks: one digest of its file, its policies and what they use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import rfc8785

from greenroom.config import Deployment
from greenroom.policies.shelf import LISTS, PARTS


def persona_version(deployment: Deployment, name: str) -> str:
    """SHA-256, in hex, of all that makes a persona decide as it does.

    That is the canonical JSON (RFC 8785) of a list of pairs, by path: a file's path from
    ``config.yaml`` and the SHA-256 of its bytes. See ``version_files`` for which files.

    Raises:
        OSError: A file cannot be read.
        KeyError: There is no such persona.
    """
    files = version_files(deployment, name)
    pairs = [[_named(deployment, path), _digest(path)] for path in files]
    return hashlib.sha256(rfc8785.dumps(sorted(pairs))).hexdigest()


def version_files(deployment: Deployment, name: str) -> list[Path]:
    """The persona's file, its policies' files, and each shared list and part that they name.

    A list counts as named where its name occurs anywhere in what was read: one too many makes
    a new version now and then, one too few would hide a change.
    """
    folder = deployment.path(deployment.config.policies)
    found = [Path(deployment.persona_documents[name].file)]
    for policy in dict.fromkeys(deployment.personas[name].policies):
        found += [path for end in ("yaml", "yml") if (path := folder / f"{policy}.{end}").exists()]
    return [*found, *_shelved(folder, found[1:])]


def _shelved(folder: Path, policies: Sequence[Path]) -> Iterator[Path]:
    rest = [path for kind in (LISTS, PARTS) for path in sorted((folder / kind).glob("*.*"))]
    texts = [path.read_bytes() for path in policies]
    while texts:
        text = texts.pop()
        for path in [one for one in rest if one.stem.encode() in text]:
            rest.remove(path)
            texts.append(path.read_bytes())
            yield path


def _named(deployment: Deployment, path: Path) -> str:
    inside = path.is_relative_to(deployment.folder)
    return (path.relative_to(deployment.folder) if inside else Path(path.name)).as_posix()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
