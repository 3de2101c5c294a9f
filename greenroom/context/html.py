"""HTML as Markdown: what a page says, by its headings, and nothing that it does."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Mapping
from typing import Final

from greenroom.errors import ConfigError

_SILENT: Final = (
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "canvas",
    "audio", "video", "form", "button", "select", "input", "textarea", "nav", "footer", "img",
    "picture", "title", "dialog",
)  # fmt: skip
"""What is no text for readers, or is not about the page's subject."""

MAX_DEPTH: Final = 300
"""Elements within each other; pages that people write stay below fifty."""

_BLANKS = re.compile(r"\n{3,}")


def to_markdown(page: str | bytes, *, name: str) -> tuple[str, str]:
    """The title of a page (empty if it has none) and its text as Markdown.

    Nothing of the page is executed, fetched or kept as HTML. Links keep their text only: a
    quotation names its source itself.

    Args:
        page: HTML, however broken; bytes are decoded as they say they are.
        name: The file or address, for errors.

    Raises:
        ConfigError: Its elements are nested without end.
    """
    # Two libraries that only who reads HTML needs; they take a tenth of a second.
    from bs4 import BeautifulSoup  # noqa: PLC0415
    from bs4.element import NavigableString, PreformattedString  # noqa: PLC0415
    from lxml import etree  # noqa: PLC0415
    from markdownify import MarkdownConverter  # noqa: PLC0415

    # Of an empty or broken page the reading below makes the best.
    with contextlib.suppress(etree.LxmlError, ValueError):
        etree.fromstring(page, etree.HTMLParser(target=_Depth(name)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on odd pages; what is read of them is shown
        soup = BeautifulSoup(page, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for element in soup(_SILENT):
        element.decompose()
    for element in soup.find_all(hidden=True):
        element.decompose()
    for text in soup.find_all(string=True):
        if isinstance(text, PreformattedString):
            text.extract()
        elif "<!--" in text:  # shown as text, it must not become a comment of ours
            text.replace_with(NavigableString(text.replace("<!--", "<! --")))
    main = soup.find("main") or soup.find("article") or soup.body or soup
    converter = MarkdownConverter(
        heading_style="ATX", bullets="-", strip=["a"], escape_underscores=False,
        escape_asterisks=False, escape_misc=False,
    )  # fmt: skip
    return title, _BLANKS.sub("\n\n", converter.convert_soup(main)).strip()


class _Depth:
    """Told of each tag by lxml's parser; what is nested without end takes minutes to read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 (lxml's)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConfigError(
                "has elements nested without end",
                file=self._name,
                accepted="save its text as Markdown",
            )

    def end(self, tag: str) -> None:  # noqa: ARG002 (lxml's)
        self._depth -= 1

    def close(self) -> None:
        """Called at the end."""
