"""Which variable each secret of a bot gets, and what it is: asked, given, or there already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Final

from greenroom.cli.adding.asking import Asker
from greenroom.cli.adding.env import EnvFile
from greenroom.cli.adding.platform import Wanted
from greenroom.company import Company
from greenroom.documents import read_text
from greenroom.errors import ConfigError

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Secrets:
    """The secrets of one bot, on their way into ``.env``.

    Args:
        bot: Its name, for variables of its own.
        env: The file that they go to.
        environment: What is set outside of it, and counts more.
        others: Variables that other files of the deployment use.
        force: Whether to replace other values without asking.
    """

    def __init__(
        self,
        bot: str,
        env: EnvFile,
        environment: Mapping[str, str],
        *,
        others: Iterable[str] = (),
        force: bool = False,
    ) -> None:
        self._bot = bot
        self._env = env
        self._environment = environment
        self._others = frozenset(others)
        self._force = force
        self._chosen: dict[str, str] = {}  # the variable of each key, once it has one
        self._used: set[str] = set()
        self.new: dict[str, str] = {}  # what is to be written

    @property
    def values(self) -> Mapping[str, str]:
        """All variables, as a start would find them once they are written."""
        return {**self._env.values(), **self._environment, **self.new}

    def settle(self, wanted: Wanted, asker: Asker, given: str | None = None) -> str | None:
        """The variable of one secret, which has its value now; None if it is left out.

        Raises:
            ConfigError: Nobody can be asked, or the value that is there may not be replaced.
        """
        if wanted.key in self._chosen and given is None:
            return self._again(wanted, asker)
        name = self._name(wanted)
        if given is None and self.values.get(name) and self._is_used(name, asker):
            return name
        if given is None and asker.is_silent:
            self._refuse_silence(wanted, name)
            return None
        answer = wanted.clean(_asked(wanted, asker) if given is None else _checked(wanted, given))
        if not answer:
            return None
        self._chosen[wanted.key] = self._keep(name, answer, asker)
        return self._chosen[wanted.key]

    def _is_used(self, name: str, asker: Asker) -> bool:
        """Whether to take the value that is there; once it has failed, rather not."""
        is_used = asker.confirm(f"{name} is set already. Use it?", default=name not in self._used)
        self._used.add(name)
        return is_used

    def _again(self, wanted: Wanted, asker: Asker) -> str:
        """Another value for what was given before."""
        name = self._chosen[wanted.key]
        question = f"{_capital(wanted.question)}, or Enter to keep it"
        answer = wanted.clean(
            asker.secret(question, check=lambda one: wanted.objection(one) if one else None)
        )
        if answer:
            self._chosen[wanted.key] = name = self._keep(name, answer, asker)
        return name

    def text(self) -> str:
        """The text of ``.env`` with what is new."""
        return self._env.with_values(self.new)

    def _name(self, wanted: Wanted) -> str:
        if wanted.variable not in self._others:
            return wanted.variable
        own = f"{wanted.variable}_{re.sub(r'[^A-Z0-9]', '_', self._bot.upper())}"
        return own if own not in self._others else self._fresh(own)

    def _fresh(self, name: str) -> str:
        known = {*self._others, *self._env.values(), *self._environment, *self.new}
        return next(new for number in count(2) if (new := f"{name}_{number}") not in known)

    def _keep(self, name: str, value: str, asker: Asker) -> str:
        there = self.values.get(name)
        if there == value:
            return name
        if name in self._environment or (
            there and name not in self.new and not self._may_replace(name, asker)
        ):
            name = self._fresh(name)
        self.new[name] = value
        return name

    def _may_replace(self, name: str, asker: Asker) -> bool:
        if self._force:
            return True
        if asker.is_silent:
            raise ConfigError(
                f"{name} has another value already",
                file=self._env.path,
                accepted="--force replaces it",
            )
        return asker.confirm(
            f"{name} has another value in {self._env.path.name}. Replace it?", default=False
        )

    def _refuse_silence(self, wanted: Wanted, name: str) -> None:
        if not wanted.is_optional:
            raise ConfigError(
                f"the {wanted.question} is not given",
                accepted=f"put {name}=… into {self._env.path.name} or the environment; "
                "options stay in the shell's history",
            )


def _asked(wanted: Wanted, asker: Asker) -> str:
    return asker.secret(_capital(wanted.question), check=wanted.objection)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _checked(wanted: Wanted, given: str) -> str:
    objection = wanted.objection(given)
    if objection is not None:
        raise ConfigError(f"{wanted.key}: {objection}")
    return given


def variables_of_others(company: Company, bot: str) -> frozenset[str]:
    """The variables that the deployment's files use, without one bot's own."""
    deployment = company.deployment
    files = [deployment.document.file]
    files += [one.document.file for name, one in deployment.bots.items() if name != bot]
    return frozenset(name for file in files for name in _VARIABLE.findall(read_text(Path(file))))
