"""Markdown in, quotable chunks out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.context.markdown import MAX_CHARACTERS, MAX_WORDS, cut


def cut_pairs(text: str) -> list[tuple[str, str]]:
    return [(chunk.heading, chunk.text) for chunk in cut(text, source="rules.md")]


def test_cut_gives_each_section_its_path() -> None:
    text = "# Rules\nHello.\n## Links\n### Short ones\nNo.\n## Tone #\nKind.\n# End\nBye."
    assert cut_pairs(text) == [
        ("Rules", "Hello."),
        ("Rules › Links › Short ones", "No."),
        ("Rules › Tone", "Kind."),
        ("End", "Bye."),
    ]


def test_cut_names_text_without_a_heading_by_its_file() -> None:
    assert [chunk.heading for chunk in cut("Just this.", source="faq/getting-in.md")] == [
        "getting-in"
    ]


def test_cut_reads_underlined_headings() -> None:
    assert cut_pairs("Rules\n=====\n\nBe kind.\n\nLinks\n---\nNone.") == [
        ("Rules", "Be kind."),
        ("Rules › Links", "None."),
    ]


def test_cut_takes_a_line_across_for_no_heading() -> None:
    assert cut_pairs("# A\none\n\n---\n\ntwo\n\n- item\n---\n") == [
        ("A", "one\n\n---\n\ntwo\n\n- item\n---")
    ]


def test_cut_drops_front_matter_and_comments() -> None:
    text = "\ufeff---\ntitle: x\n---\n# A\nshown <!-- hidden\n# not a heading\n--> too\n<!-- open"
    assert cut_pairs(text) == [("A", "shown\n too")]


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("url: https://acme.example/wiki/rules", "https://acme.example/wiki/rules"),
        ("url: javascript:alert(1)", ""),
        ("url: https://a.example/ <b>", ""),
        ("see: https://a.example/", ""),
    ],
)
def test_cut_takes_the_address_from_front_matter(line: str, url: str) -> None:
    assert [chunk.url for chunk in cut(f"---\n{line}\n---\n# A\na\n# B\nb", source="a.md")] == [
        url,
        url,
    ]


def test_cut_names_the_place_and_the_title_it_is_given() -> None:
    [chunk] = cut("Be kind.", source="book.pdf", place="page 3", title="Manners")
    assert (chunk.heading, chunk.headings, chunk.title) == (
        "Manners, page 3",
        "Manners",
        "Manners",
    )


def test_cut_keeps_an_unclosed_front_matter_as_text() -> None:
    assert cut_pairs("---\nnot closed") == [("rules", "---\nnot closed")]


def test_cut_collects_what_is_also_asked_and_never_quotes_it() -> None:
    text = (
        "# A\n<!-- also asked:\nHow?\n\n  Why? \n-->\nBecause.\n"
        "# B\n<!-- Also asked: When? -->\nNo."
    )
    chunks = cut(text, source="a.md")
    assert [chunk.also_asked for chunk in chunks] == [("How?", "Why?"), ("When?",)]
    assert [chunk.text for chunk in chunks] == ["Because.", "No."]


def test_cut_leaves_code_alone() -> None:
    code = "```sh\n# not a heading\n\n<!-- shown -->\n```"
    assert [chunk.heading for chunk in cut(f"# A\n{code}\n", source="a.md")] == ["A"]
    assert cut(f"# A\n{code}\n", source="a.md")[0].text == code


def test_cut_closes_a_fence_only_by_one_as_long() -> None:
    text = "# A\n````\n```\n# inside\n````\n# B\nb"
    assert cut_pairs(text) == [("A", "````\n```\n# inside\n````"), ("B", "b")]


def test_cut_reads_headings_without_their_markup() -> None:
    text = "# **Bold** `code` [link](https://example.org) snake_case *x*\ny"
    assert cut_pairs(text) == [("Bold code link snake_case x", "y")]


def test_cut_leaves_no_chunk_for_an_empty_section() -> None:
    assert cut_pairs("# A\n\n## B\n\n<!-- nothing -->\n") == []


def test_cut_packs_whole_blocks_up_to_the_limit() -> None:
    paragraph = " ".join(["word"] * 100)
    items = "\n".join(f"- item {number} of ten words to fill the line up" for number in range(12))
    chunks = cut(f"# A\n{paragraph}\n\n{items}\n\n{paragraph}", source="a.md")
    assert [chunk.text for chunk in chunks] == [paragraph, items, paragraph]


def test_cut_keeps_a_loose_list_together() -> None:
    text = "# A\n" + " ".join(["word"] * 175) + "\n\n1. one\n\n   more of one\n\n2. two of it all"
    assert cut(text, source="a.md")[1].text == "1. one\n\n   more of one\n\n2. two of it all"


def test_cut_splits_what_does_not_fit_at_sentences() -> None:
    sentence = "This sentence has exactly eight words, all short. "
    chunks = cut("# A\n" + sentence * 60, source="a.md")
    assert len(chunks) > 1
    assert all(chunk.text.rstrip().endswith("short.") for chunk in chunks)
    assert sum(chunk.text.count("sentence") for chunk in chunks) == 60


def test_cut_splits_a_wall_without_spaces() -> None:
    chunks = cut("# A\n" + "x" * 100_000, source="a.md")
    assert "".join(chunk.text for chunk in chunks) == "x" * 100_000
    assert max(len(chunk.text) for chunk in chunks) <= MAX_CHARACTERS


@given(st.text(alphabet=st.sampled_from("#=-`~<>! \n\r\t*[]()a.1\x0c\u2028\ud800"), max_size=300))
def test_cut_of_anything_gives_quotable_chunks(text: str) -> None:
    for chunk in cut(text, source="a.md"):
        assert chunk.text.strip()
        assert chunk.heading
        assert len(chunk.text) <= MAX_CHARACTERS
        assert len(chunk.text.split()) <= MAX_WORDS
        assert "<!--" not in chunk.text or "`" in text or "~" in text


def test_cut_of_a_megabyte_of_marks_ends() -> None:
    marks = ("<!--", "<!---->", "# a\n", "# [", "[", "```\n", "- \n", "*_`", "a\n=\n", "# \t", " ")
    for mark in marks:
        chunks = cut("# " + mark * (1_000_000 // len(mark)), source="a.md")
        assert all(len(chunk.text) <= MAX_CHARACTERS for chunk in chunks)
