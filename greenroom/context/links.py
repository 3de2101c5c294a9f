"""Links in files of knowledge, and whether they lead anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from greenroom.context.files import read_bytes, read_utf8
from greenroom.context.markdown import shown_lines

_INLINE = re.compile(r"\[[^\[\]\n]{0,500}\]\([ \t]*<?([^\s<>()]{1,2000})")
_REFERENCE = re.compile(r"^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]*<?([^\s<>]{1,2000})")
_BARE = re.compile(r"(?<![\w(\[<\"'])<?(https?://[^\s<>()\[\]\"'`]{1,2000})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.{1,500}?)[ \t]*#*[ \t]*$")
_NO_SLUG = re.compile(r"[^\w\- ]")
_MARKUP = re.compile(r"[*`]+|!?\[([^\[\]]*)\]\([^()]*\)")
_TRAILING: Final = ".,;:!?"
_TEXTS: Final = (".md", ".txt")
_PAGES: Final = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class Link:
    """A link where it is written."""

    file: Path
    line: int  # from 1; 0 where the format has none
    target: str

    @property
    def is_web(self) -> bool:
        """Whether it leads to another machine."""
        return self.target.lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A link that leads nowhere, and why."""

    link: Link
    why: str


def links_of(file: Path) -> list[Link]:
    """The links of a file; of a PDF none are known. Blocking.

    Raises:
        ConfigError: It cannot be read.
    """
    if file.suffix.lower() in _TEXTS:
        return list(_in_markdown(file))
    if file.suffix.lower() in _PAGES:
        return list(_in_html(file))
    return []


def dead_links(links: Sequence[Link], folder: Path) -> list[DeadLink]:
    """Those that lead to a file or a heading that is not there. Blocking; asks no network."""
    return [
        DeadLink(link, why)
        for link in links
        if not link.is_web
        for why in [_why_dead(link, folder)]
        if why is not None
    ]


def _in_markdown(file: Path) -> Iterator[Link]:
    for number, line in shown_lines(read_utf8(file)):
        found = [*_INLINE.findall(line), *_REFERENCE.findall(line), *_BARE.findall(line)]
        for target in dict.fromkeys(one.rstrip(_TRAILING) for one in found):
            yield Link(file, number, target)


def _in_html(file: Path) -> Iterator[Link]:
    from bs4 import BeautifulSoup  # noqa: PLC0415 (see html.py)

    soup = BeautifulSoup(read_bytes(file), "lxml")
    for element in soup.find_all("a", href=True):
        yield Link(file, element.sourceline or 0, str(element["href"]).strip())


def _why_dead(link: Link, folder: Path) -> str | None:
    name, _, anchor = link.target.partition("#")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", name):
        return None  # mailto:, discord:, and so on
    target = link.file if not name else _inside(link.file.parent / unquote(name), folder)
    if target is None:
        return "leads out of the folder of knowledge"
    if not target.exists():
        return f"there is no {name}"
    if not anchor or target.suffix.lower() not in (*_TEXTS, *_PAGES):
        return None
    if unquote(anchor).lower() in _anchors(target):
        return None
    return f"{target.name} has no heading #{anchor}"


def _inside(path: Path, folder: Path) -> Path | None:
    whole = path.resolve()
    return whole if whole.is_relative_to(folder.resolve()) else None


def _anchors(file: Path) -> set[str]:
    """What may stand after ``#``: headings as code hosts spell them, or ids of a page."""
    if file.suffix.lower() in _PAGES:
        from bs4 import BeautifulSoup  # noqa: PLC0415 (see html.py)

        soup = BeautifulSoup(read_bytes(file), "lxml")
        named = [*soup.find_all(id=True), *soup.find_all("a", attrs={"name": True})]
        return {str(one.get("id") or one.get("name")).lower() for one in named}
    slugs: dict[str, int] = {}
    for _, line in shown_lines(read_utf8(file)):
        heading = _HEADING.match(line)
        if heading is None:
            continue
        slug = _NO_SLUG.sub("", _MARKUP.sub(r"\1", heading[1]).lower()).replace(" ", "-")
        slugs[slug] = slugs.get(slug, 0) + 1
    again = {f"{slug}-{number}" for slug, count in slugs.items() for number in range(1, count)}
    return {*slugs, *again}
