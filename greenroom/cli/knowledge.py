"""``greenroom knowledge``: add what assistants may quote, search it, and check it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from greenroom.access import published_by
from greenroom.cli.console import err, fault, harmless, opening, out, put_json, set_up_logging
from greenroom.cli.knowledge_add import Added, add_file, fetch
from greenroom.cli.knowledge_check import Report, look
from greenroom.cli.knowledge_pull import lay_down
from greenroom.company import Company, gather
from greenroom.config import Deployment
from greenroom.context import EdgeStore
from greenroom.context.rerank import Ranked
from greenroom.errors import ConfigError
from greenroom.opening import index_knowledge, open_senses
from greenroom.senses import Senses

app = typer.Typer(help="What assistants may quote.", no_args_is_help=True, rich_markup_mode=None)

ADD_EXAMPLE: Final = "Example: greenroom knowledge add handbook.pdf https://acme.example/rules"
SEARCH_EXAMPLE: Final = 'Example: greenroom knowledge search "how do I get verified?"'
PULL_EXAMPLE: Final = "Example: greenroom knowledge pull acme-discord"
CHECK_EXAMPLE: Final = "Example: greenroom knowledge check --online --since 30d"

_SHOWN: Final = 300  # characters of a passage that are printed

ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment's config file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def knowledge() -> None:
    """What assistants may quote."""


@app.command("add", epilog=ADD_EXAMPLE)
def add(
    sources: Annotated[
        list[str],
        typer.Argument(help="Files, folders or http(s) addresses: Markdown, HTML, text, PDF."),
    ],
    as_: Annotated[
        str | None, typer.Option("--as", help="The name in knowledge/, such as faq/rules.md.")
    ] = None,
    config: ConfigOption = Path("config.yaml"),
    as_json: JsonOption = False,
) -> None:
    """Copy files and pages into the folder of knowledge; nothing there is overwritten."""
    if as_ is not None and len(sources) > 1:
        raise ConfigError("--as names one file", accepted="add one at a time")
    deployment = gather(config, secrets=False).deployment
    folder = deployment.path(deployment.config.knowledge)
    added: list[Added] = []
    for source in sources:
        if source.lower().startswith(("http://", "https://")):
            added.append(asyncio.run(fetch(source, folder, name=as_)))
        else:
            added.extend(add_file(Path(source), folder, name=as_))
    if as_json:
        put_json({"added": [{"file": one.name, "sections": one.sections} for one in added]})
        return
    for one in added:
        told = (
            f"{folder.name}/{one.name}: {one.sections} sections{_quoted_by(deployment, one.name)}"
        )
        out.print(harmless(told), markup=False, soft_wrap=True)


@app.command("search", epilog=SEARCH_EXAMPLE)
def search(
    question: Annotated[str, typer.Argument(help="As a member would ask it.")],
    persona: Annotated[
        str | None, typer.Option(help="Only what this persona may quote, against its line.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many passages.")] = 5,
    config: ConfigOption = Path("config.yaml"),
    as_json: JsonOption = False,
) -> None:
    """Show the passages that are found for a question, with their scores and why."""
    company = gather(config, secrets=False)
    sources: Sequence[str] = ["."]
    line = None
    if persona is not None:
        if persona not in company.deployment.personas:
            raise ConfigError(
                f"there is no persona `{persona}`",
                accepted=", ".join(sorted(company.deployment.personas)),
            )
        chosen = company.deployment.personas[persona]
        sources, line = chosen.knowledge, chosen.replies.min_evidence
    found = asyncio.run(_found(company, question, sources, limit))
    if as_json:
        put_json({"question": question, "min_evidence": line, "passages": [*map(_object, found)]})
        return
    out.print(harmless(_as_text(found, line)), markup=False, soft_wrap=True)


@app.command("check", epilog=CHECK_EXAMPLE)
def check(
    online: Annotated[
        bool, typer.Option("--online", help="Also ask whether links to the web are alive.")
    ] = False,
    since: Annotated[
        str, typer.Option(help="How far back members' questions are looked at: 12h, 7d, 4w.")
    ] = "30d",
    config: ConfigOption = Path("config.yaml"),
    as_json: JsonOption = False,
) -> None:
    """Find dead links, statements that may contradict each other, and questions without answer.

    Ends with 1 if a link is dead. The others are for a person to look at.
    """
    company = gather(config, secrets=False)
    report = asyncio.run(_checked(company, online=online, since=since))
    if as_json:
        put_json(report.as_object())
    else:
        out.print(harmless(report.as_text()), markup=False, soft_wrap=True)
    if report.dead:
        raise typer.Exit(1)


@app.command("pull", epilog=PULL_EXAMPLE)
def pull(
    bot: Annotated[str, typer.Argument(help="The bot: the name of its file in bots/.")],
    config: ConfigOption = Path("config.yaml"),
    as_json: JsonOption = False,
) -> None:
    """Bring a platform's pinned posts and wiki into knowledge/BOT/, and remove what is gone.

    Only what every member may read is taken. Ends with 1 if a part could not be read.
    """
    set_up_logging(level="ERROR")  # what adapters' libraries remark is no result
    company = gather(config)
    deployment = company.deployment
    if bot not in deployment.bots:
        accepted = ", ".join(sorted(deployment.bots))
        raise ConfigError(f"there is no bot `{bot}`", accepted=accepted)
    with err.status(f"reading {deployment.bots[bot].adapter}"):
        published = asyncio.run(published_by(company, deployment.bots[bot]))
    pulled = lay_down(published, bot, deployment.path(deployment.config.knowledge))
    if as_json:
        put_json(
            {
                "written": pulled.written,
                "kept": pulled.kept,
                "removed": pulled.removed,
                "unread": dict(pulled.unread),
            }
        )
    else:
        lines = [f"written: {name}" for name in pulled.written]
        lines += [f"removed: {name}" for name in pulled.removed]
        lines.append(f"{len(pulled.written)} written, {pulled.kept} kept as they were, "
                     f"{len(pulled.removed)} removed{_quoted_by(deployment, bot)}")  # fmt: skip
        out.print(harmless("\n".join(lines)), markup=False, soft_wrap=True)
    for shelf, why in pulled.unread.items():
        fault(f"not read: {shelf}: {why}")
    if pulled.unread:
        raise typer.Exit(1)


async def _found(
    company: Company, question: str, sources: Sequence[str], limit: int
) -> Sequence[Ranked]:
    async with _opened(company) as senses:
        reading = await senses.triage.read(question)
        assert reading.embedding is not None, "it was asked for"
        return await senses.knowledge.look(
            reading.embedding, sources=sources, text=question, limit=limit
        )


async def _checked(company: Company, *, online: bool, since: str) -> Report:
    async with _opened(company) as senses:
        return await look(company, senses, online=online, since=since)


@asynccontextmanager
async def _opened(company: Company) -> AsyncIterator[Senses]:
    """Triage and an index that is up to date; one of its own beside a house that runs."""
    deployment = company.deployment
    with tempfile.TemporaryDirectory(prefix="greenroom-") as beside:
        is_taken = deployment.config.context.url is None and not EdgeStore.is_free(
            deployment.path(deployment.config.context.path)
        )
        context = Path(beside) if is_taken else None
        async with opening(open_senses(company, context=context)) as senses:
            await index_knowledge(company, senses)
            yield senses


def _quoted_by(deployment: Deployment, name: str) -> str:
    parents = {str(parent) for parent in (Path(name), *Path(name).parents)}
    personas = [
        one
        for one, persona in deployment.personas.items()
        if parents & {str(Path(source)) for source in persona.knowledge}
    ]
    if personas:
        return f", quoted by {', '.join(personas)}"
    return f"; no persona quotes it yet: add it to `knowledge:` in personas/, as {name}"


def _object(one: Ranked) -> dict[str, Any]:
    passage = one.passage
    return {
        "source": passage.source, "heading": passage.heading, "url": passage.url,
        "text": passage.text, "score": round(passage.score, 4), "nearest": round(one.nearest, 4),
        "pair": round(one.pair, 4), "words": round(one.words, 4),
    }  # fmt: skip


def _as_text(found: Sequence[Ranked], line: float | None) -> str:
    if not found:
        return "nothing found"
    parts = []
    for one in found:
        passage = one.passage
        below = " (below the persona's min_evidence)" if passage.score < (line or 0) else ""
        text = " ".join(passage.text.split())
        parts.append(
            f"{passage.score:.2f}  {passage.source}, {passage.heading}{below}\n"
            f"      nearest text {one.nearest:.2f}, two nearest {one.pair:.2f}, "
            f"words in common {one.words:.2f}\n"
            f"      {text if len(text) <= _SHOWN else text[:_SHOWN] + ' …'}"
        )
    return "\n".join(parts)
