"""The page about policies names everything that the language accepts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from greenroom.message import Severity
from greenroom.policies import load_policy
from greenroom.policies.actions import COMPANIONS, VERBS
from greenroom.policies.author import QUALITIES
from greenroom.policies.compare import UNIT_S
from greenroom.policies.keys import MODIFIERS
from greenroom.policies.own import VERDICTS
from greenroom.policies.parts import ALL_KEYS, GROUPS, RULE_KEYS, TYPES
from greenroom.policies.placeholders import SIMPLE
from greenroom.policies.standards import STANDARDS
from greenroom.triage import HEADS, INTENTS

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
CODE = frozenset(re.findall(r"`([^`\n]+)`", PAGE))
WORDS = frozenset(re.findall(r"[\w-]+", PAGE))


@pytest.mark.parametrize(
    "key", sorted({*ALL_KEYS, *GROUPS, *RULE_KEYS, *COMPANIONS, *MODIFIERS, *TYPES, *STANDARDS})
)
def test_every_key_is_on_the_page(key: str) -> None:
    assert any(re.match(rf"{re.escape(key)}(?![\w-])", code) for code in CODE)


@pytest.mark.parametrize("name", sorted(SIMPLE))
def test_every_placeholder_is_on_the_page(name: str) -> None:
    assert f"{{{{{name}}}}}" in CODE


@pytest.mark.parametrize(
    "word", sorted({*VERBS, *VERDICTS, *QUALITIES, *UNIT_S, *Severity, *HEADS})
)
def test_every_value_is_on_the_page(word: str) -> None:
    assert word in WORDS or f"{word}s" in WORDS


def test_the_examples_on_the_page_load(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert examples
    for index, example in enumerate(examples):
        path = tmp_path / f"example{index}.yaml"
        path.write_text(example, encoding="utf-8")
        loaded = load_policy(path, heads=HEADS, intents=INTENTS)
        assert loaded.rules
        assert loaded.warnings == ()
