"""``greenroom triage``: what the model says of texts, line by line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from greenroom.cli.console import err, put_json
from greenroom.errors import ConfigError
from greenroom.triage import EVERYTHING, Reading
from greenroom.triage.pool import EncoderPool

EXAMPLE = "Example: greenroom triage --jsonl messages.jsonl > scored.jsonl"

_AHEAD = 64  # texts read ahead of the one that is printed next


def triage(
    file: Annotated[Path | None, typer.Argument(help="The texts; - or none: stdin.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="The lines are JSON objects with `text`, not texts.")
    ] = False,
    embed: Annotated[
        bool, typer.Option("--embed", help="Add the embedding (384 numbers).")
    ] = False,
    provider: Annotated[str, typer.Option(help="cpu, cuda or tensorrt.")] = "cpu",
) -> None:
    """Score texts, a line each: out come JSON objects with `text` and `scores`.

    With --jsonl the lines that go in are JSON objects too, and keep their other keys.
    """
    name = "stdin" if file is None or str(file) == "-" else str(file)
    lines = sys.stdin.buffer if name == "stdin" else _opened(Path(name))
    try:
        values = _parsed(lines, name) if jsonl else _texts(lines)
        asyncio.run(_score(values, embed=embed, provider=provider))
    finally:
        if lines is not sys.stdin.buffer:
            lines.close()


async def _score(objects: Iterator[dict[str, Any]], *, embed: bool, provider: str) -> None:
    """Reads are in flight together; what is printed keeps the order of what came in."""
    wants = replace(EVERYTHING, embedding=embed)
    async with EncoderPool(provider=provider) as pool, asyncio.TaskGroup() as group:
        flying: deque[tuple[dict[str, Any], asyncio.Task[Reading]]] = deque()
        with _progress() as progress:
            task = progress.add_task("texts", total=None)
            bad_line: ConfigError | None = None
            try:
                for value in objects:
                    flying.append((value, group.create_task(pool.read(value["text"], wants))))
                    if len(flying) >= _AHEAD:
                        await _print_next(flying, embed=embed)
                        progress.advance(task)
            except ConfigError as error:
                bad_line = error  # what came before it is printed first
            while flying:
                await _print_next(flying, embed=embed)
                progress.advance(task)
            if bad_line is not None:
                raise bad_line


async def _print_next(
    flying: deque[tuple[dict[str, Any], asyncio.Task[Reading]]], *, embed: bool
) -> None:
    value, task = flying.popleft()
    reading = await task
    scored = {
        **value,
        "scores": {name: round(float(score), 6) for name, score in reading.scores.items()},
        "intent": reading.intent,
        "language": reading.language,
    }
    if embed and reading.embedding is not None:
        scored["embedding"] = [round(float(number), 6) for number in reading.embedding]
    put_json(scored)


def _texts(lines: Any) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield {"text": line.decode("utf-8", "replace").rstrip("\r\n")}


def _parsed(lines: Any, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise _unfit(f"is not JSON: {error}", name, number) from error
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise _unfit("has no `text`", name, number)
        yield value


def _unfit(what: str, name: str, number: int) -> ConfigError:
    accepted = 'one JSON object a line, such as {"text": "hello"}'
    return ConfigError(what, file=name, line=number, column=1, accepted=accepted)


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path) from error


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    return Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty())
