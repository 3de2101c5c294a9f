"""How good the model is, by head and by source, with intervals. Nothing here tunes anything."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score, roc_auc_score

from greenroom.triage.base import HEADS, INTENTS
from greenroom.triage.evaluate import Ranking, Span, bootstrap
from training.corpus import Corpus
from training.network import Ids, Logits
from training.trunk import POOLS, feed, open_session

FEWEST: Final = 10
"""A cell of the tables needs at least so many positives and so many negatives."""

THRESHOLDS: Final = (0.6, 0.9)


@dataclass(frozen=True, slots=True)
class HeadFigure:
    """One head on one source's test rows."""

    head: str
    source: str
    rows: int
    positives: int
    auroc: Span
    auprc: Span
    ece: Span


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """Shares of harmless rows above each of `THRESHOLDS`."""

    source: str
    rows: int
    toxicity: tuple[float, ...]
    any_head: tuple[float, ...]


class Compared(Protocol):
    """What one precision makes of a corpus."""

    @property
    def corpus(self) -> Corpus: ...

    @property
    def values(self) -> Logits: ...

    @property
    def vectors(self) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Agreement:
    """One precision of the model against FP32, on the same texts."""

    texts: int
    mean_cosine: float
    least_cosine: float
    mean_difference: float
    auroc_differences: dict[str, float]


def measure_heads(values: Logits, corpus: Corpus, rows: npt.NDArray[np.int64]) -> list[HeadFigure]:
    """Every head on every source of `rows` that can judge it, and on all of them."""
    figures = []
    for head, name in enumerate(HEADS):
        for source in ("all", *np.unique(corpus.sources[rows])):
            chosen = rows if source == "all" else rows[corpus.sources[rows] == source]
            figure = _measure(values[chosen, head], corpus.scores[chosen, head], name, source)
            figures += [figure] if figure else []
    return figures


def _measure(found: Logits, wanted: Logits, head: str, source: str) -> HeadFigure | None:
    sure = is_sure(wanted)
    truth, scores = wanted[sure] > 0.5, found[sure].astype(np.float64)
    positives = int(truth.sum())
    if min(positives, len(truth) - positives) < FEWEST:
        return None
    ranking = Ranking(truth, scores)
    spans = bootstrap(ranking, THRESHOLDS[0])
    return HeadFigure(
        head=head,
        source=str(source),
        rows=len(truth),
        positives=positives,
        auroc=spans["auroc"],
        auprc=spans["auprc"],
        ece=spans["ece"],
    )


def is_sure(wanted: Logits) -> npt.NDArray[np.bool_]:
    """Which labels say yes or no: one between the two is a doubt of the annotators."""
    sure: npt.NDArray[np.bool_] = (wanted >= 0.7) | (wanted <= 0.3)
    return sure


def measure_false_alarms(
    values: Logits, corpus: Corpus, rows: npt.NDArray[np.int64], sources: tuple[str, ...]
) -> list[FalseAlarms]:
    """On rows whose toxicity is labelled 0 (for templates: all heads 0)."""
    alarms = []
    for source in sources:
        clean = rows[(corpus.sources[rows] == source) & (corpus.scores[rows, 0] == 0)]
        clean = clean[np.nan_to_num(corpus.scores[clean]).max(axis=1) == 0]
        heads = values[clean, : len(HEADS)]
        toxicity = tuple(float((heads[:, 0] > limit).mean()) for limit in THRESHOLDS)
        anything = tuple(float((heads.max(1) > limit).mean()) for limit in THRESHOLDS)
        alarms.append(FalseAlarms(source, len(clean), toxicity, anything))
    return alarms


def measure_sentiment(
    values: Logits, corpus: Corpus, rows: npt.NDArray[np.int64]
) -> dict[str, tuple[int, float]]:
    """Source → rows labelled clearly good or bad, and the share whose sign is right."""
    found = {}
    for source in np.unique(corpus.sources[rows]):
        mine = rows[corpus.sources[rows] == source]
        mine = mine[np.abs(np.nan_to_num(corpus.sentiment[mine])) == 1]
        if len(mine) >= FEWEST:
            right = np.sign(values[mine, len(HEADS)]) == corpus.sentiment[mine]
            found[str(source)] = (len(mine), float(right.mean()))
    return found


def measure_intents(
    values: Logits, corpus: Corpus, rows: npt.NDArray[np.int64]
) -> dict[str, tuple[int, float]]:
    """Intent → test rows and F1, over all sources that say one."""
    known = rows[corpus.intents[rows] >= 0]
    wanted, found = corpus.intents[known], values[known, -len(INTENTS) :].argmax(1)
    scores = f1_score(wanted, found, labels=range(len(INTENTS)), average=None, zero_division=0)
    return {
        name: (int((wanted == index).sum()), float(scores[index]))
        for index, name in enumerate(INTENTS)
    }


def agreement(small: Compared, full: Compared, rows: npt.NDArray[np.int64]) -> Agreement:
    """How far two precisions are apart on `rows` of one corpus."""
    cosine = (small.vectors[rows] * full.vectors[rows]).sum(1)
    heads = slice(len(HEADS))
    return Agreement(
        texts=len(rows),
        mean_cosine=float(cosine.mean()),
        least_cosine=float(cosine.min()),
        mean_difference=float(np.abs(small.values[rows, heads] - full.values[rows, heads]).mean()),
        auroc_differences=auroc_differences(
            small.values[rows], full.values[rows], small.corpus.scores[rows]
        ),
    )


def compare(small: Path, full: Path, ids: Ids, wanted: Logits) -> Agreement:
    """Run both files on the same texts; `wanted` is their labels, shape (n, 10)."""
    (scores, vectors), (scores_full, vectors_full) = (
        run_model(file, ids) for file in (small, full)
    )
    cosine = (vectors * vectors_full).sum(1)
    return Agreement(
        texts=len(ids),
        mean_cosine=float(cosine.mean()),
        least_cosine=float(cosine.min()),
        mean_difference=float(np.abs(scores - scores_full).mean()),
        auroc_differences=auroc_differences(scores, scores_full, wanted),
    )


def auroc_differences(one: Logits, other: Logits, wanted: Logits) -> dict[str, float]:
    """Head → AUROC of `one` minus that of `other`, each (n, 10), against labels of that shape."""
    found = {}
    for head, name in enumerate(HEADS):
        sure = is_sure(wanted[:, head])
        truth = wanted[sure, head] > 0.5
        if min(truth.sum(), (~truth).sum()) >= FEWEST:
            found[name] = area(truth, one[sure, head]) - area(truth, other[sure, head])
    return found


def area(truth: npt.NDArray[np.bool_], scores: npt.ArrayLike) -> float:
    """Area under the receiver's curve."""
    return float(roc_auc_score(truth, scores))


def measure_speed(model: Path, ids: Ids) -> float:
    """Texts a second on one thread, one text a run."""
    began = time.perf_counter()
    run_model(model, ids)
    return len(ids) / (time.perf_counter() - began)


def run_pools(trunk: Path, ids: Ids) -> npt.NDArray[np.float32]:
    """What the heads see of each text, shape (n, 1536), one text a run."""
    session = open_session(trunk)
    runs = [np.concatenate(session.run(list(POOLS), feed(row)), axis=1) for row in ids]
    return np.concatenate(runs)


def run_model(model: Path, ids: Ids) -> tuple[Logits, Logits]:
    """Scores (n, 10) and embeddings (n, 384) of `model`, one text a run."""
    session = open_session(model)
    runs = [session.run(["scores", "embedding"], feed(row)) for row in ids]
    scores, vectors = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    return scores, vectors
