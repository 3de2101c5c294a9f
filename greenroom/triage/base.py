"""What triage says about a text: the contract that every model behind it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

HEADS: Final = (
    "toxicity",
    "insult",
    "hate",
    "threat",
    "obscene",
    "sexual",
    "spam",
    "scam",
    "self_harm",
    "injection",
)
"""Independent probabilities, each 0..1. The order is the order in the model's output."""

SCORES: Final = (*HEADS, "sentiment")
"""Every key of `Reading.scores`."""

INTENTS: Final = (
    "question",
    "help",
    "report",
    "appeal",
    "greeting",
    "thanks",
    "feedback",
    "promotion",
    "chat",
    "other",
)
"""What a message is for; exactly one applies. The order is the order in the model's output."""

EMBEDDING_SIZE: Final = 384

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, read once.

    Attributes:
        scores: Every name in `SCORES`. The heads are calibrated probabilities (0..1), for a
            text of several windows the highest of them; ``sentiment`` runs from -1 to 1.
        intent: The likeliest of `intents`, or None when the text has no words to judge.
        intents: Every name in `INTENTS`, summing to 1.
        embedding: Shape (384,), float32, unit length; None when it was not asked for.
        model: Short name and the first 12 hex digits of the model file's sha256, as in
            ``minilm-l6@0123456789ab``: the same text and model give the same reading.
        windows: How many windows the whole text makes.
        windows_read: How many of them the model read; fewer than `windows` only in texts so
            long that the rest was skipped (see `greenroom.triage.windows`).
    """

    scores: Mapping[str, float]
    intent: str | None
    intents: Mapping[str, float]
    embedding: Vector | None
    model: str
    windows: int
    windows_read: int


class Triage(Protocol):
    """Reads one text; every implementation gives the same reading for the same text."""

    @property
    def digest(self) -> str:
        """Sha256 of the model, 64 hex digits: what an audit has to have to read again."""
        ...

    async def read(self, text: str, *, embed: bool = True) -> Reading:
        """Read `text`, of any length and any code points.

        Without `embed` the reading's embedding is None, and nothing is spent on it.
        """
        ...
