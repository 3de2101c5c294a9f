"""Rules that are not asked could not have fired: the program and asking every rule agree."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from greenroom.message import Message
from greenroom.policies import evaluate
from greenroom.policies.base import Evaluation, Policy, Situation
from greenroom.policies.program import Program, program_of
from greenroom.policies.regexes import BadPattern, compile_patterns
from greenroom.policies.required import required_literals
from greenroom.policies.scene import Scene
from greenroom.policies.text import Text, caseless
from tests.policies.naive import naive_fired
from tests.policies.rules import NOTHING, NOW, comment, link, policy, post
from tests.policies.test_search import LETTERS, patterns

ENGINE = sys.modules["greenroom.policies.evaluate"]  # the package shows its function only

many = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = (
    "cat", "Cat", "dog", "c", "über", "ſet", "set", "cat dog", "i", "İ", "1d10t", "idiot", "d0g",
)  # fmt: skip
values = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)
said = st.lists(
    st.sampled_from((*WORDS, " ", "!", "\n", "Kat", "ca\u200bt", "сat", "d.o.g", "x")), max_size=5
).map("".join)
KEYS = ("title", "body", "~body", "title+body", "body (includes)", "title (full-exact)", "url",
        "body (regex)", "~title (starts-with)", "body (case-sensitive)", "domain")  # fmt: skip


def lines_of(key: str, found: list[str]) -> str:
    quoted = ", ".join(f"'{value}'" for value in found)
    return f"{key}: [{quoted}]\n"


@st.composite
def rule_files(draw: st.DrawFn) -> str:
    """Rules of one to three searches, in random order of priority, some of them removals."""
    rules = []
    for _ in range(draw(st.integers(4, 9))):
        keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
        lines = [lines_of(key, draw(values)) for key in keys]
        if draw(st.booleans()):
            lines.append(f"author: {{name: [{draw(st.sampled_from(('mika', 'cat')))}]}}\n")
        lines.append(f"priority: {draw(st.integers(-1, 1))}\n")
        lines.append(f"fold: {draw(st.sampled_from(('true', 'false')))}\n")
        lines.append(f"action: {draw(st.sampled_from(('remove', 'report', 'approve')))}\n")
        rules.append("".join(lines))
    return "---\n".join(rules)


messages = st.one_of(
    said.map(comment),
    st.builds(lambda title, body: post(title, body=body), said, said),
    st.builds(lambda title: link("https://cat.example/dog", title=title), said),
)


def without_index(policies: tuple[Policy, ...]) -> Program:
    whole = program_of(policies)
    return Program(whole.removals, whole.others)


def fired(found: Evaluation) -> list[int]:
    return [one.rule for one in found.fired]


@many
@given(text=rule_files(), message=messages)
@example(text="title: cat\nurl: dog\naction: report\n---\n" * 4, message=post("cat"))
def test_a_rule_that_is_left_out_would_not_have_fired(text: str, message: Message) -> None:
    rules = policy(text)
    quick = evaluate((rules,), message, NOTHING, now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ENGINE, "program_of", without_index)
        slow = evaluate((rules,), message, NOTHING, now=NOW)
    assert quick == slow


@many
@given(text=rule_files(), message=messages)
def test_a_naive_reading_of_the_reference_agrees(text: str, message: Message) -> None:
    unfolded = text.replace("fold: true", "fold: false")
    found = evaluate((policy(unfolded),), message, NOTHING, now=NOW)
    assert fired(found) == naive_fired(unfolded, message)


@many
@given(pattern=patterns, text=st.text(alphabet=LETTERS, max_size=14))
def test_whatever_a_pattern_matches_holds_one_of_its_literals(pattern: str, text: str) -> None:
    try:
        compiled = compile_patterns("includes", (pattern,), is_case_sensitive=False)
    except BadPattern:
        return
    found = compiled.slow.search(Text(text).for_regex, timeout=30)
    if found is not None and compiled.required is not None:
        assert any(literal in caseless(text) for literal in compiled.required)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\bfoo\d+\b", {"foo"}),
        (r"(?:buy|sell)\s+gold", {"gold"}),
        (r"(?:buy|sell)\s+it", {"sell", "buy"}),
        (r"colou?r", {"color", "colour"}),
        (r"[fF]oo.*", {"foo"}),
        (r"h[e3]ll(o|0)+w", {"hell", "h3ll"}),
        (r"(?:ab){2,}", {"ab"}),
        (r"(?i)ABC", {"abc"}),
        (r"(?<!not )spam", {"spam"}),
        (r"\d{10}", None),
        (r"x?", None),
        (r"a|\d", None),
        (r"^(?!.*hello).*$", None),
        (r"[a-z]+", None),
        (r"[^a]", None),
        ("\ud800", None),
    ],
)  # fmt: skip
def test_literals_are_read_off_a_pattern(pattern: str, expected: set[str] | None) -> None:
    assert required_literals(pattern, re.IGNORECASE | re.DOTALL) == expected


def test_only_rules_that_can_fire_are_asked() -> None:
    text = "---\n".join(f"body: word{n}x\naction: report\n" for n in range(500))
    program = program_of((policy(text),))
    scene = Scene(comment("word7x and word41x"), NOTHING, Situation(NOW))
    removals, others = program.candidates(scene)
    assert (list(removals), [rule.index for rule in others]) == ([], [7, 41])


def test_a_disguised_word_brings_its_rule_up() -> None:
    text = "---\n".join(f"body: word{n}x\naction: report\n" for n in ("a", "b", "c", "d"))
    found = evaluate((policy(text),), comment("w o r d a x"), NOTHING, now=NOW)
    assert fired(found) == [0]


def test_a_rule_whose_search_has_nothing_to_look_at_is_asked() -> None:
    text = "title: cat\nurl (includes): a-long-address\naction: report\n---\n" * 4
    found = evaluate((policy(text),), post("cat"), NOTHING, now=NOW)
    assert fired(found) == [0]  # the same text four times is one rule


def test_half_a_surrogate_pair_stops_nothing() -> None:
    text = "---\n".join(f'body: "word{n}"\naction: report\n' for n in ("1", "2", "3", "4"))
    found = evaluate((policy(text),), comment("word1 \ud800"), NOTHING, now=NOW)
    assert fired(found) == [0]
