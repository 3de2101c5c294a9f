"""The figures that the model was built to reach, each for INT8 and for FP32. Nothing here tunes.

A threshold, where a figure needs one, is chosen on the calibration split; for a file that
trained nothing, on its own training rows, which is all that those are used for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from greenroom.triage.base import HEADS
from greenroom.triage.evaluate import Ranking
from training.corpus import CALIBRATION, TEST, TRAIN, Corpus
from training.measure import is_sure
from training.network import Logits

DEFAULT_THRESHOLD: Final = 0.6
"""What the starter policies call a person for."""

CALM: Final = 0.25
"""Between minus and plus this, a sentiment is neutral, unless the calibration split says else."""

Rows = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one precision of the model makes of a corpus.

    Attributes:
        values: Heads, sentiment, intents, as `training.calibrate.apply` gives them; (n, 21).
        vectors: Unit embeddings, (n, 384).
    """

    corpus: Corpus
    values: Logits
    vectors: Vectors

    def head(self, name: str, rows: Rows) -> Logits:
        """One head's column."""
        column: Logits = self.values[rows, HEADS.index(name)]
        return column

    def of(self, split: str, *sources: str) -> Rows:
        """The rows of a split that come from `sources`."""
        rows = self.corpus.rows(split)
        return rows[np.isin(self.corpus.sources[rows], sources)]


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure: what it is called, what was wanted, and how to compute it."""

    name: str
    at_least: float
    compute: Callable[[Seen, Seen], float]


def goals() -> tuple[Goal, ...]:
    """All of them. The first argument is what trained, the second what only measures."""
    return (
        Goal("TweetEval offensive, validation: macro-F1", 0.80, lambda own, _: offensive(own)),
        Goal("TweetEval hate, validation: macro-F1", 0.75, lambda _, other: hate(other)),
        Goal("SST-2: accuracy", 0.90, lambda _, other: polarity(other, "sst2")),
        Goal("TweetEval sentiment: macro recall", 0.70, sentiment),
        Goal(
            "Wikipedia toxicity: AUROC",
            0.96,
            lambda own, _: auroc(
                own,
                "toxicity",
                own.of(TEST, "wiki_toxic_6label_sample", "wiki_toxic_binary_sample"),
            ),
        ),
        Goal("SMS spam: AUROC", 0.99, lambda own, _: auroc(own, "spam", own.of(TEST, "sms_spam"))),
        Goal(
            "YouTube spam: AUROC",
            0.99,
            lambda own, _: auroc(own, "spam", own.of(TEST, "youtube_spam")),
        ),
        Goal("Injection against questions and instructions: AUROC", 0.95, injection),
    )


def figures(own: Seen, other: Seen) -> dict[str, float]:
    """Every goal's figure."""
    return {goal.name: goal.compute(own, other) for goal in goals()}


def offensive(own: Seen) -> float:
    """Macro-F1 of toxicity on TweetEval's validation tweets, which all lie in the test split."""
    threshold = best_threshold(own, "toxicity", own.of(CALIBRATION, "olid_train_levels"))
    return macro_f1(own, "toxicity", own.of(TEST, "olid_train_levels"), threshold)


def hate(other: Seen) -> float:
    """Macro-F1 of hate on TweetEval's validation tweets."""
    threshold = best_threshold(other, "hate", other.of(TRAIN, "tweeteval_hate"))
    return macro_f1(other, "hate", other.of(TEST, "tweeteval_hate"), threshold)


def polarity(other: Seen, source: str) -> float:
    """Share of clearly good and bad texts whose sign is right."""
    rows = other.of(TEST, source)
    rows = rows[np.abs(other.corpus.sentiment[rows]) == 1]
    right = np.sign(other.values[rows, len(HEADS)]) == other.corpus.sentiment[rows]
    return float(right.mean())


def sentiment(own: Seen, other: Seen) -> float:
    """Macro recall over bad, neutral and good; the cut is chosen on the calibration split's rated
    tweets."""
    held = own.of(CALIBRATION, "vader_tweets")
    cuts = np.arange(0.05, 0.7, 0.05)
    cut = max(cuts, key=lambda one: _three_way(own, held, float(one)))
    return _three_way(other, other.of(TEST, "tweeteval_sentiment"), float(cut))


def _three_way(seen: Seen, rows: Rows, cut: float) -> float:
    def side(mood: Logits) -> npt.NDArray[np.int64]:
        return (mood > cut).astype(np.int64) - (mood < -cut)

    wanted = np.sign(np.round(seen.corpus.sentiment[rows]))
    return float(recall_score(wanted, side(seen.values[rows, len(HEADS)]), average="macro"))


def injection(own: Seen, _: Seen) -> float:
    """Jailbreaks and injections of the test split against its questions and instructions."""
    rows = own.of(TEST, "jailbreak_prompts", "templates", "clinc150", "banking77")
    return auroc(own, "injection", rows)


def auroc(seen: Seen, head: str, rows: Rows) -> float:
    """Area under the curve, on rows whose label is sure."""
    wanted = seen.corpus.scores[rows, HEADS.index(head)]
    sure = is_sure(wanted)
    return float(roc_auc_score(wanted[sure] > 0.5, seen.head(head, rows[sure])))


def macro_f1(seen: Seen, head: str, rows: Rows, threshold: float) -> float:
    """Mean of both classes' F1 at a threshold."""
    wanted = seen.corpus.scores[rows, HEADS.index(head)] > 0.5
    return float(f1_score(wanted, seen.head(head, rows) > threshold, average="macro"))


def best_threshold(seen: Seen, head: str, rows: Rows) -> float:
    """Where macro-F1 is highest on `rows`."""
    steps = np.arange(0.02, 0.98, 0.02)
    return float(max(steps, key=lambda step: macro_f1(seen, head, rows, float(step))))


def expected_errors(own: Seen) -> dict[str, float]:
    """Calibration error of every head over the whole test split."""
    rows, found = own.corpus.rows(TEST), {}
    for name in HEADS:
        wanted = own.corpus.scores[rows, HEADS.index(name)]
        sure = is_sure(wanted)
        ranking = Ranking(wanted[sure] > 0.5, own.head(name, rows[sure]).astype(np.float64))
        found[name] = ranking.calibration_error(np.ones(int(sure.sum())))
    return found


def nearest_centroid(vectors: Vectors, corpus: Corpus, labels: Mapping[str, str]) -> float:
    """CLINC150: share of test texts whose nearest centroid of training texts is their intent's."""
    known = np.array([labels.get(text, "") for text in corpus.texts])
    rows = {
        split: np.flatnonzero((corpus.splits == split) & (known != "")) for split in (TRAIN, TEST)
    }
    names = np.unique(known[rows[TRAIN]])
    middle = np.stack([vectors[rows[TRAIN]][known[rows[TRAIN]] == name].mean(0) for name in names])
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    found = names[(vectors[rows[TEST]] @ middle.T).argmax(1)]
    return float((found == known[rows[TEST]]).mean())


def probe(train: Vectors, wanted: npt.NDArray[np.str_], held: Vectors) -> npt.NDArray[np.str_]:
    """What a linear head, trained on a file's own rows, says of others: what the encoder knows."""
    scale = StandardScaler().fit(train)
    model = LogisticRegression(C=0.01, max_iter=300).fit(scale.transform(train), wanted)
    found: npt.NDArray[np.str_] = model.predict(scale.transform(held))
    return found
