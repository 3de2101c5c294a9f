"""Links in knowledge: found where they are shown, and told when they lead nowhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from greenroom.context.links import dead_links, links_of

RULES = """# Rules & tone
See [the FAQ](faq.md#getting-in), [gone](gone.md), [up](../secrets.md), [here](#rules--tone).
Also [there](#nowhere) and <https://acme.example/a>, https://acme.example/b.

```
[code](not-a-link.md)
```
<!-- [hidden](not-shown.md) -->
[mail](mailto:sam@acme.example) [again](faq.md#getting-in-1) [page](page.html#top)
[ref]: missing.pdf
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "knowledge"
    folder.mkdir()
    (tmp_path / "secrets.md").write_text("out of the folder")
    (folder / "rules.md").write_text(RULES, "utf-8")
    (folder / "faq.md").write_text("## **Getting** in\n\n## Getting in\n", "utf-8")
    (folder / "page.html").write_text('<h1 id="Top">T</h1>\n<a href="nope.md">x</a>', "utf-8")
    return folder


def test_links_are_found_where_they_are_shown(folder: Path) -> None:
    found = links_of(folder / "rules.md")
    assert [(link.line, link.target) for link in found if link.is_web] == [
        (3, "https://acme.example/a"),
        (3, "https://acme.example/b"),
    ]
    assert not [link for link in found if link.target.startswith("not-")]


def test_dead_links_name_the_line_and_the_reason(folder: Path) -> None:
    links = [link for file in sorted(folder.iterdir()) for link in links_of(file)]
    told = [(one.link.file.name, one.link.line, one.why) for one in dead_links(links, folder)]
    assert told == [
        ("page.html", 0, "there is no nope.md"),
        ("rules.md", 2, "there is no gone.md"),
        ("rules.md", 2, "leads out of the folder of knowledge"),
        ("rules.md", 3, "rules.md has no heading #nowhere"),
        ("rules.md", 10, "there is no missing.pdf"),
    ]


@pytest.mark.parametrize("piece", ["[", "[](", "[a](", "](", "<http://", "`", "[a](b#", "<!--"])
def test_links_in_hostile_text_are_found_in_time(tmp_path: Path, piece: str) -> None:
    file = tmp_path / "a.md"
    file.write_text(piece * 50_000, "utf-8")
    begun = time.monotonic()
    dead_links(links_of(file), tmp_path)
    assert time.monotonic() - begun < 10
