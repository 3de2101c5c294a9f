"""What a message costs with ten rules and with ten thousand, beside a plain loop over ``re``.

    python -m benchmarks.policies [--messages 2000] [--rules 10,100,1000,10000] [--json]

Rules are one value each: nine in ten a word or a phrase, one in ten a pattern, each kind as rule
files have them. Messages are the demo's chat, made different from each other, so that no engine
has seen one before; one in twenty holds the word of some rule. All sizes take turns in rounds,
since these machines drift, and medians are told. The plain loop asks every rule's template of the
reference with Python's ``re``, compiled beforehand, on a few messages: more would take hours.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.streams import chat
from greenroom.message import Author, Channel, Community, Message, Signals
from greenroom.policies import evaluate
from greenroom.policies.base import Known, Policy
from greenroom.policies.compile import parse_policy
from greenroom.policies.search import TEMPLATES
from greenroom.policies.shelf import Shelf

ROUNDS: Final = 5
PATTERN_SHARE: Final = 0.1
HARMFUL: Final = 20
"""One message in so many holds the word of a rule."""

PLAIN: Final = 20
"""Messages that the plain loop reads."""

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_HEADS: Final = ("b", "br", "d", "fl", "g", "k", "m", "pl", "r", "sk", "t", "v", "z")
_HEARTS: Final = ("a", "e", "i", "o", "u", "ai", "oo")
_TAILS: Final = ("b", "ck", "d", "ft", "ll", "m", "nd", "rp", "sh", "t", "x", "zz")
_PHRASES: Final = (
    "buy {} now", "{} for sale", "free {} giveaway", "join my {} server", "check out {} today",
    "cheap {}", "the best {} in town", "dm me for {}",
)  # fmt: skip
_PATTERNS: Final = (
    r"\b{}\d+\b", r"{}(?:s|ing|ed)?\b", r"https?://\S*{}\S*", r"(?:buy|sell|trade)\s+{}",
    r"{}.{{0,20}}(?:discount|promo code)", r"\b(?:my|our)\s+{}\s+(?:channel|shop|site)\b",
    r"^{}\b.*\?$", r"\$\d+(?:\.\d\d)? (?:per|a) {}",
)  # fmt: skip


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rules", default="10,100,1000,10000")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = [int(size) for size in options.rules.split(",")]
    found = measure(sizes, options.messages)
    print(json.dumps(found, indent=2) if options.json else _table(found))


def measure(sizes: Sequence[int], count: int) -> list[dict[str, float]]:
    """A row for each size: microseconds a message, of Greenroom and of the plain loop."""
    values = list(_values(max(sizes)))
    words = [value for value, is_pattern in values if not is_pattern]
    policies, compile_s = {}, {}
    for size in sizes:
        began = time.perf_counter()
        policies[size] = _policy(values[:size])
        compile_s[size] = time.perf_counter() - began
    spent: dict[int, list[float]] = {size: [] for size in sizes}
    fired: dict[int, int] = dict.fromkeys(sizes, 0)
    for turn in range(-1, ROUNDS):  # the first one warms up
        for size, policy in policies.items():
            messages = _messages(count, turn, words[: size * 9 // 10])
            took, hits = _timed(policy, messages)
            if turn >= 0:
                spent[size].append(took)
                fired[size] += hits
    return [
        {
            "rules": size,
            "greenroom_us": statistics.median(spent[size]) * 1e6,
            "plain_us": _plain(values[:size]) * 1e6,
            "fired_a_message": fired[size] / (count * ROUNDS),
            "compile_s": compile_s[size],
        }
        for size in sizes
    ]


def _timed(policy: Policy, messages: Sequence[Message]) -> tuple[float, int]:
    signals = Signals()
    began = time.perf_counter()
    hits = sum(len(evaluate((policy,), message, signals, now=NOW).fired) for message in messages)
    return (time.perf_counter() - began) / len(messages), hits


def _plain(values: Sequence[tuple[str, bool]]) -> float:
    """Seconds a message of one compiled pattern a rule, each searched in turn."""
    template = TEMPLATES["includes-word"]
    written = (value if is_pattern else re.escape(value) for value, is_pattern in values)
    flags = re.IGNORECASE | re.DOTALL
    patterns = [re.compile(template.format(f"({value})"), flags) for value in written]
    bodies = [message.text for message in _messages(PLAIN, ROUNDS, ("",))]
    began = time.perf_counter()
    for body in bodies:
        for pattern in patterns:
            pattern.search(body)
    return (time.perf_counter() - began) / len(bodies)


def _values(count: int) -> Iterable[tuple[str, bool]]:
    """Values of rules and whether each is a pattern, nine words or phrases to one pattern."""
    dice = random.Random(4)
    made: set[str] = set()
    while len(made) < count:
        word = "".join(map(dice.choice, (_HEADS, _HEARTS, _TAILS, _HEARTS, _TAILS)))
        is_pattern = len(made) % 10 == 9
        forms = _PATTERNS if is_pattern else ("{}", "{}", *_PHRASES)
        value = dice.choice(forms).format(word)
        if value not in made:
            made.add(value)
            yield value, is_pattern


def _policy(values: Sequence[tuple[str, bool]]) -> Policy:
    rules = [
        f"type: any\nbody{' (regex)' * is_pattern}: '{value}'\naction: report\n"
        for value, is_pattern in values
    ]
    known = Known((), (), Shelf(Path()))
    return parse_policy("---\n".join(rules), path=Path("benchmark.yaml"), known=known)


def _messages(count: int, turn: int, words: Sequence[str]) -> list[Message]:
    """Chat, of which one message in `HARMFUL` holds the word of a rule."""
    dice = random.Random(-turn)
    messages = chat_messages(count, turn)
    messages[::HARMFUL] = [
        replace(one, text=f"{one.text} {dice.choice(words)}") for one in messages[::HARMFUL]
    ]
    return messages


def chat_messages(count: int, turn: int) -> list[Message]:
    """The demo's chat again and again, no two messages with the same words at the same places."""
    dice = random.Random(turn)
    texts = chat(1000)
    base = Message(
        platform="discord",
        community=Community("c"),
        channel=Channel("general"),
        id="0",
        author=Author("u", "someone"),
        text="",
        posted_at=NOW,
    )
    said = [_shuffled(dice.choice(texts), dice) for _ in range(count)]
    return [replace(base, id=str(index), text=text) for index, text in enumerate(said)]


def _shuffled(text: str, dice: random.Random) -> str:
    words = text.split(" ")
    start = dice.randrange(len(words))
    word = "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(3, 9)))
    return " ".join((*words[start:], word, *words[:start]))


def _table(found: Sequence[dict[str, float]]) -> str:
    least = found[0]["greenroom_us"]
    rows = [
        f"{row['rules']:>7,.0f} {row['greenroom_us']:>12,.1f} {row['greenroom_us'] / least:>8.2f}"
        f" {row['plain_us']:>12,.1f} {row['fired_a_message']:>8.3f} {row['compile_s']:>10.2f}"
        for row in found
    ]
    head = "  rules  µs a message    ratio   plain re µs    fired  compile s"
    return "\n".join((head, *rows))


if __name__ == "__main__":
    main()
