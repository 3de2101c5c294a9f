"""What is learned from, and what only measures, as the model reads it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from greenroom.triage.spelling import canonical
from training.corpus import TRAIN, Corpus, gather, normal, split_of_example
from training.disguise import disguise_some
from training.mixtures import mix
from training.opinions import read_opinions
from training.sources import EVALUATION_ROWS, TRAINING_ROWS, read_examples
from training.templates import read_late_templates, read_templates


def training_corpus(data: Path, opinions: Path, *, seed: int) -> Corpus:
    """Everything of train, calibration and test split.

    Args:
        data: The folder of the data files.
        opinions: The archive that `training.opinions.fetch_opinions` gives.
        seed: Of templates, mixtures and disguises.
    """
    # Templates first: where a text comes twice, a whole set of labels beats a partial one.
    found = [*read_templates(data, seed=seed), *read_examples(data, TRAINING_ROWS)]
    found += [*mix(found, seed=seed), *disguise_some(found, seed=seed)]
    known = {normal(one.text) for one in found}
    late = [*read_late_templates(data, seed=seed), *read_opinions(opinions, data)]
    found += (one for one in late if normal(one.text) not in known)
    return spelled(gather(found))


def further_texts(
    data: Path, corpus: Corpus, *, seeds: Sequence[int], most: int = sys.maxsize
) -> tuple[str, ...]:
    """Texts of the training split that `corpus` lacks, as the model reads them, for the first
    stage: rows beyond the caps, and templates, mixtures and disguises made anew.

    Args:
        data: The folder of the data files.
        corpus: What is learned from already.
        seeds: One for each time that templates, mixtures and disguises are made.
        most: Rows that are read of each file.
    """
    whole = [*read_examples(data, dict.fromkeys(TRAINING_ROWS, most))]
    found = list(whole)
    for seed in seeds:
        filled = [*read_templates(data, seed=seed), *read_late_templates(data, seed=seed)]
        found += [*filled, *mix([*filled, *whole], seed=seed), *disguise_some(whole, seed=seed)]
    texts = [(canonical(one.text), split_of_example(one)) for one in found]
    held = {text for text, split in texts if split != TRAIN}.union(corpus.texts)
    return tuple(dict.fromkeys(text for text, _ in texts if text not in held))


def evaluation_corpus(data: Path, learned: Corpus) -> Corpus:
    """The files that only measure, without any text that was learned from."""
    known = {normal(text) for text in learned.texts}
    found = read_examples(data, EVALUATION_ROWS)
    return spelled(gather(one for one in found if normal(canonical(one.text)) not in known))


def spelled(corpus: Corpus) -> Corpus:
    """The corpus as the model reads it."""
    return replace(corpus, texts=tuple(map(canonical, corpus.texts)))
