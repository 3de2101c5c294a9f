"""Disguises stay disguises of the same words, and measure sentences mention every group alike."""

from __future__ import annotations

import random

import pytest

from greenroom.triage.base import HEADS
from greenroom.triage.spelling import canonical
from training import disguise as module
from training.corpus import TRAIN, Example, split_of_example
from training.disguise import disguise, disguise_some
from training.identities import identity_texts
from training.templates import FOLDER

TEXT = "nobody wants stupid people around here tonight"


def test_a_disguise_changes_the_text_and_keeps_its_words_in_number() -> None:
    changed = [disguise(TEXT, random.Random(seed)) for seed in range(60)]
    assert sum(text != TEXT for text in changed) > 50
    assert all(len(text.split()) >= len(TEXT.split()) for text in changed)


def test_many_disguises_are_undone_before_the_model() -> None:
    read = [canonical(disguise(TEXT, random.Random(seed))) for seed in range(200)]
    assert sum(text == TEXT for text in read) > 40


def test_a_disguise_is_the_same_for_the_same_dice() -> None:
    assert disguise(TEXT, random.Random(3)) == disguise(TEXT, random.Random(3))


def test_text_without_words_stays_as_it_is() -> None:
    assert disguise("", random.Random(1)) == ""
    assert disguise("?? !!", random.Random(1)) == "?? !!"


def test_only_training_texts_are_disguised_and_keep_their_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HARMFUL", 20)
    monkeypatch.setattr(module, "HARMLESS", 20)
    bad = [Example(f"you {number} utter fool", "one", {"insult": 1.0}) for number in range(60)]
    clean = dict.fromkeys(HEADS, 0.0)
    good = [Example(f"good morning number {number}", "one", clean) for number in range(60)]
    found = list(disguise_some([*bad, *good], seed=1))
    assert len(found) == 40
    assert {example.source for example in found} == {"disguised"}
    assert {split_of_example(example) for example in found} == {TRAIN}
    assert sum(example.scores == {"insult": 1.0} for example in found) == 20


def test_every_group_gets_the_same_sentences() -> None:
    texts = identity_texts()
    assert len(texts) >= 20
    assert len({len(sentences) for sentences in texts.values()}) == 1
    assert all("{" not in sentence for sentences in texts.values() for sentence in sentences)


def test_sentences_that_measure_groups_are_no_templates() -> None:
    lines = "".join(file.read_text("utf-8") for file in FOLDER.glob("*.toml")).lower()
    shared = [text for text in identity_texts()["women"] if text.lower() in lines]
    assert shared == []
