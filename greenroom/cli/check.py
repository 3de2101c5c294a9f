"""``greenroom check``: every mistake, with its place, before anything connects."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import Annotated

import typer

from greenroom.access import Inspection, inspect_all
from greenroom.cli.console import err, fault, harmless, opening, out, set_up_logging
from greenroom.cli.findings import SHOWN, Finding, Format, Level
from greenroom.company import Company, gather, preflight
from greenroom.errors import ConfigError
from greenroom.lint import warnings_of
from greenroom.opening import open_senses
from greenroom.rehearsal import failed_examples, failed_policy_tests

EXAMPLE = "Example: greenroom check --config my-community/config.yaml --examples"

ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment's config file.")]


def check(
    config: ConfigOption = Path("config.yaml"),
    secrets: Annotated[
        bool, typer.Option(help="--no-secrets checks without the secrets in .env.")
    ] = True,
    examples: Annotated[bool, typer.Option(help="Also run examples and tests.")] = False,
    online: Annotated[
        bool,
        typer.Option("--online", help="Also sign in, and see what each bot's account may do."),
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="How findings are printed.", case_sensitive=False)
    ] = Format.TEXT,
) -> None:
    """Check config, bots, personas and policies; say what is wrong and what to mind."""
    if online and not secrets:
        raise ConfigError("--online needs the secrets", accepted="leave --no-secrets out")
    if format_ is not Format.TEXT:
        findings, code = _look(config, secrets=secrets, examples=examples, online=online)
        sys.stdout.write(SHOWN[format_](findings) + "\n")
        raise typer.Exit(code)
    company = gather(config, secrets=secrets)
    preflight(company)
    for warning in warnings_of(company):
        fault(f"warning: {warning}")
    failures = asyncio.run(_failed_examples(company)) if examples else []
    inspections = _inspected(company) if online else []
    for inspection in inspections:
        _tell(inspection)
    for failure in (*failures, *_lacks(inspections)):
        fault(str(failure))
    code = _code(failures, inspections)
    if code:
        raise typer.Exit(code)
    out.print(f"{config}: fine ({_counts(company)}){_held(company, examples)}", markup=False)


def _counts(company: Company) -> str:
    return ", ".join(
        (
            _count(company.deployment.bots, "bot", "bots"),
            _count(company.performers, "persona", "personas"),
            _count(company.policies, "policy", "policies"),
        )
    )


def _held(company: Company, examples: bool) -> str:
    if not examples:
        return ""
    ran = sum(len(persona.examples) for persona in company.deployment.personas.values())
    tested = sum(len(policy.tests) for policy in company.policies.values())
    return (
        f"; {_count(range(ran), 'example holds', 'examples hold')}"
        f", {_count(range(tested), 'test passes', 'tests pass')}"
    )


def _look(
    config: Path, *, secrets: bool, examples: bool, online: bool
) -> tuple[list[Finding], int]:
    """All that there is to find, and the exit code: 2 for faults, 1 for what fails or lacks."""
    try:
        company = gather(config, secrets=secrets)
        preflight(company)
    except ConfigError as error:
        return Finding.all_of(Level.ERROR, error), 2
    findings = [
        finding
        for warning in warnings_of(company)
        for finding in Finding.all_of(Level.WARNING, warning)
    ]
    failures = asyncio.run(_failed_examples(company)) if examples else []
    inspections = _inspected(company) if online else []
    for failure in (*failures, *_lacks(inspections)):
        findings.extend(Finding.all_of(Level.ERROR, failure))
    return findings, _code(failures, inspections)


def _inspected(company: Company) -> Sequence[Inspection]:
    set_up_logging(level="ERROR")  # what adapters' libraries remark is no finding
    with err.status("asking the platforms"):
        return asyncio.run(inspect_all(company))


def _tell(inspection: Inspection) -> None:
    """Who a bot is there, and where."""
    access = inspection.access
    if access is not None:
        places = ", ".join(access.places) or "nowhere yet"
        told = f"{inspection.bot}: signed in as {access.account}, in {places}"
        out.print(harmless(told), markup=False, soft_wrap=True)


def _lacks(inspections: Sequence[Inspection]) -> list[ConfigError]:
    return [one for inspection in inspections for one in inspection.faults]


def _code(failures: Sequence[ConfigError], inspections: Sequence[Inspection]) -> int:
    if any(inspection.refused is not None for inspection in inspections):
        return 2
    return 1 if failures or _lacks(inspections) else 0


async def _failed_examples(company: Company) -> list[ConfigError]:
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        async with opening(open_senses(company, context=Path(folder))) as senses:
            failures = await failed_examples(company, senses)
            return failures + await failed_policy_tests(company, senses)


def _count(found: Sized, one: str, many: str) -> str:
    return f"{len(found)} {one if len(found) == 1 else many}"
