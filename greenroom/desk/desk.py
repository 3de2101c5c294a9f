"""The desk as one aiohttp application, and the server that it runs on."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from aiohttp import web

from greenroom.desk import (
    case,
    chain,
    events,
    guard,
    metrics,
    personas,
    provenance,
    queue,
    signin,
)
from greenroom.desk.pages import HERE, templates
from greenroom.desk.room import ROOM, Explain, Fitness, Patience, Precedents, Room, RunningBot
from greenroom.errors import ConfigError
from greenroom.experiments import WITHIN
from greenroom.ledger import Ledger
from greenroom.report import Experiments

_GOODBYE_S = 2.0  # for requests in flight when the desk closes


def make_desk(
    ledger: Ledger,
    *,
    bots: Mapping[str, RunningBot],
    precedents: Precedents,
    explain: Explain,
    health: Callable[[], Mapping[str, Fitness]],
    notices: Sequence[str] = (),
    cast: Experiments | None = None,
    within: timedelta = WITHIN,
    clock: Callable[[], datetime],
    public_url: str | None = None,
    public_keys: Callable[[], Sequence[str]] = tuple,
    patience: Patience | None = None,
    watched: metrics.Metrics | None = None,
) -> web.Application:
    """The web console where moderators work the queue.

    Args:
        ledger: What it shows and writes verdicts to; it stays the caller's to close.
        bots: The running bots by name.
        precedents: Looks up judged messages that are like one.
        explain: Says which words of a message made a score.
        health: How each bot's adapter fares, by the bot's name.
        notices: What stands above every page; read anew each time.
        cast: All personas in files with their experiments; read anew each time.
        within: How long feedback counts.
        clock: The time now, in UTC.
        public_url: The address behind a proxy. Besides it, only loopback names are answered.
        public_keys: The keys that records of utterances are signed with, as Multikeys, the
            newest first.
        patience: How long it waits for others.
        watched: What ``/metrics`` tells of the running house, beside the ledger's figures.
    """
    app = web.Application(
        client_max_size=guard.MAX_BODY_BYTES,
        middlewares=(metrics.apart, guard.own_address, guard.own_errors, guard.signed_in),
    )
    app[ROOM] = Room(
        ledger=ledger,
        bots=bots,
        precedents=precedents,
        explain=explain,
        health=health,
        notices=notices,
        cast={} if cast is None else cast,
        within=within,
        clock=clock,
        templates=templates(),
        public_url=public_url,
        public_keys=public_keys,
        patience=patience or Patience(),
    )
    if watched is not None:
        app[metrics.METRICS] = watched
    app.on_response_prepare.append(guard.add_headers)
    events.set_up(app)
    for part in (signin, queue, case, personas, chain, provenance, events, metrics):
        app.add_routes(part.routes())
    app.router.add_static("/static", HERE / "static", name="static")
    return app


@asynccontextmanager
async def serve(
    app: web.Application, *, host: str = "127.0.0.1", port: int = 8080, port_tries: int = 1
) -> AsyncIterator[str]:
    """Serve ``app`` while the context lasts; yields its own address, ``http://host:port``.

    Args:
        app: What ``make_desk`` made.
        host: The address to listen on.
        port: The port; 0 takes any.
        port_tries: How many ports to try, from ``port`` upwards.

    Raises:
        ConfigError: The port is in use (and so are the next ones, if they were tried).
    """
    # No access log: it would hold sign-in tokens.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE_S)
    await runner.setup()
    try:
        await _listen(runner, host, port, port_tries)
        yield _address(runner)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int, tries: int) -> None:
    for candidate in range(port, min(port + max(1, tries), 65_536)):
        site = web.TCPSite(runner, host, candidate)
        try:
            await site.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _cannot_listen(host, candidate, error) from error
        else:
            return
    raise ConfigError(
        f"port {port} on {host} is in use",
        accepted="end the program that uses it, or set desk.port in config.yaml to a free port",
    )


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigError:
    return ConfigError(
        f"the desk cannot listen on {host}, port {port}: {error.strerror or error}",
        accepted="set desk.host and desk.port in config.yaml to what this machine may use",
    )


def _address(runner: web.AppRunner) -> str:
    bound = next(iter(runner.addresses))
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bound[0], bound[0])  # noqa: S104 (compared)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"http://{host}:{bound[1]}"
