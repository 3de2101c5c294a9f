"""Triage: one encoder pass gives a message's scores, its intent and its embedding.

Only the contract is exported here, so that naming it does not load onnxruntime. The
composition root takes ``EncoderPool`` from `greenroom.triage.pool`.
"""

from greenroom.triage.base import (
    EMBEDDING_SIZE,
    EVERYTHING,
    HEADS,
    INTENTS,
    SCORES,
    SCORES_ONLY,
    Reading,
    Stage,
    Triage,
    Wants,
)

__all__ = [
    "EMBEDDING_SIZE",
    "EVERYTHING",
    "HEADS",
    "INTENTS",
    "SCORES",
    "SCORES_ONLY",
    "Reading",
    "Stage",
    "Triage",
    "Wants",
]
