"""What triage, context and memory found about one message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from greenroom.message.messages import Message

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of knowledge that may answer, with its source and how well it does (0 to 1)."""

    source: str  # file name, relative to the knowledge folder
    heading: str
    text: str
    score: float
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Precedent:
    """A message that people judged, with their verdict and its similarity (−1 to 1)."""

    message: str  # the message's key
    text: str
    verdict: str
    score: float
    case: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """A fact that came to mind, and why."""

    text: str
    source: str  # key of the message in which the member said so
    confidence: float  # 0 to 1
    learned_at: datetime
    score: float  # similarity to the message, −1 to 1
    why: str
    persona: str = ""  # whose memory it is
    kind: str = ""
    id: int = 0  # the fact's number in the ledger


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that was said lately between a member and a persona."""

    by: str  # ``member``, or the persona's name
    text: str
    at: datetime
    key: str  # of the member's message; of a reply: of the message that it answers


@dataclass(frozen=True, slots=True)
class Alike:
    """An earlier message that says nearly the same, with its similarity (−1 to 1)."""

    key: str
    text: str
    score: float
    permalink: str | None = None
    posted_at: str = ""  # ISO 8601


@dataclass(frozen=True, slots=True)
class Signals:
    """What triage and context found about one message. Probabilities are 0 to 1."""

    scores: Mapping[str, float] = field(
        default_factory=dict
    )  # heads by name; `sentiment` is −1 to 1
    intent: str | None = None
    intents: Mapping[str, float] = field(default_factory=dict)
    embedding: npt.NDArray[np.float32] | None = None  # shape (384,), unit length
    language: str | None = None  # ISO 639-1, ``und`` where it cannot be told
    model: str | None = None  # name@digest of the model that read it
    stage: str | None = None  # first | encoder: which part of triage read it
    windows: int = 1  # how many windows the text needs, and how many were read
    windows_read: int = 1
    knowledge: tuple[Passage, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    knowledge_score: float | None = None  # similarity to the nearest passage, if a rule asked
    counts: Mapping[str, float] = field(default_factory=dict)  # what `rate` and `history` ask
    conversation: tuple[Turn, ...] = ()  # oldest first; this message is not in it
    memories: tuple[Memory, ...] = ()  # best first
    said: tuple[Message, ...] = ()  # lately in this thread or channel, oldest first
    said_embeddings: tuple[npt.NDArray[np.float32], ...] = ()  # in the same order
    alike: tuple[Alike, ...] | None = None  # earlier questions, best first; None: nobody asked
    consents: Mapping[str, str] = field(
        default_factory=dict
    )  # persona → the member's word on memory: given | withdrawn | asked; nothing: never asked
