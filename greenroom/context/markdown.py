"""Markdown as chunks by heading: what a persona may quote. Other formats become Markdown first.

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
from enum import Enum, auto
from pathlib import PurePosixPath
from typing import Final

MAX_WORDS: Final = 180
"""Words of a chunk: what the encoder reads of a text in one or two windows, and what a person
reads of a quotation."""

MAX_CHARACTERS: Final = 2_000
"""The same for text without spaces."""

SEPARATOR: Final = " › "

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n.*?^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_URL = re.compile(r"^url:[ \t]*(https?://[^\s<>\"]{1,2000})[ \t]*$", re.MULTILINE)
_ALSO_ASKED = re.compile(r"\s*also asked:", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_MARKUP = re.compile(r"[*`]+|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)|!?\[([^\]]*)\]\([^)]*\)")


class _Kind(Enum):
    TEXT = auto()  # a line that may be markup
    CODE = auto()  # a line of fenced code, the fences included
    COMMENT = auto()  # what a comment says, of one line or many


_Line = tuple[_Kind, str]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A quotable piece of one section."""

    source: str  # the file, relative to the folder, with `/`
    path: tuple[str, ...]  # the headings above it, outermost first
    text: str
    also_asked: tuple[str, ...] = ()
    url: str = ""  # where members can read it, if the file says so
    place: str = ""  # where in the file, if it has pages

    @property
    def headings(self) -> str:
        """The path as people read it."""
        return SEPARATOR.join(self.path)

    @property
    def heading(self) -> str:
        """The path and the place: what a quotation names."""
        return f"{self.headings}, {self.place}" if self.place else self.headings

    @property
    def title(self) -> str:
        """The innermost heading."""
        return self.path[-1]


def cut(text: str, *, source: str, place: str = "", title: str = "") -> list[Chunk]:
    """Cut one file's `text` into chunks; a section without text gives none.

    Args:
        text: Markdown. ``url:`` in its front matter says where members can read it.
        source: The file, relative to the folder, with `/`.
        place: Where in the file `text` stands, if it has pages.
        title: The heading of what has none; else the file's name.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT_MATTER.match(text)
    url = _URL.search(front[0]) if front else None
    lines = text[front.end() :] if front else text
    stem = title or PurePosixPath(source).stem
    return [
        Chunk(source, path or (stem,), piece, asked, url[1] if url else "", place)
        for path, section in _sections(_marked(lines.split("\n")))
        for asked in [_also_asked(section)]
        for piece in _pieces(section)
    ]


def shown_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are neither code nor comment, with their numbers from 1."""
    fence: str | None = None
    comment: list[str] | None = None
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        mark = _FENCE.match(line) if comment is None else None
        if fence is not None:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
        elif mark:
            fence = mark[1]
        else:
            shown, _, comment = _without_comments(line, comment)
            yield number, shown


def _marked(lines: Iterable[str]) -> Iterator[_Line]:
    """What each line is. An unclosed fence or comment runs to the end of the file."""
    fence: str | None = None
    comment: list[str] | None = None
    for line in lines:
        mark = _FENCE.match(line) if comment is None else None
        if fence is not None:
            closes = mark and mark[1].startswith(fence) and not line.strip().strip(fence[0])
            fence = None if closes else fence
            yield _Kind.CODE, line
        elif mark:
            fence = mark[1]
            yield _Kind.CODE, line
        elif comment is None and "<!--" not in line:
            yield _Kind.TEXT, line
        else:
            shown, said, comment = _without_comments(line, comment)
            yield from ((_Kind.COMMENT, text) for text in said)
            if shown.strip():
                yield _Kind.TEXT, shown


def _without_comments(
    line: str, comment: list[str] | None
) -> tuple[str, list[str], list[str] | None]:
    """What `line` shows, the comments that end in it, and the one that stays open, if any."""
    shown: list[str] = []
    said: list[str] = []
    at = 0
    while at < len(line):
        mark = "<!--" if comment is None else "-->"
        found = line.find(mark, at)
        end = len(line) if found < 0 else found
        (shown if comment is None else comment).append(line[at:end])
        at = end + len(mark)
        if found < 0:
            break
        if comment is not None:
            said.append("\n".join(comment))
        comment = [] if comment is None else None
    return "".join(shown), said, comment


def _sections(lines: Iterable[_Line]) -> Iterator[tuple[tuple[str, ...], list[_Line]]]:
    """Each heading's path and the lines below it."""
    path: list[tuple[int, str]] = []
    body: list[_Line] = []
    for line in lines:
        found = _heading(line, body)
        if found is None:
            body.append(line)
            continue
        yield tuple(title for _, title in path), body
        body = []
        level, title = found
        path = [entry for entry in path if entry[0] < level]
        if title:
            path.append((level, title))
    yield tuple(title for _, title in path), body


def _heading(line: _Line, body: list[_Line]) -> tuple[int, str] | None:
    """Level and title, if `line` is a heading; an underlined one is taken out of `body`."""
    kind, text = line
    if kind is not _Kind.TEXT:
        return None
    hashes = _HASHES.match(text)
    if hashes:
        return len(hashes[1]), _plain(_unhashed(text[hashes.end() :].strip()))
    underline = _UNDERLINE.match(text)
    if not underline or not _may_be_underlined(body):
        return None
    return (1 if underline[1][0] == "=" else 2), _plain(body.pop()[1])


def _unhashed(title: str) -> str:
    """`title` without hashes that close it, as in ``## Title ##``."""
    bare = title.rstrip("#")
    return bare.rstrip() if not bare or bare[-1] in " \t" else title


def _may_be_underlined(body: list[_Line]) -> bool:
    """True if the last line of `body` is a paragraph of one line."""
    if not body or body[-1][0] is not _Kind.TEXT or not body[-1][1].strip():
        return False
    is_first = len(body) < 2 or body[-2][0] is not _Kind.TEXT or not body[-2][1].strip()
    return is_first and not _LIST_ITEM.match(body[-1][1])


def _plain(title: str) -> str:
    """A heading as read aloud: no emphasis, no link targets, one line, not endless."""
    return " ".join(_MARKUP.sub(r"\1", title[:1_000]).split())[:200]


def _also_asked(lines: list[_Line]) -> tuple[str, ...]:
    comments = (text for kind, text in lines if kind is _Kind.COMMENT and _ALSO_ASKED.match(text))
    asked = (line.strip() for text in comments for line in _ALSO_ASKED.sub("", text, 1).split("\n"))
    return tuple(line for line in asked if line)


def _pieces(lines: list[_Line]) -> Iterator[str]:
    """The section's text in pieces of whole blocks, as many to a piece as fit."""
    piece: list[str] = []
    for block in _blocks(line for line in lines if line[0] is not _Kind.COMMENT):
        for part in _parts(block):
            if piece and not _fits("\n\n".join([*piece, part])):
                yield "\n\n".join(piece)
                piece = []
            piece.append(part)
    if piece:
        yield "\n\n".join(piece)


def _blocks(lines: Iterable[_Line]) -> Iterator[str]:
    """Paragraphs, whole lists, whole tables, whole fenced code with what it stands under."""
    block: list[str] = []
    blanks = 0
    for kind, line in lines:
        if kind is _Kind.TEXT and not line.strip():
            blanks += 1
            continue
        if block and blanks and not (kind is _Kind.CODE or _continues_list(block, line)):
            yield "\n".join(block)
            block = []
        block.extend([""] * min(blanks, 1 if block else 0))
        blanks = 0
        block.append(line.rstrip())
    if any(block):
        yield "\n".join(block).rstrip("\n")


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
