"""Writes the model card from what a build found. The frame's words stay here, figures do not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Final

import numpy as np
import numpy.typing as npt

from greenroom.triage.base import HEADS
from greenroom.triage.evaluate import Span
from training.corpus import CALIBRATION, TEST, TRAIN, Corpus
from training.findings import Findings
from training.first import LINE, LOST
from training.measure import THRESHOLDS, Agreement, FalseAlarms, HeadFigure
from training.sources import Sheet
from training.templates import LATE

FRAME: Final = Path(__file__).parent / "card.md"
THIN: Final = 300
"""A head with fewer training positives that members wrote is called thin."""

MADE: Final = ("templates", LATE, "mixtures", "disguised")
"""Sources that we made."""


def write_card(findings: Findings, out: Path, *, minutes: float) -> None:
    """Fill the frame in ``card.md``; the files lie in `out`, and so will the card."""
    f = findings
    parts = {
        "files": _files_table(out),
        "version": json.loads((out / "manifest.json").read_text("utf-8"))["version"],
        "minutes": f"{minutes:.0f}",
        "tokens": f"{f.mean_tokens:.0f}",
        "speed_small": f"{f.speed['int8']:.0f}",
        "speed_full": f"{f.speed['fp32']:.0f}",
        "splits": _splits(f.corpus),
        "training_files": _files(f, sorted(f.training)),
        "measuring_files": _files(f, f.measuring),
        "templates": _table(("group", "lines"), f.template_lines.items()),
        "positives": _positives(f.corpus),
        "thin": ", ".join(f"`{name}`" for name in thin_heads(f.corpus)),
        "goals": _goals(f),
        "probes": _table(
            ("file", "macro-F1"), ((name, f"{value:.3f}") for name, value in f.probes.items())
        ),
        "identities": _identities(f),
        **_gaps(f),
        "heads_all": _heads([figure for figure in f.heads if figure.source == "all"]),
        "heads_by_source": _heads([figure for figure in f.heads if figure.source != "all"]),
        "heads_elsewhere": _heads([h for h in f.heads_elsewhere if h.source != "all"]),
        "alarms": _alarms(f.alarms),
        "sentiment": _rated(f.sentiment, "source", "sign right"),
        "intents": _rated(f.intents, "intent", "F1"),
        **_agreement(f.agreement, "int8", "INT8"),
        **_agreement(f.half, "fp16", "FP16"),
        **_cascade(f),
    }
    (out / "CARD.md").write_text(Template(FRAME.read_text("utf-8")).substitute(parts), "utf-8")


def _files_table(out: Path) -> str:
    names = ("model.onnx", "model-fp16.onnx", "first.onnx", "tokenizer.json")
    rows = ((f"`{name}`", _size(out / name), _digest(out / name)) for name in names)
    return _table(("file", "MB", "sha256"), rows)


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.1f}"


def _digest(file: Path) -> str:
    return f"`{hashlib.sha256(file.read_bytes()).hexdigest()}`"


def _goals(f: Findings) -> str:
    def row(name: str, wanted: str, small: float, full: float, *, is_met: bool) -> Sequence[object]:
        return (name, wanted, f"{small:.3f}", f"{full:.3f}", "yes" if is_met else "**no**")

    rows = [
        row(name, f"≥ {wanted:.2f}", small, full, is_met=small >= wanted)
        for name, (wanted, small, full) in f.goals.items()
    ]
    original, ours = f.centroids
    rows.append(
        row(
            "CLINC150, nearest centroid: accuracy (beside it: the original encoder's)",
            f"≥ {original - 0.01:.3f}",
            ours,
            original,
            is_met=ours >= original - 0.01,
        )
    )
    return _table(("figure", "wanted", "INT8", "FP32", "met"), rows)


def _identities(f: Findings) -> str:
    rows = (
        (group, f"{toxicity:.1%}", f"{hate:.1%}")
        for group, (toxicity, hate) in sorted(f.identities.items(), key=lambda one: -max(one[1]))
    )
    return _table(("group", "toxicity > 0.6", "hate > 0.6"), rows)


def _gaps(f: Findings) -> dict[str, str]:
    shares = np.array(list(f.identities.values()))
    toxicity, hate = shares.max(axis=0) - shares.min(axis=0)
    drift = [abs(small - full) for _, small, full in f.goals.values()]
    return {
        "gap_toxicity": f"{100 * toxicity:.1f}",
        "gap_hate": f"{100 * hate:.1f}",
        "worst_error": f"{max(f.errors.values()):.3f}",
        "worst_drift": f"{100 * max(drift):.2f}",
    }


def _cascade(f: Findings) -> dict[str, str]:
    settled = sorted(f.cascade.settled.items(), key=lambda one: -one[1])
    return {
        "line": f"{LINE:.1f}",
        "missed_calibration": f"{f.promise.missed:.2%}",
        "missed_test": f"{f.cascade.missed:.2%}",
        "cascade_lost": _lost(f.cascade.auroc_lost),
        "settled": _table(
            ("source", "settled"), ((source, f"{share:.0%}") for source, share in settled)
        ),
    }


def _lost(lost: Mapping[str, float]) -> str:
    """The heads that lose more than was promised on the calibration split, then the others."""
    much = {name: loss for name, loss in lost.items() if loss > LOST}
    rest = max(loss for name, loss in lost.items() if name not in much)
    told = [f"{100 * much[name]:.2f} points on `{name}`" for name in sorted(much, key=much.get)]
    return ", ".join((*reversed(told), f"at most {100 * rest:.2f} on the other heads"))


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
        ("head", "training positives", "of them made by us", "negatives", "unknown"),
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
        (
            (f.head, f.source, f.rows, f.positives, *map(_span, (f.auroc, f.auprc, f.ece)))
            for f in figures
        ),
    )


def _span(span: Span) -> str:
    return f"{span.value:.3f} ({span.low:.3f}–{span.high:.3f})"


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


def _agreement(agreement: Agreement, key: str, shown: str) -> dict[str, str]:
    return {
        f"{key}_texts": f"{agreement.texts:,}",
        f"{key}_mean_cosine": f"{agreement.mean_cosine:.4f}",
        f"{key}_least_cosine": f"{agreement.least_cosine:.4f}",
        f"{key}_mean_difference": f"{agreement.mean_difference:.4f}",
        f"{key}_auroc_differences": _table(
            ("head", f"AUROC of {shown} minus FP32"),
            ((name, f"{gap:+.4f}") for name, gap in agreement.auroc_differences.items()),
        ),
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
