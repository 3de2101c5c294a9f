"""The data files themselves; skipped, and saying so, where they are not beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.triage.base import HEADS
from greenroom.triage.spelling import canonical
from training import mixtures
from training.corpus import TRAIN, Corpus, gather, normal, split_of_example
from training.examples import further_texts, spelled
from training.sources import EVALUATION_ROWS, TRAINING_ROWS, read_examples, read_sheets
from training.templates import read_templates

DATA = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not (DATA / "SOURCES.md").exists(),
    reason=f"NO TRAINING DATA: {DATA} is absent, so labels and licences go untested",
)

OPEN = ("MIT", "Apache-2.0", "CC BY", "CC0")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    few = dict.fromkeys(TRAINING_ROWS, 150)
    return spelled(gather([*read_templates(DATA, seed=1), *read_examples(DATA, few)]))


def test_every_training_file_has_an_open_licence() -> None:
    sheets = read_sheets(DATA)
    for name in TRAINING_ROWS:
        said = f"{sheets[name].licence} {sheets[name].original}"
        assert any(licence in said for licence in OPEN), name
        assert "GPL" not in said, name
        if "none stated" in sheets[name].licence:
            assert sheets[name].original, name


def test_every_head_has_examples_of_both_kinds(corpus: Corpus) -> None:
    for head, name in enumerate(HEADS):
        assert (corpus.scores[:, head] >= 0.7).sum() >= 20, name
        assert (corpus.scores[:, head] <= 0.3).sum() >= 20, name


def test_no_text_is_in_two_splits() -> None:
    few = dict.fromkeys(TRAINING_ROWS, 150)
    found = gather([*read_templates(DATA, seed=1), *read_examples(DATA, few)])
    assert len({normal(text) for text in found.texts}) == len(found.texts)


def test_templates_are_the_same_for_the_same_seed() -> None:
    one, other = (list(read_templates(DATA, seed=5)) for _ in range(2))
    assert one == other


def test_mixtures_keep_to_one_split_and_to_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixtures, "HARMFUL", 50)
    monkeypatch.setattr(mixtures, "HARMLESS", 50)
    mixed = list(mixtures.mix(list(read_templates(DATA, seed=1)), seed=1))
    assert sum(any(example.scores.values()) for example in mixed) == 50
    assert all(example.group and len(example.text) < 600 for example in mixed)


def test_further_texts_are_new_and_of_the_training_split(corpus: Corpus) -> None:
    found = set(further_texts(DATA, corpus, seeds=(), most=400))
    rows = list(read_examples(DATA, dict.fromkeys(TRAINING_ROWS, 400)))
    held = {canonical(one.text) for one in rows if split_of_example(one) != TRAIN}
    assert len(found) > len(rows) / 3
    assert len(held) > len(rows) / 10
    assert not found & (set(corpus.texts) | held)


def test_evaluation_files_are_read() -> None:
    found = list(read_examples(DATA, dict.fromkeys(EVALUATION_ROWS, 20)))
    assert {example.source for example in found} == set(EVALUATION_ROWS)
