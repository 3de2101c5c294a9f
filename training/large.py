"""Builds the large model, for who has a GPU: the teacher, trained on, in half precision.

    python -m training.large --data ../shared/data --out models/mpnet-base

MPNet is five times the shipped model. It goes on from the teacher with every source, held to its
own original embedding, which is then projected on its 384 widest axes, so that Qdrant's vectors
have one size whatever model made them. It is large for a CPU: use a GPU, or `--rows` to try it.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from greenroom.triage.base import EMBEDDING_SIZE
from training import teacher
from training.build import LICENCE, SEED, start_log
from training.calibrate import apply, calibrate
from training.corpus import CALIBRATION, TEST, TRAIN, Corpus, chance
from training.examples import training_corpus
from training.graph import attach_heads, halve
from training.kept import kept_rows
from training.manifest import write_manifest
from training.measure import HeadFigure, measure_heads
from training.network import Network, Recipe, Rows, read, train, widest
from training.opinions import fetch_opinions
from training.trunk import add_pools, export

NAME: Final = "mpnet-base"
MAX_TOKENS: Final = 128
FILES: Final = ("model-fp16.onnx", "tokenizer.json")
RECIPE: Final = Recipe(epochs=2.0, batch=32, rate=3e-5, hold=10.0)

log = logging.getLogger("training")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with SOURCES.md")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model to write")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="checkpoints and log")
    parser.add_argument("--rows", type=int, help="at most so many texts of each split, to try it")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    start_log(options.work / "build.log")
    build(options.data, options.out, options.work, most=options.rows)


def build(data: Path, out: Path, work: Path, *, most: int | None) -> None:
    """Train on, calibrate, export, measure; write the model's folder to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    corpus = training_corpus(data, fetch_opinions(work), seed=SEED)
    folder = teacher.unpack(work)
    tokenizer = _tokenizer(folder)
    ids = [np.array(found.ids) for found in tokenizer.encode_batch(list(corpus.texts))]
    network = teacher.trained(corpus, folder, work)
    rows = _some(corpus, TRAIN, most)
    held = _originals(corpus, rows, folder, ids, work)
    log.info("large: learns from %d texts", len(rows))
    train(network, ids, corpus, rows, RECIPE, held=held, checkpoint=work / "large.pt")
    judged = np.concatenate([_some(corpus, split, most) for split in (CALIBRATION, TEST)])
    logits = np.full((len(ids), read(network, ids[:1])[0].shape[1]), np.nan, np.float32)
    logits[judged] = read(network, [ids[row] for row in judged])[0]
    some = corpus.only(judged)
    calibration = calibrate(logits[judged], some)
    trunk = _trunk(network, folder, widest(held[rows].astype(np.float32), EMBEDDING_SIZE), work)
    attach_heads(trunk, network, calibration, work / "large-fp32.onnx")
    halve(work / "large-fp32.onnx", out / "model-fp16.onnx")
    tokenizer.no_truncation()
    tokenizer.save(str(out / "tokenizer.json"))
    facts = {"name": NAME, "version": "1", "licence": LICENCE, "max_tokens": MAX_TOKENS}
    write_manifest(out, facts, FILES)
    figures = measure_heads(apply(logits[judged], calibration), some, some.rows(TEST))
    (out / "CARD.md").write_text(_card(figures), "utf-8")
    log.info("built %s", out)


def _tokenizer(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _some(corpus: Corpus, split: str, most: int | None) -> Rows:
    rows = corpus.rows(split)
    order = np.argsort([chance("large" + corpus.texts[row]) for row in rows])
    return np.sort(rows[order[:most]])


def _originals(
    corpus: Corpus, rows: Rows, folder: Path, ids: list[npt.NDArray[np.int64]], work: Path
) -> npt.NDArray[np.float16]:
    """What untouched MPNet makes of `rows`, in the corpus's order; zeros elsewhere."""

    def embed(places: Rows) -> npt.NDArray[np.float16]:
        log.info("large: keeps the original's embedding of %d texts", len(places))
        untouched = Network(folder, middle=teacher.MIDDLE)
        return read(untouched, [ids[rows[place]] for place in places])[1]

    texts = [corpus.texts[row] for row in rows]
    found = kept_rows(work / "large-embeddings.npz", texts, embed)
    held = np.zeros((len(ids), found.shape[1]), np.float16)
    held[rows] = found
    return held


def _trunk(network: Network, folder: Path, axes: npt.NDArray[np.float32], work: Path) -> Path:
    encoder = work / "large-encoder"
    network.cpu().encoder.save_pretrained(encoder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        (encoder / name).write_bytes((folder / name).read_bytes())
    export(encoder, work / "large-raw")
    trunk = work / "large-trunk.onnx"
    add_pools(work / "large-raw" / "model.onnx", trunk, middle=teacher.MIDDLE, axes=axes)
    return trunk


def _card(figures: list[HeadFigure]) -> str:
    lines = [
        f"# {NAME}, the large triage model",
        "",
        "all-mpnet-base-v2 (110 M parameters, Apache-2.0) with every layer trained on, in FP16,",
        "for GPUs (`triage.provider: cuda`). Data, heads, limits and uses are the shipped model's:",
        "see its card. Its embedding is projected on 384 axes.",
        "",
        "On the test split, with 95% bootstrap intervals:",
        "",
        "| head | source | rows | positives | AUROC | ECE |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in figures:
        auroc, ece = (f"{v.value:.3f} ({v.low:.3f}–{v.high:.3f})" for v in (one.auroc, one.ece))
        row = (one.head, one.source, one.rows, one.positives, auroc, ece)
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
