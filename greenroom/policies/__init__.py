"""The rule language: AutoModerator's documents and more, read, compiled and evaluated."""

from greenroom.policies.base import (
    BOT_DISCLAIMER,
    Count,
    Evaluation,
    Filled,
    Known,
    Policy,
    Rule,
    Situation,
    Wants,
)
from greenroom.policies.compile import load_policy, parse_policy
from greenroom.policies.evaluate import evaluate, wants
from greenroom.policies.hurry import hurried
from greenroom.policies.tests import failed_tests
from greenroom.policies.tryout import as_json, try_lines
from greenroom.policies.why import Why, find_rule, rule_called, why

__all__ = [
    "BOT_DISCLAIMER",
    "Count",
    "Evaluation",
    "Filled",
    "Known",
    "Policy",
    "Rule",
    "Situation",
    "Wants",
    "Why",
    "as_json",
    "evaluate",
    "failed_tests",
    "find_rule",
    "hurried",
    "load_policy",
    "parse_policy",
    "rule_called",
    "try_lines",
    "wants",
    "why",
]
