"""Signs in to the workspaces that the bot has tokens for, and hands payloads to the right one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from datetime import datetime

import aiohttp

from greenroom.adapters.slack import joining
from greenroom.adapters.slack.events import is_farewell
from greenroom.adapters.slack.marks import Marks
from greenroom.adapters.slack.payload import Payload, part, word
from greenroom.adapters.slack.respond import Answers
from greenroom.adapters.slack.store import Installed, InstallStore
from greenroom.adapters.slack.team import Bot, Team
from greenroom.adapters.slack.teams import Teams
from greenroom.adapters.slack.web import SlackWeb, tokens_of
from greenroom.errors import ConfigError, RetryLater

log = logging.getLogger(__name__)


async def known_installs(bot: Bot, store: InstallStore | None) -> list[Installed]:
    """Whoever gave a token: the bot's file, and all workspaces that installed the app.

    Raises:
        ConfigError: The store cannot be read.
    """
    installed = [] if store is None else await store.load()
    if bot.settings.token is None:
        return installed
    return [Installed("", "", tokens_of(bot.settings)), *installed]


class Roster:
    """The workspaces while a run lasts; what must outlive it is given.

    Args:
        bot: What they have in common.
        session: Carries all requests.
        answers: Reaches whoever acted.
        teams: Where they are entered.
        marks: By workspace, kept from run to run.
        store: Where their tokens are, with ``install``.
        group: Runs what belongs to each.
    """

    def __init__(
        self,
        bot: Bot,
        session: aiohttp.ClientSession,
        answers: Answers,
        *,
        teams: Teams,
        marks: MutableMapping[str, Marks],
        store: InstallStore | None,
        group: asyncio.TaskGroup,
    ) -> None:
        self._bot = bot
        self._session = session
        self._answers = answers
        self._teams = teams
        self._marks = marks
        self._store = store
        self._group = group
        self.gone = asyncio.Event()  # the only workspace removed the app
        self.removed_from: str | None = None

    async def enter_all(self, since: datetime | None) -> None:
        """Sign in everywhere.

        Raises:
            RetryLater: Slack cannot be reached.
            ConfigError: The token of the bot's file is wrong, or lacks a scope.
        """
        for installed in await known_installs(self._bot, self._store):
            try:
                await self.enter(installed, since=since)
            except ConfigError as error:
                if not installed.team_id:
                    raise
                log.error(  # noqa: TRY400 (the others go on)
                    "the Slack workspace %a (%s) is left out: %s",
                    installed.team,
                    installed.team_id,
                    error.message,
                )
        self._teams.is_complete = True

    async def enter(self, installed: Installed, *, since: datetime | None = None) -> None:
        """Serve a workspace from now on.

        Raises:
            RetryLater: Slack cannot be reached.
            ConfigError: Its token is wrong, or lacks a scope.
        """
        web = SlackWeb(self._bot.settings, self._session, tokens=installed.tokens)
        joins = {joining.SCOPE} if self._bot.settings.join else set()
        workspace = await web.workspace(needs=frozenset(joins))
        marks = self._marks.setdefault(workspace.team_id, Marks(clock=self._bot.clock))
        marks.start(since)
        self._teams.add(Team(self._bot, web, workspace, self._answers, marks), self._group)

    async def take(self, body: Payload) -> None:
        """Take one event in, durably, where it belongs."""
        team = self._team(body)
        if team is None:
            return
        await team.take(body)
        await self._heed(body, team)

    async def act(self, body: Payload) -> str | None:
        """The same for what somebody did; returns what they are to be told at once."""
        team = self._team(body)
        return None if team is None else await team.act(body)

    def lose(self) -> None:
        """Something may have been said that was not heard."""
        for team in self._teams:
            team.lose()

    def look_back(self) -> None:
        """Events come in again: look for what was said meanwhile."""
        for team in self._teams:
            team.look_back()

    def _team(self, body: Payload) -> Team | None:
        team = self._teams.of_payload(body)
        if team is None and not self._teams.is_complete:
            raise RetryLater("Slack is being connected")
        if team is None:
            log.info("passed over what Slack tells of a workspace without an installation")
        return team

    async def _heed(self, body: Payload, team: Team) -> None:
        """Let a workspace go that removed the app, and a token that was revoked."""
        await self._forget_admin(_revoked(body), team)
        if not is_farewell(body, team.workspace):
            return
        log.warning("the Slack workspace %a removed the app", team.workspace.team)
        if self._store is None:
            self.removed_from = team.workspace.team
            self.gone.set()
            return
        self._teams.remove(team)
        self._marks.pop(team.workspace.team_id, None)
        await self._store.remove(team.workspace.team_id)

    async def _forget_admin(self, revoked: frozenset[str], team: Team) -> None:
        if self._store is None or not revoked:
            return
        if await self._store.forget_admin(team.workspace.team_id, revoked):
            team.web.forget_admin()
            log.warning("the user token of %a was revoked", team.workspace.team)


def _revoked(body: Payload) -> frozenset[str]:
    """Users whose own tokens were revoked."""
    event = part(body.get("event"))
    if word(event, "type") != "tokens_revoked":
        return frozenset()
    users = part(event.get("tokens")).get("oauth")
    return frozenset(filter(_is_text, users if isinstance(users, list) else ()))


def _is_text(value: object) -> bool:
    return isinstance(value, str)
