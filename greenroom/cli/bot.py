"""``greenroom bot add``: a bot on a platform, from the first click to a test message."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from greenroom.cli.adding.asking import Asker
from greenroom.cli.adding.conversation import Adding, Options
from greenroom.cli.adding.discord import DiscordConversation
from greenroom.cli.adding.given import read_given
from greenroom.cli.adding.platform import Conversation
from greenroom.cli.adding.reddit import RedditConversation
from greenroom.cli.adding.skeleton import tell_without_conversation
from greenroom.cli.adding.slack import SlackConversation
from greenroom.cli.console import fault, out, set_up_logging
from greenroom.company import gather
from greenroom.errors import GiveUp

app = typer.Typer(help="Bots.", no_args_is_help=True, rich_markup_mode=None)

EXAMPLE = "Example: greenroom bot add discord --persona warden --desk-channel '#mods'"

CONVERSATIONS: Final[Mapping[str, type[Conversation]]] = {
    "discord": DiscordConversation,
    "slack": SlackConversation,
    "reddit": RedditConversation,
}


@app.callback()
def bot() -> None:
    """Bots."""


@app.command("add", epilog=EXAMPLE)
def add(
    platform: Annotated[str, typer.Argument(help="discord, slack, reddit, or another adapter.")],
    config: Annotated[Path, typer.Option(help="The deployment's config file.")] = Path(
        "config.yaml"
    ),
    name: Annotated[
        str | None, typer.Option(help="The bot's name, and its file's: letters, digits, - and _.")
    ] = None,
    persona: Annotated[
        list[str] | None,
        typer.Option(help="Who goes on stage: guide, or guide=#help,#welcome; repeatable."),
    ] = None,
    desk_channel: Annotated[
        str | None, typer.Option(help="Where moderators read, such as #mods.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="The bot's token. Stays in your shell's history: leave it out to be asked, or put "
            "the variable into .env or the environment before."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Another key of the bot's file: subreddits=[gardening], or endpoints.api=… for a "
            "compatible server; secrets go to .env. Repeatable.",
        ),
    ] = None,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Ask nothing: options and defaults answer.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the platform; write the files only.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a bot's file, and variables in .env.")
    ] = False,
    greet: Annotated[
        bool | None,
        typer.Option("--greet/--no-greet", help="Post a test message where moderators read."),
    ] = None,
) -> None:
    """Add a bot: where to click, its token, its permissions, its file, and a test message.

    Nothing is written before everything is known; Ctrl-C ends it at any time.
    """
    kind = CONVERSATIONS.get(platform)
    if kind is None:
        tell_without_conversation(platform)
        raise typer.Exit(2)
    set_up_logging(level="ERROR")
    company = gather(config, secrets=False)
    given = read_given(platform, token, set_ or ())
    options = Options(config, name, persona or (), desk_channel, given, offline, force, greet)
    adding = Adding(company, kind(), Asker(is_silent=no_input), options, os.environ)
    try:
        adding.run()
    except (EOFError, KeyboardInterrupt, GiveUp) as stop:
        out.print()
        why = f"{stop}: " if isinstance(stop, GiveUp) else ""
        fault(f"Stopped. {why}{adding.done}")
        raise typer.Exit(130 if isinstance(stop, KeyboardInterrupt) else 1) from stop
