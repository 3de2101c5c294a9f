"""Writes the model card from what a build found. The frame's words stay here, figures do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

import numpy as np
import numpy.typing as npt

from greenroom.triage.base import HEADS
from training.corpus import CALIBRATION, TEST, TRAIN, Corpus
from training.measure import THRESHOLDS, Agreement, FalseAlarms, HeadFigure
from training.sources import Sheet

FRAME: Final = Path(__file__).parent / "card.md"
THIN: Final = 300
"""A head with fewer training positives that members wrote is called thin."""

MADE: Final = ("templates", "mixtures")
"""Sources that we made."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a build learned about its model; everything the card shows."""

    corpus: Corpus
    sheets: Mapping[str, Sheet]
    measuring: Sequence[str]
    template_lines: Mapping[str, int]
    heads: Sequence[HeadFigure]
    heads_elsewhere: Sequence[HeadFigure]
    alarms: Sequence[FalseAlarms]
    sentiment: Mapping[str, tuple[int, float]]
    intents: Mapping[str, tuple[int, float]]
    agreement: Agreement
    original_cosine: float
    speed: Mapping[str, float]
    mean_tokens: float
    size_mb: float
    manifest: Mapping[str, object]
    minutes: float


def write_card(findings: Findings, target: Path) -> None:
    """Fill the frame in ``card.md``."""
    f = findings
    parts = {
        "version": f.manifest["version"],
        "digest": str(f.manifest["sha256"]),
        "size": f"{f.size_mb:.1f}",
        "minutes": f"{f.minutes:.0f}",
        "tokens": f"{f.mean_tokens:.0f}",
        "speed_small": f"{f.speed['int8']:.0f}",
        "speed_full": f"{f.speed['fp32']:.0f}",
        "original_cosine": f"{f.original_cosine:.6f}",
        "splits": _splits(f.corpus),
        "training_files": _files(f, sorted(set(f.corpus.sources) & set(f.sheets))),
        "measuring_files": _files(f, f.measuring),
        "templates": _table(("group", "lines"), f.template_lines.items()),
        "positives": _positives(f.corpus),
        "thin": ", ".join(f"`{name}`" for name in thin_heads(f.corpus)),
        "heads_all": _heads([figure for figure in f.heads if figure.source == "all"]),
        "heads_by_source": _heads([figure for figure in f.heads if figure.source != "all"]),
        "heads_elsewhere": _heads([h for h in f.heads_elsewhere if h.source != "all"]),
        "alarms": _alarms(f.alarms),
        "sentiment": _rated(f.sentiment, "source", "sign right"),
        "intents": _rated(f.intents, "intent", "F1"),
        **_agreement(f.agreement),
    }
    target.write_text(Template(FRAME.read_text("utf-8")).substitute(parts), "utf-8")


def thin_heads(corpus: Corpus) -> list[str]:
    """Heads that learned mostly or wholly from templates."""
    return [name for name in HEADS if _real_positives(corpus, name) < THIN]


def _real_positives(corpus: Corpus, head: str) -> int:
    rows = corpus.rows(TRAIN)
    real = rows[~np.isin(corpus.sources[rows], MADE)]
    return int((corpus.scores[real, HEADS.index(head)] >= 0.7).sum())


def _splits(corpus: Corpus) -> str:
    sizes = ((split, len(corpus.rows(split))) for split in (TRAIN, CALIBRATION, TEST))
    return ", ".join(f"{size:,} {split}" for split, size in sizes)


def _files(findings: Findings, names: Iterable[str]) -> str:
    return _table(
        ("file", "from", "what", "licence", "rows used"),
        (
            (f"`{name}`", sheet.repository, sheet.what, _licence(sheet), _used(findings, name))
            for name in names
            for sheet in (findings.sheets[name],)
        ),
    )


def _licence(sheet: Sheet) -> str:
    return f"{sheet.licence}. Original: {sheet.original}" if sheet.original else sheet.licence


def _used(findings: Findings, name: str) -> str:
    used = int((findings.corpus.sources == name).sum())
    return f"{used:,}" if used else "measuring only"


def _positives(corpus: Corpus) -> str:
    rows = corpus.rows(TRAIN)
    return _table(
        ("head", "training positives", "of them templates or mixtures", "negatives", "unknown"),
        (_positives_of(corpus, head, name, rows) for head, name in enumerate(HEADS)),
    )


def _positives_of(
    corpus: Corpus, head: int, name: str, rows: npt.NDArray[np.int64]
) -> tuple[object, ...]:
    values = corpus.scores[rows, head]
    positive, negative = int((values >= 0.7).sum()), int((values <= 0.3).sum())
    made = positive - _real_positives(corpus, name)
    return name, positive, made, negative, len(values) - positive - negative


def _heads(figures: Iterable[HeadFigure]) -> str:
    return _table(
        ("head", "source", "rows", "positives", "AUROC", "AUPRC", "ECE"),
        ((f.head, f.source, f.rows, f.positives, f.auroc, f.auprc, f.ece) for f in figures),
    )


def _alarms(alarms: Iterable[FalseAlarms]) -> str:
    columns = [f"{what} > {limit}" for what in ("toxicity", "any head") for limit in THRESHOLDS]
    return _table(
        ("source", "harmless rows", *columns),
        (
            (a.source, a.rows, *(f"{share:.2%}" for share in (*a.toxicity, *a.any_head)))
            for a in alarms
        ),
    )


def _rated(figures: Mapping[str, tuple[int, float]], what: str, how: str) -> str:
    rows = ((name, rows, f"{value:.3f}") for name, (rows, value) in figures.items())
    return _table((what, "rows", how), rows)


def _agreement(agreement: Agreement) -> dict[str, str]:
    return {
        "agreement_texts": f"{agreement.texts:,}",
        "mean_cosine": f"{agreement.mean_cosine:.4f}",
        "least_cosine": f"{agreement.least_cosine:.4f}",
        "mean_difference": f"{agreement.mean_difference:.4f}",
        "auroc_differences": _table(
            ("head", "AUROC of INT8 minus FP32"),
            ((name, f"{gap:+.4f}") for name, gap in agreement.auroc_differences.items()),
        ),
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
