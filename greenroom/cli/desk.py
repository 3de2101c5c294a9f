"""``greenroom desk``: errands for the review queue."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from greenroom.cli.console import out
from greenroom.company import gather
from greenroom.desk import sign_in_address
from greenroom.errors import ConfigError
from greenroom.ledger import Ledger

app = typer.Typer(help="The review queue.", no_args_is_help=True, rich_markup_mode=None)

EXAMPLE = "Example: greenroom desk link --moderator sam"


@app.callback()
def desk() -> None:
    """The review queue."""


@app.command("link", epilog=EXAMPLE)
def link(
    config: Annotated[Path, typer.Option(help="The deployment's config file.")] = Path(
        "config.yaml"
    ),
    moderator: Annotated[str, typer.Option(help="Whose verdicts they will be.")] = "moderator",
) -> None:
    """Print a one-time sign-in link for a moderator; it is good for 15 minutes."""
    if not moderator.strip():
        raise ConfigError("--moderator is empty", accepted="a name: verdicts carry it")
    deployment = gather(config, secrets=False).deployment
    settings = deployment.config.desk
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    ledger = Ledger(deployment.path(deployment.config.ledger.path), is_owner=False)
    try:
        token = asyncio.run(ledger.people.invite(moderator))
    finally:
        ledger.close()
    out.print(sign_in_address(base, token), markup=False, soft_wrap=True)
