"""Comparisons as rules write them: ``"< 7 days"``, ``">= 10"``, ``5``, ``"> 0.9"``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from greenroom.documents import suggest
from greenroom.policies.node import Node

UNIT_S: Final[Mapping[str, int]] = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}

_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
}
_FORM = re.compile(r"(<=|>=|==|=|<|>)?\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_FOLDED_HINT = 'quotes around it: "> 5" (to YAML, a bare > starts a block of text)'


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sign and a number; ages compare in seconds, but are equal by whole units."""

    sign: str
    number: float
    unit: int = 1
    rest: str = ""  # what follows the sign, as the rule has it

    @property
    def wanted(self) -> str:
        """As a trace shows it: ``> 0.9``."""
        return f"{self.sign} {self.rest}"

    def holds(self, value: float) -> bool:
        """Whether ``value`` compares so."""
        if self.sign in ("=", "==") and self.unit != 1:
            return value // self.unit == self.number // self.unit
        return _SIGNS[self.sign](value, self.number)


def number_comparison(node: Node) -> Comparison:
    """``"< 100"``; without a sign it means equals."""
    sign, rest = _parts(node)
    if not _NUMBER.fullmatch(rest):
        raise node.fault(f"`{node.key}` compares with a number, not {rest!r}", accepted=_like("5"))
    return Comparison(sign or "=", float(rest), rest=rest)


def age_comparison(node: Node) -> Comparison:
    """``"< 7 days"``; a bare number is days, no sign means equals (in whole units)."""
    sign, rest = _parts(node)
    match = _SPAN.fullmatch(rest)
    if match is None:
        raise node.fault(
            f"`{node.key}` compares with an age, not {rest!r}", accepted=_like("7 days")
        )
    unit = _unit(node, match[2] or "day")
    return Comparison(sign or "=", float(match[1]) * unit, unit, rest)


def share_comparison(node: Node, *, lowest: float = 0.0) -> Comparison:
    """``"> 0.9"``: a score from ``lowest`` to 1, which must have a sign."""
    sign, rest = _parts(node)
    if not sign or not _NUMBER.fullmatch(rest):
        raise node.fault(
            f"`{node.key}` compares a score with a number, not {(sign or '') + rest!r}",
            accepted=_like("0.9", bare=False),
        )
    if not lowest <= float(rest) <= 1:
        raise node.fault(f"`{node.key}` is between {lowest:g} and 1, never {rest}")
    return Comparison(sign, float(rest), rest=rest)


def rank_comparison(node: Node, ranks: Sequence[str]) -> Comparison:
    """``"< moderate"`` over named ranks."""
    sign, rest = _parts(node)
    if rest.lower() not in ranks:
        raise node.fault(
            f"`{node.key}` compares with a rank, not {rest!r}", accepted=suggest(rest, list(ranks))
        )
    return Comparison(sign or "=", ranks.index(rest.lower()), rest=rest)


def duration_s(node: Node) -> int:
    """``1 hour`` in seconds."""
    match = _SPAN.fullmatch(node.text().strip())
    if match is None or not match[2] or float(match[1]) <= 0:
        raise node.fault(
            f"`{node.key}` needs a duration with its unit, not {node.text()!r}",
            accepted=f"such as 1 hour or 7 days; units: {', '.join(UNIT_S)}",
        )
    return max(1, int(float(match[1]) * _unit(node, match[2])))


def _parts(node: Node) -> tuple[str | None, str]:
    if node.value in (None, ""):
        raise node.fault(f"`{node.key}` has no value", accepted=_FOLDED_HINT)
    match = _FORM.fullmatch(node.text().strip())
    assert match is not None, "the form takes any text"
    return match[1], match[2].strip()


def _unit(node: Node, word: str) -> int:
    unit = word.lower()
    unit = unit if unit in UNIT_S else unit.removesuffix("s")
    if unit not in UNIT_S:
        raise node.fault(f"unknown unit `{word}`", accepted=suggest(word.lower(), list(UNIT_S)))
    return UNIT_S[unit]


def _like(example: str, *, bare: bool = True) -> str:
    equals = f", or {example} alone for equals" if bare else ""
    return f'such as "> {example}" (signs: < > <= >= = ==){equals}'
