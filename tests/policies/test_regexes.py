"""No pattern and no text can stall an evaluation; what takes too long does not hold, visibly."""

from __future__ import annotations

import time

import pytest

from greenroom.policies import evaluate
from greenroom.policies.regexes import BadPattern, Pattern, compile_patterns
from greenroom.policies.scene import DEADLINE_S
from tests.policies.rules import NOTHING, NOW, comment, decided, faults, fires, policy, post

BOMBS = [
    (r"(a+)+$", "a" * 40 + "!"),
    (r"(a|a)+$", "a" * 40 + "!"),
    (r"(?=a)(a|aa)+$", "a" * 60 + "!"),
    (r"(a|aa)+(?=c)$", "a" * 60 + "!"),
    (r"(?=a)(a|a?)+\d$", "a" * 40 + "!"),
    (r"((a|aa)+)\3b$", "a" * 60 + "!"),
    (r"(x+x+)+y(?!z)", "x" * 60),
    (r"(\w+\s?)*:(?<=q)", "word " * 30 + "é!"),
    (r"(.*)(.*)(.*)(.*)(.*)\2\3\4z", "ab" * 2000),
]


@pytest.mark.parametrize(("pattern", "text"), BOMBS)
def test_a_regex_bomb_costs_little(pattern: str, text: str) -> None:
    rules = policy(f"body (regex): '{pattern}'\naction: report")
    started = time.perf_counter()
    found = evaluate((rules,), comment(text), NOTHING, now=NOW)
    assert not found.fired
    assert time.perf_counter() - started < 20 * DEADLINE_S  # the machine may be busy


@pytest.mark.parametrize("negation", ["", "~"])
def test_a_search_that_takes_too_long_holds_neither_way(negation: str) -> None:
    rule = f"{negation}body (regex): '(?=a)(a|aa)+$'\naction: report"
    found = decided(rule, comment("a" * 60 + "!"))
    assert not found.fired
    assert "took too long" in found.notes[0]


def test_many_bombs_together_cost_little() -> None:
    bomb = "body (regex): '(?=a)(a|aa)+$'\naction: report\n"
    rules = policy("---\n".join([bomb] * 100))
    started = time.perf_counter()
    assert len(evaluate((rules,), comment("a" * 60 + "!"), NOTHING, now=NOW).notes) == 100
    assert time.perf_counter() - started < 40 * DEADLINE_S


@pytest.mark.parametrize(
    "text", ["a" * 10**6, "é x" * 300_000, "\n" * 10**6, "!" * 10**6 + "x", "xcatx " * 160_000]
)
def test_a_megabyte_is_bounded(text: str) -> None:
    rules = policy(
        "body (full-text): '!'\naction: report\n---\n"
        "body: [cat, dog, a cat, '?!']\naction: report\n---\n"
        "body (includes): [cats, dog]\naction: report\n---\n"
        "body (regex): ['ca[pt]s', '\\bb\\w+b\\b']\naction: report\n---\n"
        "body (regex): '(?<!x)dogs?$'\naction: report\n---\n"
        "body_longer_than: 2000000\naction: report\n"
    )
    started = time.perf_counter()
    found = evaluate((rules,), comment(text), NOTHING, now=NOW)
    assert not found.fired
    assert time.perf_counter() - started < 6 * 0.5


def test_a_long_list_of_words_costs_one_pass() -> None:
    rules = policy(f"body: {[f'word{number}' for number in range(2000)]}\naction: report")
    started = time.perf_counter()
    assert not evaluate((rules,), comment("word and more " * 70_000), NOTHING, now=NOW).fired
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    ("pattern", "is_fast"),
    [
        (r"(a+)+$", True),
        (r"\bfree\W{1,3}nitro\b", True),
        (r"(?:a|b)+?", True),
        (r"(?P<one>a)", True),
        (r"(?=a)b", False),
        (r"(a)\2", False),
        (r"é", False),  # case folds beyond ASCII
        (r"a{,3}", False),  # RE2 takes this as text
        (r"[[:alpha:]]", False),
        (r"(?m)^a", False),
        (r"(?-i:A)", False),
    ],
)
def test_the_linear_engine_runs_what_it_reads_alike(pattern: str, is_fast: bool) -> None:
    compiled = compile_patterns("includes", (pattern,), is_case_sensitive=False)
    assert isinstance(compiled, Pattern)
    assert (compiled.fast is not None) is is_fast


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "*a", "a**", r"\2(", "(?P<x>a)(?P<x>b)", "(?<=a+)b", "(" * 5000, r"\y"]
)
def test_an_invalid_regex_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_patterns("includes", (pattern,), is_case_sensitive=False)


def test_an_invalid_regex_is_told_with_its_place() -> None:
    text = "type: any\ntitle+body (regex):\n    - 'fine'\n    - 'br(oken'\naction: remove\n"
    (fault,) = faults(text)
    assert fault.startswith("rules.yaml:4:7: invalid regex in `title+body (regex)`")
    assert "unterminated" in fault


def test_flags_inside_a_pattern_are_taken_as_python_2_took_them() -> None:
    assert fires("title (regex, case-sensitive): ['x', 'a(?i)b']", post("AB"))
    assert not fires("title (regex, case-sensitive): 'ab'", post("AB"))
    assert fires(r"title (regex): ['(?i)\bCat\b', '(?m)^dog']", post("x\ndog"))


def test_unicode_properties_are_understood() -> None:
    assert fires(r"title (regex): '[\p{Pi}\p{Pf}]cat'", post("so-called “cat”"))


def test_single_surrogates_are_searched_like_any_character() -> None:
    half = "\ud83d cat \udc00"
    assert fires("body: cat", comment(half))
    assert fires("body (regex): 'c(?=a)at'", comment(half))
    assert fires("body: cat", comment("x" * 5000 + half))
    assert fires(r"body (regex): '[\uD800-\uDFFF]'", comment(half))
