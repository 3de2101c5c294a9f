"""``greenroom try``: what a persona would do with one message, and why."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from greenroom.app import open_senses
from greenroom.cli.console import opening, out, put_json
from greenroom.company import Company, gather
from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.message import Action, Decision, Signals
from greenroom.rehearsal import Rehearsal
from greenroom.starter import starter_folder

EXAMPLE = 'Example: greenroom try "how do I get the verified role?" --persona guide'


def attempt(
    text: Annotated[str, typer.Argument(help="The message; - reads it from standard input.")],
    persona: Annotated[str, typer.Option(help="The persona: the name of its file.")],
    config: Annotated[
        Path | None,
        typer.Option(help="Config file; without one ./config.yaml, else the starter content."),
    ] = None,
    platform: Annotated[str, typer.Option(help="The platform it is written on.")] = "terminal",
    channel: Annotated[str, typer.Option(help="The channel it is written in.")] = "general",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what a persona would do with one message; nothing is stored or sent."""
    company = gather(_config_or_starter(config), secrets=False)
    if persona not in company.performers:
        accepted = suggest(persona, sorted(company.performers))
        raise ConfigError(f"there is no persona `{persona}`", accepted=accepted)
    said = sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text
    decision, signals = asyncio.run(_rehearse(company, persona, said, platform, channel))
    if as_json:
        put_json(as_object(decision, signals))
        return
    out.print(as_text(decision, signals), markup=False, soft_wrap=True)


def as_object(decision: Decision, signals: Signals) -> dict[str, Any]:
    """A decision as plain JSON, the names as in YAML."""
    return {
        "persona": decision.persona,
        "actions": [
            {
                "action": action.kind.value,
                "text": action.text,
                "reason": action.reason,
                "rule": action.rule,
            }
            for action in decision.actions
        ],
        "severity": decision.severity.value,
        "reason": decision.reason,
        "fired": [
            {
                "policy": fired.policy,
                "rule": fired.rule,
                "name": fired.name,
                "line": fired.line,
                "checks": [
                    {
                        "check": hit.check,
                        "field": hit.field,
                        "matched": hit.matched,
                        "start": hit.start,
                        "end": hit.end,
                        "value": hit.value,
                    }
                    for hit in fired.hits
                ],
            }
            for fired in decision.trace
        ],
        "evidence": [
            {"source": passage.source, "heading": passage.heading, "score": round(passage.score, 4)}
            for passage in decision.evidence
        ],
        "notes": list(decision.notes),
        "scores": {name: round(score, 4) for name, score in signals.scores.items()},
        "intent": signals.intent,
        "model": signals.model,
    }


def as_text(decision: Decision, signals: Signals) -> str:
    """A decision as a person reads it."""
    said = [
        f"  | {line}"
        for action in decision.actions
        if action.text
        for line in action.text.split("\n")
    ]
    return "\n".join((*said, why(decision), *scores(signals)))


def why(decision: Decision) -> str:
    """What is done and the reasons for it, without what is said."""
    lines = [_done(action) for action in decision.actions] or ["does nothing"]
    for fired in decision.trace:
        lines.append(f"rule {fired.policy}:{fired.line or '?'} {fired.name}")
        for hit in fired.hits:
            value = "" if hit.value is None else f" = {hit.value:.3f}"
            matched = "" if hit.matched is None else f" matched {hit.matched!r}"
            lines.append(f"  {hit.check}{value}{matched}")
    lines += [f"note: {note}" for note in decision.notes]
    return "\n".join(lines)


def scores(signals: Signals) -> list[str]:
    """The highest scores and what gave them, as one line; none if the model did not run."""
    worst = sorted(signals.scores.items(), key=lambda item: -item[1])[:4]
    if not worst:
        return []
    shown = ", ".join(f"{name} {score:.3f}" for name, score in worst)
    return [f"scores: {shown}; intent {signals.intent}; model {signals.model}"]


def _done(action: Action) -> str:
    return f"{action.kind}, because: {action.reason}" if action.reason else str(action.kind)


async def _rehearse(
    company: Company, persona: str, text: str, platform: str, channel: str
) -> tuple[Decision, Signals]:
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        async with opening(open_senses(company, context=Path(folder))) as senses:
            rehearsal = Rehearsal(company, senses)
            return await rehearsal.say(text, persona=persona, platform=platform, channel=channel)


def _config_or_starter(config: Path | None) -> Path:
    if config is not None:
        return config
    local = Path("config.yaml")
    return local if local.exists() else starter_folder() / "config.example.yaml"
