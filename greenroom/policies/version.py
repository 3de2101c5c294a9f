"""One version of a rule: for comments, or for submissions, every key judged for that type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.policies import author, checks, own
from greenroom.policies.actions import COMPANIONS, steps_of
from greenroom.policies.base import Bound, Check, Known, Step, Version
from greenroom.policies.clock import CLOCK_CHECKS, clock_check
from greenroom.policies.counts import COUNT_CHECKS, count_checks
from greenroom.policies.keys import Key, parse_key
from greenroom.policies.logic import GROUP_KEYS, Branch, GroupCheck
from greenroom.policies.node import Node, WrongType
from greenroom.policies.parts import (
    ALL_FIELDS,
    ALL_KEYS,
    COMMENT,
    COMMENT_GROUPS,
    GROUPS,
    MODIFIERS,
    RULE_KEYS,
    SUBMISSION,
    SUBMISSION_GROUPS,
    Part,
    accepted_keys,
)
from greenroom.policies.redaction import finds_in_body
from greenroom.policies.split import branches_of, split_keys

Keys = Mapping[str, Node]
MOST_FAULTS: Final = 20
"""Faults of one rule that are told at once."""

_CLOCK = tuple((name,) for name in CLOCK_CHECKS)
_OWN: Final[Mapping[str, Callable[[Node], Check]]] = {
    "sentiment": own.sentiment_check,
    "language": own.language_check,
    "mentions_me": own.mentions_check,
    "attachments": own.attachments_check,
}
_TOP_ONLY: Final = RULE_KEYS - {"include"}
_CROSSPOST = ("crosspost_author", "crosspost_subreddit")


@dataclass(slots=True)
class VersionReader:
    """Reads a rule's keys as one type takes them; faults are collected, not raised."""

    is_submission: bool
    known: Known
    is_folded: bool = True
    faults: list[ConfigError] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)

    def read(self, base: Keys, groups: Mapping[str, Keys], *, has_type: bool) -> Version | None:
        """The version; ``None`` if it asks nothing, does nothing or has faults."""
        self._read_parts(base, groups)
        if any(step.key == "redact" for step in self.steps) and not finds_in_body(self.bounds):
            self.faults.append(
                base["redact"].fault(
                    "`redact` does not know what to black out",
                    accepted="a search of the body without ~ at the rule's top level",
                )
            )
        if self.faults or not self.steps or not (self.bounds or has_type):
            return None
        return Version(self._cheapest_first(), tuple(self.steps), tuple(self.needs))

    def _cheapest_first(self) -> tuple[Bound, ...]:
        return tuple(sorted(self.bounds, key=lambda bound: bound.check.cost))

    def _read_parts(self, base: Keys, groups: Mapping[str, Keys]) -> None:
        self._read_part(base, "message", SUBMISSION if self.is_submission else COMMENT)
        usable = SUBMISSION_GROUPS if self.is_submission else COMMENT_GROUPS
        for name, keys in groups.items():
            if name in usable:
                self._read_part(keys, name, GROUPS[name])
                if name in _CROSSPOST:
                    self.needs.append(name)
            else:
                self._note_misplaced(name, keys)

    def _note_misplaced(self, name: str, keys: Keys) -> None:
        what = "a submission" if self.is_submission else "a comment"
        node = next(iter(keys.values()), None)
        if node is not None:
            group = Node(node.document, node.path[:-1], None)
            self.faults.append(group.wrong_type(f"{what} has no `{name}`"))

    def _read_part(self, keys: Keys, name: str, part: Part) -> None:
        told: dict[str, Node] = {}
        thresholds: list[Node] = []
        for node in keys.values():
            if len(self.faults) >= MOST_FAULTS:
                return  # what follows is no better, and a person mends these first
            try:
                if node.key in part.actions:
                    told[node.key] = node
                elif node.key in author.THRESHOLDS and node.key in part.checks:
                    thresholds.append(node)
                else:
                    self._bind(name, self._checks(node, name, part, keys))
            except ConfigError as error:
                self.faults.append(error)
        self._read_thresholds(thresholds, name, keys)
        self._read_steps(told, name)

    def _bind(self, name: str, found: Iterable[Check]) -> None:
        for check in found:
            self.bounds.append(Bound(name, check, len(self.bounds)))

    def _checks(self, node: Node, name: str, part: Part, keys: Keys) -> list[Check]:
        if node.key in RULE_KEYS and name == "message":
            return []
        if node.key in part.modifiers:
            node.flag()
            return []
        if name == "message" and node.key.partition("#")[0] in GROUP_KEYS:
            return [self._group(node, keys)]
        if node.key.partition("#")[0] in COUNT_CHECKS and "triage" in part.checks:
            return count_checks(node)
        if node.key in own.OWN_CHECKS and node.key in part.checks and node.key != "similar_to":
            return self._own(node)
        if node.key in author.AUTHOR_FACTS or node.key == "contributor_quality":
            return [author.author_check(self._in(node, part), name)]
        if node.key == "is_nsfw":
            return [author.community_check(self._in(node, part), name)]
        if node.key in checks.COMMENT_CHECKS | checks.SUBMISSION_CHECKS:
            return self._item(self._in(node, part), name, keys)
        return self._search(node, part, keys)

    def _group(self, node: Node, around: Keys) -> GroupCheck:
        """``any:``, ``all:`` or ``not:``; a branch of ``any:`` that is for another type is left
        out."""
        kind = node.key.partition("#")[0]
        branches: list[Branch] = []
        misplaced: list[ConfigError] = []
        for one in branches_of(node):
            reader = VersionReader(self.is_submission, self.known, self.is_folded)
            branch = reader._branch(one, around)
            is_elsewhere = all(isinstance(fault, WrongType) for fault in reader.faults)
            if reader.faults and kind == "any" and is_elsewhere:
                misplaced.extend(reader.faults)
            elif reader.faults:
                self.faults.extend(reader.faults)
            else:
                branches.append(branch)
        if not branches and misplaced:
            self.faults.extend(misplaced)
        return GroupCheck(kind, tuple(branches), ".".join(map(str, node.path)))

    def _branch(self, node: Node, around: Keys) -> Branch:
        split = split_keys(node, self.known.shelf)
        self.faults.extend(split.faults)
        for key, one in list(split.base.items()):
            if key in _TOP_ONLY or key in COMMENT.actions or key in SUBMISSION.actions:
                self.faults.append(
                    one.fault(f"`{key}` belongs at the rule's top level, not under a group")
                )
                del split.base[key]
        for key in MODIFIERS & around.keys():
            split.base.setdefault(key, around[key])
        self._read_parts(split.base, split.groups)
        for step in self.steps:
            self.faults.append(
                node.fault(f"`{step.key}` belongs at the rule's top level, not under a group")
            )
        if not self.bounds and not self.faults:
            self.faults.append(node.fault("asks nothing", accepted="checks, such as `body: word`"))
        return Branch(self._cheapest_first(), tuple(self.needs))

    def _in(self, node: Node, part: Part) -> Node:
        """The node, if its key is a check of this part."""
        if node.key in part.checks:
            return node
        raise _misplaced(node, part)

    def _own(self, node: Node) -> list[Check]:
        if node.key == "triage":
            return list(own.triage_checks(node, self.known))
        if node.key == "intent":
            return [own.intent_check(node, self.known)]
        return [_OWN[node.key](node)]

    def _item(self, node: Node, name: str, keys: Keys) -> list[Check]:
        is_submission = self.is_submission or name == "parent_submission"
        check = checks.item_check(node, is_submission=is_submission, is_unquoted=_is_unquoted(keys))
        return [] if check is None else [check]

    def _search(self, node: Node, part: Part, keys: Keys) -> list[Check]:
        key = parse_key(node.key)
        if key is not None and key.fields[0] in part.checks and not key.is_negated:
            if key.fields == ("similar_to",):
                return [own.similar_check(node, key)]
            if key.fields in _CLOCK:
                return [clock_check(node, key)]
        key = _known_fields(node, key, part)
        usable = tuple(name for name in key.fields if name in part.fields)
        if not usable:
            raise _misplaced(node, part)
        check = checks.search_check(
            node,
            key,
            fields=usable,
            shared=self.known.shared,
            is_unquoted=_is_unquoted(keys),
            is_folded=self.is_folded,
        )
        return [check]

    def _read_thresholds(self, nodes: list[Node], name: str, keys: Keys) -> None:
        found = []
        for node in nodes:
            try:
                found.append(author.threshold(node, name))
            except ConfigError as error:
                self.faults.append(error)
        mode = keys.get("satisfy_any_threshold")
        is_any = mode is not None and str(mode.value).lower() in ("true", "yes", "on")
        if found:
            written = f"{name} thresholds"
            self._bind(name, [author.ThresholdsCheck(tuple(found), is_any, written)])

    def _read_steps(self, told: dict[str, Node], name: str) -> None:
        for key, node in told.items():
            try:
                if key in COMPANIONS and not any(one in told for one in COMPANIONS[key]):
                    _check_companion(node)
            except ConfigError as error:
                self.faults.append(error)
        try:
            self.steps.extend(steps_of(told, name))
        except ConfigError as error:
            self.faults.append(error)


def _check_companion(node: Node) -> None:
    """A key that has nothing to go with still must make sense."""
    if node.key.endswith(("_reason", "_subject")):
        node.text()
    elif node.key != "severity":
        node.flag()


def _is_unquoted(keys: Keys) -> bool:
    node = keys.get("ignore_blockquotes")
    return node is not None and str(node.value).lower() in ("true", "yes", "on")


def _known_fields(node: Node, key: Key | None, part: Part) -> Key:
    if key is None:
        key = checks.read_key(node)
    is_plain = not key.is_joined and not key.is_negated and key.modifiers is None
    for name in key.fields:
        if name in ALL_FIELDS:
            continue
        if is_plain or name in ALL_KEYS:
            raise _misplaced(node, part)
        raise node.unknown("field", name, part.fields)
    return key


def _misplaced(node: Node, part: Part) -> ConfigError:
    """Why a key cannot stand where it stands."""
    key = parse_key(node.key)
    name = key.fields[0] if key is not None else node.key
    is_top = part is COMMENT or part is SUBMISSION
    if name in part.checks and key is not None and node.key != name:
        return node.fault(f"`{name}` is no search: it takes no ~, + or (modifier)")
    if not is_top and (name in GROUPS or name in RULE_KEYS or name in COMMENT.actions):
        return node.fault(f"`{name}` belongs at the rule's top level, not under {part.what}")
    if name in ALL_KEYS:
        where = [one for one in (COMMENT, SUBMISSION, *GROUPS.values()) if name in one.keys]
        makes = ", ".join(dict.fromkeys(one.what for one in where))
        message = f"`{name}` does not apply to {part.what}"
        return node.wrong_type(message, accepted=f"it belongs to: {makes}")
    groups = frozenset(GROUPS) if is_top else frozenset()
    accepted = accepted_keys(part, groups)
    return node.fault(f"unknown key `{name}`", accepted=suggest(name, accepted))
