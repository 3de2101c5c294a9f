"""How personas and experiments fare: outcomes as shares with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from greenroom.experiments.feedback import (
    WITHIN,
    Outcome,
    Utterance,
    first_of_each,
    is_settled,
    outcome_of,
)
from greenroom.experiments.intervals import NOTHING, Interval, Mean, Share, mean
from greenroom.experiments.schema import Experiment, advise
from greenroom.experiments.stop import Standing, always_difference

SHARES: Final = (
    "success",
    "thanks",
    "liked",
    "answered",
    "handed_over",
    "ignored",
    "negative",
)
"""What is told of every version and variant, in this order; `negative` is of those who told."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Some utterances: how many, what they came to, how members sounded after them."""

    utterances: int  # with those whose time is not over yet
    settled: int
    shares: Mapping[str, Share] = field(default_factory=dict)  # each name in `SHARES`
    sentiment: Mean = NOTHING
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """A persona as its files were at one time."""

    persona: str
    version: str | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """One variant; ``apart`` is its measure less the first variant's, at every look."""

    variant: str
    tally: Tally
    measured: Share
    apart: Interval | None
    is_on: bool = True  # False: the file has no such variant any more


@dataclass(frozen=True, slots=True)
class ExperimentFigures:
    """An experiment, and what its figures say. Without ``standing`` no file has it any more."""

    persona: str
    name: str
    measure: str
    variants: tuple[VariantFigures, ...]
    standing: Standing | None
    min_n: int | None = None


def by_version(
    utterances: Iterable[Utterance], now: datetime, *, within: timedelta = WITHIN
) -> list[VersionFigures]:
    """Each persona's versions, by name, the newest first."""
    groups: dict[tuple[str, str | None], list[Utterance]] = defaultdict(list)
    for one in utterances:
        groups[one.persona, one.version].append(one)
    figures = [
        VersionFigures(persona, version, tally(found, now, within=within))
        for (persona, version), found in groups.items()
    ]
    figures.sort(key=lambda one: one.tally.last_at or now, reverse=True)
    return sorted(figures, key=lambda one: one.persona)


def by_experiment(
    utterances: Iterable[Utterance],
    experiments: Mapping[str, Mapping[str, Experiment]],
    now: datetime,
    *,
    within: timedelta = WITHIN,
) -> list[ExperimentFigures]:
    """Each experiment that files have, or that something was said in.

    Args:
        utterances: What was said.
        experiments: By persona and name, as files have them.
        now: The time now.
        within: How long feedback counts.
    """
    groups: dict[tuple[str, str], list[Utterance]] = {
        (persona, name): [] for persona, named in experiments.items() for name in named
    }
    for one in utterances:
        if one.experiment is not None and one.variant is not None:
            groups.setdefault((one.persona, one.experiment), []).append(one)
    return [
        _experiment(persona, name, found, experiments.get(persona, {}).get(name), now, within)
        for (persona, name), found in sorted(groups.items())
    ]


def tally(utterances: Sequence[Utterance], now: datetime, *, within: timedelta = WITHIN) -> Tally:
    """What utterances came to; those whose time is not over yet count as said only."""
    settled = [one for one in utterances if is_settled(one, now, within=within)]
    outcomes = [outcome_of(one, within=within) for one in settled]
    times = [one.said_at for one in utterances]
    return Tally(
        utterances=len(utterances),
        settled=len(settled),
        shares={name: _share(outcomes, name) for name in SHARES},
        sentiment=mean([one.sentiment for one in outcomes if one.sentiment is not None]),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )


def _share(outcomes: Sequence[Outcome], name: str) -> Share:
    """Of all; of the negative, of those that anybody answered or reacted to."""
    counted = [one for one in outcomes if name != "negative" or one.is_told]
    return Share(sum(bool(getattr(one, name)) for one in counted), len(counted))


def _experiment(
    persona: str,
    name: str,
    utterances: Sequence[Utterance],
    experiment: Experiment | None,
    now: datetime,
    within: timedelta,
) -> ExperimentFigures:
    measure = experiment.measure if experiment else "success"
    known = dict(experiment.variants) if experiment else {}
    groups: dict[str, list[Utterance]] = {variant: [] for variant in known}
    for one in first_of_each(utterances):
        groups.setdefault(str(one.variant), []).append(one)
    tallies = {variant: tally(found, now, within=within) for variant, found in groups.items()}
    measured = {variant: found.shares[measure] for variant, found in tallies.items()}
    negative = {variant: found.shares["negative"] for variant, found in tallies.items()}
    first = next(iter(measured), None)
    return ExperimentFigures(
        persona=persona,
        name=name,
        measure=measure,
        variants=tuple(
            VariantFigures(
                variant,
                found,
                measured[variant],
                _apart(measured, variant, first),
                is_on=experiment is None or variant in known,
            )
            for variant, found in tallies.items()
        ),
        standing=advise(experiment, measured, negative) if experiment else None,
        min_n=experiment.min_n if experiment else None,
    )


def _apart(measured: Mapping[str, Share], variant: str, first: str | None) -> Interval | None:
    if first is None or variant == first:
        return None
    return always_difference(measured[variant], measured[first])
