"""Rated opinions are read from the archive as it is published, less what is tested on."""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
from pathlib import Path

import pytest

from training.corpus import Example
from training.opinions import FILES, INNER, REVIEWS, SHEETS, read_opinions

KNOWN = "a film of quiet beauty and of rage"
TESTED = "so dull that the popcorn steals the show"
REVIEWED = (KNOWN.capitalize() + ".", f"It is {TESTED}!", "unknown to sst-2, so left alone")


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size = len(content)
    archive.addfile(about, io.BytesIO(content))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as files:
        for source, name in FILES.items():
            texts = REVIEWED if source == REVIEWS else (f"great, says {name}", f"awful {name}")
            ratings = (3.6, -0.9, 0.2)
            lines = [f"{n}\t{ratings[n]}\t{text}\r\n" for n, text in enumerate(texts)]
            add(files, f"hutto/{name}_GroundTruth.txt", "".join(lines).encode())
    with tarfile.open(tmp_path / "source.tar.gz", "w:gz") as outer:
        add(outer, f"vader/resources/{INNER}", inner.getvalue())
    return tmp_path / "source.tar.gz"


@pytest.fixture
def examples(archive: Path, tmp_path: Path) -> list[Example]:
    rows = [
        {"text": KNOWN.replace(" of ", " of , "), "label": "positive", "split": "train"},
        {"text": TESTED, "label": "negative", "split": "dev"},
        {"text": f"it is {TESTED}", "label": "negative", "split": "train"},
    ]
    with gzip.open(tmp_path / "sst2.csv.gz", "wt", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["text", "label", "split"])
        writer.writeheader()
        writer.writerows(rows)
    with gzip.open(tmp_path / "tweeteval_offensive.csv.gz", "wt", encoding="utf-8") as stream:
        stream.write("text,label,split\nhello,not_offensive,val\n")
    return list(read_opinions(archive, tmp_path))


def test_a_rating_becomes_a_sentiment_and_nothing_else(examples: list[Example]) -> None:
    found = {one.text: one for one in examples}
    assert found["great, says tweets"].sentiment == 1.0
    assert found["awful tweets"].sentiment == -0.5
    assert not any(one.scores or one.intent for one in examples)


def test_each_file_has_its_data_sheet(examples: list[Example]) -> None:
    assert {one.source for one in examples} == set(FILES) == set(SHEETS)
    assert all(sheet.what and sheet.licence and sheet.repository for sheet in SHEETS.values())


def test_reviews_that_sst_2_tests_on_are_left_out(examples: list[Example]) -> None:
    assert [one.text for one in examples if one.source == REVIEWS] == [REVIEWED[0]]
