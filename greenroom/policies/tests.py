"""``tests:`` in a policy: messages, and what its rules should make of them.

A section of its own, which is no rule and takes no rule's number. ``greenroom check --examples``
runs it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from greenroom.documents import Document, KeyPath, suggest
from greenroom.errors import ConfigError
from greenroom.message import ActionKind, Message, Signals
from greenroom.policies.base import Evaluation, Policy, Rule, Situation
from greenroom.policies.evaluate import evaluate
from greenroom.policies.incoming import NotAMessage, message_of, signals_of

KEYS: Final = ("says", "message", "expect", "fires")
_ACCEPTED: Final = "says (a text) or message (as in `policy try`), and expect or fires"

_SOME_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)

Read = Callable[[Message], Awaitable[Signals]]
"""What the model says of a message; asked only where rules want to know and the test is silent."""


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """One message and what should come of it.

    Attributes:
        values: The message, in AutoModerator's names.
        expect: The actions, each kind once, in any order; ``None``: not asked.
        fires: The rules by number or name, in any order; ``None``: not asked.
        document: Its section.
        path: Where in it.
    """

    values: Mapping[str, Any]
    expect: frozenset[str] | None
    fires: tuple[str, ...] | None
    document: Document
    path: KeyPath


def read_tests(
    documents: Sequence[Document], rules: Sequence[Rule], faults: list[ConfigError]
) -> tuple[PolicyTest, ...]:
    """The tests of a file; what is wrong with one is added to ``faults``."""
    found = []
    for document in documents:
        listed = document.value["tests"]
        if not isinstance(listed, list):
            faults.append(document.fault(("tests",), "`tests` must be a list", accepted=_ACCEPTED))
            continue
        for index, value in enumerate(listed):
            try:
                found.append(_test(document, ("tests", index), value, rules))
            except ConfigError as error:
                faults.append(error)
    return tuple(found)


def _test(document: Document, path: KeyPath, value: object, rules: Sequence[Rule]) -> PolicyTest:
    if not isinstance(value, dict) or not ("says" in value) ^ ("message" in value):
        raise document.fault(path, "is no test of a policy", accepted=_ACCEPTED)
    for key in value:
        if key not in KEYS:
            accepted = suggest(str(key), list(KEYS))
            raise document.fault((*path, key), f"unknown key `{key}`", accepted=accepted)
    if "expect" not in value and "fires" not in value:
        raise document.fault(path, "expects nothing", accepted="expect: [filter], or fires: [0]")
    test = PolicyTest(
        values=_values(document, path, value),
        expect=_expected(document, (*path, "expect"), value.get("expect")),
        fires=_fires(document, (*path, "fires"), value.get("fires"), rules),
        document=document,
        path=path,
    )
    if test.expect is None and test.fires is None:
        raise document.fault(path, "expects nothing", accepted="`expect: []` means no action")
    return test


def _values(document: Document, path: KeyPath, value: Mapping[str, Any]) -> Mapping[str, Any]:
    given = {"body": value["says"]} if "says" in value else value["message"]
    if not isinstance(given, dict):
        raise document.fault((*path, "message"), "`message` must be a group of keys")
    try:
        signals_of(given)
        message_of(given, now=_SOME_TIME)
    except NotAMessage as error:
        raise document.fault(path, str(error)) from error
    return given


def _expected(document: Document, path: KeyPath, value: object) -> frozenset[str] | None:
    if value is None:
        return None
    kinds = [value] if isinstance(value, str) else value
    if not isinstance(kinds, list):
        raise document.fault(path, "`expect` must be a list of actions", accepted="[filter], or []")
    known = [kind.value for kind in ActionKind]
    for kind in kinds:
        if kind not in known:
            raise document.fault(
                path, f"unknown action `{kind}`", accepted=suggest(str(kind), known)
            )
    return frozenset(kinds)


def _fires(
    document: Document, path: KeyPath, value: object, rules: Sequence[Rule]
) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = value if isinstance(value, list) else [value]
    known = {str(rule.index): rule for rule in rules} | {rule.name: rule for rule in rules}
    for name in names:
        if str(name) not in known:
            accepted = suggest(str(name), list(known))
            raise document.fault(path, f"there is no rule `{name}`", accepted=accepted)
    return tuple(str(known[str(name)].index) for name in names)


async def failed_tests(policy: Policy, *, read: Read, now: datetime) -> list[ConfigError]:
    """Each test of a policy that does not come out as its file says, with its place."""
    failures = []
    for test in policy.tests:
        message, signals = message_of(test.values, now=now), signals_of(test.values)
        if (policy.needs_scores or policy.needs_language) and "scores" not in test.values:
            found = await read(message)
            signals = replace(
                found,
                intent=signals.intent or found.intent,
                language=signals.language or found.language,
                precedents=signals.precedents,
            )
        evaluation = evaluate((policy,), message, signals, now=now, situation=Situation(now))
        problem = _problem(test, evaluation)
        if problem is not None:
            failures.append(test.document.fault(test.path, problem))
    return failures


def _problem(test: PolicyTest, found: Evaluation) -> str | None:
    kinds = {action.kind.value for action in found.actions}
    if test.expect is not None and kinds != test.expect:
        why = "; ".join(found.explanations) or "no rule fired"
        return f"expected {_listed(test.expect)}, got {_listed(kinds)}: {why}"
    fired = {str(one.rule) for one in found.fired}
    if test.fires is not None and fired != set(test.fires):
        return f"expected rules {_listed(test.fires)} to fire, got {_listed(fired)}"
    return None


def _listed(names: frozenset[str] | set[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(names)) or "none"
