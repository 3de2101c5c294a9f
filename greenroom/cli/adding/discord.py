"""``bot add discord``: where to click, and an invite with just the permissions needed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from greenroom.adapters.connection import DiscordConnection
from greenroom.adapters.discord_invite import invite_address, needed, shown
from greenroom.cli.adding.asking import Asker
from greenroom.cli.adding.file import Draft
from greenroom.cli.adding.platform import Wanted
from greenroom.documents import load, validate
from greenroom.message import ActionKind
from greenroom.starter import starter_folder

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
    permissions = needed(draft.needs)
    number = sum(one.number for one in permissions.values())
    why = _purposes()
    yield "Invite it"
    yield " 1. Open this address, choose the server, press **Continue** and **Authorize**:"
    yield ""
    yield f"    {invite_address(application, draft.needs)}"
    yield ""
    if not application.isdecimal():
        yield f"    {application} is the **Application ID** under **General Information**."
    yield f"    {number} is the sum of what your personas need:"
    for name, one in permissions.items():
        yield f"    {shown(name):<26} {one.number:>15}  {why[name]}"
    if draft.needs & _ABOVE:
        yield " 2. In **Server Settings**, **Roles**, drag the bot's own role above the roles that"
        yield "    it should give, and above those of members whom it may time out, kick or ban."
    yield "For a private channel, add the bot under **Edit Channel**, **Permissions**."


def _purposes() -> Mapping[str, str]:
    """What each permission is for, in words."""
    file = starter_folder() / "adapters" / "discord.yaml"
    found = validate(load(file), DiscordConnection).permissions
    return {name: one.why for name, one in found.items()}


def _application(token: str, account: str | None) -> str:
    """The application's id: the account's, as Discord told it, or as its token holds it."""
    told = re.search(r"\((\d{1,25})\)$", account or "")
    if told is not None:
        return told[1]
    first = token.split(".", maxsplit=1)[0]
    try:
        decoded = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return "APPLICATION_ID"
    return decoded if re.fullmatch(r"\d{5,25}", decoded) else "APPLICATION_ID"
