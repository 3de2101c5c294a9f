"""Markdown files as chunks by heading: what a persona may quote.

Follows what people write, not the letter of a specification: fenced code, lists and tables
stay whole where they fit, front matter and comments are dropped. One comment speaks to us: in

    <!-- also asked:
    Where do I get verified?
    -->

under a heading, each line is another way in which people ask what the section answers. It is
searched for and never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenroom.errors import ConfigError

MAX_WORDS: Final = 180
"""Words of a chunk: what the encoder reads of a text in one or two windows, and what a person
reads of a quotation."""

MAX_CHARACTERS: Final = 2_000
"""The same for text without spaces."""

MAX_FILE_BYTES: Final = 5_000_000
SEPARATOR: Final = " › "

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n.*?^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_ALSO_ASKED = re.compile(r"\s*also asked:", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#*)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_MARKUP = re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A quotable piece of one section."""

    source: str  # the file, relative to the folder, with `/`
    path: tuple[str, ...]  # the headings above it, outermost first
    text: str
    also_asked: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The path as people read it."""
        return SEPARATOR.join(self.path)

    @property
    def title(self) -> str:
        """The innermost heading."""
        return self.path[-1]


def read_folder(folder: Path) -> list[Chunk]:
    """The chunks of every ``*.md`` file in `folder`, in order of path. Blocking.

    Files and folders whose name begins with a dot are left out.

    Raises:
        ConfigError: The folder is not there, or a file is unreadable, not UTF-8, or huge.
    """
    if not folder.is_dir():
        raise ConfigError(
            "there is no such folder of knowledge",
            file=folder,
            accepted="make it and put Markdown files into it, or change `knowledge`",
        )
    files = sorted(path for path in folder.rglob("*.md") if path.is_file())
    return [
        chunk
        for file in files
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
        for chunk in cut(_read(file), source=file.relative_to(folder).as_posix())
    ]


def cut(text: str, *, source: str) -> list[Chunk]:
    """Cut one file's `text` into chunks; a section without text gives none."""
    text = _FRONT_MATTER.sub("", text.removeprefix("\ufeff").replace("\r\n", "\n"), count=1)
    stem = source.rpartition("/")[2].removesuffix(".md")
    return [
        Chunk(source, path or (stem,), piece, asked)
        for path, body in _sections(text.replace("\r", "\n").split("\n"))
        for asked in [_also_asked(body)]
        for piece in _pieces(_without_comments(body))
    ]


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(
                f"is larger than {MAX_FILE_BYTES // 1_000_000} MB",
                file=file,
                accepted="split it by subject",
            )
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            "is not UTF-8 text", file=file, line=line, accepted="save it as UTF-8"
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error


def _sections(lines: Iterable[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each heading's path and the lines below it."""
    path: list[tuple[int, str]] = []
    body: list[str] = []
    for line, is_plain in _outside_code(lines):
        found = _heading(line, body) if is_plain else None
        if found is None:
            body.append(line)
            continue
        yield tuple(title for _, title in path), "\n".join(body)
        body.clear()
        level, title = found
        path = [entry for entry in path if entry[0] < level]
        if title:
            path.append((level, title))
    yield tuple(title for _, title in path), "\n".join(body)


def _outside_code(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it may be markup: fenced code and comments are not."""
    fence: str | None = None
    in_comment = False
    for line in lines:
        mark = _FENCE.match(line)
        if fence is not None:
            yield line, False
            closes = mark and mark[1].startswith(fence) and not line.strip().strip(fence[0])
            fence = None if closes else fence
            continue
        yield line, not (mark or in_comment or "<!--" in line)
        if mark and not in_comment:
            fence = mark[1]
        # The last of the two marks in a line says whether it leaves a comment open.
        if "<!--" in line or "-->" in line:
            in_comment = line.rfind("<!--") > line.rfind("-->")


def _heading(line: str, body: list[str]) -> tuple[int, str] | None:
    """Level and title, if `line` is a heading; an underlined one is taken out of `body`."""
    hashed = _HEADING.match(line)
    if hashed:
        return len(hashed[1]), _plain(hashed[2] or "")
    underline = _UNDERLINE.match(line)
    is_single = len(body) < 2 or not body[-2].strip()
    if not underline or not body or not body[-1].strip() or not is_single:
        return None
    if _LIST_ITEM.match(body[-1]) or _FENCE.match(body[-1]) or "-->" in body[-1]:
        return None
    return (1 if underline[1][0] == "=" else 2), _plain(body.pop())


def _plain(title: str) -> str:
    """A heading as read aloud: no emphasis, no link targets, one line, not endless."""
    return " ".join(_MARKUP.sub(r"\1", title).split())[:200]


def _also_asked(body: str) -> tuple[str, ...]:
    comments = (match[1] for match in _COMMENT.finditer(body))
    lists = (_ALSO_ASKED.sub("", text, count=1) for text in comments if _ALSO_ASKED.match(text))
    lines = (line.strip() for text in lists for line in text.split("\n"))
    return tuple(line for line in lines if line)


def _without_comments(body: str) -> str:
    return _COMMENT.sub("", body).partition("<!--")[0]


def _pieces(body: str) -> Iterator[str]:
    """`body` in pieces of whole blocks, as many to a piece as fit."""
    piece: list[str] = []
    for block in _blocks(body):
        for part in _parts(block):
            if piece and not _fits("\n\n".join([*piece, part])):
                yield "\n\n".join(piece)
                piece = []
            piece.append(part)
    if piece:
        yield "\n\n".join(piece)


def _blocks(body: str) -> Iterator[str]:
    """Paragraphs, whole lists, whole tables, whole fenced code."""
    block: list[str] = []
    was_blank = False
    for line, is_plain in _outside_code(body.split("\n")):
        if is_plain and not line.strip():
            was_blank = True
            continue
        is_more = not is_plain or (bool(block) and _continues_list(block, line))
        if block and was_blank and not is_more:
            yield "\n".join(block).strip("\n")
            block = []
        if was_blank and block:
            block.append("")
        was_blank = False
        block.append(line.rstrip())
    if block:
        yield "\n".join(block).strip("\n")


def _continues_list(block: list[str], line: str) -> bool:
    is_list = _LIST_ITEM.match(block[0]) is not None
    return is_list and (line[:1] in (" ", "\t") or _LIST_ITEM.match(line) is not None)


def _parts(block: str) -> Iterator[str]:
    """`block` itself if it fits, else its lines, sentences or words, as many as fit."""
    if _fits(block):
        yield block
        return
    part = ""
    for atom in _atoms(block):
        if part and not _fits(part + atom):
            yield part.strip("\n")
            part = ""
        part += atom
    if part.strip():
        yield part.strip("\n")


def _atoms(block: str) -> Iterator[str]:
    """The smallest pieces that a block is cut into: lines, then sentences, then words."""
    for line in block.splitlines(keepends=True):
        if _fits(line):
            yield line
            continue
        for sentence in re.split(r"(?<=[.!?…]\s)", line):
            if _fits(sentence):
                yield sentence
                continue
            yield from (
                word[start : start + MAX_CHARACTERS]
                for word in re.split(r"(?<=\s)", sentence)
                for start in range(0, len(word), MAX_CHARACTERS)
            )


def _fits(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and len(text.split()) <= MAX_WORDS
