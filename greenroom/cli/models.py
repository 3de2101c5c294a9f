"""``greenroom models``: which there are, and what is known of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markdown import Markdown
from rich.table import Table

from greenroom.cli import evaluate, make_models
from greenroom.cli.console import out
from greenroom.company import gather, model_folder
from greenroom.config import Deployment
from greenroom.documents import read_text, suggest
from greenroom.errors import ConfigError
from greenroom.triage.catalogue import CARD, Listed, look_at, models_in
from greenroom.triage.manifest import SHIPPED
from greenroom.triage.providers import (
    PROVIDERS,
    Provider,
    cpu_features,
    describe_cpu,
    is_installed,
)

app = typer.Typer(help="Models.", no_args_is_help=True, rich_markup_mode=None)
app.command("evaluate", epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command("adopt", epilog=make_models.ADOPT_EXAMPLE)(make_models.adopt)
app.command("optimize", epilog=make_models.OPTIMIZE_EXAMPLE)(make_models.optimize)
app.command(
    "build",
    epilog=make_models.BUILD_EXAMPLE,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(make_models.build)

DEFAULT: Final = Path("config.yaml")

ConfigOption = Annotated[
    Path, typer.Option("--config", help="The deployment's config file, where there is one.")
]


@app.callback()
def models() -> None:
    """Models: which there are, how good they are, and how to make them."""


@app.command("list", epilog="Example: greenroom models list --config config.yaml")
def list_models(config: ConfigOption = DEFAULT) -> None:
    """Show the models that are here, and what can run them on this machine."""
    deployment = _deployment(config)
    for listed in look_at(_folders(deployment)):
        _show(listed, _role(listed, deployment))
    table = Table("provider", "here", "runs", "install", box=None, pad_edge=False)
    for provider in PROVIDERS.values():
        has = is_installed(provider)
        table.add_row(
            provider.name, "yes" if has else "no", _way(provider), "" if has else provider.install
        )
    out.print(table)
    out.print(f"\nCPU: {describe_cpu(cpu_features())}", markup=False)


@app.command("card", epilog="Example: greenroom models card")
def card(
    name: Annotated[
        str | None, typer.Argument(help="A model's name or folder; none: the one in use.")
    ] = None,
    config: ConfigOption = DEFAULT,
) -> None:
    """Show what is known of a model: what it learned from, how good it is, where it fails."""
    deployment = _deployment(config)
    folder = _folder_of(name, deployment)
    if not (folder / CARD).exists():
        raise ConfigError(f"this model has no {CARD}", file=folder)
    out.print(Markdown(_without_front_matter(read_text(folder / CARD))))


def _deployment(config: Path) -> Deployment | None:
    """What the config says; None where nobody named one and none is here."""
    if config == DEFAULT and not config.exists():
        return None
    return gather(config, secrets=False).deployment


def _folders(deployment: Deployment | None) -> list[Path]:
    if deployment is None:
        return [SHIPPED, *models_in(Path("models"))]
    classifiers = deployment.config.triage.classifiers.values()
    return [
        SHIPPED,
        model_folder(deployment),
        *(deployment.path(one.model) for one in classifiers),
        *models_in(deployment.path(Path("models"))),
    ]


def _folder_of(name: str | None, deployment: Deployment | None) -> Path:
    if name is None:
        return SHIPPED if deployment is None else model_folder(deployment)
    found = {listed.name: listed.folder for listed in look_at(_folders(deployment))}
    if name in found:
        return found[name]
    if Path(name).is_dir():
        return Path(name)
    raise ConfigError(f"there is no model `{name}`", accepted=suggest(name, sorted(found)))


def _role(listed: Listed, deployment: Deployment | None) -> str:
    """What a model does in this deployment."""
    if deployment is None:
        return "shipped" if listed.folder == SHIPPED.resolve() else "not in a config"
    if listed.folder == model_folder(deployment).resolve():
        return "in use"
    for one in deployment.config.triage.classifiers.values():
        if listed.folder == deployment.path(one.model).resolve():
            return f"in use for {', '.join(one.heads)}"
    return "not in use"


def _show(listed: Listed, role: str) -> None:
    out.print(f"{listed.name}: {listed.kind}, {role}", markup=False)
    out.print(f"  {listed.folder}", markup=False, soft_wrap=True)
    if listed.fault is not None:
        out.print(f"  unusable: {listed.fault}", markup=False, soft_wrap=True)
    if listed.labels:
        out.print(f"  labels: {', '.join(listed.labels)}", markup=False, soft_wrap=True)
    for file in listed.files:
        size = f"{file.size / 1e6:.1f} MB"
        line = f"  {file.name:<16} {file.precision:<11} {size:>9}  sha256 {file.digest[:12]}…"
        out.print(line, markup=False, soft_wrap=True)
    out.print()


def _way(provider: Provider) -> str:
    how = "messages that wait together" if provider.batches else "one message a run"
    return f"{provider.precision.upper()}, {how}"


def _without_front_matter(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    return text.partition("\n---\n")[2]
