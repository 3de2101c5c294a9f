"""Socket Mode: one WebSocket after another, the next one open before the last one ends.

The SDK's own Socket Mode client is not used: its queue has no bound, its tasks outlive
``close``, and it retries a revoked token for ever. Bolt still does what it does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp

from greenroom.adapters.slack.door import Door
from greenroom.adapters.slack.link import Ending, Link
from greenroom.adapters.slack.web import CALL_TIMEOUT_S, SlackWeb
from greenroom.errors import ConfigError, RetryLater

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S: Final = 2.0
HEARTBEAT_S: Final = 20.0  # a ping so often; a peer that stays silent for half as long is gone
MOST_BYTES: Final = 16 * 1024 * 1024  # of one frame; a larger one would close the connection
FINISH_S: Final = 3.0  # for what came in on a connection that is gone
AGAIN_S: Final = 2.0  # until a successor is tried again, while the old connection holds
SUCCEED_S: Final = 20.0  # in which one must be found; Slack ends the old connection after 10


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told how the connection fares."""

    connected: Callable[[bool], None]
    lost: Callable[[], None]  # something may have been said that was not heard


class SocketMode:
    """Receives for one app."""

    def __init__(
        self, door: Door, web: SlackWeb, session: aiohttp.ClientSession, watchers: Watchers
    ) -> None:
        self._door = door
        self._web = web
        self._session = session
        self._watchers = watchers
        self._links: dict[Link, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Receive until the connection is lost; move to a new one when Slack asks.

        Raises:
            RetryLater: The connection was lost.
            ConfigError: Socket Mode is switched off, or app_token is wrong.
        """
        async with asyncio.TaskGroup() as group:
            try:
                link = await self._open(group)
                self._watchers.connected(True)
                while True:
                    link = await self._follow(link, group)
            finally:
                self._watchers.connected(False)
                await self._finish()

    async def _follow(self, link: Link, group: asyncio.TaskGroup) -> Link:
        """Wait until the connection is about to go, and return its successor."""
        while not link.is_leaving and link.ending is None:
            await link.changed()
        _check(link)
        log.info("Slack asked for a new Socket Mode connection")
        successor = await self._succeed(link, group)
        if link.ending is not None:  # it went before its successor was there
            self._watchers.lost()
        link.retire()
        self._links = {it: task for it, task in self._links.items() if not task.done()}
        self._watchers.connected(True)
        return successor

    async def _succeed(self, link: Link, group: asyncio.TaskGroup) -> Link:
        now_s = asyncio.get_running_loop().time
        latest_s = now_s() + SUCCEED_S
        while True:
            try:
                return await self._open(group)
            except RetryLater as error:
                if link.ending is not None or now_s() > latest_s:
                    raise
                log.info("no new Socket Mode connection yet: %s", error)
                await link.changed(error.after_s or AGAIN_S)

    async def _open(self, group: asyncio.TaskGroup) -> Link:
        """A connection over which Slack said hello."""
        link = Link(self._door, await self._connect())
        self._links[link] = group.create_task(link.run())
        while not link.is_greeted and link.ending is None:
            await link.changed()
        _check(link)
        return link

    async def _finish(self) -> None:
        """Let what came in on a connection that is gone be taken in."""
        tasks = [task for link, task in self._links.items() if link.ending is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=FINISH_S)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        address = await self._web.open_socket()
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await self._session.ws_connect(
                    address,
                    heartbeat=HEARTBEAT_S,
                    max_msg_size=MOST_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            what = _without_ticket(error)
            raise RetryLater(f"Slack's Socket Mode address cannot be reached: {what}") from error


def _check(link: Link) -> None:
    if link.ending is Ending.DISABLED:
        raise ConfigError(
            "Slack says that Socket Mode is switched off for the app",
            accepted="switch it on at api.slack.com/apps, your app, Socket Mode, "
            "or use transport: http",
        )
    if link.ending is Ending.CLOSED:
        raise RetryLater("Slack closed the Socket Mode connection")


def _without_ticket(error: Exception) -> str:
    """What went wrong; the address itself lets anybody in and stays out of the log."""
    status = getattr(error, "status", None)
    reason = error.strerror if isinstance(error, OSError) else None
    return " ".join(str(it) for it in (type(error).__name__, status, reason) if it)
