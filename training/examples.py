"""What is learned from, and what only measures, as the model reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from greenroom.triage.spelling import canonical
from training.corpus import Corpus, gather, normal
from training.disguise import disguise_some
from training.mixtures import mix
from training.sources import EVALUATION_ROWS, TRAINING_ROWS, read_examples
from training.templates import read_templates


def training_corpus(data: Path, *, seed: int) -> Corpus:
    """Everything of train, calibration and test split."""
    # Templates first: where a text comes twice, a whole set of labels beats a partial one.
    found = [*read_templates(data, seed=seed), *read_examples(data, TRAINING_ROWS)]
    found += [*mix(found, seed=seed), *disguise_some(found, seed=seed)]
    return spelled(gather(found))


def evaluation_corpus(data: Path, learned: Corpus) -> Corpus:
    """The files that only measure, without any text that was learned from."""
    known = {normal(text) for text in learned.texts}
    found = read_examples(data, EVALUATION_ROWS)
    return spelled(gather(one for one in found if normal(canonical(one.text)) not in known))


def spelled(corpus: Corpus) -> Corpus:
    """The corpus as the model reads it."""
    return replace(corpus, texts=tuple(map(canonical, corpus.texts)))
