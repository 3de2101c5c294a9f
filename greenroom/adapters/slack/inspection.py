"""What Slack lets the bot's account do: asked before it runs, and told with what to click."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from greenroom.adapters.base import Access
from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack.payload import part, word
from greenroom.adapters.slack.posts import Posts
from greenroom.adapters.slack.scopes import USER_SCOPES, missing
from greenroom.adapters.slack.text import write_mrkdwn
from greenroom.adapters.slack.web import SlackWeb, Workspace
from greenroom.errors import ConfigError, DropMessage
from greenroom.message import REMOVALS, ActionKind

_APP_HINT: Final = (
    "app_token: Basic Information, App-Level Tokens, Generate Token and Scopes, connections:write"
)
_ADMIN_HINT: Final = (
    "user_token: have a workspace owner or admin install the app, and take their User OAuth Token"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at, and for what."""

    settings: SlackSettings
    desk_channel: str | None
    needs: frozenset[ActionKind]


async def inspect(app: SlackWeb, webs: Sequence[SlackWeb], asked: Asked) -> Access:
    """Sign in everywhere, and compare what the tokens may do with what is needed.

    Raises:
        ConfigError: A bot token is refused.
        RetryLater: Slack cannot be reached.
    """
    lacks = [lack async for lack in _of_app(app, asked)]
    places, accounts = [], []
    for web in webs:
        workspace = await web.sign_in()
        accounts.append(f"{workspace.user} ({workspace.user_id})")
        places.append(workspace.team or workspace.team_id)
        lacks += [lack async for lack in _of_workspace(web, workspace, asked)]
    if not webs:
        lacks.append(
            ConfigError(
                "no Slack workspace has installed the app",
                accepted="run the bot, and open /slack/install at its public address",
            )
        )
    return Access(accounts[0] if accounts else "nobody yet", tuple(places), tuple(lacks))


async def greet(webs: Sequence[SlackWeb], desk_channel: str | None, text: str) -> str:
    """Post where moderators read, in every workspace; returns where that was.

    Raises:
        ConfigError: There is no such place, or the bot may not post there.
        RetryLater: Slack cannot be reached.
    """
    if desk_channel is None:
        raise ConfigError("there is no desk_channel to post to", accepted='desk_channel: "#mods"')
    if not webs:
        raise ConfigError("no Slack workspace has installed the app", accepted="/slack/install")
    return " and ".join([await _greet(web, desk_channel, text) for web in webs])


async def _greet(web: SlackWeb, desk_channel: str, text: str) -> str:
    workspace = await web.sign_in()
    try:
        channel = await Posts(web, workspace).channel_id(desk_channel)
        await web.call(
            "post",
            web.bot.chat_postMessage,
            sends=True,
            channel=channel,
            text=write_mrkdwn(text),
            unfurl_links=False,
            unfurl_media=False,
        )
    except DropMessage as error:
        raise _no_desk(desk_channel, error) from error
    return f"{desk_channel} in {workspace.team or workspace.team_id}"


async def _of_app(app: SlackWeb, asked: Asked) -> AsyncIterator[ConfigError]:
    if asked.settings.transport != "socket":
        return
    try:
        await app.open_socket()
    except ConfigError as error:
        yield ConfigError(error.message, accepted=_APP_HINT)
    except DropMessage as error:
        yield ConfigError(str(error), accepted=_APP_HINT)


async def _of_workspace(
    web: SlackWeb, workspace: Workspace, asked: Asked
) -> AsyncIterator[ConfigError]:
    for lack in missing(workspace.scopes, asked.needs, joins=bool(asked.settings.join)):
        yield lack
    if asked.desk_channel is not None:
        async for lack in _of_desk(web, workspace, asked.desk_channel):
            yield lack
    if asked.needs & REMOVALS:
        async for lack in _of_admin(web, workspace):
            yield lack


async def _of_desk(
    web: SlackWeb, workspace: Workspace, desk_channel: str
) -> AsyncIterator[ConfigError]:
    try:
        channel = await Posts(web, workspace).channel_id(desk_channel)
        method = web.bot.conversations_info
        room = part(
            (await web.call("look at desk_channel", method, channel=channel)).get("channel")
        )
    except ConfigError as error:
        yield error
    except DropMessage as error:
        yield _no_desk(desk_channel, error)
    else:
        if room.get("is_member") is False:
            yield _no_desk(desk_channel, "the bot is not in it")
        if room.get("is_archived") is True:
            yield _no_desk(desk_channel, "it is archived")


async def _of_admin(web: SlackWeb, workspace: Workspace) -> AsyncIterator[ConfigError]:
    try:
        admin = await web.admin_account()
    except ConfigError as error:
        yield ConfigError(f"user_token: {error.message}", accepted=_ADMIN_HINT)
        return
    where = workspace.team or workspace.team_id
    if admin is None:
        yield ConfigError(
            f"removing needs user_token, an admin's, in {where}", accepted=_ADMIN_HINT
        )
        return
    if admin.team_id != workspace.team_id:
        yield ConfigError(f"user_token is of another workspace than {where}", accepted=_ADMIN_HINT)
    lacking = set(USER_SCOPES) - admin.scopes if admin.scopes is not None else set()
    if lacking:
        yield ConfigError(
            f"user_token lacks the scope {', '.join(sorted(lacking))}", accepted=_ADMIN_HINT
        )
    if await _is_admin(web, admin.user_id) is False:
        yield ConfigError(
            f"user_token's owner, {admin.user}, is no admin of {where}: Slack lets them remove "
            "their own messages only",
            accepted=_ADMIN_HINT,
        )


async def _is_admin(web: SlackWeb, user_id: str) -> bool | None:
    """None where Slack does not say."""
    try:
        answer = await web.call("look up user_token's owner", web.bot.users_info, user=user_id)
    except (DropMessage, ConfigError):
        return None
    user = part(answer.get("user"))
    if word(user, "id") is None:
        return None
    return any(user.get(key) is True for key in ("is_admin", "is_owner", "is_primary_owner"))


def _no_desk(desk_channel: str, why: object) -> ConfigError:
    return ConfigError(
        f"desk_channel {desk_channel}: {why}",
        accepted=f"in Slack, in {desk_channel}: /invite @Greenroom",
    )
