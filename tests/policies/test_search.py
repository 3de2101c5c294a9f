"""Searches mean exactly what the reference's templates mean in Python's ``re``."""

from __future__ import annotations

import json
import re
import sys

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from greenroom.policies.keys import METHODS
from greenroom.policies.regexes import BadPattern, compile_patterns
from greenroom.policies.search import LONG, MANY, Literals, literals
from greenroom.policies.text import Text, caseless, is_word, stand_in
from tests.policies.naive import naive_holds, naive_match
from tests.policies.rules import fires, post

LETTERS = "ab_ 1-!.\n(Aſsß²ıİiKkέΈ\u0301\ufe0f\u200déЖж中😀\x1c\t\r"
words = st.text(alphabet=LETTERS, max_size=4)
texts = st.text(alphabet=LETTERS, max_size=14)
PIECES = (
    "a", "b", "A", r"\w", r"\W", r"\s", r"\S", r"\d", r"\b", r"\B", "^", "$", ".", "[ab]", "[^a]",
    r"[\w-]", "(a)", "(?:a|b)", "a*", "b+?", "[ab]{1,2}", "(?=a)", "(?<!a)", r"(a)?", "i", "İ",
    "\u0301", r"\.", r"\u0301", "s", "{", "a{e}", "[[:a]", r"\x41", "é", "²",
)  # fmt: skip
patterns = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)


class Patient:
    """Waits as long as it takes; a deadline here would only make the test flicker."""

    def deadline_s(self) -> float:
        return 30.0

    def ran_out(self) -> None:
        raise AssertionError("a tiny search took half a minute")


many = settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(
    method=st.sampled_from(METHODS),
    values=st.lists(words, min_size=1, max_size=4),
    text=texts,
    is_case_sensitive=st.booleans(),
)
def test_literals_find_what_the_template_finds(
    method: str, values: list[str], text: str, is_case_sensitive: bool
) -> None:
    expected = naive_match(
        method, values, text, is_regex=False, is_case_sensitive=is_case_sensitive
    )
    _agrees(literals(method, tuple(values), is_case_sensitive=is_case_sensitive), text, expected)


@many
@given(
    method=st.sampled_from(METHODS),
    values=st.lists(words.filter(bool), min_size=1, max_size=4),
    text=texts,
    is_case_sensitive=st.booleans(),
)
def test_many_literals_are_found_as_few_are(
    method: str, values: list[str], text: str, is_case_sensitive: bool
) -> None:
    many_values = (*values, *(f"nowhere {number}" for number in range(MANY)))
    expected = naive_match(
        method, many_values, text, is_regex=False, is_case_sensitive=is_case_sensitive
    )
    matcher = literals(method, many_values, is_case_sensitive=is_case_sensitive)
    assert matcher.automaton is not None
    _agrees(matcher, text, expected)


def _agrees(matcher: Literals, text: str, expected: re.Match[str] | None) -> None:
    found = matcher.search(Text(text), Patient())
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert caseless(found.groups[0]) == caseless(expected[1])


@many
@given(
    method=st.sampled_from(["includes", "includes-word"]),
    values=st.lists(words, min_size=1, max_size=4),
    text=texts,
    is_case_sensitive=st.booleans(),
)
def test_long_texts_are_searched_to_the_same_end(
    method: str, values: list[str], text: str, is_case_sensitive: bool
) -> None:
    long = "\x02" * LONG + text  # a character that no value holds
    expected = naive_match(
        method, values, long, is_regex=False, is_case_sensitive=is_case_sensitive
    )
    matcher = literals(method, tuple(values), is_case_sensitive=is_case_sensitive)
    found = matcher.search(Text(long), Patient())
    assert (found and (found.start, found.end)) == (expected and expected.span(1))


@many
@given(
    method=st.sampled_from(METHODS),
    values=st.lists(patterns, min_size=1, max_size=3),
    text=texts,
    is_case_sensitive=st.booleans(),
)
def test_patterns_find_what_python_finds(
    method: str, values: list[str], text: str, is_case_sensitive: bool
) -> None:
    assume(text or r"\B" not in "".join(values))  # a quirk of `re` that Python 3.14 mended
    try:
        compiled = compile_patterns(method, tuple(values), is_case_sensitive=is_case_sensitive)
    except BadPattern:
        with pytest.raises(re.error):
            naive_match(method, values, text, is_regex=True, is_case_sensitive=is_case_sensitive)
        return
    expected = naive_match(method, values, text, is_regex=True, is_case_sensitive=is_case_sensitive)
    found = compiled.search(Text(text), Patient())
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert found.groups == tuple(group or "" for group in expected.groups())


@many
@given(
    keys=st.lists(
        st.tuples(
            st.booleans(),
            st.lists(st.sampled_from(["title", "body"]), min_size=1, max_size=2, unique=True),
            st.sampled_from(METHODS),
        ),
        min_size=1,
        max_size=3,
    ),
    values=st.lists(words.filter(bool), min_size=1, max_size=3),
    title=texts,
    body=texts,
)
def test_whole_rules_agree_with_the_naive_reading(
    keys: list[tuple[bool, list[str], str]], values: list[str], title: str, body: str
) -> None:
    lines = [
        f"{json.dumps(('~' if no else '') + '+'.join(names) + f'#{index} ({method})')}: "
        + json.dumps(values, ensure_ascii=False)
        for index, (no, names, method) in enumerate(keys)
    ]
    expected = all(naive_holds(key, values, {"title": title, "body": body}) for key in keys)
    assert fires("\n".join((*lines, "fold: false")), post(title, body=body)) is expected


def test_case_is_taken_away_as_re_does_for_every_character() -> None:
    cased = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if caseless(character) != character
        or character.lower() != character
        or character.upper() != character
    ]
    assert len(cased) > 2000
    everything = "".join(cased)
    kin: dict[str, set[str]] = {}
    for character in cased:
        kin.setdefault(caseless(character), set()).add(character)
    for character in cased:
        same = set(re.findall(re.escape(character), everything, re.IGNORECASE))
        assert same == kin[caseless(character)], ascii(character)


@given(st.text(max_size=60))
def test_prepared_texts_keep_every_offset(text: str) -> None:
    assert len(caseless(text)) == len(text) == len(stand_in(text))


@given(st.characters())
def test_a_word_character_is_one_to_re(character: str) -> None:
    assert is_word(character) == bool(re.match(r"\w", character))


@given(st.text(max_size=40))
def test_trimmed_length_drops_non_word_characters_at_both_ends(text: str) -> None:
    assert Text(text).trimmed_length == len(re.sub(r"\A\W+|\W+\Z", "", text))


@pytest.mark.parametrize("title", ["❤️help", "👍🏽️ help", "help²", "é́help"])
def test_a_pattern_sees_marks_as_python_does(title: str) -> None:
    expected = naive_match(
        "includes-word", ["h(?=e)elp"], title, is_regex=True, is_case_sensitive=False
    )
    assert fires("title (regex): 'h(?=e)elp'", post(title)) is (expected is not None)
