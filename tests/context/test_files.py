"""A folder's files as chunks, whatever their format."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from greenroom.context.files import MAX_FILE_BYTES, Folder, read_folder
from greenroom.errors import ConfigError, ConfigErrors


def test_read_folder_gives_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "faq" / "deep").mkdir(parents=True)
    (tmp_path / "faq" / "deep" / "b.md").write_text("# B\nb", "utf-8")
    (tmp_path / "a.md").write_text("# A\r\n\r\ntwo\r\nlines\r\n", "utf-8")
    (tmp_path / "notes.csv").write_text("# of no kind that is read")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "c.md").write_text("# hidden\nx")
    chunks = read_folder(tmp_path)
    assert [(chunk.source, chunk.text) for chunk in chunks] == [
        ("a.md", "two\nlines"),
        ("faq/deep/b.md", "b"),
    ]


def test_read_folder_names_the_file_and_line_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"# Fine\n\nna\xefve\n")
    with pytest.raises(ConfigError, match=r"bad\.md:3:3: is not UTF-8 text\n  save it as UTF-8"):
        read_folder(tmp_path)


def test_read_folder_refuses_a_huge_file(tmp_path: Path) -> None:
    (tmp_path / "huge.md").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(ConfigError, match=r"huge\.md: is larger than 5 MB"):
        read_folder(tmp_path)


def test_read_folder_that_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere: there is no such folder"):
        read_folder(tmp_path / "nowhere")


def test_read_folder_names_every_file_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff")
    (tmp_path / "b.md").write_bytes(b"\xff")
    with pytest.raises(ConfigErrors) as caught:
        read_folder(tmp_path)
    assert [Path(str(fault.file)).name for fault in caught.value.faults] == ["a.md", "b.md"]


def test_read_folder_reads_plain_text_by_its_headings(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Before.\n\nOpening\n=======\nAt nine.", "utf-8")
    assert [(chunk.heading, chunk.text) for chunk in read_folder(tmp_path)] == [
        ("notes", "Before."),
        ("Opening", "At nine."),
    ]


def test_folder_reads_only_what_changed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text("# One\nfirst", "utf-8")
    folder = Folder(tmp_path)
    first = folder.read()
    status = (tmp_path / "a.md").stat()
    (tmp_path / "a.md").write_text("# One\nother", "utf-8")
    # The same size and time: a file that looks unchanged is not read.
    os.utime(tmp_path / "a.md", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert folder.read() == first
    os.utime(tmp_path / "a.md", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert [chunk.text for chunk in folder.read()] == ["other", "first"]
    (tmp_path / "b.md").unlink()
    assert [chunk.source for chunk in folder.read()] == ["a.md"]
