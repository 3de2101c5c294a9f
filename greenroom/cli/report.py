"""``greenroom report``: what the ledger tells of personas, for people."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from greenroom.cli.backtest import span, write
from greenroom.cli.console import fault, harmless, out, put_json
from greenroom.cli.personas_report import as_html, as_json, as_text
from greenroom.clock import utc_now
from greenroom.company import experiments_of, gather
from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.ledger import Ledger
from greenroom.report import PersonasReport, personas_report

app = typer.Typer(help="What the ledger tells.", no_args_is_help=True, rich_markup_mode=None)

EXAMPLE = "Example: greenroom report personas --since 30d --html personas.html"


@app.callback()
def report() -> None:
    """What the ledger tells."""


@app.command("personas", epilog=EXAMPLE)
def personas(
    since: Annotated[
        str | None, typer.Option(help="Only the last hours, days or weeks: 12h, 30d, 4w.")
    ] = None,
    persona: Annotated[str | None, typer.Option(help="Only this persona.")] = None,
    config: Annotated[Path, typer.Option("--config", help="Whose ledger it is.")] = Path(
        "config.yaml"
    ),
    html: Annotated[Path | None, typer.Option(help="Also write a page to send around.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what came of what personas said, by version and by experiment, with intervals.

    Success, thanks, hand-overs, silence and the sentiment of answers. Nothing is sent, and no
    member's words are in it.
    """
    found = asyncio.run(run_report(config, since=since, persona=persona))
    if html is not None:
        write(html, as_html(found))
    if json_:
        put_json(as_json(found))
    else:
        out.print(harmless(as_text(found)), markup=False, soft_wrap=True)
    if html is not None:
        fault(f"wrote {html}")


async def run_report(
    config: Path, *, since: str | None = None, persona: str | None = None
) -> PersonasReport:
    """Read what the report tells.

    Raises:
        ConfigError: There is no ledger, or nobody of that name has ever been on stage.
    """
    length: timedelta | None = None if since is None else span(since)
    company = gather(config, secrets=False)
    deployment = company.deployment
    file = deployment.path(deployment.config.ledger.path)
    if not file.exists():
        raise ConfigError("there is no ledger yet", file=file, accepted="run the bots first")
    ledger = Ledger(file, is_owner=False)
    within = timedelta(minutes=deployment.config.feedback.within_minutes)
    try:
        found = await personas_report(
            ledger,
            experiments_of(company),
            now=utc_now(),
            span=length,
            persona=persona,
            within=within,
        )
    finally:
        ledger.close()
    if persona is not None and persona not in found.personas:
        raise ConfigError(
            f"there is no persona `{persona}`", accepted=suggest(persona, [*deployment.personas])
        )
    return found
