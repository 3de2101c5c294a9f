"""What bots' accounts may do, against what their personas would have them do: asked online.

``check --online`` asks for all bots at once, ``bot add`` for the one that is being added.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from greenroom.adapters.base import Access, Inspectable, Published
from greenroom.company import Company, make_adapter
from greenroom.config import Bot
from greenroom.errors import ConfigError, ConfigErrors, GreenroomError, RetryLater
from greenroom.message import OURS, REMOVALS, ActionKind

DEADLINE_S: Final = 45.0
"""For one bot; a platform's limit may make it wait for half a minute in between."""

PULL_DEADLINE_S: Final = 600.0
"""For all of a bot's pinned posts and wiki; platforms' limits make it wait in between."""

_UNDONE_BY: Final[Mapping[ActionKind, ActionKind]] = {
    **dict.fromkeys(REMOVALS, ActionKind.APPROVE),
    ActionKind.BAN: ActionKind.UNBAN,
    ActionKind.LABEL: ActionKind.UNLABEL,
    ActionKind.LOCK: ActionKind.SET_LOCKED,
    ActionKind.REPLY: ActionKind.RETRACT,
}
_APPEALED: Final = REMOVALS | {ActionKind.TIMEOUT, ActionKind.KICK, ActionKind.BAN}
"""What members appeal against; they are told in a direct message what came of it."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a platform said about one bot.

    Attributes:
        bot: The bot's name.
        access: What its account may do; None if nobody could say.
        refused: The credentials are wrong, or the adapter's library is not installed.
        unreached: The platform gave no answer.
    """

    bot: str
    access: Access | None = None
    refused: ConfigError | None = None
    unreached: ConfigError | None = None

    @property
    def faults(self) -> tuple[ConfigError, ...]:
        """All that is wrong, each with its place in the bot's file."""
        first = [one for one in (self.refused, self.unreached) if one is not None]
        return (*first, *(self.access.lacks if self.access else ()))


def needs_of(company: Company, personas: Iterable[str], *, has_desk: bool) -> frozenset[ActionKind]:
    """All that personas may ask of a platform, and what undoes it; ours need no platform.

    Members' commands are answered whoever is on stage.

    Args:
        company: What the files say.
        personas: The personas of one bot.
        has_desk: Whether moderators work the queue in a channel of the platform.
    """
    deployment = company.deployment
    asked = {ActionKind.ANSWER}
    for name in personas:
        persona = deployment.personas[name]
        asked.update(*(company.policies[policy].actions_used for policy in persona.policies))
        if persona.kind == "assistant":
            asked.add(ActionKind.REPLY)
    asked.update(_UNDONE_BY[kind] for kind in tuple(asked) if kind in _UNDONE_BY)
    if asked & _APPEALED:
        asked.add(ActionKind.MESSAGE)
    if has_desk:
        asked.add(ActionKind.CARD)
    return frozenset(asked - OURS)


def is_inspectable(adapter: object) -> TypeGuard[Inspectable]:
    """Whether the platform can be asked without running the bot."""
    return all(callable(getattr(adapter, name, None)) for name in ("inspect", "greet"))


async def published_by(
    company: Company, bot: Bot, *, deadline_s: float = PULL_DEADLINE_S
) -> Published:
    """What a bot's platform has to read: pinned posts and pages of the wiki.

    Raises:
        ConfigError: Its adapter has no such thing, or the credentials are refused.
        RetryLater: The platform cannot be reached in time.
    """
    adapter = make_adapter(bot, company.deployment)
    read = getattr(adapter, "published", None)
    if read is None:
        raise bot.document.fault(
            ("adapter",),
            f"{bot.adapter} has no pinned posts and no wiki that could be read",
            accepted="a bot on Discord, Slack or Reddit",
        )
    try:
        async with asyncio.timeout(deadline_s):
            found: Published = await read()
    except TimeoutError as error:
        raise RetryLater(f"{bot.adapter} did not answer within {deadline_s:g} s") from error
    except ConfigError as error:
        raise _placed(error, bot, _first_key(bot)) from error
    return found


async def inspect_all(company: Company, *, deadline_s: float = DEADLINE_S) -> Sequence[Inspection]:
    """Ask the platforms of all bots at once; bots without a platform to ask are left out."""
    async with asyncio.TaskGroup() as group:
        bots = company.deployment.bots.values()
        tasks = [group.create_task(inspect(company, bot, deadline_s=deadline_s)) for bot in bots]
    return [found for task in tasks if (found := task.result()) is not None]


async def inspect(
    company: Company, bot: Bot, *, deadline_s: float = DEADLINE_S
) -> Inspection | None:
    """Ask one bot's platform; None if its adapter has none to ask."""
    try:
        adapter = make_adapter(bot, company.deployment)
    except ConfigError as error:
        return Inspection(bot.name, refused=_placed(error, bot, _first_key(bot)))
    able = adapter.capabilities  # what the platform has no way to do, `lint` tells
    if not is_inspectable(adapter):
        return None
    wanted = needs_of(company, bot.personas, has_desk=bot.desk_channel is not None)
    try:
        async with asyncio.timeout(deadline_s):
            access = await adapter.inspect(wanted & able)
    except TimeoutError:
        return Inspection(bot.name, unreached=_silent(bot, f"within {deadline_s:g} seconds"))
    except ConfigError as error:
        return Inspection(bot.name, refused=_placed(error, bot, _first_key(bot)))
    except GreenroomError as error:
        return Inspection(bot.name, unreached=_silent(bot, f"({error})"))
    lacks = [one for lack in access.lacks for one in _each(lack)]
    placed = tuple(_placed(lack, bot, _key_of(lack, bot)) for lack in lacks)
    return Inspection(bot.name, Access(access.account, access.places, placed))


async def greet(company: Company, bot: Bot, text: str, *, deadline_s: float = DEADLINE_S) -> str:
    """Post a text where moderators read; returns where that was.

    Raises:
        ConfigError: A person must change something first, or the platform gives no answer.
    """
    adapter = make_adapter(bot, company.deployment)
    assert is_inspectable(adapter), "only such a bot is asked to"
    try:
        async with asyncio.timeout(deadline_s):
            return await adapter.greet(text)
    except TimeoutError as error:
        raise _silent(bot, f"within {deadline_s:g} seconds") from error
    except ConfigError:
        raise
    except GreenroomError as error:
        raise ConfigError(str(error)) from error


def _silent(bot: Bot, how: str) -> ConfigError:
    return bot.document.fault(
        ("adapter",),
        f"{bot.adapter} gives {bot.name} no answer {how}",
        accepted="try again when it can be reached",
    )


def _first_key(bot: Bot) -> str:
    """The key of the credentials; they come first among an adapter's keys."""
    keys = type(bot.settings).model_fields
    return next((key for key in keys if (key,) in bot.document.places), "adapter")


def _key_of(lack: ConfigError, bot: Bot) -> str:
    """The key that a lack speaks of, if the bot's file has it; else whoever needs it."""
    desk = (bot.desk_channel or "").removeprefix("#")
    if desk and re.search(rf"#?\b{re.escape(desk)}\b", lack.message):
        return "desk_channel"
    keys = (*type(bot.settings).model_fields, "desk_channel")
    given = [key for key in keys if (key,) in bot.document.places]
    return next((key for key in given if names_key(lack, key)), "personas")


def names_key(lack: ConfigError, key: str) -> bool:
    """Whether a lack speaks of a key of the bot's file."""
    if (lack.accepted or "").startswith(f"{key}:"):
        return True
    return re.search(rf"\b{re.escape(key)}\b", lack.message) is not None


def _each(fault: ConfigError) -> Sequence[ConfigError]:
    return fault.faults if isinstance(fault, ConfigErrors) else (fault,)


def _placed(fault: ConfigError, bot: Bot, key: str) -> ConfigError:
    """The fault, at a key of the bot's file unless it knows its place."""
    if fault.file is not None:
        return fault
    placed = bot.document.fault((key,), f"{bot.name}: {fault.message}", accepted=fault.accepted)
    placed.__cause__ = fault.__cause__
    return placed
