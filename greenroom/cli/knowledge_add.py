"""Files and pages into the folder of knowledge: read first, then written, never over another."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

import aiohttp

from greenroom.context.files import ACCEPTED, MAX_PDF_BYTES, READERS, files_of, read_file
from greenroom.context.html import to_markdown
from greenroom.errors import ConfigError, RetryLater

DEADLINE_S: Final = 30.0
_CHUNK: Final = 65_536

_ENDINGS: Final[Mapping[str, str]] = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
}
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Added:
    """A file that is in the folder now."""

    name: str  # relative to the folder, with `/`
    sections: int


def add_file(path: Path, folder: Path, *, name: str | None = None) -> list[Added]:
    """Copy a file, or what can be read of a folder. Blocking.

    Raises:
        ConfigError: There is no such file, it cannot be read, or one of that name is there.
    """
    if path.is_dir():
        root = PurePosixPath(name or _safe(path.resolve().name))
        pairs = [(file, root / file.relative_to(path).as_posix()) for file in files_of(path)]
        if not pairs:
            raise ConfigError("holds no file that can be read", file=path, accepted=ACCEPTED)
    else:
        pairs = [(path, PurePosixPath(name or _safe(path.name)))]
    placed = [(file, _place(folder, inside, file.suffix)) for file, inside in pairs]
    return [_write(_bytes(file), target, folder) for file, target in placed]


async def fetch(url: str, folder: Path, *, name: str | None = None) -> Added:
    """Take a page or file from the web; a page becomes Markdown that links back to it.

    Raises:
        ConfigError: It is of no kind that is read, too large, or one of that name is there.
        RetryLater: The address gave no answer.
    """
    kind, data, address = await _download(url)
    ending = _ENDINGS.get(kind) or PurePosixPath(urlsplit(address).path).suffix.lower()
    if ending not in READERS:
        raise ConfigError(f"{url} is {kind or 'of no kind that it says'}", accepted=ACCEPTED)
    stem = _safe(PurePosixPath(unquote(urlsplit(address).path)).stem or urlsplit(address).hostname)
    if ending in (".html", ".htm"):
        title, text = await asyncio.to_thread(to_markdown, data, name=url)
        front, ending = f"---\nurl: {address}\n---\n", ".md"
        heading = f"# {title}\n\n" if title and not text.startswith("# ") else ""
        data = f"{front}{heading}{text}\n".encode()
    target = _place(folder, PurePosixPath(name or f"{stem}{ending}"), ending)
    return await asyncio.to_thread(_write, data, target, folder)


async def _download(url: str) -> tuple[str, bytes, str]:
    """Kind, content and final address."""
    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            aiohttp.ClientSession(headers={"User-Agent": "greenroom"}) as session,
            session.get(url, max_redirects=5) as answer,
        ):
            if answer.status >= 400:
                raise ConfigError(f"{url} answers {answer.status}", accepted="check the address")
            data = bytearray()
            async for part in answer.content.iter_chunked(_CHUNK):
                data += part
                if len(data) > MAX_PDF_BYTES:
                    raise ConfigError(f"{url} is larger than {MAX_PDF_BYTES // 1_000_000} MB")
            return answer.content_type, bytes(data), str(answer.url)
    except aiohttp.InvalidURL as error:
        raise ConfigError(f"{url} is no address", accepted="as https://acme.example/") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise RetryLater(f"{url} cannot be reached: {type(error).__name__}") from error


def _place(folder: Path, inside: PurePosixPath, ending: str) -> Path:
    """Where a file goes.

    Raises:
        ConfigError: That is outside of the folder, hidden, of another kind, or taken.
    """
    if inside.suffix.lower() not in READERS:
        inside = inside.with_name(inside.name + ending)
    if inside.suffix.lower() not in READERS:
        raise ConfigError(f"{inside} is of a kind that cannot be read", accepted=ACCEPTED)
    if inside.is_absolute() or any(part.startswith(".") for part in inside.parts):
        raise ConfigError(
            f"--as cannot be {str(inside)!r}", accepted="a name in the folder, such as faq/rules.md"
        )
    target = folder / inside
    if target.exists():
        raise ConfigError("is there already", file=target, accepted="--as gives it another name")
    return target


def _write(data: bytes, target: Path, folder: Path) -> Added:
    """Read it as knowledge is read; only then put it in its place, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=target.parent) as beside:
        draft = Path(beside) / target.name
        draft.write_bytes(data)
        name = target.relative_to(folder).as_posix()
        sections = len(read_file(draft, name))
        if not sections:
            raise ConfigError(f"{name} has no text to quote", accepted="a file with text in it")
        try:
            os.link(draft, target)  # unlike a rename, never over another file
        except FileExistsError as error:
            raise ConfigError("is there already", file=target) from error
    return Added(name, sections)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error


def _safe(name: str | None) -> str:
    return _UNSAFE.sub("-", name or "").strip("-.").lower() or "page"
