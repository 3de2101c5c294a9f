"""The data files: where each lies, its licence, what it is used for and how much of it.

A file trains the model only if its repository, or the original that SOURCES.md names, states
an open licence for it. The others measure it. `tweeteval_offensive` holds the tweets of
`olid_train_levels`: it says which of them are TweetEval's validation set, and those are tested on.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from training.corpus import TEST, TRAIN, Example, chance, normal
from training.labels import LABELLERS, Row

csv.field_size_limit(2**31 - 1)

TRAINING_ROWS: Final = {
    "wiki_toxic_6label_sample": 4916,
    "wiki_toxic_binary_sample": 4830,
    "wiki_context_toxicity_large": 4000,
    "civil_comments_toxic_spans": 7000,
    "davidson_hate_offensive": 12000,
    "olid_train_levels": 13233,
    "vicomtech_forum_hate": 8000,
    "surge_toxicity": 998,
    "hatemojibuild": 5137,
    "edos_sexism": 15999,
    "jailbreak_prompts": 426,
    "sms_spam": 4147,
    "youtube_spam": 1455,
    "telegram_spam_ru": 2000,
    "clinc150": 9000,
    "banking77": 3500,
    "goemotions": 26000,
    "germeval2018_de": 3000,
    "told_br_pt": 3000,
}
"""File → at most so many rows, chosen by text hash. The caps keep a build within hours."""

EVALUATION_ROWS: Final = {
    "insults_forum": 1500,
    "ethos_binary": 984,
    "tweeteval_hate": 9742,
    "tweeteval_sentiment": 2000,
    "sst2": 12000,
    "twitter_racism_sexism": 1500,
}
"""Files that only measure: no stated or no fitting licence."""

_HEADING: Final = re.compile(r"^## (\w+)\.csv\.gz$")
_FACT: Final = re.compile(r"^- (What|Licence|Repository|Original|Rows): (.*)$")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What SOURCES.md says of a file; empty where it says nothing."""

    what: str = ""
    licence: str = ""
    repository: str = ""
    original: str = ""
    rows: str = ""


OFFICIAL: Final = ("tweeteval_hate", "sst2")
"""Files measured on their own validation rows: those are our test split, the rest only tells
where a threshold lies and what a linear head would reach."""


def read_sheets(data: Path) -> dict[str, Sheet]:
    """The data sheets in ``SOURCES.md``, by file name without its suffix."""
    facts: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in (data / "SOURCES.md").read_text("utf-8").splitlines():
        if heading := _HEADING.match(line):
            current = facts.setdefault(heading[1], {})
        elif line.startswith("## "):
            current = {}
        elif fact := _FACT.match(line):
            current[fact[1].lower()] = fact[2]
    return {name: Sheet(**found) for name, found in facts.items()}


def read_examples(data: Path, caps: dict[str, int]) -> Iterator[Example]:
    """Every file of `caps`, labelled; rows without any label are left out."""
    held_out = _tweeteval_validation(data)
    for name, cap in caps.items():
        label = LABELLERS[name]
        for row in _sample(data / f"{name}.csv.gz", cap):
            example = label(row)
            if example is not None:
                yield replace(example, split=_split(name, row, held_out))


def _split(name: str, row: Row, held_out: set[str]) -> str | None:
    if name in OFFICIAL:
        return TEST if row["split"] in {"val", "dev"} else TRAIN
    if name in EVALUATION_ROWS:
        return TEST
    return TEST if normal(row["text"]) in held_out else None


def rows_of(data: Path, name: str) -> list[Row]:
    """A file's rows as they stand."""
    return _rows(data / f"{name}.csv.gz")


def _tweeteval_validation(data: Path) -> set[str]:
    rows = rows_of(data, "tweeteval_offensive")
    return {normal(row["text"]) for row in rows if row["split"] == "val"}


def _sample(file: Path, cap: int) -> Sequence[Row]:
    """The `cap` rows whose text hashes lowest: always the same ones, in any order of the file."""
    rows = [{**row, "file": file.name.split(".")[0]} for row in _rows(file)]
    return sorted(rows, key=lambda row: chance("sample" + normal(row["text"])))[:cap]


def _rows(file: Path) -> list[Row]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
