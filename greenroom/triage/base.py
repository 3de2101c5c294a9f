"""What triage says about a text: the contract that every model behind it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
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


class Stage(StrEnum):
    """Which part of triage a reading comes from."""

    FIRST = "first"  # the cheap first stage was certain that nothing is wrong
    ENCODER = "encoder"


@dataclass(frozen=True, slots=True)
class Wants:
    """What a reading is for; what nobody asks for is not computed.

    Attributes:
        intent: Intent and sentiment.
        embedding: The sentence embedding.
        language: The language.
        floor: The lowest score that anything happens at, 0..1. The first stage may settle a
            text only if whoever asks does nothing below the line it is certified for.
    """

    intent: bool = True
    embedding: bool = True
    language: bool = False
    floor: float = 0.0


EVERYTHING: Final = Wants(language=True)
SCORES_ONLY: Final = Wants(intent=False, embedding=False)
EMBEDDING_ONLY: Final = Wants(intent=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, read once.

    Attributes:
        scores: The heads are calibrated probabilities (0..1), for a text of several windows
            the highest of them; ``sentiment`` runs from -1 to 1. The encoder gives every name
            in `SCORES`; the first stage only the heads, all of them below its line.
        intent: The likeliest of `intents`, or None when the text has no words to judge, or
            nobody asked.
        intents: Every name in `INTENTS`, summing to 1; empty when nobody asked.
        embedding: Shape (384,), float32, unit length; None when it was not asked for.
        language: ISO 639 code, ``und`` when it cannot be told, None when nobody asked.
        model: Short name and the first 12 hex digits of the model file's sha256, as in
            ``minilm-l6@0123456789ab``: the same text and model give the same reading. Adopted
            classifiers that answered for heads are joined to it with ``+``.
        stage: Which part of triage read it.
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
    stage: Stage = Stage.ENCODER
    language: str | None = None


class Triage(Protocol):
    """Reads texts; every implementation gives the same reading for the same text and stage."""

    @property
    def digest(self) -> str:
        """Sha256 of the model, 64 hex digits: what an audit has to have to read again."""
        ...

    async def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        """Read `text`, of any length and any code points, for what is wanted."""
        ...
