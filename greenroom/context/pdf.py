"""PDF as text by page, each page under the bookmark that it belongs to."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenroom.errors import ConfigError

MAX_PAGES: Final = 2_000

_HYPHENATED = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_MARKS = re.compile(r"^( {0,3})(?=#{1,6}(?:\s|$)|`{3}|~{3})", re.MULTILINE)
_UNDERLINE = re.compile(r"^ {0,3}(?:=+|-+)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page's text, as it may be cut like Markdown."""

    number: int  # from 1, in the file's order
    heading: str  # the innermost bookmark at or before the page; empty if there is none
    text: str


def read_pages(data: bytes, *, name: str) -> list[Page]:
    """The pages that have text.

    Args:
        data: The file.
        name: Its name, for errors.

    Raises:
        ConfigError: It is damaged, locked, has too many pages, or holds pictures of text only.
    """
    # Only who reads PDF needs it.
    from pypdf import PdfReader  # noqa: PLC0415
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError  # noqa: PLC0415

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # remarks on files that it mends
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _locked(name)
        headings = _headings(reader, _counted(reader, name))
        texts = [page.extract_text() for page in reader.pages]
    except ConfigError:
        raise
    except (DependencyError, FileNotDecryptedError) as error:
        raise _locked(name) from error
    except (PyPdfError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError,
            AttributeError, AssertionError, OSError, NotImplementedError) as error:  # fmt: skip
        # What a library that reads damaged files by guesses comes to.
        raise ConfigError(
            f"is no PDF that can be read: {type(error).__name__}: {error}",
            file=name,
            accepted="print it to a new PDF, or save its text",
        ) from error
    pages = [
        Page(number, heading, _as_markdown(text))
        for number, (heading, text) in enumerate(zip(headings, texts, strict=True), 1)
        if text.strip()
    ]
    if not pages:
        raise ConfigError(
            "has no text: its pages are pictures",
            file=name,
            accepted="run it through text recognition (OCR), or save its text",
        )
    return pages


def _locked(name: str) -> ConfigError:
    return ConfigError(
        "is encrypted", file=name, accepted="save a copy without a password, or its text"
    )


def _counted(reader: Any, name: str) -> int:
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise ConfigError(f"has over {MAX_PAGES} pages", file=name, accepted="split it")
    return count


def _headings(reader: Any, count: int) -> list[str]:
    """For each page, the last bookmark that points at it or at a page before it."""
    starts: dict[int, str] = {}
    for bookmark in _flat(reader.outline):
        number = reader.get_destination_page_number(bookmark)
        if number is not None and 0 <= number < count:
            starts.setdefault(number, " ".join(str(bookmark.title).split())[:200])
    headings, heading = [], ""
    for number in range(count):
        heading = starts.get(number, heading)
        headings.append(heading)
    return headings


def _flat(outline: Sequence[Any]) -> Iterator[Any]:
    for one in outline:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one


def _as_markdown(text: str) -> str:
    """Lines as they stand; what would be Markdown by chance is none."""
    whole = _HYPHENATED.sub("", text.replace("<!--", "<! --"))
    return _UNDERLINE.sub("", _MARKS.sub("\\1\u200b", whole))
