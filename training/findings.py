"""What a build found out about its model: everything that the card shows."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from greenroom.triage.base import HEADS
from greenroom.triage.spelling import canonical
from training import measure, opinions, targets
from training.calibrate import Calibration, apply
from training.corpus import CALIBRATION, TEST, TRAIN, Corpus
from training.first import LINE, Chances, Promise, auroc_lost
from training.identities import identity_texts
from training.measure import Agreement, FalseAlarms, HeadFigure
from training.network import Ids, Logits, Network, read
from training.sources import EVALUATION_ROWS, TRAINING_ROWS, Sheet, read_sheets, rows_of
from training.student import original_embeddings, tokenise
from training.targets import Seen
from training.templates import count_lines

HARMLESS: Final = (
    "goemotions", "clinc150", "banking77", "sms_spam", "wiki_context_toxicity_large",
    "wiki_toxic_binary_sample", "templates", "mixtures",
)  # fmt: skip
PROBED: Final = ("tweeteval_hate", "tweeteval_irony", "tweeteval_emotion", "sst2")
PROBE_ROWS: Final = 4000
COMPARED: Final = 1500
"""Test texts on which the FP16 file is held against FP32, and speed is measured."""

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True)
class Built:
    """What a build has made so far.

    Attributes:
        promise: What the first stage settles.
        chances: The first stage's risk and heads of every text, (n, 11).
    """

    data: Path
    out: Path
    work: Path
    network: Network
    calibration: Calibration
    promise: Promise
    chances: Chances


@dataclass(frozen=True, slots=True)
class Texts:
    """A corpus with what the INT8 model makes of it.

    Attributes:
        logits: Uncalibrated, (n, 21).
        values: Calibrated heads, sentiment, intents, (n, 21).
        vectors: Unit embeddings, (n, 384).
    """

    corpus: Corpus
    ids: Ids
    logits: Logits
    values: Logits
    vectors: npt.NDArray[np.float32]

    @property
    def scores(self) -> Logits:
        """The heads alone, (n, 10)."""
        return self.values[:, : len(HEADS)]

    @property
    def seen(self) -> Seen:
        """For `training.targets`."""
        return Seen(self.corpus, self.values, self.vectors)


@dataclass(frozen=True, slots=True)
class Cascade:
    """The first stage on the test split.

    Attributes:
        settled: Source → share of its texts that the first stage settles.
        missed: Share of the test split's texts over the line that it settled.
        auroc_lost: Head → what its AUROC loses when the first stage's scores stand for the settled.
    """

    settled: Mapping[str, float]
    missed: float
    auroc_lost: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything."""

    corpus: Corpus
    sheets: Mapping[str, Sheet]
    training: Sequence[str]
    measuring: Sequence[str]
    template_lines: Mapping[str, int]
    heads: Sequence[HeadFigure]
    heads_elsewhere: Sequence[HeadFigure]
    alarms: Sequence[FalseAlarms]
    sentiment: Mapping[str, tuple[int, float]]
    intents: Mapping[str, tuple[int, float]]
    goals: Mapping[str, tuple[float, float, float]]  # wanted, INT8, FP32
    errors: Mapping[str, float]
    centroids: tuple[float, float]  # original, INT8
    identities: Mapping[str, tuple[float, float]]  # group → alarms of toxicity, of hate
    probes: Mapping[str, float]
    agreement: Agreement
    half: Agreement
    cascade: Cascade
    promise: Promise
    speed: Mapping[str, float]
    mean_tokens: float


def find(built: Built, own: Texts, other: Texts) -> Findings:
    """Measure everything; nothing is tuned here."""
    test = own.corpus.rows(TEST)
    log.info("measuring: FP32")
    full_own, full_other = _in_full(built, own), _in_full(built, other)
    some = np.random.default_rng(0).permutation(test)[:COMPARED]
    ids = [own.ids[row] for row in some]
    model, full = built.out / "model.onnx", built.work / "model-fp32.onnx"
    log.info("measuring: figures")
    return Findings(
        corpus=own.corpus,
        sheets={**read_sheets(built.data), **opinions.SHEETS},
        training=(*TRAINING_ROWS, *opinions.FILES),
        measuring=tuple(EVALUATION_ROWS),
        template_lines=count_lines(),
        heads=measure.measure_heads(own.values, own.corpus, test),
        heads_elsewhere=measure.measure_heads(other.values, other.corpus, other.corpus.rows(TEST)),
        alarms=measure.measure_false_alarms(own.values, own.corpus, test, HARMLESS),
        sentiment=_moods(own, other),
        intents=measure.measure_intents(own.values, own.corpus, test),
        goals=_goals(own.seen, other.seen, full_own, full_other),
        errors=targets.expected_errors(own.seen),
        centroids=_centroids(built, own),
        identities=_identities(built),
        probes={name: _probe(built, name) for name in PROBED},
        agreement=measure.agreement(own, full_own, test),
        half=measure.compare(built.out / "model-fp16.onnx", full, ids, own.corpus.scores[some]),
        cascade=_cascade(built, own),
        promise=built.promise,
        speed={
            "int8": measure.measure_speed(model, ids[:600]),
            "fp32": measure.measure_speed(full, ids[:600]),
        },
        mean_tokens=float(np.mean([len(row) for row in ids[:600]])),
    )


def _in_full(built: Built, texts: Texts) -> Seen:
    """What FP32 makes of the texts that are measured or set a threshold; the rest stays INT8's."""
    corpus = texts.corpus
    is_read = np.isin(corpus.splits, [TEST, CALIBRATION]) | (corpus.sources == "tweeteval_hate")
    rows = np.flatnonzero(is_read)
    logits, vectors = read(built.network, [texts.ids[row] for row in rows], is_precise=True)
    values, whole = texts.values.copy(), texts.vectors.copy()
    values[rows], whole[rows] = apply(logits, built.calibration), vectors
    return Seen(corpus, values, whole)


def _goals(
    own: Seen, other: Seen, full_own: Seen, full_other: Seen
) -> dict[str, tuple[float, float, float]]:
    small, full = targets.figures(own, other), targets.figures(full_own, full_other)
    return {
        goal.name: (goal.at_least, small[goal.name], full[goal.name]) for goal in targets.goals()
    }


def _moods(own: Texts, other: Texts) -> dict[str, tuple[int, float]]:
    return {
        **measure.measure_sentiment(own.values, own.corpus, own.corpus.rows(TEST)),
        **measure.measure_sentiment(other.values, other.corpus, other.corpus.rows(TEST)),
    }


def _centroids(built: Built, own: Texts) -> tuple[float, float]:
    labels = {
        canonical(row["text"]): row["label"]
        for row in rows_of(built.data, "clinc150")
        if row["label"] != "oos"
    }
    original = original_embeddings(own.corpus, built.work).astype(np.float32)
    return (
        targets.nearest_centroid(original, own.corpus, labels),
        targets.nearest_centroid(own.vectors, own.corpus, labels),
    )


def _identities(built: Built) -> dict[str, tuple[float, float]]:
    found = {}
    for group, texts in identity_texts().items():
        ids = tokenise(tuple(map(canonical, texts)))
        scores, _ = measure.run_model(built.out / "model.onnx", ids)
        over = scores > targets.DEFAULT_THRESHOLD
        columns = [HEADS.index(name) for name in ("toxicity", "hate")]
        toxicity, hate = (float(over[:, column].mean()) for column in columns)
        found[group] = (toxicity, hate)
    return found


def _probe(built: Built, name: str) -> float:
    """Macro-F1 on a file's validation rows of a linear head trained on its other rows."""
    rows = rows_of(built.data, name)
    held = [row for row in rows if row["split"] in {"val", "dev"}][:PROBE_ROWS]
    train = [row for row in rows if row["split"] == "train"][:PROBE_ROWS]
    vectors, labels = [], []
    for part in (train, held):
        ids = tokenise(tuple(canonical(row["text"]) for row in part))
        pools = measure.run_pools(built.work / "trunk-int8.onnx", ids)
        vectors.append(pools)
        labels.append(np.array([row["label"] for row in part]))
    found = targets.probe(vectors[0], labels[0], vectors[1])
    return float(f1_score(labels[1], found, average="macro"))


def _cascade(built: Built, own: Texts) -> Cascade:
    corpus, rows = own.corpus, own.corpus.rows(TEST)
    chances, scores = built.chances[rows], own.scores[rows]
    settled = built.promise.kept_by(chances)
    over = scores.max(axis=1) >= LINE
    shown = built.promise.shown_of(chances)
    return Cascade(
        settled={
            str(source): float(settled[corpus.sources[rows] == source].mean())
            for source in np.unique(corpus.sources[rows])
        },
        missed=float(settled[over].mean()),
        auroc_lost=auroc_lost(shown, corpus.only(rows), scores, settled),
    )


def splits(corpus: Corpus) -> dict[str, int]:
    """Split → its rows."""
    return {split: len(corpus.rows(split)) for split in (TRAIN, CALIBRATION, TEST)}
