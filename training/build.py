"""Builds the triage model from the data, in one command.

    python -m training.build --data ../shared/data --out greenroom/triage/models/minilm-l6

Exported graphs, encoded texts and the log are kept in ``.training/``; a second build encodes
only what is new.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from greenroom.triage.base import EMBEDDING_SIZE
from greenroom.triage.manifest import HEAD_KINDS
from training import measure
from training.calibrate import Calibration, apply, calibrate
from training.card import Findings, write_card
from training.corpus import TEST, Corpus, Example, gather, normal
from training.graph import attach_heads
from training.heads import Heads, Inputs, Logits, read_logits, train_heads
from training.mixtures import mix
from training.sources import EVALUATION_ROWS, TRAINING_ROWS, read_examples, read_sheets
from training.templates import count_lines, read_templates
from training.trunk import (
    MAX_TOKENS,
    Ids,
    cosine_to_original,
    export_trunk,
    load_tokenizer,
    read_features,
    tokenise,
)

NAME: Final = "minilm-l6"
VERSION: Final = "1"
LICENCE: Final = "Apache-2.0"
SEED: Final = 7
HARMLESS: Final = (
    "goemotions",
    "clinc150",
    "banking77",
    "sms_spam",
    "wiki_context_toxicity_large",
    "wiki_toxic_binary_sample",
    "templates",
    "mixtures",
)
COMPARED: Final = 2000
"""Test texts on which INT8 is held against FP32."""

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True)
class Texts:
    """A corpus with what the encoder made of it."""

    corpus: Corpus
    ids: Ids
    inputs: Inputs


def main() -> None:
    """The command."""
    options = _parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    _start_log(options.work / "build.log")
    torch.set_num_threads(options.threads)
    build(options.data, options.out, options.work, threads=options.threads)


def build(data: Path, out: Path, work: Path, *, threads: int) -> None:
    """Export, encode, train, calibrate, attach, measure; write the model's folder to `out`."""
    began = time.monotonic()
    full, small = export_trunk(work)
    learned = _encode(gather(_training_examples(data)), small, work, threads)
    heads = train_heads(learned.inputs, learned.corpus, seed=SEED)
    logits = read_logits(heads, learned.inputs)
    calibration = calibrate(logits, learned.corpus)
    out.mkdir(parents=True, exist_ok=True)
    attach_heads(small, heads, calibration, out / "model.onnx")
    attach_heads(full, heads, calibration, work / "model-fp32.onnx")
    tokenizer = load_tokenizer()
    tokenizer.no_truncation()
    tokenizer.save(str(out / "tokenizer.json"))
    manifest = _write_manifest(out)
    elsewhere = _encode(_evaluation_corpus(data, learned.corpus), small, work, threads)
    values = apply(logits, calibration)
    _check_graph(out / "model.onnx", learned.ids[:50], values[:50])
    findings = _measure(learned, values, out / "model.onnx", work / "model-fp32.onnx", data)
    findings = _measure_elsewhere(findings, elsewhere, heads, calibration)
    minutes = (time.monotonic() - began) / 60
    write_card(replace(findings, manifest=manifest, minutes=minutes), out / "CARD.md")
    log.info("built %s in %.0f minutes", out, minutes)


def _training_examples(data: Path) -> list[Example]:
    # Templates first: where a text comes twice, a whole set of labels beats a partial one.
    found = [*read_templates(data, seed=SEED), *read_examples(data, TRAINING_ROWS)]
    return [*found, *mix(found, seed=SEED)]


def _evaluation_corpus(data: Path, learned: Corpus) -> Corpus:
    """The files that only measure, without any text that was learned from."""
    known = {normal(text) for text in learned.texts}
    found = read_examples(data, EVALUATION_ROWS)
    return gather(example for example in found if normal(example.text) not in known)


def _encode(corpus: Corpus, trunk: Path, work: Path, threads: int) -> Texts:
    log.info(
        "%d texts: %s",
        len(corpus.texts),
        dict(zip(*np.unique(corpus.sources, return_counts=True), strict=True)),
    )
    ids = tokenise(corpus.texts)
    pools = read_features(trunk, ids, corpus.sources, work, threads=threads)
    return Texts(corpus, ids, Inputs.of(pools, ids))


def _write_manifest(out: Path) -> dict[str, object]:
    manifest: dict[str, object] = {
        "name": NAME,
        "version": VERSION,
        "licence": LICENCE,
        "heads": list(HEAD_KINDS),
        "embedding_size": EMBEDDING_SIZE,
        "max_tokens": MAX_TOKENS,
        "files": {name: _facts(out / name) for name in ("model.onnx", "tokenizer.json")},
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (out / "manifest.json").write_text(text, "utf-8")
    return {**manifest, "sha256": _facts(out / "model.onnx")["sha256"]}


def _facts(file: Path) -> dict[str, object]:
    content = file.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _check_graph(model: Path, ids: Ids, values: Logits) -> None:
    """The graph must say what the trained network says: the half-precision table moves little."""
    scores, _ = measure.run_model(model, ids)
    gap = float(np.abs(scores - values[:, : scores.shape[1]]).max())
    log.info("graph against network: largest difference %.5f", gap)
    if gap > 0.02:
        raise RuntimeError(f"the graph says other than the network, by {gap:.3f}")


def _measure(learned: Texts, values: Logits, model: Path, full: Path, data: Path) -> Findings:
    corpus, rows = learned.corpus, learned.corpus.rows(TEST)
    some = np.random.default_rng(SEED).permutation(rows)[:COMPARED]
    ids = [learned.ids[row] for row in some]
    return Findings(
        corpus=corpus,
        sheets=read_sheets(data),
        measuring=tuple(EVALUATION_ROWS),
        template_lines=count_lines(),
        heads=measure.measure_heads(values, corpus, rows),
        heads_elsewhere=(),
        alarms=measure.measure_false_alarms(values, corpus, rows, HARMLESS),
        sentiment=measure.measure_sentiment(values, corpus, rows),
        intents=measure.measure_intents(values, corpus, rows),
        agreement=measure.compare(model, full, ids, corpus.scores[some]),
        original_cosine=cosine_to_original(full, [corpus.texts[row] for row in some[:64]]),
        speed={
            "int8": measure.measure_speed(model, ids[:600]),
            "fp32": measure.measure_speed(full, ids[:600]),
        },
        mean_tokens=float(np.mean([len(row) for row in ids[:600]])),
        size_mb=model.stat().st_size / 1e6,
        manifest={},
        minutes=0.0,
    )


def _measure_elsewhere(
    findings: Findings, texts: Texts, heads: Heads, calibration: Calibration
) -> Findings:
    values = apply(read_logits(heads, texts.inputs), calibration)
    rows = np.arange(len(values))
    return replace(
        findings,
        heads_elsewhere=measure.measure_heads(values, texts.corpus, rows),
        sentiment={
            **findings.sentiment,
            **measure.measure_sentiment(values, texts.corpus, rows),
        },
    )


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with SOURCES.md")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model to write")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="caches and log")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def _start_log(file: Path) -> None:
    handlers: list[logging.Handler] = [
        logging.StreamHandler(),
        logging.FileHandler(file, mode="w", encoding="utf-8"),
    ]
    form = "%(asctime)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, handlers=handlers)
    log.setLevel(logging.INFO)


if __name__ == "__main__":
    main()
