"""What a rule asks for, key by key with its place: for what a platform does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from greenroom.policies.keys import parse_key
from greenroom.policies.logic import GROUP_KEYS
from greenroom.policies.node import Node
from greenroom.policies.parts import ALL_FIELDS, COMMENT, GROUPS, MODIFIERS, RULE_KEYS, SUBMISSION
from greenroom.policies.shelf import Shelf
from greenroom.policies.split import branches_of, split_keys

Keys = Mapping[str, Node]
_NOT_ASKING: Final = (
    RULE_KEYS
    | MODIFIERS
    | COMMENT.actions
    | SUBMISSION.actions
    | frozenset[str]().union(*(part.actions | part.modifiers for part in GROUPS.values()))
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One check as the rule has it.

    Attributes:
        part: Which part of the message: ``message``, ``author``, …
        names: The fields of a search, else the key.
        written: The key as it is written.
        is_search: A search reads what is absent as an empty text; any other check is unknown.
        is_negated: ``~``.
        is_nested: It stands under ``any:``, ``all:`` or ``not:``.
        file: Its file.
        line: Its line, from 1.
        column: Its column, from 1.
    """

    part: str
    names: tuple[str, ...]
    written: str
    is_search: bool
    is_negated: bool
    is_nested: bool
    file: str
    line: int
    column: int


def asked_of(
    base: Keys, groups: Mapping[str, Keys], shelf: Shelf, *, is_nested: bool = False
) -> Iterator[Asked]:
    """All checks of a rule, those under groups of checks included, in no certain order."""
    for part, keys in (("message", base), *groups.items()):
        for node in keys.values():
            if node.key.partition("#")[0] in GROUP_KEYS:
                for branch in branches_of(node):
                    split = split_keys(branch, shelf)
                    yield from asked_of(split.base, split.groups, shelf, is_nested=True)
            elif node.key not in _NOT_ASKING:
                yield _asked(node, part, is_nested)


def _asked(node: Node, part: str, is_nested: bool) -> Asked:
    key = parse_key(node.key)
    names = (node.key,) if key is None else key.fields
    place = node.document.place(node.path)
    return Asked(
        part=part,
        names=names,
        written=node.key,
        is_search=ALL_FIELDS.issuperset(names),
        is_negated=key is not None and key.is_negated,
        is_nested=is_nested,
        file=node.document.file,
        line=place.line,
        column=place.column,
    )
