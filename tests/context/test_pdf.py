"""PDF in, text by page out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.context.files import read_folder
from greenroom.context.pdf import MAX_PAGES, read_pages
from greenroom.errors import ConfigError
from tests.context.pdfs import pdf_of

BOOK = pdf_of(
    ["Welcome to the club.", "Be kind.\nNo short links.", "", "Meet on Thurs-\ndays."],
    bookmarks={1: "House  rules", 3: "Meetings"},
)


def test_pdf_is_quoted_by_page_and_bookmark(tmp_path: Path) -> None:
    (tmp_path / "book.PDF").write_bytes(BOOK)
    assert [(chunk.source, chunk.heading, chunk.text) for chunk in read_folder(tmp_path)] == [
        ("book.PDF", "book, page 1", "Welcome to the club."),
        ("book.PDF", "House rules, page 2", "Be kind.\nNo short links."),
        ("book.PDF", "Meetings, page 4", "Meet on Thursdays."),
    ]


def test_pdf_with_a_password_says_so() -> None:
    with pytest.raises(ConfigError, match=r"handbook\.pdf: is encrypted\n  save a copy without"):
        read_pages(pdf_of(["secret"], password="x"), name="handbook.pdf")


def test_pdf_of_pictures_says_so() -> None:
    with pytest.raises(ConfigError, match=r"scan\.pdf: has no text: its pages are pictures"):
        read_pages(pdf_of(["", ""]), name="scan.pdf")


def test_pdf_with_too_many_pages_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"has over 2000 pages"):
        read_pages(pdf_of([""] * (MAX_PAGES + 1)), name="long.pdf")


def test_pdf_cannot_speak_our_markup() -> None:
    [page] = read_pages(pdf_of(["# not one\n<!-- also asked:\nx\n-->\n---\nend"]), name="a.pdf")
    assert not page.text.startswith("#")
    assert "<!--" not in page.text


@pytest.mark.filterwarnings("ignore")
@given(st.binary(max_size=40), st.integers(0, len(BOOK)), st.integers(0, 60))
def test_damaged_pdf_is_read_or_refused(junk: bytes, place: int, gap: int) -> None:
    try:
        read_pages(BOOK[:place] + junk + BOOK[place + gap :], name="a.pdf")
    except ConfigError as error:
        assert error.file == "a.pdf"  # noqa: PT017 (most are read: either is right)
