"""``greenroom policy try``: what a rule file would do to messages."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from greenroom.cli.console import fault, out, put_json
from greenroom.clock import utc_now
from greenroom.errors import ConfigError
from greenroom.policies import load_policy, rule_called, try_lines
from greenroom.triage import HEADS, INTENTS
from greenroom.triage.encoder import Encoder

app = typer.Typer(help="Rule files.", no_args_is_help=True, rich_markup_mode=None)

_LOOKED_AT = {"author", "body", "title", "url"}

EXAMPLE = "Example: greenroom policy try rules.yaml messages.jsonl --json"


@app.callback()
def policy() -> None:
    """Rule files."""


@app.command("try", epilog=EXAMPLE)
def try_policy(
    rules: Annotated[Path, typer.Argument(help="A rule file, AutoModerator's or Greenroom's.")],
    messages: Annotated[Path, typer.Argument(help="JSON Lines; - reads standard input.")],
    why: Annotated[
        str | None,
        typer.Option(help="Also say why this rule (its number or name) fired or did not."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what a rule file would do to each message, as if on Reddit; nothing is stored.

    Where rules ask for scores and a line brings none, the model reads its title and body.
    """
    loaded = load_policy(rules, heads=HEADS, intents=INTENTS)
    for warning in loaded.warnings:
        fault(f"warning: {warning}")
    name = "stdin" if str(messages) == "-" else str(messages)
    lines = _heard(_lines(messages), name)
    if loaded.needs_scores or loaded.needs_language:
        lines = _scored(lines, Encoder())
    asked = None if why is None else rule_called((loaded,), why, file=loaded.file)
    tries = try_lines(loaded, lines, now=utc_now(), file=name, asked=asked)
    for number, tried in enumerate(tries, 1):
        if as_json:
            put_json(tried)
        else:
            out.print(_as_text(number, tried), markup=False, soft_wrap=True)


def _scored(lines: Iterable[str], encoder: Encoder) -> Iterator[str]:
    """The lines, those of messages without scores with what the model says of them."""
    for line in lines:
        value = _object(line)
        if value is None or "scores" in value:
            yield line
            continue
        parts = (value.get("title"), value.get("body"))
        reading = encoder.read("\n".join(part for part in parts if isinstance(part, str)))
        read = {"intent": reading.intent, "language": reading.language}
        yield json.dumps({**read, **value, "scores": dict(reading.scores)})


def _heard(lines: Iterable[str], name: str) -> Iterator[str]:
    """The lines; says so where one has nothing that a rule could look at."""
    for number, line in enumerate(lines, start=1):
        value = _object(line)
        if value is not None and not _LOOKED_AT & set(value):
            fault(f"warning: {name}:{number}: has none of {', '.join(sorted(_LOOKED_AT))}")
        yield line


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None  # told with its place where it is read
    return value if isinstance(value, dict) else None


def _lines(path: Path) -> Iterator[str]:
    if str(path) == "-":
        yield from sys.stdin
        return
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as lines:
            yield from lines
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path) from error


def _as_text(number: int, tried: dict[str, Any]) -> str:
    fired, why = tried["fired"], tried.get("why")
    asked = f"\n   rule {why['rule']}: {why['because']}" if why else ""
    if not fired:
        return f"{number}: no rule fires{asked}"
    rules = ", ".join(f"#{one['rule']} {one['name']}" for one in fired)
    kept = {key: value for key, value in tried.items() if key not in ("fired", "why")}
    rest = {key: value for key, value in kept.items() if value is not None}
    return f"{number}: {rules}\n   {json.dumps(rest, ensure_ascii=False)}{asked}"
