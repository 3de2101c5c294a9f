"""Lists and parts that policies share: ``policies/lists/`` and ``policies/parts/``.

A list is a text file with one value a line, or a YAML list; rules name it where a value stands:
``domain: {list: shorteners}``. A part is a YAML file of keys that rules take in: ``include:
newcomer``. Both are read once, when a rule first names them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from greenroom.documents import Document, KeyPath, Place, parse, read_text, suggest
from greenroom.policies.node import Node

LISTS: Final = "lists"
PARTS: Final = "parts"
_YAML: Final = (".yaml", ".yml")
_ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {LISTS: (".txt", *_YAML), PARTS: _YAML}


class Shelf:
    """What lies beside a folder's policies.

    Args:
        folder: The folder of the policies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, Node] = {}

    def digest(self) -> str:
        """What all lists and parts hold, in one number."""
        found = hashlib.sha256()
        for kind in (LISTS, PARTS):
            for path in self._files(kind):
                found.update(f"{kind}/{path.name}\0".encode("utf-8", "surrogateescape"))
                found.update(path.read_bytes() if path.is_file() else b"")
        return found.hexdigest()

    def values(self, node: Node) -> Sequence[Node]:
        """The values of the list that ``{list: NAME}`` names, each with its place.

        Raises:
            ConfigError: There is no such list, or it is none.
        """
        root = self._file(LISTS, node, "list")
        if not isinstance(root.value, list) or not root.value:
            raise root.fault("has no values", accepted="one value a line, or a YAML list")
        root.texts()
        return [root.child(index, value) for index, value in enumerate(root.value)]

    def part(self, node: Node) -> Node:
        """The keys of the part that ``include:`` names.

        Raises:
            ConfigError: There is no such part, or it is none.
        """
        root = self._file(PARTS, node, "part")
        if not isinstance(root.value, dict) or not root.value:
            raise root.fault("is no part of a rule", accepted="keys, such as `body: word`")
        return root

    def _file(self, kind: str, node: Node, what: str) -> Node:
        name = node.text().strip()
        for path in self._files(kind):
            if path.stem == name:
                if path not in self._read:
                    self._read[path] = _parsed(path)
                return self._read[path]
        known = [path.stem for path in self._files(kind)]
        raise node.fault(
            f"there is no {what} `{name}` in {self._folder.name}/{kind}/",
            accepted=suggest(name, known) if known else f"make {kind}/{name}{_ENDINGS[kind][0]}",
        )

    def _files(self, kind: str) -> list[Path]:
        folder = self._folder / kind
        return sorted(path for path in folder.glob("*") if path.suffix in _ENDINGS[kind])


def _parsed(path: Path) -> Node:
    text = read_text(path)
    document = _lines(text, path) if path.suffix == ".txt" else _yaml(text, path)
    return Node(document, (path.stem,), document.value)


def _yaml(text: str, path: Path) -> Document:
    document = parse(text, file=str(path), as_written=True)
    value = _lowered(document.value)
    places = {(path.stem, *map(_lower, at)): place for at, place in document.places.items()}
    return Document(value, document.file, places, document.duplicates)


def _lower(step: str | int) -> str | int:
    return step.lower() if isinstance(step, str) else step


def _lowered(value: object) -> object:
    """Keys in lower case, as in rules."""
    if isinstance(value, dict):
        return {str(key).lower(): _lowered(item) for key, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def _lines(text: str, path: Path) -> Document:
    """One value a line; blank lines and comments (``#`` and a space) are passed over."""
    values: list[str] = []
    places: dict[KeyPath, Place] = {(path.stem,): Place(1, 1)}
    for number, line in enumerate(text.splitlines(), 1):
        value = line.strip()
        if value and value != "#" and not value.startswith("# "):
            places[path.stem, len(values)] = Place(number, line.index(value) + 1)
            values.append(value)
    return Document(values, str(path), places)


def is_list(value: object) -> bool:
    """Whether a value stands for a list's: ``{list: NAME}``."""
    return isinstance(value, dict) and value.keys() == {"list"}


def filled(node: Node, shelf: Shelf) -> Node:
    """The node, with the values of the lists that it names in their place."""
    items = node.value if isinstance(node.value, list) else [node.value]
    if not any(map(is_list, items)):
        return node
    values: list[Node] = []
    for index, item in enumerate(items):
        place = node.child(index, item) if isinstance(node.value, list) else node
        if is_list(item):
            values.extend(shelf.values(place.child("list", item["list"])))
        else:
            values.append(place)
    return Node(node.document, node.path, [one.value for one in values], tuple(values))
