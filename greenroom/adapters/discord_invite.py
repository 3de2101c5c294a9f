"""Discord's permissions: what each is for, and the address that asks a server for them.

Without Discord's library, so that an address can be written where it is not installed.
``adapters/discord.yaml`` says the same to people; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from greenroom.message import REMOVALS, ActionKind

ADDRESS: Final = "https://discord.com/oauth2/authorize"
SCOPE: Final = "bot+applications.commands"  # the bot, and its commands in everybody's menus
ADMINISTRATOR: Final = 1 << 3  # whoever has it has all others


@dataclass(frozen=True, slots=True)
class Permission:
    """One bit of Discord's, and the actions that need it."""

    bit: int
    actions: frozenset[ActionKind] = frozenset()

    @property
    def number(self) -> int:
        """As Discord counts it."""
        return 1 << self.bit


_POSTS: Final = frozenset(
    {
        ActionKind.REPLY,
        ActionKind.POST,
        ActionKind.MESSAGE,
        ActionKind.REPORT,
        ActionKind.MODMAIL,
        ActionKind.CARD,
        ActionKind.APPROVE,
    }
)

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "view_channel": Permission(10),
    "read_message_history": Permission(16, frozenset({ActionKind.APPROVE, ActionKind.REACT})),
    "send_messages": Permission(11, _POSTS),
    "embed_links": Permission(14, frozenset({ActionKind.CARD})),
    "send_messages_in_threads": Permission(38, frozenset({ActionKind.REPLY, ActionKind.APPROVE})),
    "add_reactions": Permission(6, frozenset({ActionKind.REACT})),
    "manage_messages": Permission(13, REMOVALS),
    "manage_threads": Permission(34, frozenset({ActionKind.LOCK, ActionKind.SET_LOCKED})),
    "moderate_members": Permission(40, frozenset({ActionKind.TIMEOUT})),
    "kick_members": Permission(1, frozenset({ActionKind.KICK})),
    "ban_members": Permission(2, frozenset({ActionKind.BAN, ActionKind.UNBAN})),
    "manage_roles": Permission(28, frozenset({ActionKind.LABEL, ActionKind.UNLABEL})),
}
WATCHING: Final = frozenset({"view_channel", "read_message_history"})  # enough to decide


def needed(needs: frozenset[ActionKind]) -> Mapping[str, Permission]:
    """The permissions to watch, and to do what is needed."""
    return {
        name: one
        for name, one in PERMISSIONS.items()
        if name in WATCHING or needs.intersection(one.actions)
    }


def invite_address(application_id: str, needs: frozenset[ActionKind]) -> str:
    """Where somebody who manages a server lets the bot in, with what is needed and no more."""
    number = sum(one.number for one in needed(needs).values())
    return f"{ADDRESS}?client_id={application_id}&scope={SCOPE}&permissions={number}"


def shown(permission: str) -> str:
    """A permission as Discord's pages name it."""
    return permission.replace("_", " ").title().replace(" In ", " in ")
