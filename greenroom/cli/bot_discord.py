"""``bot add discord``: where to click, and an invite with just the permissions needed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from greenroom.adapters.connection import DiscordConnection
from greenroom.cli.bot_asking import Asker
from greenroom.cli.bot_file import Draft
from greenroom.cli.bot_platform import Wanted
from greenroom.documents import load, validate
from greenroom.message import ActionKind
from greenroom.starter import starter_folder

BITS: Final[Mapping[str, int]] = {
    "kick_members": 1,
    "ban_members": 2,
    "manage_channels": 4,
    "manage_guild": 5,
    "add_reactions": 6,
    "view_audit_log": 7,
    "view_channel": 10,
    "send_messages": 11,
    "manage_messages": 13,
    "embed_links": 14,
    "attach_files": 15,
    "read_message_history": 16,
    "use_external_emojis": 18,
    "manage_nicknames": 27,
    "manage_roles": 28,
    "manage_webhooks": 29,
    "manage_threads": 34,
    "create_public_threads": 35,
    "send_messages_in_threads": 38,
    "moderate_members": 40,
}
"""Discord's numbers, so that an invite can be written without its library."""

_ABOVE: Final = frozenset(
    {ActionKind.LABEL, ActionKind.TIMEOUT, ActionKind.KICK, ActionKind.BAN, ActionKind.UNLABEL}
)
"""What Discord lets a bot do only to those whose role stands below its own."""

_STEPS: Final = """\
Make the bot
 1. Open https://discord.com/developers/applications and press **New Application**. Give it
    the name that members shall see, accept the terms, press **Create**.
 2. On the left choose **Bot**. Under **Privileged Gateway Intents** switch on **Message
    Content Intent** and **Server Members Intent**, and press **Save Changes**.
 3. Only you should be able to add it: **Installation**, **Install Link**: **None**; then
    **Bot**, **Public Bot** off.
 4. Still under **Bot**, press **Reset Token**, confirm, and copy the token: Discord shows it
    once. Who holds it is the bot."""


class DiscordConversation:
    """What to do at Discord."""

    platform = "discord"
    title = "A bot on a Discord server. docs/discord.md shows where to click."
    arrival = "the bot is in your server"
    where = "Channels"
    desk = "The moderators' channel, such as #mods"

    def ask(self, asker: Asker, draft: Draft) -> None:
        """Discord needs nothing more."""

    def steps(self, draft: Draft) -> str:  # noqa: ARG002 (the contract's)
        """How to make the application."""
        return _STEPS

    def secrets(self, draft: Draft) -> Sequence[Wanted]:  # noqa: ARG002 (the contract's)
        """The bot's token."""
        note = "kept in .env beside config.yaml"
        return [Wanted("token", "DISCORD_TOKEN", "bot token", note=note)]

    def invitation(self, draft: Draft, *, account: str | None, token: str) -> str:
        """The address with what the personas need, and no more."""
        return "\n".join(_invitation(draft, _application(token, account)))


def _invitation(draft: Draft, application: str) -> Iterator[str]:
    connection = validate(load(starter_folder() / "adapters" / "discord.yaml"), DiscordConnection)
    needed = permissions(connection, draft.needs)
    number = sum(1 << BITS[name] for name in needed)
    scope = connection.invite.scope.replace(" ", "+")
    yield "Invite it"
    yield " 1. Open this address, choose the server, press **Continue** and **Authorize**:"
    yield ""
    yield (
        f"    https://discord.com/oauth2/authorize?client_id={application}"
        f"&scope={scope}&permissions={number}"
    )
    yield ""
    if not application.isdecimal():
        yield f"    {application} is the **Application ID** under **General Information**."
    yield f"    {number} is the sum of what your personas need:"
    for name, why in needed.items():
        yield f"    {shown(name):<26} {1 << BITS[name]:>15}  {why}"
    if draft.needs & _ABOVE:
        yield " 2. In **Server Settings**, **Roles**, drag the bot's own role above the roles that"
        yield "    it should give, and above those of members whom it may time out, kick or ban."
    yield "For a private channel, add the bot under **Edit Channel**, **Permissions**."


def permissions(connection: DiscordConnection, needs: frozenset[ActionKind]) -> Mapping[str, str]:
    """The permissions of an invite, and what each is for: to watch, and what actions need."""
    watching = connection.invite.watching
    return {
        name: one.why
        for name, one in connection.permissions.items()
        if watching & (1 << BITS[name]) or needs.intersection(one.actions)
    }


def shown(permission: str) -> str:
    """A permission as Discord's pages name it."""
    return permission.replace("_", " ").title().replace(" In ", " in ")


def _application(token: str, account: str | None) -> str:
    """The application's id: the account's, as Discord told it, or as its token holds it."""
    told = re.search(r"\((\d{5,25})\)", account or "")
    if told is not None:
        return told[1]
    first = token.split(".", maxsplit=1)[0]
    try:
        decoded = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return "APPLICATION_ID"
    return decoded if re.fullmatch(r"\d{5,25}", decoded) else "APPLICATION_ID"
