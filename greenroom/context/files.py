"""A folder of knowledge: its files, whatever their format, as chunks by heading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from greenroom.context.html import to_markdown
from greenroom.context.markdown import Chunk, cut
from greenroom.context.pdf import read_pages
from greenroom.errors import ConfigError, ConfigErrors

MAX_FILE_BYTES: Final = 5_000_000
MAX_PDF_BYTES: Final = 50_000_000


def _read_text(file: Path, source: str) -> list[Chunk]:
    return cut(read_utf8(file), source=source)


def _read_html(file: Path, source: str) -> list[Chunk]:
    title, text = to_markdown(read_bytes(file), name=str(file))
    return cut(text, source=source, title=title)


def _read_pdf(file: Path, source: str) -> list[Chunk]:
    pages = read_pages(read_bytes(file, most=MAX_PDF_BYTES), name=str(file))
    return [
        chunk
        for page in pages
        for chunk in cut(page.text, source=source, place=f"page {page.number}", title=page.heading)
    ]


READERS: Final[Mapping[str, Callable[[Path, str], list[Chunk]]]] = {
    ".md": _read_text,
    ".txt": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
}
"""How each kind of file is read, by its ending in small letters."""

ACCEPTED: Final = ", ".join(READERS)


@dataclass(frozen=True, slots=True)
class _Seen:
    stamp: tuple[int, int]  # time of change in ns, size
    chunks: list[Chunk]


class Folder:
    """Reads a folder again and again; a file that did not change is read once.

    Files and folders whose name begins with a dot are left out.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: dict[str, _Seen] = {}

    def read(self) -> list[Chunk]:
        """The chunks of all files, in order of path. Blocking.

        Raises:
            ConfigError: The folder is not there.
            ConfigErrors: Files are unreadable, in the wrong encoding, or huge: all of them.
        """
        if not self.path.is_dir():
            raise ConfigError(
                "there is no such folder of knowledge",
                file=self.path,
                accepted="make it and put files into it, or change `knowledge`",
            )
        seen: dict[str, _Seen] = {}
        faults: list[ConfigError] = []
        for file in files_of(self.path):
            source = file.relative_to(self.path).as_posix()
            try:
                seen[source] = self._look(file, source)
            except ConfigError as error:
                faults.append(error)
        if faults:
            raise faults[0] if len(faults) == 1 else ConfigErrors(faults)
        self._seen = seen
        return [chunk for one in seen.values() for chunk in one.chunks]

    def _look(self, file: Path, source: str) -> _Seen:
        try:
            status = file.stat()
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._seen.get(source)
        if known is not None and known.stamp == stamp:
            return known
        return _Seen(stamp, read_file(file, source))


def files_of(folder: Path) -> list[Path]:
    """The files of a folder that can be read, in order of path."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in READERS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def read_file(file: Path, source: str | PurePosixPath) -> list[Chunk]:
    """One file's chunks. Blocking.

    Raises:
        ConfigError: It cannot be read, or is of a kind that is not read.
    """
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise ConfigError("is of a kind that cannot be read", file=file, accepted=ACCEPTED)
    return reader(file, str(source))


def read_folder(folder: Path) -> list[Chunk]:
    """The chunks of every file in `folder`; see `Folder.read`. Blocking."""
    return Folder(folder).read()


def read_bytes(file: Path, *, most: int = MAX_FILE_BYTES) -> bytes:
    """What a file holds.

    Raises:
        ConfigError: It is unreadable, or larger than `most` bytes.
    """
    try:
        if file.stat().st_size > most:
            raise ConfigError(
                f"is larger than {most // 1_000_000} MB",
                file=file,
                accepted="split it by subject",
            )
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error


def read_utf8(file: Path) -> str:
    """A file's text.

    Raises:
        ConfigError: It is unreadable, huge, or not UTF-8; with the line.
    """
    try:
        return read_bytes(file).decode("utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        raise ConfigError(
            "is not UTF-8 text",
            file=file,
            line=before.count(b"\n") + 1,
            column=len(before) - before.rfind(b"\n"),
            accepted="save it as UTF-8",
        ) from error
