"""``greenroom check``: every mistake, with its place, before anything connects."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sized
from pathlib import Path
from typing import Annotated

import typer

from greenroom.app import open_senses
from greenroom.cli.console import fault, opening, out
from greenroom.company import Company, gather, preflight
from greenroom.lint import warnings_of
from greenroom.rehearsal import failed_examples

EXAMPLE = "Example: greenroom check --config my-community/config.yaml --examples"

ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment's config file.")]


def check(
    config: ConfigOption = Path("config.yaml"),
    secrets: Annotated[
        bool, typer.Option(help="--no-secrets checks without the secrets in .env.")
    ] = True,
    examples: Annotated[bool, typer.Option(help="Also run the personas' examples.")] = False,
) -> None:
    """Check config, bots, personas and policies; say what is wrong and what to mind."""
    company = gather(config, secrets=secrets)
    preflight(company)
    for warning in warnings_of(company):
        fault(f"warning: {warning}")
    if examples and not asyncio.run(_examples_hold(company)):
        raise typer.Exit(1)
    counts = ", ".join(
        (
            _count(company.deployment.bots, "bot", "bots"),
            _count(company.performers, "persona", "personas"),
            _count(company.policies, "policy", "policies"),
        )
    )
    ran = sum(len(persona.examples) for persona in company.deployment.personas.values())
    held = f"; {_count(range(ran), 'example holds', 'examples hold')}" if examples else ""
    out.print(f"{config}: fine ({counts}){held}", markup=False)


async def _examples_hold(company: Company) -> bool:
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        async with opening(open_senses(company, context=Path(folder))) as senses:
            failures = await failed_examples(company, senses)
    for failure in failures:
        fault(failure)
    return not failures


def _count(found: Sized, one: str, many: str) -> str:
    return f"{len(found)} {one if len(found) == 1 else many}"
