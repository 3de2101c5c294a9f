"""A rule's keys, each sorted to the part of the message that it looks at.

What a rule takes in comes first: the parts that it includes, its standard condition; then its
own keys, which override theirs. Lists that it names are filled in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from greenroom.errors import ConfigError
from greenroom.policies.keys import parse_key
from greenroom.policies.logic import GROUP_KEYS
from greenroom.policies.node import Node
from greenroom.policies.parts import GROUPS
from greenroom.policies.shelf import Shelf, filled
from greenroom.policies.standards import STANDARDS

DEEPEST: Final = 8
"""Parts can include parts, so many deep."""

MOST_GROUPS: Final = 1_000
"""Groups of checks in one rule; aliases could make a few lines millions."""

_SHORTHAND: Final = frozenset(GROUPS) - {"parent_submission"}


@dataclass(slots=True)
class Split:
    """The keys of the item itself, those of each sub-group, and what could not be sorted."""

    base: dict[str, Node] = field(default_factory=dict)
    groups: dict[str, dict[str, Node]] = field(default_factory=dict)
    faults: list[ConfigError] = field(default_factory=list)


def split_keys(root: Node, shelf: Shelf) -> Split:
    """Sort the keys of a rule, or of a branch under ``any:``; ``author: x`` is written out."""
    split = Split()
    try:
        *parts, own = _roots(root, shelf)
    except ConfigError as error:
        split.faults.append(error)
        parts, own = [], root
    seen: dict[tuple[str, str], Node] = {}
    for part in parts:
        for place, node in _sorted(part, shelf, split):
            if place in seen and seen[place].document is not node.document:
                split.faults.append(_clash(seen[place], node))
            seen[place] = node
    for _ in _sorted(own, shelf, split):
        pass
    return split


def _sorted(root: Node, shelf: Shelf, split: Split) -> Iterator[tuple[tuple[str, str], Node]]:
    """Put the keys of one group of keys where they belong; yields each with its place."""
    for written in root.items():
        try:
            node = filled(written, shelf)
        except ConfigError as error:
            split.faults.append(error)
            continue
        key = parse_key(node.key)
        name = key.fields[0] if key is not None and not key.is_joined else ""
        if name not in GROUPS or key is None:
            split.base[node.key] = node
            yield ("", node.key), node
            continue
        group = split.groups.setdefault(name, {})
        if node.key == name and node.value is None:
            continue  # all that stood below it is commented out; lint tells
        if isinstance(node.value, dict) and node.key == name:
            yield from _sorted_group(node, shelf, split)
        elif name in _SHORTHAND and not isinstance(node.value, dict):
            short = node.renamed(node.key.replace(name, "name", 1))
            group[short.key] = short
            yield (name, short.key), short
        else:
            split.faults.append(
                node.fault(
                    f"`{node.key}` must be a group of keys",
                    accepted="a name or a list of names, where ~ or a (modifier) is meant"
                    if name in _SHORTHAND
                    else None,
                )
            )


def _sorted_group(
    group: Node, shelf: Shelf, split: Split
) -> Iterator[tuple[tuple[str, str], Node]]:
    for child in group.items():
        try:
            split.groups[group.key][child.key] = node = filled(child, shelf)
        except ConfigError as error:
            split.faults.append(error)
        else:
            yield (group.key, child.key), node


def _roots(root: Node, shelf: Shelf, depth: int = 0) -> Iterator[Node]:
    """The groups of keys that make a rule: parts, the standard condition, its own keys."""
    include = root.get("include")
    if include is not None:
        if depth == DEEPEST:
            raise include.fault("parts include each other, or nest too deep")
        for part in include.each():
            yield from _roots(shelf.part(part), shelf, depth + 1)
    standard = root.get("standard")
    if standard is not None:
        name = standard.choice(tuple(STANDARDS))
        yield Node(root.document, root.path, STANDARDS[name])
    own = {key: node.value for key, node in ((node.key, node) for node in root.items())}
    own.pop("include", None)
    yield Node(root.document, root.path, own)


def _clash(first: Node, second: Node) -> ConfigError:
    return second.fault(
        f"`{second.key}` also stands in {first.document.file}: a rule cannot take in both",
        accepted=f"a tag keeps two apart, as in {second.key}#2",
    )


def count_groups(value: object) -> int:
    """How many mappings stand under ``any:``, ``all:`` and ``not:``; counting ends at too many."""
    waiting, count = [value], 0
    while waiting and count <= MOST_GROUPS:
        one = waiting.pop()
        if isinstance(one, dict):
            for key, item in one.items():
                if str(key).partition("#")[0] in GROUP_KEYS:
                    count += 1
                    waiting.extend(item if isinstance(item, list) else [item])
                    count += len(item) if isinstance(item, list) else 0
    return count


def branches_of(node: Node) -> Iterator[Node]:
    """What stands under a group: under ``any:`` each key of a mapping is a branch of its own."""
    accepted = "checks, or a list of groups of checks"
    if isinstance(node.value, dict) and node.value:
        if node.key.partition("#")[0] != "any":
            yield node
            return
        for key, value in node.value.items():
            yield Node(node.document, node.path, {key: value})
        return
    if not isinstance(node.value, list) or not node.value:
        raise node.fault(f"`{node.key}` must be a group of checks", accepted=accepted)
    for index, item in enumerate(node.value):
        child = node.child(index, item)
        if not isinstance(item, dict) or not item:
            raise child.fault(
                f"item {index + 1} of `{node.key}` must be a group of checks",
                accepted="such as `- body: word`",
            )
        yield child
