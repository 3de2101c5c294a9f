"""A backtest for the terminal, as JSON, and as a page that one can send to a colleague."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from greenroom.backtest import Backtest, RuleTally, Sample, Side
from greenroom.experiments.intervals import Share

_SHOWN: Final = 160  # characters of a message
_PAGES: Final = Path(__file__).parent / "templates"
ONLY_JUDGED: Final = (
    "Precision and recall are over messages that people judged. Nobody judges what no rule and no"
    " member ever brought up, so recall says how much of what came to light would be caught."
)


def as_text(found: Backtest, *, against: str) -> str:
    """As a person reads it in a terminal."""
    return "\n".join((*_head(found, against), "", *_rules(found), *_samples(found)))


def _head(found: Backtest, against: str) -> Iterator[str]:
    names = ", ".join(policy.name for policy in found.policies)
    yield f"{names} on {found.messages:,} messages ({against}), {found.judged:,} of them judged"
    before = _before(found, f"{found.compared.caught:,}")
    yield f"  caught           {found.tried.caught:>8,}{before}"
    if found.is_compared:
        yield f"  newly caught     {found.newly_caught:>8,}"
        yield f"  newly released   {found.newly_released:>8,}"
    else:
        yield "  nothing tells what was decided then; --than RULES compares with other rules"
    if found.judged:
        for name in ("precision", "recall"):
            now, before = (_share(getattr(side, name)) for side in (found.tried, found.compared))
            yield f"  {name:<16} {now}{_before(found, before)}"
    else:
        yield "  nobody judged any of them: there is no precision to tell"
    if found.unread:
        yield f"  {found.unread:,} messages lack scores or counts that a rule wanted to fire"


def _before(found: Backtest, figure: str) -> str:
    return f"   before: {figure}" if found.is_compared else ""


def _rules(found: Backtest) -> Iterator[str]:
    yield "rules                                                    fired   judged   precision"
    for rule in found.rules.values():
        name = f"{rule.policy}#{rule.index} {rule.name}{' (shadow)' if rule.is_shadow else ''}"
        told = _share(rule.precision) if rule.judged else "-"
        yield f"  {_cut(name, 50):<50} {rule.fired:>9,} {rule.judged:>8,}   {told}"


def _samples(found: Backtest) -> Iterator[str]:
    for title, samples in (
        ("newly caught" if found.is_compared else "caught", found.caught_samples),
        ("newly released", found.released_samples),
    ):
        if samples:
            yield ""
            yield f"{title}, for example"
        for sample in samples:
            yield f"  [{judged_as(sample)}] {_cut(_said(sample), _SHOWN)}"
            for why in sample.why[:2]:
                yield f"      {_cut(why, _SHOWN)}"


def judged_as(sample: Sample) -> str:
    """What people made of it, in a word."""
    return {None: "not judged", True: "bad", False: "fine"}[sample.is_bad]


def _said(sample: Sample) -> str:
    parts = (sample.message.title, sample.message.text)
    text = " / ".join(part for part in parts if part)
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _share(share: Share) -> str:
    if share.value is None:
        return "none judged"
    low, high = share.interval
    return f"{share.value:.0%} ({low:.0%} to {high:.0%}, {share.hits} of {share.of})"


def as_json(found: Backtest) -> dict[str, Any]:
    """As one object."""
    return {
        "policies": [policy.name for policy in found.policies],
        "messages": found.messages,
        "judged": found.judged,
        "unread": found.unread,
        "tried": _side(found.tried),
        "before": _side(found.compared) if found.is_compared else None,
        "newly_caught": {
            "count": found.newly_caught,
            "samples": list(map(_sample, found.caught_samples)),
        },
        "newly_released": {
            "count": found.newly_released,
            "samples": list(map(_sample, found.released_samples)),
        },
        "rules": list(map(_rule, found.rules.values())),
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "caught": side.caught,
        "precision": _figures(side.precision),
        "recall": _figures(side.recall),
    }


def _figures(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {
        "value": None if share.value is None else round(share.value, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "hits": share.hits,
        "of": share.of,
    }


def _rule(rule: RuleTally) -> dict[str, Any]:
    return {
        "policy": rule.policy,
        "rule": rule.index,
        "name": rule.name,
        "line": rule.line,
        "shadow": rule.is_shadow,
        "fired": rule.fired,
        "precision": _figures(rule.precision),
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {
        "message": sample.message.key,
        "author": sample.message.author.name,
        "title": sample.message.title,
        "text": sample.message.text,
        "is_bad": sample.is_bad,
        "why": list(sample.why),
    }


def as_html(found: Backtest, *, against: str, since: str | None) -> str:
    """As a page of its own: no scripts, nothing fetched, members' words escaped."""
    environment = Environment(
        loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["share"] = _share
    environment.filters["said"] = _said
    environment.filters["judged"] = judged_as
    kinds: Sequence[tuple[str, Sequence[Sample], int]] = (
        (
            "Newly caught" if found.is_compared else "Caught",
            found.caught_samples,
            found.newly_caught,
        ),
        ("Newly released", found.released_samples, found.newly_released),
    )
    return environment.get_template("backtest.html").render(
        found=found, against=against, since=since, kinds=kinds, note=ONLY_JUDGED
    )
