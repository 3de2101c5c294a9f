"""``greenroom backtest``: what a policy would have changed, and whether people agree."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import Progress

from greenroom.backtest import SAMPLES, Backtest, Past, backtest, verdict_is_bad
from greenroom.cli.backtest_report import as_html, as_json, as_text
from greenroom.cli.console import err, fault, out
from greenroom.clock import utc_now
from greenroom.company import gather
from greenroom.errors import ConfigError
from greenroom.ledger import Ledger, Verdict
from greenroom.policies import Policy, load_policy
from greenroom.policies.incoming import NotAMessage, message_of, signals_of
from greenroom.triage import HEADS, INTENTS

EXAMPLE = "Example: greenroom backtest policies/spam.yaml --since 30d --html report.html"

_SINCE: Final = re.compile(r"(\d{1,5})\s*(h|hours?|d|days?|w|weeks?)", re.IGNORECASE)
_HOURS: Final = {"h": 1, "d": 24, "w": 24 * 7}
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BAD: Final = frozenset({"removed", "bad", Verdict.UPHOLD.value, Verdict.ACT.value})
_FINE: Final = frozenset({"approved", "fine", Verdict.OVERTURN.value, Verdict.DISMISS.value})

PolicyArgument = Annotated[
    list[Path], typer.Argument(help="Rule files; a persona's in its order.", show_default=False)
]
AgainstOption = Annotated[
    str, typer.Option(help="`ledger`, or a file of messages as `policy try` reads them.")
]
SinceOption = Annotated[
    str | None, typer.Option(help="Only messages of the last hours, days or weeks: 12h, 7d, 4w.")
]
ConfigOption = Annotated[Path, typer.Option("--config", help="Whose ledger it is.")]


def backtest_command(
    policies: PolicyArgument,
    against: AgainstOption = "ledger",
    since: SinceOption = None,
    than: Annotated[
        list[Path] | None,
        typer.Option(help="Compare with these rule files instead of what was decided then."),
    ] = None,
    config: ConfigOption = Path("config.yaml"),
    samples: Annotated[int, typer.Option(min=0, help="Messages shown of each kind.")] = SAMPLES,
    html: Annotated[Path | None, typer.Option(help="Also write a page to send around.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what rules would have changed: caught, released, and whether people agree.

    Nothing is sent and nothing is stored. The model is not run: scores are those that the ledger
    kept, or that a line of the file brings as `scores`.
    """
    tried, compared = _load(policies), _load(than) if than else None
    found = asyncio.run(
        run_backtest(
            tried, against=against, since=since, than=compared, config=config, samples=samples
        )
    )
    if html is not None:
        write(html, as_html(found, against=against, since=since))
    if json_:
        out.print_json(json.dumps(as_json(found)))
    else:
        out.print(as_text(found, against=against), markup=False, soft_wrap=True)
    if html is not None:
        fault(f"wrote {html}")


async def run_backtest(
    tried: list[Policy],
    *,
    against: str,
    since: str | None,
    config: Path,
    than: list[Policy] | None = None,
    samples: int = SAMPLES,
) -> Backtest:
    """Try policies on the ledger's past, or on a file's messages, with a bar of progress.

    Raises:
        ConfigError: There is no such ledger or file, or a line cannot be read.
    """
    start = _BEGINNING if since is None else ago(since)
    async with _past(against, start, config) as (total, messages):
        with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("messages", total=total)

            async def told() -> AsyncIterator[Past]:
                async for one in messages:
                    progress.advance(task)
                    yield one

            return await backtest(tried, told(), than=than, samples=samples)


def _load(files: list[Path]) -> list[Policy]:
    names: dict[str, Path] = {}
    for file in files:
        if file.stem in names:
            raise ConfigError(
                f"has the name of {names[file.stem]}: a policy is called by its file's name",
                file=file,
            )
        names[file.stem] = file
    return [load_policy(file, heads=HEADS, intents=INTENTS) for file in files]


def ago(text: str) -> datetime:
    """The moment that a span such as 12h, 7d or 4w goes back to.

    Raises:
        ConfigError: It is no such span.
    """
    return utc_now() - span(text)


def span(text: str) -> timedelta:
    match = _SINCE.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"--since cannot be {text!r}", accepted="12h, 7d or 4w")
    return timedelta(hours=int(match[1]) * _HOURS[match[2][0].lower()])


@asynccontextmanager
async def _past(
    against: str, start: datetime, config: Path
) -> AsyncIterator[tuple[int, AsyncIterator[Past]]]:
    """How many messages there are, and these."""
    if against != "ledger":
        rows = _rows(Path(against), start)
        yield len(rows), _each(rows)
        return
    deployment = gather(config, secrets=False).deployment
    file = deployment.path(deployment.config.ledger.path)
    if not file.exists():
        raise ConfigError(
            "there is no ledger yet", file=file, accepted="run the bots, or --against FILE.jsonl"
        )
    ledger = Ledger(file, is_owner=False)
    try:
        yield await ledger.past.count(start), _lived(ledger, start)
    finally:
        ledger.close()


async def _lived(ledger: Ledger, start: datetime) -> AsyncIterator[Past]:
    async for one in ledger.past.lived(start):
        at = one.message.edited_at or one.message.posted_at or one.recorded_at
        yield Past(one.message, one.signals, at, verdict_is_bad(one.verdict), one.decisions)


async def _each(rows: list[Past]) -> AsyncIterator[Past]:
    for row in rows:
        yield row


def _rows(file: Path, start: datetime) -> list[Past]:
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error
    now = utc_now()
    found = [_row(line, file, number, now) for number, line in enumerate(lines, 1) if line.strip()]
    return [row for row in found if row.at >= start]


def _row(line: str, file: Path, number: int, now: datetime) -> Past:
    try:
        values: Any = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"is not JSON: {error}", file=file, line=number) from error
    if not isinstance(values, dict):
        raise ConfigError("is not a JSON object", file=file, line=number)
    try:
        message, signals = message_of(values, now=now), signals_of(values)
    except NotAMessage as error:
        raise ConfigError(str(error), file=file, line=number) from error
    at = message.edited_at or message.posted_at or now
    return Past(message, signals, at, _is_bad(values.get("verdict"), file, number))


def _is_bad(verdict: object, file: Path, number: int) -> bool | None:
    word = str(verdict).lower()
    if verdict is None or word in _BAD | _FINE:
        return None if verdict is None else word in _BAD
    accepted = f"{', '.join(sorted(_BAD))} (bad); {', '.join(sorted(_FINE))} (fine)"
    raise ConfigError(f"`verdict` cannot be {word!r}", file=file, line=number, accepted=accepted)


def write(file: Path, text: str) -> None:
    """Write a page.

    Raises:
        ConfigError: The file cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=file) from error
