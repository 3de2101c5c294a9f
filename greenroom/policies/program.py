"""Some policies as one program: its rules in the order they are asked, and which can fire.

Most rules look for words. One pass over the message finds which of all rules' literals it holds
(Aho and Corasick, 1975); a rule of whose search none was found cannot fire, and is not asked. So
a message costs what matches it, not what is written in the files.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from ahocorasick_rs import BytesAhoCorasick

from greenroom.policies.base import Bound, Policy, Rule, Version
from greenroom.policies.checks import SearchCheck
from greenroom.policies.logic import GroupCheck
from greenroom.policies.required import better
from greenroom.policies.scene import Scene

FEW: Final = 3
"""Asking so few rules is as quick as finding out which of them to ask."""

Place = tuple[str, str]
"""A part of the message, and a field of it."""

Rules = Sequence[Rule]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The rules of some policies.

    Attributes:
        removals: Those of which at most one fires, by priority.
        others: Those that all fire, by priority.
    """

    removals: Rules
    others: Rules
    _comments: _Index | None = None
    _submissions: _Index | None = None

    def candidates(self, scene: Scene) -> tuple[Rules, Rules]:
        """The removals and the others that can fire on this message, in their order."""
        index = self._submissions if scene.message.kind.is_submission else self._comments
        if index is None:
            return self.removals, self.others
        found = index.find(scene)
        border = bisect_left(found, len(self.removals))
        return (
            [self.removals[place] for place in found[:border]],
            [self.others[place - len(self.removals)] for place in found[border:]],
        )


@lru_cache(maxsize=256)
def program_of(policies: tuple[Policy, ...]) -> Program:
    """Policies in a persona's order, compiled together; ties keep the files' order."""
    rules = [rule for policy in policies for rule in policy.rules]
    rules.sort(key=lambda rule: -rule.priority)  # stable
    removals = tuple(rule for rule in rules if rule.is_removal)
    others = tuple(rule for rule in rules if not rule.is_removal)
    if len(rules) <= FEW:
        return Program(removals, others)
    ordered = (*removals, *others)
    return Program(
        removals,
        others,
        _index([rule.comment for rule in ordered]),
        _index([rule.submission for rule in ordered]),
    )


class _Requirement(NamedTuple):
    """Searches of which one must find something, or have nothing to look at, for a rule to fire."""

    places: frozenset[frozenset[Place]]  # of each search
    literals: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """Which rules, by their place in the order, a text with some literal may concern."""

    always: frozenset[int]
    places: tuple[Place, ...]  # where to look
    unchecked: tuple[tuple[frozenset[Place], frozenset[int]], ...]
    """Rules whose search is discarded where none of its places is there."""
    automaton: BytesAhoCorasick
    wanted_by: tuple[tuple[int, ...], ...]  # of each literal

    def find(self, scene: Scene) -> list[int]:
        """Places of the rules that can fire, in order."""
        texts: list[bytes] = []
        absent: set[Place] = set()
        for place in self.places:
            subject = scene.subject(place[0])
            found = None if subject is None else subject.texts(place[1])
            if found is None:
                absent.add(place)
                continue
            for text in found:
                texts.append(text.caseless_encoded)
                if text.folded is not None:
                    texts.append(text.folded.caseless_encoded)
        may_fire = set(self.always)
        if absent:
            for places, rules in self.unchecked:
                if places <= absent:
                    may_fire |= rules
        matches = self.automaton.find_matches_as_indexes(b"\0".join(texts), overlapping=True)
        for literal in {match[0] for match in matches}:
            may_fire.update(self.wanted_by[literal])
        return sorted(may_fire)


def _index(versions: Sequence[Version | None]) -> _Index | None:
    always: set[int] = set()
    unchecked: defaultdict[frozenset[Place], set[int]] = defaultdict(set)
    wanted_by: defaultdict[str, list[int]] = defaultdict(list)
    for place, version in enumerate(versions):
        if version is None:
            continue
        required = _all_of(version.checks)
        if required is None:
            always.add(place)
            continue
        for places in required.places:
            unchecked[places].add(place)
        for literal in required.literals:
            wanted_by[literal].append(place)
    if not wanted_by:
        return None
    return _Index(
        frozenset(always),
        tuple(sorted(frozenset().union(*unchecked))),
        tuple((places, frozenset(rules)) for places, rules in unchecked.items()),
        BytesAhoCorasick([literal.encode() for literal in wanted_by]),
        tuple(map(tuple, wanted_by.values())),
    )


def _all_of(checks: Iterable[Bound]) -> _Requirement | None:
    """Of checks that must all hold, what fewest texts meet."""
    best: _Requirement | None = None
    for bound in checks:
        found = _required_by(bound)
        if found is None:
            continue
        if best is None or better(best.literals, found.literals) == found.literals:
            best = found
    return best


def _required_by(bound: Bound) -> _Requirement | None:
    check = bound.check
    if isinstance(check, GroupCheck):
        return _group(check)
    if not isinstance(check, SearchCheck) or check.key.is_negated:
        return None
    literals = check.matcher.required
    if literals is None:
        return None
    places = frozenset((bound.part, name) for name in check.fields)
    return _Requirement(frozenset({places}), literals)


def _group(check: GroupCheck) -> _Requirement | None:
    if check.kind == "not":
        return None
    if check.kind == "all":
        return _all_of(bound for branch in check.branches for bound in branch.checks)
    found = [_all_of(branch.checks) for branch in check.branches]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    return _Requirement(
        frozenset().union(*(one.places for one in known)),
        frozenset().union(*(one.literals for one in known)),
    )
