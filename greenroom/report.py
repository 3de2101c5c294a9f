"""How personas and their experiments fare: read from the ledger, told in plain words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from greenroom.experiments import (
    WITHIN,
    Advice,
    Experiment,
    ExperimentFigures,
    Interval,
    Mean,
    Share,
    VersionFigures,
    by_experiment,
    by_version,
)
from greenroom.ledger import Ledger, Pause

SHARES_IN_WORDS: Final[Mapping[str, str]] = {
    "success": "success",
    "thanks": "thanked",
    "liked": "liked",
    "answered": "answered",
    "handed_over": "handed over",
    "ignored": "ignored",
    "negative": "negative",
}
NOTE: Final = (
    "Success: thanked or liked, or nobody asked again, asked for a person or was negative; silence"
    " counts, so read it beside ignored. Negative is a share of what anybody answered or reacted"
    " to. Sentiment runs from -1 to 1. Each figure has its 95% interval."
)
EXPERIMENT_NOTE: Final = (
    "Each conversation counts once. The difference has an interval that holds however often one"
    " looks."
)

Experiments = Mapping[str, Mapping[str, Experiment]]
"""By persona and name, as files have them."""


@dataclass(frozen=True, slots=True)
class PersonasReport:
    """What personas said and what came of it.

    Attributes:
        now: When it was made.
        since: From when on; None: all there is.
        within: How long feedback counts.
        personas: All that are told of: those with figures, in files, or paused; by name.
        versions: Each persona's versions, the newest first.
        experiments: Each persona's experiments.
        pauses: Who rests, by name.
    """

    now: datetime
    since: datetime | None
    within: timedelta
    personas: tuple[str, ...] = ()
    versions: tuple[VersionFigures, ...] = ()
    experiments: tuple[ExperimentFigures, ...] = ()
    pauses: Mapping[str, Pause] = field(default_factory=dict)

    def versions_of(self, persona: str) -> list[VersionFigures]:
        """One persona's versions."""
        return [one for one in self.versions if one.persona == persona]

    def experiments_of(self, persona: str) -> list[ExperimentFigures]:
        """One persona's experiments."""
        return [one for one in self.experiments if one.persona == persona]


async def personas_report(
    ledger: Ledger,
    experiments: Experiments,
    *,
    now: datetime,
    span: timedelta | None = None,
    persona: str | None = None,
    within: timedelta = WITHIN,
) -> PersonasReport:
    """What the ledger tells of personas.

    Args:
        ledger: Where utterances are.
        experiments: As files have them; every persona in files has an entry, be it empty.
        now: The time now, in UTC.
        span: How far back; None: all there is.
        persona: Only this one.
        within: How long feedback counts.
    """
    since = None if span is None else now - span
    start = since or datetime.min.replace(tzinfo=now.tzinfo)
    said = await ledger.utterances.since(start, persona=persona)
    pauses = await ledger.pauses.all()
    names = {*experiments, *pauses, *(one.persona for one in said)}
    known = {name: named for name, named in experiments.items() if persona in (None, name)}
    # Off the event loop: a month of a large community takes half a second.
    versions = await asyncio.to_thread(by_version, said, now, within=within)
    tried = await asyncio.to_thread(by_experiment, said, known, now, within=within)
    return PersonasReport(
        now=now,
        since=since,
        within=within,
        personas=tuple(sorted(name for name in names if persona in (None, name))),
        versions=tuple(versions),
        experiments=tuple(tried),
        pauses=pauses,
    )


def share_in_words(share: Share) -> str:
    """``62% (48% to 74%)``; nothing was counted: a dash."""
    if share.value is None:
        return "–"
    return f"{share.value:.0%} ({share.interval.low:.0%} to {share.interval.high:.0%})"


def mean_in_words(mean: Mean) -> str:
    """``+0.31 (+0.12 to +0.50)``; cut where a sentiment ends."""
    if mean.value is None:
        return "–"
    if mean.interval is None:
        return f"{mean.value:+.2f}"
    low, high = max(-1.0, mean.interval.low), min(1.0, mean.interval.high)
    return f"{mean.value:+.2f} ({low:+.2f} to {high:+.2f})"


def apart_in_words(apart: Interval | None) -> str:
    """``-4 to +21 points``; the first variant is what others are compared with."""
    if apart is None:
        return "–"
    return f"{100 * apart.low:+.0f} to {100 * apart.high:+.0f} points"


def advice_in_words(found: ExperimentFigures) -> str:
    """What an experiment's figures say, and what to do about it."""
    if found.standing is None:
        return "Ended: no file has this experiment any more."
    variant, advice = found.standing.variant, found.standing.advice
    measure = SHARES_IN_WORDS[found.measure]
    if advice is Advice.HARM:
        return f"Stop: members dislike “{variant}”. Take it out, or set its weight to 0."
    if advice is Advice.WINNER:
        return f"Stop: “{variant}” wins on “{measure}”. Keep it, and end the experiment."
    if advice is Advice.NO_DIFFERENCE:
        return f"Stop: on “{measure}” the variants are alike. Keep whichever you like."
    fewest = min((one.measured.of for one in found.variants if one.is_on), default=0)
    wanted = found.min_n or 0
    if fewest < wanted:
        return f"Keep on: every variant needs {wanted} conversations, and one has {fewest}."
    return "Keep on: nothing is sure yet."
