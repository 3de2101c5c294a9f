"""All commands, and how they end: 0 done, 1 given up, 2 a person must change something."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import typer

from greenroom import __version__
from greenroom.cli import (
    attempt,
    backtest,
    bot,
    check,
    demo,
    desk,
    init,
    knowledge,
    models,
    persona,
    policy,
    promote,
    provenance,
    report,
    run,
    schema,
    triage,
)
from greenroom.cli.console import fault
from greenroom.errors import ConfigError, ConfigErrors, GreenroomError

app = typer.Typer(
    name="greenroom",
    help="AI personas on stage in Discord, Slack and Reddit, with people backstage in charge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init", epilog=init.EXAMPLE)(init.init)
app.command("check", epilog=check.EXAMPLE)(check.check)
app.command("try", epilog=attempt.EXAMPLE)(attempt.attempt)
app.command("backtest", epilog=backtest.EXAMPLE)(backtest.backtest_command)
app.command("promote", epilog=promote.EXAMPLE)(promote.promote)
app.command("run", epilog=run.EXAMPLE)(run.run)
app.command("demo", epilog=demo.EXAMPLE)(demo.demo)
app.command("schema", epilog=schema.EXAMPLE)(schema.schema)
app.command("triage", epilog=triage.EXAMPLE)(triage.triage)
app.add_typer(bot.app, name="bot")
app.add_typer(persona.app, name="persona")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(policy.app, name="policy")
app.add_typer(models.app, name="models")
app.add_typer(desk.app, name="desk")
app.add_typer(provenance.app, name="provenance")
app.add_typer(report.app, name="report")


@app.callback(invoke_without_command=True)
def version_or_help(
    version: bool = typer.Option(False, "--version", help="Print the version and end."),
) -> None:
    """AI personas on stage in Discord, Slack and Reddit, with people backstage in charge."""
    if version:
        typer.echo(f"greenroom {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; errors of ours become a message and an exit code."""
    code = 0
    try:
        app()
    except* KeyboardInterrupt:
        code = 130
    except* BrokenPipeError:
        # Whoever read our output (`head`) has enough; the flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except* GreenroomError as group:
        code = _report(list(_leaves(group)))
    sys.exit(code)


def _report(errors: list[GreenroomError]) -> int:
    for error in errors:
        for one in error.faults if isinstance(error, ConfigErrors) else (error,):
            fault(str(one))
    return 2 if any(isinstance(error, ConfigError) for error in errors) else 1


def _leaves(group: BaseExceptionGroup[GreenroomError]) -> Iterator[GreenroomError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
