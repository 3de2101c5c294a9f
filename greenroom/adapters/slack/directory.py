"""Who and where: Slack's members and channels, asked once and remembered for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.slack.web import Method, SlackWeb, Workspace
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import Author

log = logging.getLogger(__name__)

REMEMBERED = 10_000  # members, and as many channels: about 10 MB
KEEP = timedelta(hours=1)
LOOKUP_TIMEOUT_S = 1.0  # Slack wants its answer inside 3 s, and two look-ups may be due
REST = timedelta(seconds=30)  # no look-ups for so long after one failed to come back


class Directory:
    """Looks members and channels up; what cannot be had is unknown and never an error."""

    def __init__(
        self,
        web: SlackWeb,
        workspace: Workspace,
        *,
        clock: Clock,
        timeout_s: float | None = None,  # None: an event waits for the answer
    ) -> None:
        self._web = web
        self._workspace = workspace
        self._clock = clock
        self._timeout_s = timeout_s
        self._members: Recent[str, Author | None] = Recent(size=REMEMBERED, clock=clock, keep=KEEP)
        self._channels: Recent[str, str | None] = Recent(size=REMEMBERED, clock=clock, keep=KEEP)
        self._resting_until: datetime | None = None

    def patient(self, timeout_s: float) -> Directory:
        """The same memory, for a reader that has more time for its look-ups."""
        other = Directory(self._web, self._workspace, clock=self._clock, timeout_s=timeout_s)
        other._members, other._channels = self._members, self._channels
        return other

    async def author(self, user_id: str) -> Author | None:
        """A member, with what Slack knows; ``None`` if it says nothing."""
        if user_id not in self._members:
            answer = await self._ask(self._web.bot.users_info, user=user_id)
            if answer is None:
                return None
            self._members[user_id] = self.read_member(answer.get("user"))
        return self._members[user_id]

    async def channel_name(self, channel_id: str) -> str | None:
        """A channel's name without its ``#``; direct messages have none."""
        if channel_id.startswith("D"):
            return None
        if channel_id not in self._channels:
            answer = await self._ask(self._web.bot.conversations_info, channel=channel_id)
            if answer is None:
                return None
            name = _dict(answer.get("channel")).get("name")
            self._channels[channel_id] = name if isinstance(name, str) else None
        return self._channels[channel_id]

    def read_member(self, user: Any) -> Author | None:
        """A member from Slack's user object, as ``users.info`` and ``team_join`` carry it."""
        facts = _dict(user)
        user_id = facts.get("id")
        if not isinstance(user_id, str):
            return None
        profile = _dict(facts.get("profile"))
        names = (profile.get("display_name"), profile.get("real_name"), facts.get("name"))
        return Author(
            id=user_id,
            name=next((name for name in names if name and isinstance(name, str)), user_id),
            is_bot=bool(facts.get("is_bot")) or user_id == "USLACKBOT",
            is_self=user_id == self._workspace.user_id,
            is_moderator=_is_staff(facts),
            roles=_roles(facts),
        )

    async def _ask(self, method: Method, **arguments: Any) -> Mapping[str, Any] | None:
        """An answer, ``{}`` where Slack refuses for good, ``None`` where it may come later."""
        if self._resting_until is not None and self._clock() < self._resting_until:
            return None
        timeout_s = self._timeout_s or LOOKUP_TIMEOUT_S
        try:
            async with asyncio.timeout(timeout_s):
                return await self._web.call(
                    "look up a name", method, patience_s=timeout_s / 2, **arguments
                )
        except DropMessage:
            return {}
        except ConfigError as error:  # a scope is missing: other look-ups may still work
            log.warning("%s", error)
            return {}
        except (TimeoutError, RetryLater) as error:
            self._rest(error)
            return None

    def _rest(self, error: TimeoutError | RetryLater) -> None:
        after_s = error.after_s if isinstance(error, RetryLater) else None
        pause = REST if after_s is None else timedelta(seconds=after_s)
        self._resting_until = self._clock() + pause
        log.info("no look-ups of names for %s: %s", pause, error)


def _is_staff(facts: Mapping[str, Any]) -> bool:
    return any(facts.get(key) for key in ("is_admin", "is_owner", "is_primary_owner"))


def _roles(facts: Mapping[str, Any]) -> tuple[str, ...]:
    held = {
        "owner": facts.get("is_owner") or facts.get("is_primary_owner"),
        "admin": facts.get("is_admin"),
        "guest": facts.get("is_restricted") or facts.get("is_ultra_restricted"),
        "external": facts.get("is_stranger"),
    }
    return tuple(role for role, is_held in held.items() if is_held)


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
