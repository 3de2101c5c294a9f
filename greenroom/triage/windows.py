"""Cuts a text of any size into the windows of tokens that the model reads.

A window is 128 tokens, the length the encoder was trained on: in a longer one the mean over
its tokens thins a short insult out. Windows overlap, so that no phrase is cut in two in each
of them, and at most 128 are read, which hold 12,000 tokens: of 10,000 characters every one, in
any script. Of more, the first, the last and others evenly between are read, which bounds the
time of a 1 MB message at about that of a 12,000-word one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

MAX_WINDOWS: Final = 128
OVERLAP: Final = 32
"""Tokens that neighbouring windows of 128 share."""

MAX_WHOLE_TEXT: Final = 32_768
"""Characters up to which a text is tokenised whole (some 25 ms); 128 windows of
ordinary words hold more. Beyond, slices are cut first and only they are tokenised."""

SLICE: Final = 512
"""Characters of a slice: about one window of ordinary words."""

SHARED: Final = 64
"""Characters that neighbouring slices share."""

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """What will be read of a text.

    Attributes:
        ids: Token ids of each window, special tokens included, shape (1, length) each.
        total: How many windows the whole text makes; above `MAX_WHOLE_TEXT`, how many slices.
    """

    ids: tuple[Ids, ...]
    total: int


class Windower:
    """Tokenises with one model's tokenizer. Safe to use from several threads.

    Neighbouring windows share `OVERLAP` tokens, or half a window where windows are small.
    """

    def __init__(self, tokenizer_file: Path, *, max_tokens: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # What the tokenizer puts around a text: [CLS] and [SEP].
        self._start, self._end = self._tokenizer.encode("").ids
        self._room = max_tokens - 2
        self._overlap = min(OVERLAP, self._room // 2)

    def cut(self, text: str) -> Windows:
        """Cut `text` into windows; a text without words gives one empty window."""
        text = _without_surrogates(text)
        if len(text) > MAX_WHOLE_TEXT:
            return self._cut_slices(text)
        tokens = self._tokens(text)
        starts = _starts(len(tokens), self._room, self._overlap)
        chosen = evenly(starts, MAX_WINDOWS)
        windows = (self._window(tokens[start : start + self._room]) for start in chosen)
        return Windows(ids=tuple(windows), total=len(starts))

    def _cut_slices(self, text: str) -> Windows:
        starts = _starts(len(text), SLICE, SHARED)
        chosen = evenly(starts, MAX_WINDOWS)
        slices = [self._tokens(text[start : start + SLICE]) for start in chosen]
        # The last slice keeps its end, the others their beginning, where one has more tokens.
        heads = [self._window(tokens[: self._room]) for tokens in slices[:-1]]
        last = self._window(slices[-1][-self._room :])
        return Windows(ids=(*heads, last), total=len(starts))

    def _tokens(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return tokens

    def _window(self, tokens: list[int]) -> Ids:
        return np.array([[self._start, *tokens, self._end]], dtype=np.int64)


def evenly(items: Sequence[int], most: int) -> list[int]:
    """At most `most` of `items`: the first, the last and others evenly between."""
    if len(items) <= most:
        return list(items)
    return [items[round(step * (len(items) - 1) / (most - 1))] for step in range(most)]


def _starts(length: int, room: int, overlap: int) -> list[int]:
    """Where windows of `room` begin; the last ends with the text, so none is a stub."""
    if length <= room:
        return [0]
    return [*range(0, length - room, room - overlap), length - room]


def _without_surrogates(text: str) -> str:
    """`text` as UTF-8 can carry it: a lone surrogate, which the tokenizer refuses, becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
