"""Builds the triage model from the data, in one command.

    python -m training.build --data ../shared/data --out greenroom/triage/models/minilm-l6

Teacher, student, exported graphs, encoded texts and the log are kept in ``--work``; a build that
was cut short goes on there. Everything is seeded. On two cores it takes some four hours, with a
GPU that torch can use, minutes.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from greenroom.triage.base import EMBEDDING_SIZE, HEADS
from greenroom.triage.manifest import sha256_of
from training import first as first_stage
from training import student, teacher
from training.calibrate import Calibration, apply, calibrate
from training.card import write_card
from training.corpus import Corpus
from training.examples import evaluation_corpus, further_texts, training_corpus
from training.findings import Built, Texts, find
from training.first_graph import save_first
from training.graph import attach_heads, halve
from training.kept import kept_rows
from training.manifest import write_manifest
from training.measure import run_model
from training.network import Ids, Logits, Network, Rows, judge, read
from training.opinions import fetch_opinions
from training.prototypes import label_by_likeness
from training.trunk import export_trunk, read_features

NAME: Final = "minilm-l6"
VERSION: Final = "3"
LICENCE: Final = "Apache-2.0"
SEED: Final = 7
PIECES: Final = 70_000
"""Parts of training texts that the first stage learns from, beside the whole ones."""

AGAIN: Final = 2
"""How often templates, mixtures and disguises are made anew for the first stage."""

FILES: Final = ("model.onnx", "model-fp16.onnx", "first.onnx", "tokenizer.json")

log = logging.getLogger("training")


def main() -> None:
    """The command."""
    options = _parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    start_log(options.work / "build.log")
    torch.set_num_threads(options.threads)
    build(options.data, options.out, options.work, threads=options.threads)


def build(data: Path, out: Path, work: Path, *, threads: int) -> None:
    """Teach, learn, export, calibrate, certify, measure; write the model's folder to `out`."""
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    corpus = training_corpus(data, fetch_opinions(work), seed=SEED)
    held = student.original_embeddings(corpus, work)
    corpus = label_by_likeness(corpus, held.astype(np.float32))
    network = student.learn(corpus, teacher.teach(corpus, work), held, work)
    full, small = export_trunk(student.save_encoder(network, work), work)
    own = _encode(corpus, network, small, work, threads)
    other = _encode(evaluation_corpus(data, corpus), network, small, work, threads)
    calibration = calibrate(own.logits, corpus)
    own, other = (replace(one, values=apply(one.logits, calibration)) for one in (own, other))
    _write_graphs(network, calibration, (full, small), out, work)
    _check_graph(out / "model.onnx", own.ids[:50], own.values[:50])
    first = _train_first(own, network, calibration, data, work)
    judged = first_stage.chances(first, own.ids)
    promise = first_stage.certify(judged, own.corpus, own.scores)
    log.info("first stage: %s", promise)
    save_first(first, promise, out / "first.onnx")
    _write_manifest(out, promise)
    built = Built(data, out, work, network, calibration, promise, judged)
    minutes = (time.monotonic() - began) / 60
    write_card(find(built, own, other), out, minutes=minutes)
    log.info("built %s in %.0f minutes", out, minutes)


def _encode(corpus: Corpus, network: Network, trunk: Path, work: Path, threads: int) -> Texts:
    log.info("%d texts: %s", len(corpus.texts), _counted(corpus.sources))
    ids = student.tokenise(corpus.texts)
    pools = read_features(trunk, ids, corpus.sources, work, threads=threads)
    logits = judge(network, pools, ids)
    vectors = pools[:, :EMBEDDING_SIZE].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Texts(corpus, ids, logits, logits, vectors)


def _counted(names: Iterable[str]) -> dict[str, int]:
    values, counts = np.unique(list(names), return_counts=True)
    return {str(value): int(count) for value, count in zip(values, counts, strict=True)}


def _write_graphs(
    network: Network, calibration: Calibration, trunks: tuple[Path, Path], out: Path, work: Path
) -> None:
    full, small = trunks
    attach_heads(small, network, calibration, out / "model.onnx")
    attach_heads(full, network, calibration, work / "model-fp32.onnx")
    halve(work / "model-fp32.onnx", out / "model-fp16.onnx")
    tokenizer = student.load_tokenizer()
    tokenizer.no_truncation()
    tokenizer.save(str(out / "tokenizer.json"))


def _train_first(
    own: Texts, network: Network, calibration: Calibration, data: Path, work: Path
) -> first_stage.First:
    kept = work / f"first-{sha256_of(work / 'trunk-fp32.onnx')[:16]}.pt"
    torch.manual_seed(SEED)
    words = network.encoder.get_input_embeddings().weight.detach().numpy()
    first = first_stage.First(words, student.words_alone(network))
    if kept.exists():
        first.load_state_dict(torch.load(kept, weights_only=True))
        return first.eval()
    taught = _lessons(own, network, calibration, data, work)
    first = first_stage.train_first(first, taught, seed=SEED)
    torch.save(first.state_dict(), kept)
    return first


def _lessons(
    own: Texts, network: Network, calibration: Calibration, data: Path, work: Path
) -> first_stage.Lessons:
    texts = (
        *further_texts(data, own.corpus, seeds=range(SEED + 1, SEED + 1 + AGAIN)),
        *first_stage.pieces_of(own.corpus, count=PIECES, seed=SEED),
    )
    ids = student.tokenise(texts)

    def read_rows(rows: Rows) -> Logits:
        log.info("first stage: the encoder reads %d further texts", len(rows))
        return read(network, [ids[row] for row in rows])[0]

    digest = sha256_of(work / "trunk-fp32.onnx")[:16]
    said = apply(kept_rows(work / f"further-{digest}.npz", texts, read_rows), calibration)
    return first_stage.lessons(own.ids, own.corpus, own.scores, ids, said[:, : len(HEADS)])


def _write_manifest(out: Path, promise: first_stage.Promise) -> None:
    facts = {
        "name": NAME,
        "version": VERSION,
        "licence": LICENCE,
        "max_tokens": student.MAX_TOKENS,
        "first": {
            "line": first_stage.LINE,
            "limit": promise.limit,
            "missed": promise.missed,
        },
    }
    write_manifest(out, facts, FILES)


def _check_graph(model: Path, ids: Ids, values: Logits) -> None:
    """The graph must say what the trained network says: the half-precision table moves little."""
    scores, _ = run_model(model, ids)
    gap = float(np.abs(scores - values[:, : scores.shape[1]]).max())
    log.info("graph against network: largest difference %.5f", gap)
    if gap > 0.02:
        raise RuntimeError(f"the graph says other than the network, by {gap:.3f}")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with SOURCES.md")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model to write")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="checkpoints and log")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def start_log(file: Path) -> None:
    """Log to the screen and to `file`, after what it holds."""
    handlers: list[logging.Handler] = [
        logging.StreamHandler(),
        logging.FileHandler(file, mode="a", encoding="utf-8"),
    ]
    form = "%(asctime)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, handlers=handlers)
    log.setLevel(logging.INFO)


if __name__ == "__main__":
    main()
