"""Why a message is a case: what each persona decided, on which grounds. For the case page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from greenroom.desk.text import Span
from greenroom.ledger import Decided
from greenroom.message import Decision

_THRESHOLD = re.compile(r"triage\.(?P<head>\w+)\D*?[<>]=?\s*(?P<value>\d*\.?\d+)")
_FIELDS = {"title": "title"}  # every other field that has offsets is the body
_BARS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One score, and the threshold that a rule set on it."""

    head: str
    score: float  # 0 to 1; sentiment is −1 to 1
    threshold: float | None = None

    @property
    def percent(self) -> float:
        """The score's length of a whole bar."""
        share = (self.score + 1) / 2 if self.head == "sentiment" else self.score
        return round(100 * min(1.0, max(0.0, share)), 1)

    @property
    def threshold_percent(self) -> float | None:
        """Where the threshold stands on the bar."""
        return None if self.threshold is None else round(100 * min(1.0, self.threshold), 1)


@dataclass(frozen=True, slots=True)
class Why:
    """One decision with what it rested on."""

    decision: Decision
    mode: str
    decided_at: str
    is_current: bool  # about the text as it stands now
    bars: tuple[Bar, ...]
    model: str | None
    windows: int
    windows_read: int


def why(decisions: Iterable[Decided], revision: str) -> list[Why]:
    """Decisions for a page, the newest first."""
    return [_one(decided, revision) for decided in reversed(list(decisions))]


def spans_in(decided: Sequence[Why], field: str) -> list[Span]:
    """Where the checks that held matched, in ``title`` or ``body`` of the current text."""
    return [
        Span(hit.start, hit.end)
        for one in decided
        if one.is_current
        for fired in one.decision.trace
        for hit in fired.hits
        if hit.start is not None
        and hit.end is not None
        and _FIELDS.get(hit.field or "body", "body") == field
    ]


def _one(decided: Decided, revision: str) -> Why:
    signals = decided.signals
    return Why(
        decision=decided.decision,
        mode=decided.mode,
        decided_at=decided.decided_at,
        is_current=decided.revision == revision,
        bars=_bars(signals.get("scores") or {}, _thresholds(decided.decision)),
        model=signals.get("model"),
        windows=int(signals.get("windows") or 1),
        windows_read=int(signals.get("windows_read") or 1),
    )


def _bars(scores: dict[str, float], thresholds: dict[str, float]) -> tuple[Bar, ...]:
    """The heads that rules asked about, then the highest scores."""
    bars = [Bar(head, score, thresholds.get(head)) for head, score in scores.items()]
    bars.sort(key=lambda bar: (bar.threshold is None, bar.head == "sentiment", -bar.score))
    asked = sum(bar.threshold is not None for bar in bars)
    return tuple(bars[: max(_BARS, asked)])


def _thresholds(decision: Decision) -> dict[str, float]:
    checks = (hit.check for fired in decision.trace for hit in fired.hits)
    found = (_THRESHOLD.search(check) for check in checks)
    return {match["head"]: float(match["value"]) for match in found if match}
