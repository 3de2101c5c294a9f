"""What the bot is called, who goes on stage and where: asked of whoever adds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from greenroom.cli.adding.asking import Asker
from greenroom.cli.console import out
from greenroom.company import Company
from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.personas.schema import Persona

EVERYWHERE: Final = "*"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def choose_file(
    company: Company, platform: str, asker: Asker, *, given: str | None, force: bool
) -> tuple[Path, bool]:
    """A file whose name no other bot has; or one that may be replaced, and true.

    Raises:
        ConfigError: It is no name, or it is taken and nobody can be asked.
    """
    name = platform if given is None else given
    complaint = _name_objection(name)
    if complaint is not None:
        raise ConfigError(f"--name {name!a}: {complaint}")
    while (holder := _holder(company, name)) is not None:
        is_same = holder == _file_of(company, name)
        if is_same and force:
            return holder, True
        if asker.is_silent:
            raise ConfigError(
                "is there already",
                file=holder,
                accepted=f"--name takes another one{', --force replaces it' if is_same else ''}",
            )
        question = f"There is a bot {holder.name} already. Replace it?"
        if is_same and asker.confirm(question, default=False):
            return holder, True
        taken = f"{holder.name} is there already. " if not is_same else ""
        name = asker.ask(
            f"{taken}Another name for the bot",
            default=_free(company, platform),
            check=_name_objection,
        )
    return _file_of(company, name), False


def choose_personas(
    company: Company, asker: Asker, *, given: Sequence[str], where: str
) -> Mapping[str, Sequence[str]]:
    """Who goes on stage, each with its channels.

    Args:
        company: Who there is.
        asker: Whom to ask.
        given: ``guide``, or ``guide=#help,#welcome``.
        where: What places are called there; empty where there is only one.

    Raises:
        ConfigError: There is no such persona, or none at all.
    """
    known = company.deployment.personas
    if not known:
        folder = company.deployment.path(company.deployment.config.personas)
        raise ConfigError("has no personas", file=folder, accepted="greenroom init lays some out")
    if given:
        return dict(_placed(one, list(known)) for one in given)
    for name, persona in known.items():
        out.print(f"  {name} ({persona.kind}): {persona.about or ''}", markup=False)
    told = asker.ask(
        "Who goes on stage? Names with commas between, or all",
        default=_usual(known),
        check=lambda answer: _unknown(answer, list(known)),
    )
    chosen = list(known) if told == "all" else _split(told)
    return {name: _channels(name, asker, where) for name in chosen}


def _usual(known: Mapping[str, Persona]) -> str:
    """Who answers and who keeps the rules: what most communities begin with."""
    names = [name for name, one in known.items() if one.kind in ("assistant", "moderator")]
    return ", ".join(names) or "all"


def _channels(name: str, asker: Asker, where: str) -> Sequence[str]:
    if not where:
        return [EVERYWHERE]
    question = f"Where is {name} on stage? {where} such as #help, or {EVERYWHERE} for all"
    told = asker.ask(question, default=EVERYWHERE)
    return _split(told) or [EVERYWHERE]


def _placed(given: str, known: list[str]) -> tuple[str, Sequence[str]]:
    name, _, channels = given.partition("=")
    if name not in known:
        raise ConfigError(f"--persona: there is no persona `{name}`", accepted=suggest(name, known))
    return name, _split(channels) or [EVERYWHERE]


def _unknown(told: str, known: list[str]) -> str | None:
    names = [] if told == "all" else _split(told)
    odd = [name for name in names if name not in known]
    if odd:
        return f"there is no persona {odd[0]!a}; {suggest(odd[0], known)}"
    return None if names or told == "all" else "somebody has to"


def _split(told: str) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in told.split(",") if one.strip()))


def _name_objection(name: str) -> str | None:
    if _NAME.fullmatch(name):
        return None
    return "a name has letters, digits, - and _, and 64 of them at most"


def _file_of(company: Company, name: str) -> Path:
    deployment = company.deployment
    return deployment.path(deployment.config.bots) / f"{name}.yaml"


def _holder(company: Company, name: str) -> Path | None:
    """The file of a bot of this name; case makes no other name on every disk."""
    folder = _file_of(company, name).parent
    files = (*folder.glob("*.yaml"), *folder.glob("*.yml"))
    return next((one for one in sorted(files) if one.stem.lower() == name.lower()), None)


def _free(company: Company, platform: str) -> str:
    number = 2
    while _holder(company, f"{platform}-{number}") is not None:
        number += 1
    return f"{platform}-{number}"
