"""A bot on its way into a deployment: asked, tried, written, invited, greeted, in this order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.text import Text

from greenroom.access import Inspection, needs_of
from greenroom.adapters.registry import adapters
from greenroom.cli.adding.asking import Asker
from greenroom.cli.adding.cast import choose_file, choose_personas
from greenroom.cli.adding.env import EnvFile, Whole, write_whole
from greenroom.cli.adding.file import Draft, text_of
from greenroom.cli.adding.given import Given
from greenroom.cli.adding.online import arrive, sign_in
from greenroom.cli.adding.platform import Conversation
from greenroom.cli.adding.secrets import Secrets, variables_of_others
from greenroom.cli.console import out
from greenroom.company import Company
from greenroom.config import Bot, bot_of
from greenroom.documents import Document, interpolate, parse
from greenroom.errors import ConfigError

SECRET_MODE: Final = 0o600
_LABEL: Final = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    config: Path
    name: str | None
    personas: Sequence[str]
    desk_channel: str | None
    given: Given
    is_offline: bool
    force: bool
    greets: bool | None


class Adding:
    """One conversation.

    Args:
        company: The deployment as it is.
        conversation: The platform's part.
        asker: Whom to ask.
        options: What the command line says already.
        environment: Variables that count more than ``.env``.
    """

    def __init__(
        self,
        company: Company,
        conversation: Conversation,
        asker: Asker,
        options: Options,
        environment: Mapping[str, str],
    ) -> None:
        self._company = company
        self._talk = conversation
        self._asker = asker
        self._options = options
        self._environment = environment
        self._folder = company.deployment.folder
        self._env = EnvFile(self._folder / ".env")
        self.done = "Nothing was written."

    def run(self) -> None:
        """All of it.

        Raises:
            ConfigError: Something that was given cannot be; nothing was written.
            GiveUp: It was left.
            EOFError: The answers ended.
        """
        _import(self._talk.platform)
        draft = self._cast()
        secrets = self._secrets(draft)
        _bot(draft, lambda document: document)  # what is wrong already is told before tokens
        self._settle(draft, secrets)
        found = None if self._options.is_offline else self._signed_in(draft, secrets)
        bot = _filled(draft, secrets)
        self._write(draft, secrets)
        self._invite(draft, secrets, found)
        if found is None:
            out.print("Nothing was tried. greenroom check --online does that.", markup=False)
        else:
            self._arrive(bot, found)
        self._tell_next(draft)

    def _cast(self) -> Draft:
        """Everything but secrets."""
        options, asker, talk = self._options, self._asker, self._talk
        path, is_replaced = choose_file(
            self._company, talk.platform, asker, given=options.name, force=options.force
        )
        draft = Draft(path, self._folder, talk.platform, talk.title, is_replaced=is_replaced)
        draft.settings = dict(options.given.settings)
        draft.personas = choose_personas(
            self._company, asker, given=options.personas, where=talk.where
        )
        draft.desk_channel = options.desk_channel
        if talk.desk and draft.desk_channel is None:
            draft.desk_channel = asker.ask(f"{talk.desk}; Enter for none", default="") or None
        has_desk = draft.desk_channel is not None
        draft.needs = needs_of(self._company, draft.personas, has_desk=has_desk)
        talk.ask(asker, draft)
        return draft

    def _secrets(self, draft: Draft) -> Secrets:
        """Where they go; and for a first reading of the file, what they are called."""
        wanted = self._talk.secrets(draft)
        draft.variables = {one.key: one.variable for one in wanted if not one.is_optional}
        draft.notes = {one.key: one.note for one in wanted if one.note is not None}
        keys = [one.key for one in wanted]
        for key in self._options.given.secrets:
            if key not in keys:
                raise ConfigError(f"{key} has no use here", accepted=", ".join(keys))
        others = variables_of_others(self._company, draft.name)
        force = self._options.force
        return Secrets(draft.name, self._env, self._environment, others=others, force=force)

    def _settle(self, draft: Draft, secrets: Secrets) -> None:
        """The steps to the secrets, unless all are given, and the secrets."""
        given, wanted = self._options.given.secrets, self._talk.secrets(draft)
        is_made = all(one.key in given or one.is_optional for one in wanted)
        if not self._asker.is_silent and not is_made:
            out.print()
            tell(self._talk.steps(draft))
        self._ask(draft, secrets, given)

    def _ask(self, draft: Draft, secrets: Secrets, given: Mapping[str, str]) -> None:
        draft.variables = {}
        for one in self._talk.secrets(draft):
            name = secrets.settle(one, self._asker, given.get(one.key))
            if name is not None:
                draft.variables[one.key] = name

    def _signed_in(self, draft: Draft, secrets: Secrets) -> Inspection | None:
        return sign_in(
            self._company,
            lambda: _filled(draft, secrets),
            lambda: self._ask(draft, secrets, {}),
            self._asker,
            keys=[key for key in draft.variables if key != "token"],  # a word of every page
        )

    def _write(self, draft: Draft, secrets: Secrets) -> None:
        """Both files or none."""
        path = draft.path
        if path.exists() and not draft.is_replaced:
            raise ConfigError("was made meanwhile by somebody else", file=path)
        env = [Whole(self._env.path, secrets.text(), SECRET_MODE)] if secrets.new else []
        write_whole([*env, Whole(path, text_of(draft))])  # who watches bots/ finds the secret
        names = f", and {', '.join(secrets.new)} in .env" if secrets.new else ""
        self.done = (
            f"{path.name} is written{names}. Go on when you like with"
            f" greenroom check --online --config {self._options.config}"
        )
        out.print(f"\nWritten: {path}{names}\n", markup=False, soft_wrap=True)

    def _invite(self, draft: Draft, secrets: Secrets, found: Inspection | None) -> None:
        access = None if found is None else found.access
        token = secrets.values[next(iter(draft.variables.values()))]
        account = None if access is None else access.account
        tell(self._talk.invitation(draft, account=account, token=token) + "\n")

    def _arrive(self, bot: Bot, found: Inspection) -> None:
        has_desk = bot.desk_channel is not None or not self._talk.desk
        arrive(
            self._company,
            bot,
            found,
            self._asker,
            arrival=self._talk.arrival,
            greets=self._options.greets if has_desk else False,
        )

    def _tell_next(self, draft: Draft) -> None:
        config = self._options.config
        said = [
            f"\nNext: greenroom check --online --config {config}",
            f"      greenroom run --config {config}",
            f"{draft.name} is in shadow mode: it decides and records, and does nothing until its "
            "file says `mode: live`.",
        ]
        bots = self._company.deployment.bots.values()
        files = [Path(bot.document.file).name for bot in bots if bot.adapter == "terminal"]
        if files:
            said.append(f"{files[0]} lets you write as a member; delete it when you like.")
        out.print("\n".join(said), markup=False, soft_wrap=True)


def tell(text: str) -> None:
    """Print a text; what the platform's pages say is in bold."""
    parts = enumerate(_LABEL.split(text))
    shown = Text.assemble(*((part, "bold" if index % 2 else "") for index, part in parts))
    out.print(shown, soft_wrap=True)


def _bot(draft: Draft, fill: Callable[[Document], Document]) -> Bot:
    """The bot as its file will have it, by the reader of all bots' files."""
    return bot_of(parse(text_of(draft), file=str(draft.path)), adapters(), fill)


def _filled(draft: Draft, secrets: Secrets) -> Bot:
    return _bot(draft, lambda document: interpolate(document, secrets.values))


def _import(platform: str) -> None:
    """Import the platform's library, before anybody clicks anything.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        adapters()[platform].load()
    except ImportError as error:
        raise ConfigError(
            f"{platform} needs a library that is not installed ({error.name})",
            accepted=adapters()[platform].hint,
        ) from error
