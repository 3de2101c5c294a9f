"""``greenroom try``: what a persona would do with one message, and why."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from greenroom.cli.console import err, opening, out, put_json
from greenroom.company import Company, gather
from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.message import Action, Decision, Signals
from greenroom.opening import open_composer, open_senses
from greenroom.policies import Why
from greenroom.rehearsal import Reason, Rehearsal, reasons
from greenroom.starter import starter_folder
from greenroom.triage.explain import MOST_REMOVED, Explanation, Turning, Word

_SLIGHT: Final = 0.03  # a word's share under it tells nobody anything
_LISTED: Final = 8  # words
_AROUND: Final = 120  # characters that are shown on either side of the words
_STYLES: Final = ((0.3, "bold white on red"), (0.1, "black on yellow"), (0.0, "underline"))

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
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which words made the scores.")
    ] = False,
    rule: Annotated[
        str | None,
        typer.Option("--why", help="Also say why this rule (policy#number or name) fired or not."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what a persona would do with one message; nothing is stored or sent."""
    company = gather(_config_or_starter(config), secrets=False)
    if persona not in company.performers:
        accepted = suggest(persona, sorted(company.performers))
        raise ConfigError(f"there is no persona `{persona}`", accepted=accepted)
    said = sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text
    scene = {"persona": persona, "platform": platform, "channel": channel}
    decision, signals, found, asked = asyncio.run(
        _rehearse(company, said, scene, explains=explain, rule=rule)
    )
    if as_json:
        told: dict[str, Any] = {}
        if explain:
            told["explanations"] = [reason_as_object(one) for one in found]
        if asked is not None:
            told["why"] = {
                "rule": f"{asked.rule.policy}#{asked.rule.index}",
                "fired": asked.has_fired,
                "check": asked.check,
                "because": asked.because,
            }
        put_json(as_object(decision, signals) | told)
        return
    out.print(as_text(decision, signals), markup=False, soft_wrap=True)
    if asked is not None:
        name = f"{asked.rule.policy}:{asked.rule.line} {asked.rule.name}"
        out.print(f"why {name}: {asked.because}", markup=False, soft_wrap=True)
    for one in found:
        out.print(reason_as_text(one, said, decision), soft_wrap=True)


def as_object(decision: Decision, signals: Signals) -> dict[str, Any]:
    """A decision as plain JSON, the names as in YAML."""
    return {
        "persona": decision.persona,
        "actions": [
            {
                "action": action.kind.value,
                "text": action.text,
                "footer": action.footer,
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
                "would": list(fired.would),
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
        "worded_by": decision.model,
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
        for line in action.said.split("\n")
    ]
    return "\n".join((*said, why(decision), *scores(signals)))


def reason_as_object(reason: Reason) -> dict[str, Any]:
    """Where a score comes from, as plain JSON; offsets are characters of the message."""
    found, change = reason.explanation, reason.explanation.turning
    shares = dict(found.shares)
    return {
        "head": found.head,
        "score": round(found.score, 4),
        "threshold": found.threshold,
        "words": [
            {
                **_place(word),
                "weight": round(word.weight, 4),
                "share": round(shares.get(word, 0.0), 4),
            }
            for word in found.words
        ],
        "turning": None
        if change is None
        else {
            "words": [_place(word) for word in change.words],
            "text": change.text,
            "score": round(change.score, 4),
            "then": [action.kind.value for action in reason.then.actions] if reason.then else [],
        },
    }


def reason_as_text(reason: Reason, text: str, decision: Decision) -> Text:
    """Where a score comes from, as a person reads it: the words marked in the text, then listed.

    Args:
        reason: About ``text``.
        text: The message. Nothing in it is read as markup, and control characters are spelled.
        decision: What the persona made of it.
    """
    found = reason.explanation
    strong = [(word, share) for word, share in found.shares if share >= _SLIGHT][:_LISTED]
    told = Text.assemble((f"\n{found.head} {found.score:.3f}, by its words:\n", "bold"))
    told.append_text(_marked(text, strong))
    for word, share in strong:
        told.append(f"\n  {share:4.0%}  {_printable(word.text)}")
    if not strong:
        told.append("\n  no word raises it")
    return told.append(_turned(reason, decision))


def why(decision: Decision) -> str:
    """What is done and the reasons for it, without what is said."""
    lines = [_done(action) for action in decision.actions] or ["does nothing"]
    for fired in decision.trace:
        would = f" (in shadow mode: would {', '.join(fired.would)})" if fired.would else ""
        lines.append(f"rule {fired.policy}:{fired.line or '?'} {fired.name}{would}")
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


def _marked(text: str, strong: Sequence[tuple[Word, float]]) -> Text:
    """The part of a text where the words stand, each marked by its share."""
    strong = sorted(strong, key=lambda one: one[0].start)
    at = max(0, strong[0][0].start - _AROUND) if strong else 0
    end = strong[-1][0].end + _AROUND if strong else 2 * _AROUND
    told = Text("  … " if at else "  ")
    for word, share in strong:
        told.append(_printable(text[at : word.start]))
        told.append(_printable(word.text), style=next(s for least, s in _STYLES if share >= least))
        at = word.end
    told.append(_printable(text[at:end]))
    return told.append(" …" if end < len(text) else "")


def _turned(reason: Reason, decision: Decision) -> str:
    """A line on what would bring the score under the rule's limit, and what then."""
    found = reason.explanation
    if found.threshold is None:
        return ""
    if found.turning is None or reason.then is None:
        return f"\nno change of up to {MOST_REMOVED} words brings it under {found.threshold:.2f}"
    return f"\n{_without(found, found.turning)}: {_then(reason.then, decision)}"


def _without(found: Explanation, change: Turning) -> str:
    words = " and ".join(f"“{_printable(word.text)}”" for word in change.words)
    return f"without {words} it would be {change.score:.2f}, under {found.threshold:.2f}"


def _then(then: Decision, decision: Decision) -> str:
    if not then.actions:
        return "then nothing would be done"
    is_same = [action.kind for action in then.actions] == [one.kind for one in decision.actions]
    would = "would still" if is_same else "would"
    return f"then {then.persona} {would}: {'; '.join(map(_done, then.actions))}"


def _place(word: Word) -> dict[str, Any]:
    return {"start": word.start, "end": word.end, "text": word.text}


def _printable(text: str) -> str:
    """A member's words without what could drive a terminal or turn its text around."""
    return "".join(
        char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in text
    )


def _done(action: Action) -> str:
    return f"{action.kind}, because: {action.reason}" if action.reason else str(action.kind)


async def _rehearse(
    company: Company, text: str, scene: dict[str, str], *, explains: bool, rule: str | None
) -> tuple[Decision, Signals, list[Reason], Why | None]:
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        async with opening(open_senses(company, context=Path(folder))) as senses:

            async def say(changed: str) -> tuple[Decision, Signals]:
                return await Rehearsal(company, senses).say(changed, **scene)

            # Only the reply itself is worded: what explains it decides the same without.
            async with open_composer(company, senses) as composer:
                worded = Rehearsal(company, senses, composer=composer)
                decision, signals = await worded.say(text, **scene)
            asked = None
            if rule is not None:
                asked = await Rehearsal(company, senses).why(text, rule, **scene)
            if not explains:
                return decision, signals, [], asked
            with err.status("reading it again without each of its words"):
                return decision, signals, await reasons(senses, text, decision, say=say), asked


def _config_or_starter(config: Path | None) -> Path:
    if config is not None:
        return config
    local = Path("config.yaml")
    return local if local.exists() else starter_folder() / "config.example.yaml"
