"""What was asked of the model and what came of it, for the desk's metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Only the event loop writes them, so they need no lock.

    Attributes:
        replies: Replies that a model could word, by what came of it: ``composed``,
            ``handed_over``, or why the fallback was kept (`greenroom.llm.Why`).
        calls: Requests to the server.
        read: Tokens of prompts, as counted against budgets.
        written: Tokens of answers.
    """

    replies: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    read: int = 0
    written: int = 0
