"""Runs of personas' examples, kept from one to the next, so that changes show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from greenroom.cli.console import harmless
from greenroom.errors import ConfigError
from greenroom.rehearsal import Tried

Outcome = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of examples, by persona and message."""

    at: str  # ISO 8601
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)


def run_of(tried: Sequence[Tried], at: datetime) -> Run:
    """A run as it is kept; scores are left out, since they differ from machine to machine."""
    return Run(at.isoformat(), {_key(one): _outcome(one) for one in tried})


def read_run(path: Path) -> Run | None:
    """The last run; None if there was none, or what is there is none of ours."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        return Run(str(raw["at"]), dict(raw["outcomes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_run(path: Path, before: Run | None, now: Run) -> None:
    """Keep a run; what was not run this time stays as it was.

    Raises:
        ConfigError: It cannot be written.
    """
    outcomes = {**(before.outcomes if before else {}), **now.outcomes}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        text = json.dumps({"at": now.at, "outcomes": outcomes}, ensure_ascii=False, indent=1)
        beside.write_text(text.encode("utf-8", "replace").decode(), "utf-8")
        beside.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=path) from error


def changes(before: Run, now: Run) -> list[str]:
    """What is different, each with what was and what is."""
    found = []
    for key, outcome in now.outcomes.items():
        was = before.outcomes.get(key)
        if was is None:
            found.append(f"  {_title(outcome)}: is new")
        elif was != outcome:
            found.append(f"  {_title(outcome)}\n    was: {_told(was)}\n    now: {_told(outcome)}")
    return [harmless(one) for one in found]


def _key(one: Tried) -> str:
    return "\x1f".join((one.persona, one.example.channel, one.example.says))


def _outcome(one: Tried) -> Outcome:
    return {
        "persona": one.persona,
        "says": one.example.says,
        "in": one.example.channel,
        "holds": one.problem is None,
        "actions": [action.kind.value for action in one.decision.actions],
        "said": [action.text for action in one.decision.actions if action.text],
        "cites": [passage.source for passage in one.decision.evidence],
    }


def _title(outcome: Outcome) -> str:
    return f"{outcome['persona']}, “{str(outcome['says'])[:60]}”"


def _told(outcome: Outcome) -> str:
    did = ", ".join(outcome.get("actions", ())) or "nothing"
    said = " / ".join(" ".join(str(text).split())[:100] for text in outcome.get("said", ()))
    held = "" if outcome.get("holds") else " (does not hold)"
    return f"{did}{f': {said}' if said else ''}{held}"
