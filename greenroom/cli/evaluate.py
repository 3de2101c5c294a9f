"""``greenroom models evaluate``: how good a model is on texts that people labelled."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from greenroom.cli.console import err, out, put_json
from greenroom.errors import ConfigError
from greenroom.triage import HEADS, INTENTS, Wants
from greenroom.triage.classifier import KIND, Assignment, Classifier
from greenroom.triage.encoder import Encoder
from greenroom.triage.evaluate import HeadFigures, Span, measure, measure_intents
from greenroom.triage.labelled import Labelled, read_labelled
from greenroom.triage.manifest import SHIPPED, read_facts
from greenroom.triage.pool import usable_cores
from greenroom.triage.providers import READERS, provider_named
from greenroom.triage.spelling import canonical

EXAMPLE = "Example: greenroom models evaluate labelled.jsonl --threshold 0.8"

_TITLES: Final = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "ece": "ECE",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "false_positive_rate": "false positives",
}
"""Figure → what people call it: three of the ranking, then four at the threshold."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is evaluated: an encoder, or an adopted classifier by its own labels."""

    name: str
    labels: Sequence[str]
    intents: Sequence[str]
    read: Callable[[str], tuple[dict[str, float], str | None]]


def evaluate(
    file: Annotated[Path, typer.Argument(help="JSON Lines; - reads standard input.")],
    model: Annotated[
        Path, typer.Option(help="A model's folder, an adopted classifier's too.")
    ] = SHIPPED,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="The score at which a text counts as found.")
    ] = 0.6,
    provider: Annotated[str, typer.Option(help="cpu, cuda or tensorrt.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure a model on labelled texts: ranking, calibration, errors at a threshold, speed.

    Each line is {"text": …, "labels": {"toxicity": 1, "spam": 0}}; `intent` and `source` may be
    said too. A label from 0.3 to 0.7 is a doubt and counts neither way.
    """
    opened = _open(model, provider)
    rows = _rows(file, opened)
    threads = READERS if provider_named(provider).batches else usable_cores()
    with _progress() as progress:
        task = progress.add_task("texts", total=len(rows))
        read = _read_all(opened, rows, threads, lambda: progress.advance(task))
        task = progress.add_task("heads, by source", total=None)
        figures = []
        for one in measure(rows, read.scores, threshold=threshold):
            figures.append(one)
            progress.advance(task)
    intents = measure_intents(rows, read.intents)
    if as_json:
        put_json(_as_json(opened, threshold, figures, intents, read))
        return
    _print(opened, threshold, figures, intents, read)


@dataclass(frozen=True, slots=True)
class Readings:
    """What the model says of all rows, and how long it took."""

    scores: dict[str, np.ndarray[Any, np.dtype[np.float64]]]
    intents: list[str | None]
    milliseconds: np.ndarray[Any, np.dtype[np.float64]]
    texts_per_s: float
    threads: int


def _open(folder: Path, provider: str) -> Model:
    runs_on = provider_named(provider)
    if read_facts(folder / "manifest.json").get("kind") == KIND:
        classifier = Classifier(Assignment(folder, {}), provider=runs_on)
        manifest = classifier.manifest
        return Model(
            manifest.short_name,
            manifest.labels,
            (),
            lambda text: (classifier.read(canonical(text)), None),
        )
    encoder, wants = Encoder(folder, provider=runs_on), Wants(embedding=False)

    def read(text: str) -> tuple[dict[str, float], str | None]:
        reading = encoder.read(text, wants)
        return {head: reading.scores[head] for head in HEADS}, reading.intent

    return Model(encoder.manifest.short_name, HEADS, INTENTS, read)


def _rows(file: Path, model: Model) -> list[Labelled]:
    name = "stdin" if str(file) == "-" else str(file)
    lines = read_labelled(_lines(file), file=name, heads=model.labels, intents=model.intents)
    rows = list(lines)
    if not rows:
        raise ConfigError("holds no texts", file=name, accepted="see docs/models.md")
    return rows


def _lines(file: Path) -> Iterator[bytes]:
    if str(file) == "-":
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error


def _read_all(
    model: Model, rows: Sequence[Labelled], threads: int, advance: Callable[[], None]
) -> Readings:
    def read(row: Labelled) -> tuple[dict[str, float], str | None, float]:
        began = time.perf_counter()
        scores, intent = model.read(row.text)
        return scores, intent, 1000 * (time.perf_counter() - began)

    began, found = time.perf_counter(), []
    with ThreadPoolExecutor(threads) as pool:
        try:
            for one in pool.map(read, rows):
                found.append(one)
                advance()
        except BaseException:  # Ctrl-C must not wait for all that was handed out
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    seconds = time.perf_counter() - began
    return Readings(
        {head: np.array([scores[head] for scores, _, _ in found]) for head in model.labels},
        [intent for _, intent, _ in found],
        np.array([took for _, _, took in found]),
        len(rows) / seconds,
        threads,
    )


def _as_json(
    model: Model,
    threshold: float,
    figures: Iterable[HeadFigures],
    intents: dict[str, float],
    read: Readings,
) -> dict[str, Any]:
    whole = {
        "model": model.name,
        "threshold": threshold,
        "texts": len(read.intents),
        "heads": [asdict(one) for one in figures],
        "intents": intents,
        "speed": _speed(read),
    }
    cleaned = _without_nan(whole)
    assert isinstance(cleaned, dict), "it was one"
    return cleaned


def _without_nan(value: Any) -> Any:
    """JSON knows no NaN; what is undefined is null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _speed(read: Readings) -> dict[str, float]:
    median, slow = np.percentile(read.milliseconds, [50, 99])
    return {
        "texts_per_s": round(read.texts_per_s, 1),
        "threads": read.threads,
        "median_ms": round(float(median), 2),
        "p99_ms": round(float(slow), 2),
    }


def _print(
    model: Model,
    threshold: float,
    figures: Iterable[HeadFigures],
    intents: dict[str, float],
    read: Readings,
) -> None:
    lines = [f"{model.name}, {len(read.intents)} texts; in brackets 95% intervals (bootstrap)"]
    for one in figures:
        lines += ["", *_block(one, threshold)]
    if intents:
        rows, accuracy, f1 = intents["rows"], intents["accuracy"], intents["macro_f1"]
        lines += ["", f"intent: {rows:.0f} rows, {accuracy:.3f} right, mean F1 {f1:.3f}"]
    speed = _speed(read)
    lines += [
        "",
        f"{speed['texts_per_s']:.0f} texts/s on {speed['threads']} threads; a text takes "
        f"{speed['median_ms']:.1f} ms (median), {speed['p99_ms']:.1f} ms (99th percentile)",
    ]
    out.print("\n".join(lines), markup=False, soft_wrap=True)


def _block(one: HeadFigures, threshold: float) -> list[str]:
    """One head on one source, for a person."""
    where = "all" if one.source is None else _plain(one.source)
    cells = {name: f"{title} {_cell(one.figures[name])}" for name, title in _TITLES.items()}
    ranking, found = list(cells.values())[:3], list(cells.values())[3:]
    lines = [
        f"{_plain(one.head)}, {where}: {one.rows} rows, {one.positives} positive",
        "  " + "  ".join(ranking),
        f"  at {threshold:g}: " + "  ".join(found),
    ]
    if not math.isnan(one.best_f1):
        lines.append(f"  best F1 {one.best_f1:.3f} at {one.best_threshold:.3f}")
    return lines


def _plain(text: str) -> str:
    """What a file says, without what drives a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _cell(span: Span) -> str:
    if math.isnan(span.value):
        return "–"
    return f"{span.value:.3f} ({span.low:.3f}–{span.high:.3f})"


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    return Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty())
