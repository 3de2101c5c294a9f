"""``.env`` beside ``config.yaml``: a secret goes in, and every other line stays as it is."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from greenroom.documents import read_text
from greenroom.errors import ConfigError

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./+=:@%^-]+")
"""What needs no quotes for whoever reads the file: we, a shell, Docker."""


class EnvFile:
    """The secrets of a deployment, as they stand in its ``.env``; it need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def values(self) -> Mapping[str, str]:
        """What it sets.

        Raises:
            ConfigError: It cannot be read, or is not UTF-8.
        """
        found = dotenv_values(stream=io.StringIO(self._text()))
        return {name: value for name, value in found.items() if value is not None}

    def with_values(self, values: Mapping[str, str]) -> str:
        """The file's text with these values in it; all else stays as it stands.

        Raises:
            ConfigError: One of them cannot be written so that it is read back as it is.
        """
        before = text = self._text()
        for name, value in values.items():
            text = _with_value(text, name, value)
            if not _holds(text, name, value, before=before, given=values):
                raise ConfigError(
                    f"{name} cannot be written into this file as it is",
                    file=self.path,
                    accepted=f"put {name} into the environment instead, "
                    "or mend the quotes in the file",
                )
        return text

    def _text(self) -> str:
        return read_text(self.path) if self.path.exists() else ""


def _with_value(text: str, name: str, value: str) -> str:
    """Put into the line that sets ``name`` last, or behind all others."""
    line = f"{name}={_quoted(value)}\n"
    parts = [(one.key, one.original.string) for one in parse_stream(io.StringIO(text))]
    places = [index for index, (key, _) in enumerate(parts) if key == name]
    if not places:
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}"
    old = parts[places[-1]][1]
    space = old[: len(old) - len(old.lstrip())]  # blank lines before it belong to it
    parts[places[-1]] = (name, space + line)
    return "".join(part for _, part in parts)


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _holds(text: str, name: str, value: str, *, before: str, given: Mapping[str, str]) -> bool:
    """Whether the text gives the value back, and what it said of other names."""
    if dotenv_values(stream=io.StringIO(text)).get(name) != value:
        return False
    was, now = (
        {
            key: value
            for key, value in dotenv_values(stream=io.StringIO(one), interpolate=False).items()
            if key not in given
        }
        for one in (before, text)
    )
    return was == now


@dataclass(frozen=True, slots=True)
class Whole:
    """A file to be written; it keeps its mode unless one is given."""

    path: Path
    text: str
    mode: int | None = None


def write_whole(files: Sequence[Whole]) -> None:
    """Write files so that each is there as a whole, or as it was; if one cannot be, none is.

    A link stays one: what it points to is written. A file keeps its owner.

    Raises:
        ConfigError: One cannot be written.
    """
    made: list[tuple[Path, Path]] = []
    try:
        for file in files:
            with _as_fault(file.path):
                target = file.path.resolve()
                made.append((_beside(target, file), target))
        for file, (new, target) in zip(files, made, strict=True):
            with _as_fault(file.path):
                new.replace(target)
    finally:
        for new, _ in made:
            new.unlink(missing_ok=True)


def _beside(target: Path, file: Whole) -> Path:
    """The file's text under another name in the same folder, safe on the disk."""
    before = target.stat() if target.exists() else None
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as written:
            written.write(file.text)
            written.flush()
            os.fsync(written.fileno())
        new.chmod(_mode(file.mode, None if before is None else before.st_mode))
        if before is not None:
            with suppress(OSError):  # only root may give a file away
                os.chown(new, before.st_uid, before.st_gid)
    except BaseException:
        new.unlink()
        raise
    return new


@contextmanager
def _as_fault(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=path) from error


def _mode(wanted: int | None, before: int | None) -> int:
    if wanted is not None:
        return wanted
    if before is not None:
        return before & 0o777
    masked = os.umask(0o077)
    os.umask(masked)
    return 0o666 & ~masked
