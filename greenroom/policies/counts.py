"""What members did lately: ``rate`` (in seconds to a day) and ``history`` (in days to years).

The engine has no memory: rules say which numbers they want (`Count`), the loop finds them before
deciding, and they are recorded with the decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from greenroom.policies.base import Check, Count
from greenroom.policies.compare import age_comparison, duration_s, number_comparison
from greenroom.policies.node import Node
from greenroom.policies.own import NumberCheck

COUNT_CHECKS: Final = ("rate", "history")
RATES: Final = ("messages", "copies", "mentions", "links", "joins")
HISTORIES: Final = ("messages", "removals", "warnings", "strikes", "first_seen")
SCOPES: Final = ("member", "channel", "community")

LONGEST_RATE_S: Final = 86_400
_DEFAULT_RATE_S: Final = 60
_DEFAULT_HISTORY_S: Final = 30 * 86_400
_EVER: Final = 0  # the window of `first_seen`


def count_checks(node: Node) -> list[Check]:
    """``rate: {messages: "> 5", within: 10 seconds, per: channel}``: all must hold."""
    kind = node.key.partition("#")[0]
    keys = {child.key: child for child in node.items()}
    within_s = _within(kind, keys)
    per = _scope(kind, keys)
    known = RATES if kind == "rate" else HISTORIES
    found: list[Check] = []
    for key, child in keys.items():
        if key in ("within", "per"):
            continue
        if key not in known:
            raise child.unknown(f"count of `{kind}`", key, (*known, "within", "per"))
        found.append(_check(kind, child, per, within_s))
    if not found:
        raise node.fault(f"`{kind}` counts nothing", accepted=", ".join(known))
    return found


def _check(kind: str, node: Node, per: str, within_s: int) -> NumberCheck:
    comparison = (age_comparison if node.key == "first_seen" else number_comparison)(node)
    if node.key == "first_seen":
        within_s = _EVER
    elif node.key == "joins":
        per = "community"
    count = Count(kind, node.key, per, within_s)
    return NumberCheck(
        f"{kind}.{node.key}",
        lambda scene: scene.signals.counts.get(count.key),
        comparison,
        count=count,
    )


def _within(kind: str, keys: Mapping[str, Node]) -> int:
    node = keys.get("within")
    if node is None:
        return _DEFAULT_RATE_S if kind == "rate" else _DEFAULT_HISTORY_S
    seconds = duration_s(node)
    if kind == "rate" and seconds > LONGEST_RATE_S:
        raise node.fault("`rate` looks back a day at most", accepted="`history` looks back further")
    return seconds


def _scope(kind: str, keys: Mapping[str, Node]) -> str:
    node = keys.get("per")
    if node is None:
        return "member"
    if kind == "history":
        raise node.fault("`history` is always that of the member")
    return node.choice(SCOPES)
