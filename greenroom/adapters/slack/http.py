"""Slack's HTTP events: our own small aiohttp server in front of Bolt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from greenroom.adapters.settings import Listen
from greenroom.adapters.slack.bolt_app import UNREADABLE
from greenroom.errors import ConfigError

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 2.5  # Slack gives up after 3 s and delivers again
MOST_BYTES = 4 * 1024 * 1024  # of one request; Slack's largest stay below 1 MB
GOODBYE_S = 3.0  # for requests under way when the server stops


@asynccontextmanager
async def listening(app: AsyncApp, listen: Listen) -> AsyncIterator[tuple[str, int]]:
    """Serve Slack's requests meanwhile; yields the host and port that it serves on.

    Raises:
        ConfigError: The address is taken or not ours.
    """

    async def receive(request: web.Request) -> web.StreamResponse:
        return await _answer(app, request)

    server = web.Application(client_max_size=MOST_BYTES)
    server.router.add_post(listen.path, receive)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=GOODBYE_S)
    await runner.setup()
    try:
        yield await _bind(runner, listen)
    finally:
        await runner.cleanup()


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


async def _answer(app: AsyncApp, request: web.Request) -> web.StreamResponse:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            answer = await app.async_dispatch(await to_bolt_request(request))
    except UNREADABLE as error:
        log.info("an unreadable request came to Slack's address: %s", type(error).__name__)
        return web.Response(status=400, text="unreadable")
    except TimeoutError:
        log.warning("an event from Slack was not taken in within %s s", ANSWER_TIMEOUT_S)
        return web.Response(status=503, text="try again")
    return await to_aiohttp_response(answer)
