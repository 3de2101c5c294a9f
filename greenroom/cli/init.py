"""``greenroom init``: a folder to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from greenroom.cli.console import out
from greenroom.cli.schema import write_schemas
from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.starter import SCHEMAS, lay_out, starter_bots

EXAMPLE = "Example: greenroom init my-community --bot discord"


def init(
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is missing.")],
    bot: Annotated[
        list[str] | None,
        typer.Option(
            help="A bot to add: discord, slack, reddit, terminal or replay; repeatable. "
            "Without one, a new folder gets `terminal`: you, as a member."
        ),
    ] = None,
) -> None:
    """Lay out config, personas, policies and knowledge to start from; overwrites nothing."""
    has_bots = any((folder / "bots").glob("*.y*ml"))
    bots = bot or ([] if has_bots else ["terminal"])
    known = starter_bots()
    for name in bots:
        if name not in known:
            raise ConfigError(
                f"there is no bot `{name}` to start from", accepted=suggest(name, known)
            )
    written = [*lay_out(folder, bots=bots), *write_schemas(folder / SCHEMAS)]
    for path in written:
        out.print(f"  {path}", markup=False)
    if not written:
        out.print(f"{folder}: everything is there already; nothing was changed", markup=False)
        return
    out.print(
        f"\nNext: greenroom check --config {folder}/config.yaml\n"
        f"      greenroom run --config {folder}/config.yaml",
        markup=False,
    )
