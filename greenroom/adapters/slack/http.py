"""Slack's HTTP events: our own small aiohttp server in front of Bolt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from greenroom.adapters.settings import Listen
from greenroom.adapters.slack.acting import is_acting
from greenroom.adapters.slack.asked import UNREADABLE, asked_by_http
from greenroom.adapters.slack.door import Door
from greenroom.errors import ConfigError

log = logging.getLogger(__name__)

Pages = dict[tuple[str, str], Callable[[web.Request], Awaitable[web.StreamResponse]]]
"""What is answered, by method and path."""

ANSWER_TIMEOUT_S = 2.5  # Slack gives up after 3 s and delivers again
MOST_BYTES = 4 * 1024 * 1024  # of one request; Slack's largest stay below 1 MB
PATHS = ("/slack/events", "/slack/commands", "/slack/interactive")  # beside listen.path
LAST_RETRY = "3"  # X-Slack-Retry-Num of the last time that Slack tries
GOODBYE_S = 3.0  # for requests under way when the server stops


@asynccontextmanager
async def listening(pages: Pages, listen: Listen) -> AsyncIterator[tuple[str, int]]:
    """Serve requests meanwhile; yields the host and port that it serves on.

    Raises:
        ConfigError: The address is taken or not ours.
    """
    server = web.Application(client_max_size=MOST_BYTES)
    for (method, path), page in sorted(pages.items(), key=lambda item: item[0]):
        server.router.add_route(method, path, page)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=GOODBYE_S)
    await runner.setup()
    try:
        yield await _bind(runner, listen)
    finally:
        await runner.cleanup()


class HttpEvents:
    """Answers what Slack posts, in time; what was not stored by then Slack posts again."""

    def __init__(self, door: Door, listen: Listen, lost: Callable[[], None]) -> None:
        self._door = door
        self._listen = listen
        self._lost = lost

    @property
    def pages(self) -> Pages:
        """What is answered, by method and path."""
        return {("POST", path): self.answer for path in {self._listen.path, *PATHS}}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        deadline_s = asyncio.get_running_loop().time() + ANSWER_TIMEOUT_S
        try:
            async with asyncio.timeout_at(deadline_s):
                asked = await asked_by_http(request)
        except UNREADABLE as error:
            log.info("an unreadable request came to Slack's address: %s", type(error).__name__)
            return web.Response(status=400, text="unreadable")
        except TimeoutError:
            return web.Response(status=408, text="try again")
        if is_acting(asked.body):
            return await _answer_deed(self._door, asked, request)
        answer = await _answer_event(self._door, asked, deadline_s)
        if answer.status >= 500 and _is_last_try(request):
            log.warning("Slack delivers an event no more that could not be taken in")
            self._lost()
        return answer


def _is_last_try(request: web.Request) -> bool:
    return request.headers.get("X-Slack-Retry-Num", "").strip() == LAST_RETRY


async def _bind(runner: web.AppRunner, listen: Listen) -> tuple[str, int]:
    try:
        await web.TCPSite(runner, listen.host, listen.port).start()
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {listen.host}:{listen.port}: {error.strerror or error}",
            accepted="another listen.host and listen.port in the bot's file; 0 takes a free port",
        ) from error
    host, port = runner.addresses[0][:2]
    return host, port


async def _answer_event(
    door: Door, asked: AsyncBoltRequest, deadline_s: float
) -> web.StreamResponse:
    kept: list[BoltResponse] = []

    async def keep(answer: BoltResponse) -> None:
        kept.append(answer)

    try:
        async with asyncio.timeout_at(deadline_s):
            await door.enter(asked, keep)
    except TimeoutError:
        log.warning("an event from Slack was not taken in within %s s", ANSWER_TIMEOUT_S)
        return web.Response(status=503, text="try again")
    return await to_aiohttp_response(kept[0])


async def _answer_deed(
    door: Door, asked: AsyncBoltRequest, request: web.Request
) -> web.StreamResponse:
    """Answers early if it must, and finishes after that what somebody did."""
    sent: list[web.StreamResponse] = []

    async def send(answer: BoltResponse) -> None:
        response = await to_aiohttp_response(answer)
        response.force_close()  # what is left to do must keep no further request waiting
        sent.append(response)
        try:
            await response.prepare(request)
            await response.write_eof()
        except (OSError, aiohttp.ClientError) as error:
            log.info("an acknowledgement was lost with its connection: %r", error)

    await door.enter(asked, send)
    return sent[0]
