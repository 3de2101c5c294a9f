"""What Greenroom adds to Discord's menus: commands, and one for a message."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from greenroom.adapters.discord.payload import Payload, number, parts, text
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.errors import GreenroomError, RetryLater

log = logging.getLogger(__name__)

CHAT_INPUT, ON_MESSAGE = 1, 3
REPORT: Final = "Report to moderators"
TRIES = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 600.0

_TEXT, _IN_SERVERS, _IN_DIRECT_MESSAGES, _OF_A_SERVER = 3, 0, 1, 0
_LONGEST_TEXT = 2_000


def _command(name: str, description: str, asks: str | None = None) -> Mapping[str, Any]:
    option = {
        "type": _TEXT,
        "name": "message",
        "description": asks,
        "required": False,
        "max_length": _LONGEST_TEXT,
    }
    return {
        "type": CHAT_INPUT,
        "name": name,
        "description": description,
        "options": [option] if asks else [],
        "contexts": [_IN_SERVERS, _IN_DIRECT_MESSAGES],
        "integration_types": [_OF_A_SERVER],
    }


COMMANDS: Final[Sequence[Mapping[str, Any]]] = (
    _command("human", "Ask for a person from the team", "What is it about?"),
    _command("appeal", "Object to what was done to your message", "Why was it wrong?"),
    _command("why", "Ask why something was done to your message"),
    _command("memory", "See what is remembered of you", "on, off, forget 1, or forget all"),
    _command("optout", "Be left alone by automated personas, and forgotten"),
    _command("optin", "Let automated personas answer you again"),
    {
        "type": ON_MESSAGE,
        "name": REPORT,
        "contexts": [_IN_SERVERS],
        "integration_types": [_OF_A_SERVER],
    },
)
NAMES: Final = frozenset(str(one["name"]) for one in COMMANDS if one["type"] == CHAT_INPUT)


async def offer(
    web: DiscordWeb, application_id: int, *, sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Register the commands, if they are not; whatever goes wrong is logged and no more."""
    pause_s = FIRST_PAUSE_S
    for tried in range(1, TRIES + 1):
        try:
            await _register(web, application_id)
        except RetryLater as error:
            if tried == TRIES:
                _tell(error)
                return
            await sleep(min(error.after_s or pause_s, LONGEST_PAUSE_S))
            pause_s *= 2
        except GreenroomError as error:
            _tell(error)
            return
        else:
            return


async def _register(web: DiscordWeb, application_id: int) -> None:
    """One request for all; next to commands of somebody else's, one for each of ours."""
    path = "/applications/{application_id}/commands"
    answer = await web.call(
        "look at the bot's commands", "GET", path, application_id=application_id
    )
    found = {_key(one): one for one in parts({"commands": answer}, "commands")}
    missing = [one for one in COMMANDS if not _is_same(found.get(_key(one)), one)]
    if not missing:
        return
    has_others = bool(found.keys() - {_key(one) for one in COMMANDS})
    if not has_others:
        await web.call(
            "register the bot's commands", "PUT", path, body=COMMANDS, application_id=application_id
        )
        return
    for one in missing:
        await web.call(
            "register the bot's commands", "POST", path, body=one, application_id=application_id
        )


def _key(command: Payload) -> tuple[int, str | None]:
    return number(command, "type") or CHAT_INPUT, text(command, "name")


def _is_same(found: Payload | None, wanted: Payload) -> bool:
    """Whether a registered command is as we want it, in everything that we say of it."""
    if found is None:
        return False
    plain = all(found.get(key) == wanted[key] for key in ("type", "description") if wanted.get(key))
    lists = all(
        sorted(_numbers(found.get(key))) == wanted[key] for key in ("contexts", "integration_types")
    )
    had, want = parts(found, "options"), parts(wanted, "options")
    return plain and lists and len(had) == len(want) and all(map(_is_same_option, had, want))


def _is_same_option(found: Payload, wanted: Payload) -> bool:
    return {**found, "required": bool(found.get("required"))}.items() >= wanted.items()


def _numbers(found: Any) -> Sequence[int]:
    return [one for one in found if isinstance(one, int)] if isinstance(found, list) else []


def _tell(error: GreenroomError) -> None:
    log.warning(
        "members are not offered /human, /appeal, /memory and their like, nor %r: %s; open the "
        "invite address again with scope=bot+applications.commands (docs/discord.md, step 2)",
        REPORT,
        error,
    )
