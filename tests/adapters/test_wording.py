"""Texts are cut where a reader would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.adapters.wording import split_at_sentence


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("One two. Three four.", ["One two.", "Three four."]),
        ("First one\n\nSecond. Third", ["First one", "Second. Third"]),
        ("no stops here at all", ["no stops here", "at all"]),
        ("x" * 30, ["x" * 14, "x" * 14, "xx"]),
    ],
)
def test_text_is_cut_at_paragraph_sentence_space_or_hard(text: str, parts: list[str]) -> None:
    assert split_at_sentence(text, 14, most=5) == parts


def test_text_past_the_last_part_ends_in_an_ellipsis() -> None:
    assert split_at_sentence("One two. Three four. Five six.", 12, most=2) == [
        "One two.",
        "Three four.…",
    ]


@given(st.text(max_size=400), st.integers(min_value=2, max_value=50))
def test_parts_fit_and_lose_nothing_but_white_space(text: str, limit: int) -> None:
    parts = split_at_sentence(text, limit, most=1_000)
    assert all(len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
