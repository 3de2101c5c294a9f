"""Why a message is a case: what each persona decided, on which grounds. For the case page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from greenroom.desk.text import Span
from greenroom.ledger import Decided
from greenroom.message import Decision, Hit

_NUMBER = re.compile(r"-?\d*\.?\d+")
_BARS = 8
_SLIGHT = 0.01  # a score under it tells nobody anything


@dataclass(frozen=True, slots=True)
class Bar:
    """One score, and the threshold that a rule set on it."""

    head: str
    score: float  # 0 to 1; sentiment is −1 to 1
    has_fired: bool = False  # a rule asked for it, and it held
    threshold: float | None = None

    @property
    def percent(self) -> float:
        """The score's length of a whole bar."""
        return self._percent(self.score)

    @property
    def threshold_percent(self) -> float | None:
        """Where the threshold stands on the bar."""
        return None if self.threshold is None else self._percent(self.threshold)

    def _percent(self, value: float) -> float:
        share = (value + 1) / 2 if self.head == "sentiment" else value
        return round(100 * min(1.0, max(0.0, share)), 1)


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


def spans_in(decided: Sequence[Why], field: str, text: str) -> list[Span]:
    """Where the checks that held matched in ``text``, the current ``title`` or ``body``."""
    hits = (
        hit
        for one in decided
        if one.is_current
        for fired in one.decision.trace
        for hit in fired.hits
        if hit.field == field
    )
    spans = (_span(hit, text) for hit in hits)
    return [span for span in spans if span is not None]


def _span(hit: Hit, text: str) -> Span | None:
    """Where the hit is; a check may have read the text without its quoted lines, so look."""
    if hit.start is None or hit.end is None:
        return None
    matched = hit.matched or ""
    if text.startswith(matched, max(0, hit.start)):
        return Span(hit.start, hit.end)
    at = text.find(matched)
    return None if at < 0 else Span(at, at + len(matched))


def _one(decided: Decided, revision: str) -> Why:
    signals = decided.signals
    return Why(
        decision=decided.decision,
        mode=decided.mode,
        decided_at=decided.decided_at,
        is_current=decided.revision == revision,
        bars=_bars(signals.get("scores") or {}, _fired_heads(decided.decision)),
        model=signals.get("model"),
        windows=int(signals.get("windows") or 1),
        windows_read=int(signals.get("windows_read") or 1),
    )


def _bars(scores: Mapping[str, float], fired: Mapping[str, float | None]) -> tuple[Bar, ...]:
    """The heads on which rules fired, then the highest scores, sentiment last."""
    bars = [
        Bar(head, score, head in fired, fired.get(head))
        for head, score in scores.items()
        if head in fired or abs(score) >= _SLIGHT
    ]
    bars.sort(key=lambda bar: (not bar.has_fired, bar.head == "sentiment", -bar.score))
    return tuple(bars[: max(_BARS, len(fired))])


def _fired_heads(decision: Decision) -> dict[str, float | None]:
    """The triage heads whose checks held, each with its threshold as far as it is known."""
    hits = [hit for fired in decision.trace for hit in fired.hits if hit.value is not None]
    return {hit.check.removeprefix("triage."): _threshold(hit) for hit in hits}


def _threshold(hit: Hit) -> float | None:
    number = _NUMBER.search(hit.wanted or "")
    return None if number is None else float(number[0])
