"""``greenroom persona``: talk to one, and try its examples."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from greenroom.adapters.settings import TerminalSettings
from greenroom.app import House, open_house
from greenroom.cli.console import fault, opening, out, put_json, set_up_logging
from greenroom.cli.examples import Run, changes, read_run, run_of, write_run
from greenroom.cli.telling import tell
from greenroom.clock import utc_now
from greenroom.company import Company, gather
from greenroom.config import Bot, Placement
from greenroom.documents import Document, suggest
from greenroom.errors import ConfigError
from greenroom.opening import open_senses
from greenroom.rehearsal import Tried, try_examples

app = typer.Typer(help="Personas.", no_args_is_help=True, rich_markup_mode=None)

CHAT_EXAMPLE = "Example: greenroom persona chat host --why"
TEST_EXAMPLE = "Example: greenroom persona test guide"

_CHAT = "terminal"
_LOOK_S = 0.05

ConfigFile = Annotated[Path, typer.Option(help="The deployment's config file.")]


@app.callback()
def persona() -> None:
    """Personas."""


@app.command("chat", epilog=CHAT_EXAMPLE)
def chat(
    name: Annotated[str, typer.Argument(help="The persona: its file's name without the ending.")],
    config: ConfigFile = Path("config.yaml"),
    member: Annotated[str, typer.Option(help="Who you are.")] = "you",
    why: Annotated[bool, typer.Option("--why", help="Also say why it says what.")] = False,
    keep: Annotated[
        Path | None,
        typer.Option(help="A folder in which it is remembered; without it all is forgotten."),
    ] = None,
) -> None:
    """Talk to a persona in the terminal: the whole way of a message, and no platform."""
    set_up_logging(level="ERROR")
    company = gather(config, secrets=False)
    _known(company, name)
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        alone = _alone(company, name, member=member, data=keep or Path(folder))
        asyncio.run(_chat(alone, name, why=why))


@app.command("test", epilog=TEST_EXAMPLE)
def run_tests(
    names: Annotated[list[str] | None, typer.Argument(help="Personas; without any, all.")] = None,
    config: ConfigFile = Path("config.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an example.")] = False,
) -> None:
    """Run personas' examples; say what fails, and what changed since the last run."""
    company = gather(config, secrets=False)
    for name in names or ():
        _known(company, name)
    asked = names or [*company.deployment.personas]
    tried = asyncio.run(_try(company, asked))
    path = company.deployment.path(company.deployment.config.ledger.path).parent / "examples.json"
    before, now = read_run(path), run_of(tried, utc_now())
    if as_json:
        for one in now.outcomes.values():
            put_json(one)
    else:
        _tell_run(company, tried, before, now)
    write_run(path, before, now)
    if any(one.problem is not None for one in tried):
        raise typer.Exit(1)


def _known(company: Company, name: str) -> None:
    if name not in company.deployment.personas:
        known = sorted(company.deployment.personas)
        folder = company.deployment.path(company.deployment.config.personas)
        raise ConfigError(
            f"there is no persona `{name}`", file=folder, accepted=suggest(name, known)
        )


def _alone(company: Company, name: str, *, member: str, data: Path) -> Company:
    """The same files, with one persona on stage in the terminal, and data of its own."""
    bot = Bot(
        name=_CHAT,
        adapter="terminal",
        mode="live",
        personas={name: Placement()},
        desk_channel=None,
        moderators=frozenset(),
        settings=TerminalSettings(member=member, addressed=True),
        document=Document({}, "chat"),
    )
    config = company.deployment.config
    ledger = config.ledger.model_copy(update={"path": (data / "ledger.db").resolve()})
    context = config.context.model_copy(update={"path": (data / "qdrant").resolve(), "url": None})
    desk = config.desk.model_copy(update={"port": 0})
    changed = {"ledger": ledger, "context": context, "desk": desk}
    deployment = replace(
        company.deployment, bots={_CHAT: bot}, config=config.model_copy(update=changed)
    )
    return replace(company, deployment=deployment)


async def _chat(company: Company, name: str, *, why: bool) -> None:
    said = company.deployment.personas[name]
    async with opening(open_house(company, port_tries=20)) as house:
        told = f"{said.name}, {said.kind}. Write something; Ctrl-D ends it.\n"
        out.print(told, markup=False)
        async with asyncio.TaskGroup() as group:
            work = [house.loop.run(), *([tell(house)] if why else [])]
            tasks = [group.create_task(one) for one in work]
            await _until_the_input_ends(house)
            for task in tasks:
                task.cancel()


async def _until_the_input_ends(house: House) -> None:
    """And until all that was typed is decided and answered."""
    adapter, ledger = house.adapters[_CHAT], house.ledger
    while "has ended" not in adapter.health().detail:  # noqa: ASYNC110 (it does not call)
        await asyncio.sleep(_LOOK_S)
    while await ledger.inbox.depth() or await ledger.outbox.depth():  # noqa: ASYNC110 (nor this)
        await asyncio.sleep(_LOOK_S)


async def _try(company: Company, names: list[str]) -> list[Tried]:
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        async with opening(open_senses(company, context=Path(folder))) as senses:
            return [
                one for name in names for one in await try_examples(company, senses, persona=name)
            ]


def _tell_run(company: Company, tried: list[Tried], before: Run | None, now: Run) -> None:
    for name in dict.fromkeys(one.persona for one in tried):
        own = [one for one in tried if one.persona == name]
        held = sum(one.problem is None for one in own)
        out.print(f"{name}: {held} of {len(own)} examples hold", markup=False)
        for one in own:
            if one.problem is not None:
                document = company.deployment.persona_documents[name]
                fault(str(document.fault(("examples", one.index), one.problem)))
    if before is None:
        out.print("The first run: nothing to compare with.", markup=False)
        return
    found = changes(before, now)
    when = f"{datetime.fromisoformat(before.at):%Y-%m-%d %H:%M} UTC"
    if not found:
        out.print(f"Nothing changed since {when}.", markup=False)
        return
    out.print(f"Changed since {when}:", markup=False)
    for change in found:
        out.print(change, markup=False, soft_wrap=True)
