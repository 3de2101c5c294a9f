"""The workspaces that one bot is in, and which of them a payload or an order is about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from greenroom.adapters.slack.payload import Payload, part, parts, word
from greenroom.adapters.slack.team import Team
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Order


class Teams:
    """By id. A bot with one token has one, and everything is about that."""

    def __init__(self, *, is_one: bool) -> None:
        self._is_one = is_one
        self._by_id: dict[str, tuple[Team, asyncio.Task[None]]] = {}
        self.is_complete = False  # all that are known were signed in to

    def __iter__(self) -> Iterator[Team]:
        return iter([team for team, _ in self._by_id.values()])

    def add(self, team: Team, group: asyncio.TaskGroup) -> None:
        """From now on it is served; one that was there before makes room for it."""
        self.remove(team)
        self._by_id[team.workspace.team_id] = (team, group.create_task(team.run()))

    def remove(self, team: Team) -> None:
        """It is served no more."""
        _, task = self._by_id.pop(team.workspace.team_id, (None, None))
        if task is not None:
            task.cancel()

    def clear(self) -> None:
        """Nothing is connected any more."""
        self._by_id.clear()
        self.is_complete = False

    def of_payload(self, body: Payload) -> Team | None:
        """Where it happened, as far as we are there.

        In a channel that two workspaces share, ``team_id`` may be the other one's; then
        ``authorizations`` says for which installation Slack tells us.
        """
        if self._is_one:
            return next(iter(self), None)
        for team_id in _places(body):
            if team_id in self._by_id:
                return self._by_id[team_id][0]
        return None

    def of_order(self, order: Order) -> Team:
        """Where it is to be carried out.

        Raises:
            RetryLater: We are not connected.
            DropMessage: We are not there any more.
        """
        team = self._of_id(order.message.community.id)
        if team is not None:
            return team
        if not self.is_complete:
            raise RetryLater("Slack is not connected")
        raise DropMessage("the app is not installed in that Slack workspace any more")

    def _of_id(self, team_id: str) -> Team | None:
        if self._is_one:
            return next(iter(self), None)
        return self._by_id[team_id][0] if team_id in self._by_id else None


def _places(body: Payload) -> Iterator[str]:
    """The workspaces that a payload names, the likeliest first."""
    named = [word(one, "team_id") for one in parts(body.get("authorizations"))]
    named += [word(body, "context_team_id"), word(body, "team_id")]
    for key in ("team", "user", "view"):
        about = part(body.get(key))
        named += [word(about, "id") if key == "team" else word(about, "team_id")]
    return (team_id for team_id in named if team_id is not None)
