"""Members' text stays text, and what is invisible is shown."""

from __future__ import annotations

import html
import re

import pytest

from greenroom.desk.text import PAGE_LIMIT, Span, clip, passages, visible

_TAG = re.compile(r"<[^>]*>")


def plain(markup: str) -> str:
    return html.unescape(_TAG.sub("", markup))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202egnp.exe", "U+202E"),
        ("a\u200b\u200b\u200bb", "U+200B ×3"),
        ("a\x00b", "U+0000"),
        ("a\x1b[31m", "U+001B"),
        ("\U000e0041\U000e0042", "U+E0041 U+E0042 ×2"),
        ("\ufeffx", "U+FEFF"),
        ("a\u2066b\u2069", "U+2066"),
        ("a\u200db", "U+200D"),
        ("\ud800", "U+D800"),
    ],
)
def test_what_is_invisible_is_named(text: str, shown: str) -> None:
    found = visible(text)
    assert shown in plain(found)
    assert not set(found) & set("\u202e\u200b\x00\x1b\U000e0041\ufeff\u2066\u200d\ud800")


@pytest.mark.parametrize("text", ["👩‍👩‍👧", "❤️‍🔥", "می‌خواهم", "line\nline\ttab", "שלום", "e\u0301"])
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert visible(text) == text


def test_markup_is_escaped() -> None:
    assert visible("<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"


def test_matched_words_are_marked_where_they_stand() -> None:
    text = "you <b>idiot</b>, you"
    reading = passages(text, [Span(4, 12), Span(7, 10), Span(-5, 3), Span(500, 600), Span(9, 2)])
    assert reading.head == "<mark>you</mark> <mark>&lt;b&gt;idiot</mark>&lt;/b&gt;, you"
    assert plain(reading.head) == text


def test_touching_marks_are_one() -> None:
    assert passages("abcdef", [Span(0, 2), Span(2, 4)]).head == "<mark>abcd</mark>ef"


def test_a_long_text_is_folded_whole() -> None:
    text = "word " * 2_000
    reading = passages(text, [Span(9_000, 9_004)])
    assert len(reading.head) < 2_000
    assert reading.marks_in_rest == 1
    assert plain(reading.head + reading.rest) == text


def test_many_lines_are_folded() -> None:
    text = "a\n" * 500
    reading = passages(text)
    assert reading.head.count("\n") <= 24
    assert plain(reading.head + reading.rest) == text


def test_a_mark_across_the_fold_shows_on_both_sides() -> None:
    text = "x" * 4_000
    reading = passages(text, [Span(1_400, 1_600)])
    assert reading.head.endswith("</mark>")
    assert reading.rest.startswith("<mark>")
    assert plain(reading.head + reading.rest) == text


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "a\u202e" * 500_000, "\u200b" * 1_000_000, "\n" * 10**6]
)
def test_a_megabyte_stays_bounded(text: str) -> None:
    reading = passages(text)
    assert reading.cut_length == len(text) - PAGE_LIMIT
    assert len(reading.head) + len(reading.rest) < 8_000_000


def test_clip_makes_one_line() -> None:
    assert clip("a \n\t b", 10) == "a b"
    assert clip("abcdef", 3) == "abc…"
    assert clip(None, 3) == ""
    assert clip(" " * 1_000_000 + "x", 3) == "…"
