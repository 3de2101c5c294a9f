"""A fuzz target for the rule loader.

    python -m tests.policies.fuzz [--seconds 60] [--seed 1]

Takes rule files apart and puts them together wrong, loads them, and asks what loads about
messages: whatever comes, there is a policy or there are faults with their places. An input that
does otherwise is written to ``crash-SEED.yaml``, and told.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from greenroom.errors import ConfigError
from greenroom.message import Signals
from greenroom.policies import Known, Policy, Situation, evaluate, parse_policy, wants
from greenroom.policies.shelf import Shelf
from greenroom.triage.base import HEADS, INTENTS
from tests.policies.rules import NOW, comment, link, post

ROOT = Path(__file__).parents[2]
KNOWN = Known(HEADS, INTENTS, Shelf(Path("nowhere")))
MESSAGES = (
    comment("free nitro, you idiot https://bad.example", author={"name": "bob"}),
    post("a title", body="a body with words"),
    link("https://imgur.com/abc", title="look"),
)
SIGNALS = Signals(scores=dict.fromkeys(HEADS, 0.95), intent="question", language="en")
PIECES = (
    *("---\n", "any:\n", "    - ", "not: {", "}", "[", "]", ": ", "~", "#2", " (regex)", "'", '"'),
    *("\\", "&a ", "*a", "<<: ", "{list: x}", "include: y\n", "\t", "\x00", "\ufeff", "\u2028"),
    *("|\n", ">\n", "{{match-2}}", "> 5", "mode: shadow\n", "(?=a)", "{1,9}", "null", "-1"),
    "tests:\n    - {says: a, expect: []}\n",
    "rate: {messages: '> 1'}\n",
    "hour (Europe/Berlin): 3\n",
    "triage: {spam: '> 0.5'}\n",
)


def loads(text: str) -> None:
    """Load a text and ask its rules; anything but faults with their places is an error."""
    try:
        found = parse_policy(text, path=Path("fuzz.yaml"), known=KNOWN, strict=False)
    except ConfigError as error:
        faults: Sequence[ConfigError] = (error,)
    else:
        faults = (*found.faults, *found.warnings)
        _ask(found)
    for fault in faults:
        assert fault.file, fault
        assert fault.line, fault


def _ask(found: Policy) -> None:
    for message in MESSAGES:
        wants((found,), message, Situation(NOW))
        evaluate((found,), message, SIGNALS, now=NOW, situation=Situation(NOW))


@cache
def samples() -> Sequence[str]:
    """The starter's rule files, and real ones where they lie beside the project."""
    folders = (ROOT / "policies", ROOT.parent / "shared" / "data" / "automoderator")
    files = [file for folder in folders for file in sorted(folder.glob("*.yaml"))]
    return [file.read_text(encoding="utf-8", errors="replace") for file in files]


def mutated(texts: Sequence[str], seed: int) -> str:
    """A stretch of one of the texts, a few times changed."""
    dice = random.Random(seed)
    text = dice.choice(texts)
    start = dice.randrange(len(text))
    text = text[start : start + dice.randrange(1, 3_000)]
    for _ in range(dice.randrange(1, 8)):
        text = _changed(text, dice, texts)
    return text


def _changed(text: str, dice: random.Random, texts: Sequence[str]) -> str:
    at = dice.randrange(len(text) + 1)
    end = min(len(text), at + dice.randrange(20))
    lines = text.split("\n")
    match dice.randrange(7):
        case 0:
            return text[:at] + text[end:]
        case 1:
            return text[:at] + dice.choice(PIECES) + text[at:]
        case 2:
            return text[:at] + chr(dice.randrange(0x3000)) + text[end:]
        case 3:
            dice.shuffle(lines)
            return "\n".join(lines)
        case 4:
            return text[:at] + text[at:end] * dice.randrange(2, 5) + text[end:]
        case 5:
            return "\n".join(" " * dice.randrange(3) + line for line in lines)
        case _:
            other = dice.choice(texts)
            start = dice.randrange(len(other))
            return text[:at] + other[start : start + 200] + text[at:]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    ends = time.monotonic() + options.seconds
    seed = options.seed
    while time.monotonic() < ends:
        seed += 1
        text = mutated(samples(), seed)
        try:
            loads(text)
        except Exception as error:
            file = Path(f"crash-{seed}.yaml")
            file.write_text(text, encoding="utf-8", errors="surrogateescape")
            sys.exit(f"{type(error).__name__}: {error}\nthe input is in {file}")
    sys.stdout.write(f"{seed - options.seed:,} inputs, none of which did harm\n")


if __name__ == "__main__":
    main()
