"""Whether Discord gives what members write: without an intent it may send empty messages."""

from __future__ import annotations

import logging
from typing import Final

from greenroom.adapters.discord.errors import PORTAL
from greenroom.adapters.discord.payload import Payload, number, part, parts, snowflake, text

log = logging.getLogger(__name__)

IN_A_ROW: Final = 5  # such messages; one alone may be of a kind that is not known here

_SAID_BY_MEMBERS: Final = (0, 19)  # types: a message, an answer
_SHOWS: Final = (  # any of them, and a message may well have no text
    "attachments",
    "embeds",
    "sticker_items",
    "stickers",
    "poll",
    "components",
    "message_snapshots",
    "activity",
)
_WARNING: Final = (
    "Discord sends members' messages without their text; at "
    f"{PORTAL}: your application, Bot, Privileged Gateway Intents: switch on "
    "Message Content Intent, press Save Changes, and start again"
)


class Texts:
    """Counts messages of members that come empty."""

    def __init__(self) -> None:
        self._empty = 0
        self._has_warned = False

    @property
    def warning(self) -> str:
        """What to do about texts that stay away; empty while they come."""
        return _WARNING if self._empty >= IN_A_ROW else ""

    def saw(self, data: Payload, me: str | None) -> None:
        """A message as the gateway told it; what is for the bot comes whole in any case."""
        if not _is_others_affair(data, me):
            return
        if text(data, "content") or any(data.get(key) for key in _SHOWS):
            self._empty = 0
            return
        self._empty += 1
        if self._empty >= IN_A_ROW and not self._has_warned:
            self._has_warned = True
            log.warning(_WARNING)


def _is_others_affair(data: Payload, me: str | None) -> bool:
    """A member's message in a server, which does not mention the bot."""
    author = part(data, "author")
    is_member = author.get("bot") is not True and "webhook_id" not in data
    is_said = number(data, "type") in _SAID_BY_MEMBERS and snowflake(data, "guild_id") is not None
    named = {snowflake(one, "id") for one in parts(data, "mentions")}
    return is_member and is_said and me not in named and snowflake(author, "id") != me
