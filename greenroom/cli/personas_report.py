"""The report on personas for the terminal, as JSON, and as a page to send around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from greenroom.experiments import ExperimentFigures, Interval, Mean, Share, Tally, VersionFigures
from greenroom.report import (
    EXPERIMENT_NOTE,
    NOTE,
    SHARES_IN_WORDS,
    PersonasReport,
    advice_in_words,
    apart_in_words,
    mean_in_words,
    share_in_words,
)

_PAGES: Final = Path(__file__).parent / "templates"


def as_text(found: PersonasReport) -> str:
    """As a person reads it in a terminal."""
    return "\n".join(line.rstrip() for line in _lines(found))


def _lines(found: PersonasReport) -> Iterator[str]:
    since = "all there is" if found.since is None else f"since {found.since:%Y-%m-%d %H:%M} UTC"
    minutes = found.within.total_seconds() / 60
    yield f"What personas said, {since}; what came of it within {minutes:.0f} minutes"
    if not found.personas:
        yield "  no persona has said anything"
    for name in found.personas:
        yield ""
        pause = found.pauses.get(name)
        yield f"{name}{f'   paused by {pause.by} since {pause.at}' if pause else ''}"
        versions = found.versions_of(name)
        if not versions:
            yield "  said nothing"
        for version in versions:
            yield from _version(version)
        for experiment in found.experiments_of(name):
            yield from _experiment(experiment)
    yield ""
    yield NOTE


def _version(found: VersionFigures) -> Iterator[str]:
    tally = found.tally
    first = f", first {tally.first_at:%Y-%m-%d}" if tally.first_at else ""
    open_ = tally.utterances - tally.settled
    fresh = f", {open_} too fresh to count" if open_ else ""
    version = (found.version or "unknown")[:12]
    yield f"  version {version}: {tally.utterances:,} utterances{first}{fresh}"
    if tally.settled:
        yield from _shares(tally, "    ")


def _shares(tally: Tally, indent: str) -> Iterator[str]:
    for name, words in SHARES_IN_WORDS.items():
        share = tally.shares[name]
        counted = f"{share.hits:,} of {share.of:,}" if share.of else ""
        yield f"{indent}{words:<14} {share_in_words(share):<22} {counted}"
    yield f"{indent}{'sentiment':<14} {mean_in_words(tally.sentiment):<22} {tally.sentiment.of:,}"


def _experiment(found: ExperimentFigures) -> Iterator[str]:
    yield f"  experiment {found.name}, measure: {SHARES_IN_WORDS[found.measure]}"
    yield f"    {advice_in_words(found)}"
    for one in found.variants:
        told = share_in_words(one.measured)
        gone = "" if one.is_on else "   (not in the file any more)"
        apart = "" if one.apart is None else f"   {apart_in_words(one.apart)}"
        yield f"    {one.variant:<14} {told:<22} {one.measured.of:,} conversations{apart}{gone}"


def as_json(found: PersonasReport) -> dict[str, Any]:
    """As one object."""
    return {
        "now": found.now.isoformat(),
        "since": found.since.isoformat() if found.since else None,
        "within_minutes": found.within.total_seconds() / 60,
        "personas": [
            {
                "persona": name,
                "paused": name in found.pauses,
                "versions": [
                    {"version": one.version, **_tally(one.tally)} for one in found.versions_of(name)
                ],
                "experiments": [_figures(one) for one in found.experiments_of(name)],
            }
            for name in found.personas
        ],
    }


def _figures(found: ExperimentFigures) -> dict[str, Any]:
    standing = found.standing
    return {
        "experiment": found.name,
        "measure": found.measure,
        "min_n": found.min_n,
        "advice": standing.advice.value if standing else None,
        "variant": standing.variant if standing else None,
        "is_over": standing.is_over if standing else True,
        "in_words": advice_in_words(found),
        "variants": [
            {
                "variant": one.variant,
                "is_on": one.is_on,
                "measured": _share(one.measured),
                "difference": _interval(one.apart),
                **_tally(one.tally),
            }
            for one in found.variants
        ],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "utterances": tally.utterances,
        "settled": tally.settled,
        "first_at": tally.first_at.isoformat() if tally.first_at else None,
        "last_at": tally.last_at.isoformat() if tally.last_at else None,
        "shares": {name: _share(share) for name, share in tally.shares.items()},
        "sentiment": _mean(tally.sentiment),
    }


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval
    value = None if share.value is None else round(share.value, 4)
    return {
        "value": value,
        "low": round(low, 4),
        "high": round(high, 4),
        "hits": share.hits,
        "of": share.of,
    }


def _mean(mean: Mean) -> dict[str, Any]:
    value = None if mean.value is None else round(mean.value, 4)
    return {"value": value, "interval": _interval(mean.interval), "of": mean.of}


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(interval.low, 4), round(interval.high, 4)]


def as_html(found: PersonasReport) -> str:
    """As a page of its own: no scripts, nothing fetched, everything escaped."""
    environment = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        share=share_in_words, mean=mean_in_words, apart=apart_in_words, advice=advice_in_words
    )
    return environment.get_template("personas.html").render(
        found=found, names=SHARES_IN_WORDS, note=NOTE, experiment_note=EXPERIMENT_NOTE
    )
