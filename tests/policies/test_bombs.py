"""No input crashes the loader, and none that is small takes long: YAML bombs, nests, mutations.

The fuzz target beside it (``python -m tests.policies.fuzz``) goes on where this ends.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policies.fuzz import loads, mutated, samples

ROOT = Path(__file__).parents[2]
SECONDS = 1.0
MEBIBYTES = 100


def _laughs(levels: int, times: int) -> str:
    lines = ["a0: &a0 [x]"]
    lines += [
        f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * times)}]"
        for level in range(1, levels)
    ]
    return "\n".join(lines)


def _doubling(levels: int) -> str:
    lines = ["x: &y0 {body: a}"]
    lines += [
        f"y{level}: &y{level} {{any: [*y{level - 1}, *y{level - 1}]}}" for level in range(1, levels)
    ]
    return "\n".join(lines)


BOMBS = {
    "a billion laughs": _laughs(30, 9),
    "groups that double": _doubling(15),
    "groups that double, as a rule": f"{_doubling(12)}\nany: [*y11, *y11]\naction: remove",
    "one long text again and again": "a: &a " + "x" * 20_000 + "\nb: [" + "*a," * 9_999 + "*a]",
    "merged keys": "a: &a {x: 1}\n" + "".join(f"b{n}: {{<<: [{'*a,' * 50}]}}\n" for n in range(99)),
    "itself": "a: &a [*a]\nbody: x\naction: report",
    "open brackets": "body: " + "[" * 50_000,
    "brackets": "body: " + "[" * 20_000 + "]" * 20_000,
    "braces": "body: " + "{a: " * 20_000,
    "dashes": "- " * 50_000,
    "question marks": "? " * 50_000,
    "a deep block": "\n".join(" " * depth + "a:" for depth in range(1_500)),
    "deep groups": "any: " + "[{any: " * 45 + "[{body: x}]" + "}]" * 45 + "\naction: remove",
    "wide groups": "any: [" + "{body: x}," * 20_000 + "]\naction: remove",
    "a group of nothing": "any: [{any: [{any: []}]}]\naction: remove",
    "empty documents": "---\n" * 50_000,
    "broken rules": "a: [\n---\n" * 5_000,
    "unknown keys": "\n".join(f"k{number}: v" for number in range(20_000)),
    "one key again and again": "body: v\n" * 20_000,
    "repeats of repeats": "body (regex): '((a{1,1000}){1,1000}){1,1000}'\naction: remove",
    "alternatives": "body (regex): [" + "'" + "(a|b)" * 50 + "'," * 1_000 + "]\naction: remove",
    "groups of a pattern": "body (regex): '" + "(" * 5_000 + ")" * 5_000 + "'\naction: remove",
    "placeholders": "body: x\naction: report\ncomment: '" + "{{match}}" * 100_000 + "'",
    "a comment": "# " + "x" * 1_000_000 + "\nbody: x\naction: remove",
    "hashes": "#" * 1_000_000,
    "tabs": "\t" * 100_000,
    "fields": "+".join(["body"] * 20_000) + ": x\naction: remove",
    "modifiers": "body (" + "regex, " * 20_000 + "regex): x\naction: remove",
    "tests": "tests: [" + "{says: a, expect: []}," * 5_000 + "]",
}  # fmt: skip

_MEASURE = """
import resource, sys, time
from tests.policies.fuzz import loads
text = sys.stdin.read()
loads("body: x\\naction: report")  # what is imported at first use is not the bomb's
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
loads(text)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(time.process_time() - began, (after - before) / 1024)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_takes_a_second_or_a_hundred_megabytes(name: str) -> None:
    """Processor time, in a process of its own: a crash of the C library would end it."""
    ended = subprocess.run(
        [sys.executable, "-c", _MEASURE],
        input=BOMBS[name],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    seconds, mebibytes = map(float, ended.stdout.split())
    assert seconds < SECONDS
    assert mebibytes < MEBIBYTES


many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(text=st.text(max_size=200))
def test_any_text_loads_or_is_refused(text: str) -> None:
    loads(text)


@many
@given(seed=st.integers(0, 2**32))
def test_mutations_of_rule_files_load_or_are_refused(seed: int) -> None:
    """Of the starter's and, where they are, of real ones."""
    loads(mutated(samples(), seed))
