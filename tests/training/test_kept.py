"""Rows kept by text come back to their texts, whatever the corpus became."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.kept import kept_rows


class Lengths:
    """Gives each text its length, and remembers what it was asked."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.asked: list[str] = []

    def __call__(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        asked = [self.texts[place] for place in places]
        self.asked += asked
        return np.array([[len(text), 0.5] for text in asked], np.float32)


def ask(file: Path, texts: list[str]) -> tuple[list[float], list[str]]:
    lengths = Lengths(texts)
    return kept_rows(file, texts, lengths)[:, 0].tolist(), lengths.asked


def test_a_changed_corpus_pays_for_its_new_texts_only(tmp_path: Path) -> None:
    file = tmp_path / "rows.npz"
    assert ask(file, ["a", "bb", "ccc"]) == ([1, 2, 3], ["a", "bb", "ccc"])
    assert ask(file, ["ccc", "dddd", "a"]) == ([3, 4, 1], ["dddd"])
    assert ask(file, ["dddd", "bb"]) == ([4, 2], [])


def test_a_text_that_comes_twice_moves_no_other(tmp_path: Path) -> None:
    file = tmp_path / "rows.npz"
    ask(file, ["a", "bb", "a", "ccc"])
    assert ask(file, ["ccc", "bb", "a", "eeeee", "eeeee", "dddd"])[0] == [3, 2, 1, 5, 5, 4]
    assert ask(file, ["dddd", "eeeee", "ccc"]) == ([4, 5, 3], [])
