"""A rule's keys, each sorted to the part of the message that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from greenroom.errors import ConfigError
from greenroom.policies.keys import parse_key
from greenroom.policies.node import Node
from greenroom.policies.parts import GROUPS

_SHORTHAND: Final = frozenset(GROUPS) - {"parent_submission"}


@dataclass(slots=True)
class Split:
    """The keys of the item itself, those of each sub-group, and what could not be sorted."""

    base: dict[str, Node] = field(default_factory=dict)
    groups: dict[str, dict[str, Node]] = field(default_factory=dict)
    faults: list[ConfigError] = field(default_factory=list)


def split_keys(root: Node) -> Split:
    """Sort the keys of a rule, or of a branch under ``any:``; ``author: x`` is written out."""
    split = Split()
    for node in root.items():
        key = parse_key(node.key)
        name = key.fields[0] if key is not None and not key.is_joined else ""
        if name not in GROUPS or key is None:
            split.base[node.key] = node
            continue
        group = split.groups.setdefault(name, {})
        if node.key == name and node.value is None:
            continue  # all that stood below it is commented out; lint tells
        if isinstance(node.value, dict) and node.key == name:
            group.update({child.key: child for child in node.items()})
        elif name in _SHORTHAND and not isinstance(node.value, dict):
            short = node.child(node.key.replace(name, "name", 1), node.value)
            group[short.key] = short
        else:
            split.faults.append(
                node.fault(
                    f"`{node.key}` must be a group of keys",
                    accepted="a name or a list of names, where ~ or a (modifier) is meant"
                    if name in _SHORTHAND
                    else None,
                )
            )
    return split


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
