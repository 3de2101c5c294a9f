"""A rule file compiled: every section a rule, every fault of every rule told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from greenroom.documents import read_text
from greenroom.errors import ConfigError, ConfigErrors
from greenroom.message import REMOVALS, ActionKind, MessageKind
from greenroom.policies.actions import severity_of
from greenroom.policies.asked import asked_of
from greenroom.policies.base import Bound, Cost, Count, Known, Policy, Rule, Step, Version
from greenroom.policies.lint import lint
from greenroom.policies.logic import GroupCheck, leaves
from greenroom.policies.node import Node, WrongType
from greenroom.policies.own import KNOWLEDGE, NumberCheck
from greenroom.policies.parts import COMMENT, MODES, RULE_KEYS, SUBMISSION, TYPES
from greenroom.policies.placeholders import Template
from greenroom.policies.read import Section, read_sections
from greenroom.policies.shelf import Shelf
from greenroom.policies.split import MOST_GROUPS, count_groups, split_keys
from greenroom.policies.tests import read_tests
from greenroom.policies.version import VersionReader

_SUBMISSIONS: Final = frozenset(kind for kind in MessageKind if kind.is_submission)
_KINDS: Final[Mapping[str, frozenset[MessageKind]]] = {
    "any": frozenset(MessageKind),
    "submission": _SUBMISSIONS,
    **{name: frozenset({MessageKind(name)}) for name in TYPES if name not in ("any", "submission")},
}
_EXEMPTING: Final = REMOVALS | {
    ActionKind.REPORT,
    ActionKind.TIMEOUT,
    ActionKind.BAN,
    ActionKind.STRIKE,
}
_ONCE: Final = frozenset(
    {ActionKind.REPLY, ActionKind.MODMAIL, ActionKind.MESSAGE, ActionKind.REPORT}
)
_NO_SCORES: Final = (
    "similar_to",
    "language",
    "rate.",
    "history.",
)  # signals, but none of the model's
_NO_CHECKS: Final = (RULE_KEYS - {"standard"}) | COMMENT.actions | SUBMISSION.actions
_KEPT: Final[dict[tuple[str, bool, str, str], Policy]] = {}
"""Compiled policies by what they were made of: a file that did not change is not read anew."""

_MOST_KEPT: Final = 256
T = TypeVar("T")


def load_policy(
    path: Path, *, heads: Collection[str], intents: Collection[str], strict: bool = True
) -> Policy:
    """Read and compile a rule file; one that was compiled before, from the same, is that one.

    Args:
        path: The file; its stem names the policy.
        heads: What ``triage:`` may name.
        intents: What ``intent:`` may name.
        strict: Raise on faults. Otherwise the good rules are returned, with the faults.

    Raises:
        ConfigErrors: All faults of the file, each with its place and what is accepted.
    """
    text, shelf = read_text(path), Shelf(path.parent)
    key = (str(path), strict, _digest(text, *heads, *intents), shelf.digest())
    kept = _KEPT.get(key)
    if kept is None:
        known = Known(heads, intents, shelf)
        kept = _KEPT[key] = parse_policy(text, path=path, known=known, strict=strict)
        while len(_KEPT) > _MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
    return kept


def _digest(*texts: str) -> str:
    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()


def parse_policy(text: str, *, path: Path, known: Known, strict: bool = True) -> Policy:
    """Compile the text of a rule file; ``path`` only names it."""
    found = read_sections(text, file=str(path))
    rules: list[Rule] = []
    faults = list(found.faults)
    warnings = list(found.warnings)
    for section in found.sections:
        reader = _RuleReader(section, path.stem, replace(known, shared={}))
        rule = reader.read()
        faults.extend(reader.faults)
        if rule is not None:
            rules.append(rule)
            warnings.extend(lint(section, reader.base, reader.groups, rule, known))
    tests = read_tests(found.tests, rules, faults)
    faults.sort(key=_place)
    if strict and faults:
        raise ConfigErrors(faults)
    warnings.sort(key=_place)
    return Policy(
        path.stem,
        path,
        tuple(rules),
        tuple(warnings),
        tuple(faults),
        found.size,
        tests,
    )


def _place(fault: ConfigError) -> tuple[int, int]:
    return (fault.line or 0, fault.column or 0)


@dataclass(slots=True)
class _RuleReader:
    """Reads one section; what is wrong with it gathers in ``faults``."""

    section: Section
    policy: str
    known: Known
    faults: list[ConfigError] = field(default_factory=list)
    base: dict[str, Node] = field(default_factory=dict)
    groups: dict[str, dict[str, Node]] = field(default_factory=dict)

    def read(self) -> Rule | None:
        """The rule, unless it has faults."""
        document = self.section.document
        if count_groups(document.value) > MOST_GROUPS:
            self.faults.append(
                document.fault((), f"this rule has more than {MOST_GROUPS:,} groups of checks")
            )
            return None
        split = split_keys(Node(document, (), document.value), self.known.shelf)
        self.base, self.groups = split.base, split.groups
        self.faults.extend(split.faults)
        kinds = self._try(self._kinds) or _KINDS["any"]
        priority = self._try(self._priority) or 0
        exempt = self._try(lambda: self._flag("moderators_exempt"))
        is_folded = self._try(lambda: self._flag("fold")) is not False
        mode = self._try(self._mode)
        comment, submission = self._versions(kinds, is_folded=is_folded)
        if self.faults:
            return None
        rule = self._rule(kinds, comment, submission)
        is_exempt = bool(rule.actions_used & _EXEMPTING) if exempt is None else exempt
        return replace(
            rule,
            priority=priority,
            moderators_exempt=is_exempt,
            is_shadow=mode == "shadow",
        )

    def _try(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except ConfigError as error:
            self.faults.append(error)
            return None

    def _kinds(self) -> frozenset[MessageKind]:
        node = self.base.get("type")
        return _KINDS["any" if node is None else node.choice(TYPES)]

    def _priority(self) -> int:
        node = self.base.get("priority")
        return 0 if node is None else node.integer()

    def _mode(self) -> str:
        node = self.base.get("mode")
        return "live" if node is None else node.choice(MODES)

    def _flag(self, key: str) -> bool | None:
        node = self.base.get(key)
        return None if node is None else node.flag()

    def _versions(
        self, kinds: frozenset[MessageKind], *, is_folded: bool
    ) -> tuple[Version | None, Version | None]:
        """Both versions; a fault in one is passed over if the other one has none."""
        has_type = kinds != _KINDS["any"]
        readers = [VersionReader(is_post, self.known, is_folded) for is_post in (False, True)]
        wanted = (MessageKind.COMMENT in kinds, bool(kinds & _SUBMISSIONS))
        versions = [
            reader.read(self.base, self.groups, has_type=has_type) if is_wanted else None
            for reader, is_wanted in zip(readers, wanted, strict=True)
        ]
        asked = [reader for reader, is_wanted in zip(readers, wanted, strict=True) if is_wanted]
        if all(reader.faults for reader in asked):
            self.faults.extend(_worst([fault for one in asked for fault in one.faults]))
        return versions[0], versions[1]

    def _rule(
        self, kinds: frozenset[MessageKind], comment: Version | None, submission: Version | None
    ) -> Rule:
        versions = [one for one in (comment, submission) if one is not None]
        steps = [step for one in versions for step in one.steps]
        base_kinds = {step.kind for step in steps if step.part == "message"}
        verb = next((step.kind for step in steps if _is_verb(step)), None)
        return Rule(
            policy=self.policy,
            index=self.section.index,
            name=self.section.name or _described(self.base, self.groups),
            line=self.section.line,
            kinds=kinds,
            comment=comment,
            submission=submission,
            is_removal=verb in REMOVALS,
            has_reports=_has_reports(self.base),
            is_once=bool(base_kinds & _ONCE),
            digest=self.section.digest,
            severity=severity_of(self.base),
            heads=_heads(versions),
            needs_scores=any(map(_needs_scores, versions)),
            floor=min((_floor(version.checks) for version in versions), default=0.0),
            needs_intent=any(map(_needs_intent, versions)),
            needs_language=any(map(_needs_language, versions)),
            needs_precedents=any(map(_needs_precedents, versions)),
            needs_likeness=any(map(_needs_likeness, versions)),
            counts=_counts(versions),
            actions_used=frozenset(step.kind for step in steps),
            asked=tuple(asked_of(self.base, self.groups, self.known.shelf)),
        )


def _worst(faults: list[ConfigError]) -> list[ConfigError]:
    """Faults of both versions, each once; those of a type only if there are no others."""
    once = list({(fault.place, fault.message): fault for fault in faults}.values())
    return [fault for fault in once if not isinstance(fault, WrongType)] or once


def _is_verb(step: Step) -> bool:
    return step.key == "action" and step.part == "message"


def _described(base: Mapping[str, Node], groups: Mapping[str, Mapping[str, Node]]) -> str:
    """What a person calls a rule without a comment: its type and its first check."""
    kind = str(base["type"].value) if "type" in base else "any"
    rest = [key for key in (*base, *groups) if key not in _NO_CHECKS]
    return f"{kind}, {rest[0]}" if rest else kind


def _has_reports(base: Mapping[str, Node]) -> bool:
    return "reports" in base and base["reports"].integer() > 0


def _templates(version: Version) -> list[frozenset[str]]:
    return [
        template.heads
        for step in version.steps
        for template in _texts(step)
        if template is not None
    ]


def _texts(step: Step) -> tuple[Template | None, ...]:
    return (step.text, step.subject, step.reason, step.flair.text if step.flair else None)


def _heads(versions: list[Version]) -> frozenset[str]:
    checked = {
        bound.check.written.removeprefix("triage.")
        for version in versions
        for bound in leaves(version.checks)
        if bound.check.written.startswith("triage.") or bound.check.written == "sentiment"
    }
    shown = [heads for version in versions for heads in _templates(version)]
    return frozenset(checked).union(*shown)


def _floor(checks: Iterable[Bound]) -> float:
    """The score that some head must exceed before these can all hold; 0: any will do."""
    return max(map(_floor_of, checks), default=0.0)


def _floor_of(bound: Bound) -> float:
    check = bound.check
    if isinstance(check, GroupCheck):
        floors = [_floor(branch.checks) for branch in check.branches]
        return {"any": min(floors), "all": max(floors), "not": 0.0}[check.kind]
    if isinstance(check, NumberCheck) and check.written.startswith("triage."):
        return check.comparison.number if check.comparison.sign in (">", ">=") else 0.0
    return 0.0


def _needs_intent(version: Version) -> bool:
    asked = {bound.check.written for bound in leaves(version.checks)}
    return bool(asked & {"intent", "sentiment"}) or "sentiment" in _heads([version])


def _needs_precedents(version: Version) -> bool:
    return any(kind != KNOWLEDGE for kind in _likenesses(version))


def _needs_likeness(version: Version) -> bool:
    return KNOWLEDGE in _likenesses(version)


def _likenesses(version: Version) -> list[str]:
    """What `similar_to` is asked of: a verdict, the knowledge, or nothing in particular."""
    written = (bound.check.written for bound in leaves(version.checks))
    return [
        one.removeprefix("similar_to").strip(" ()")
        for one in written
        if one.startswith("similar_to")
    ]


def _counts(versions: Iterable[Version]) -> frozenset[Count]:
    return frozenset(
        bound.check.count
        for version in versions
        for bound in leaves(version.checks)
        if isinstance(bound.check, NumberCheck) and bound.check.count is not None
    )


def _needs_language(version: Version) -> bool:
    return any(bound.check.written == "language" for bound in leaves(version.checks))


def _needs_scores(version: Version) -> bool:
    signals = [bound for bound in leaves(version.checks) if bound.check.cost is Cost.SIGNAL]
    if any(not bound.check.written.startswith(_NO_SCORES) for bound in signals):
        return True
    return any(_templates(version))
