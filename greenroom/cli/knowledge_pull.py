"""Pinned posts and wiki pages into ``knowledge/BOT/``, as they are on the platform now."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from greenroom.adapters.base import Article, Published
from greenroom.errors import ConfigError

MARK: Final = "pulled: by greenroom; it is written anew at each pull\n"
"""In the front matter of each file that is ours to write and to remove."""

_UNSAFE = re.compile(r"[^\w-]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"]{1,2000}")
_MOST_NAME: Final = 80


@dataclass(slots=True)
class Pulled:
    """What changed in the folder; names are relative to the folder of knowledge."""

    written: list[str] = field(default_factory=list)
    kept: int = 0
    removed: list[str] = field(default_factory=list)
    unread: Mapping[str, str] = field(default_factory=dict)


def lay_down(published: Published, bot: str, knowledge: Path) -> Pulled:
    """Bring ``knowledge/BOT/`` to what was published. Blocking.

    Files of people there stay. What stands on a shelf that could not be read stays too.

    Raises:
        ConfigError: A file of somebody's own has the name of one that would be written.
    """
    folder = knowledge / bot
    wanted = dict(_files(published.articles))
    pulled = Pulled(unread=published.unread)
    for name in wanted:
        _check_ours(folder / name)
    for name, text in wanted.items():
        target = folder / name
        if target.is_file() and target.read_text("utf-8") == text:
            pulled.kept += 1
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.write_text(text, "utf-8")
        draft.replace(target)
        pulled.written.append(f"{bot}/{name}")
    kept = {_shelf(shelf) for shelf in published.unread}
    for file in sorted(folder.rglob("*.md")) if folder.is_dir() else ():
        name = file.relative_to(folder).as_posix()
        if name not in wanted and name.rpartition("/")[0] not in kept and _is_ours(file):
            file.unlink()
            pulled.removed.append(f"{bot}/{name}")
    return pulled


def _files(articles: Sequence[Article]) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for article in sorted(articles, key=lambda one: (one.shelf, one.name)):
        name = f"{_shelf(article.shelf)}/{_safe(article.name)}"
        if name.lower() in taken:  # two names that differ in what file names cannot have
            digest = hashlib.sha256(article.name.encode("utf-8", "replace")).hexdigest()
            name = f"{name}-{digest[:8]}"
        taken.add(name.lower())
        yield f"{name}.md", _written(article)


def _written(article: Article) -> str:
    address = article.url if _ADDRESS.fullmatch(article.url) else ""
    title = " ".join(article.title.split()).lstrip("#").strip() or article.name
    text = _tamed(article.text).strip()
    front = f"---\n{MARK}url: {address}\n---\n" if address else f"---\n{MARK}---\n"
    return f"{front}# {_tamed(title)}\n\n{text}\n"


def _tamed(text: str) -> str:
    """Text that is quoted or searched, and steers nothing: our comments speak to the index."""
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    shown = "".join(char for char in clean if char.isprintable() or char in "\n\t")
    return shown.replace("<!--", "<! --")


def _shelf(shelf: str) -> str:
    return "/".join(_safe(one) for one in shelf.split("/"))


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name).strip("-").lower()[:_MOST_NAME] or "page"


def _is_ours(file: Path) -> bool:
    return file.read_text("utf-8", errors="replace").startswith(f"---\n{MARK}")


def _check_ours(file: Path) -> None:
    if file.exists() and not _is_ours(file):
        raise ConfigError(
            "is not from a pull, and has the name of what would be written",
            file=file,
            accepted="move it elsewhere in knowledge/",
        )
