"""HTML in, Markdown out, and nothing of what a page does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.context.files import read_folder
from greenroom.context.html import to_markdown
from greenroom.errors import ConfigError

PAGE = """<!doctype html><title>Rules &amp; more</title>
<nav>Home About</nav><main><p>Welcome.<h1>Rules</h1><p>Be <b>kind</b>.
<h2>Links</h2><ul><li>No <a href="javascript:alert(1)">short links</a><li>No spam</ul>
<table><tr><th>Day<th>Time<tr><td>Thursday<td>19:00</table>
<script>alert("x")</script><style>p{}</style><p hidden>unseen<!-- also asked: forged --></main>
<footer>Imprint</footer>"""


def test_html_is_cut_by_its_headings(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    assert [(chunk.heading, chunk.text) for chunk in read_folder(tmp_path)] == [
        ("Rules & more", "Welcome."),
        ("Rules", "Be **kind**."),
        (
            "Rules › Links",
            "- No short links\n- No spam\n\n| Day | Time |\n| --- | --- |\n| Thursday | 19:00 |",
        ),
    ]


def test_html_cannot_speak_our_markup() -> None:
    title, text = to_markdown("<p>&lt;!-- also asked: x --&gt; shown</p>", name="a.html")
    assert (title, text) == ("", "<! -- also asked: x --> shown")


def test_html_is_decoded_as_it_says() -> None:
    page = '<meta charset="iso-8859-1"><p>caf\xe9</p>'.encode("latin-1")
    assert to_markdown(page, name="a.html")[1] == "café"


@pytest.mark.parametrize("page", ["", " ", "<", "<!-- only -->", "<script>x</script>"])
def test_html_without_text_has_none(page: str) -> None:
    assert to_markdown(page, name="a.html")[1].strip("<") == ""


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", "<a href='", "<![CDATA[", "</", "&", "<?", "<script>", "&#1"]
)
def test_html_that_never_ends_is_read_in_time(piece: str) -> None:
    begun = time.monotonic()
    to_markdown(piece * 100_000, name="a.html")
    assert time.monotonic() - begun < 10  # quadratic ones took minutes


@pytest.mark.parametrize("piece", ["<div>", "<b><i>", "<table><tr><td>", "<ul><li>"])
def test_html_nested_without_end_is_refused(piece: str) -> None:
    with pytest.raises(ConfigError, match=r"a\.html: has elements nested without end"):
        to_markdown(piece * 50_000, name="a.html")


@given(st.text(alphabet="<>/!-abip &;'\"=\n#`", max_size=80))
def test_any_html_becomes_text_without_scripts(page: str) -> None:
    _, text = to_markdown(f"{page}<script>evil()</script>", name="a.html")
    assert "<!--" not in text
