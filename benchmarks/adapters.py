"""Events a second through each platform's library into the inbox, in one run with the bare library.

    python -m benchmarks.adapters [--platform discord] [--events 2000] [--rounds 5]

The platform on loopback is a process of its own, and sends as fast as it is read. Bare: the
library with a handler that only counts. Ours: the adapter, each event durably in the ledger's
inbox before the platform is acknowledged. They take turns, since these machines drift; medians
are printed. On Reddit, which is polled, it is a listing that holds so many new comments: bare
reads it, ours reads it with its authors' facts and the other listings that it watches.
The model has no part in this.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import platform as machine
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpraw
import discord
import yaml
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from greenroom.company import gather, make_adapter
from greenroom.ledger import Ledger
from greenroom.message import Event, EventKind
from greenroom.starter import lay_out

PLATFORMS = ("discord", "slack", "reddit")
WAIT_S = 120.0
LISTED = 900  # comments that one look at Reddit's listing can reach; it ends at 1,000


@dataclass(slots=True)
class Counted:
    """Counts what comes in, and says when enough has."""

    wanted: int = 0
    count: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def expect(self, events: int) -> None:
        self.wanted, self.count = events, 0
        self.enough.clear()

    def one(self) -> None:
        self.count += 1
        if self.count == self.wanted:
            self.enough.set()


@dataclass(slots=True)
class Stage:
    """The platform's process."""

    process: asyncio.subprocess.Process
    bot: Mapping[str, Any]

    async def say(self, events: int) -> None:
        """Let members post so many messages; returns when the platform has said them all."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{events}\n".encode())
        await self.process.stdout.readline()


def main() -> None:
    """Measure and print; or, with ``--serve``, be the platform."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", choices=PLATFORMS, action="append")
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", choices=PLATFORMS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(options.serve))
        return
    print(f"{machine.machine()}, {os.cpu_count()} cores, Python {machine.python_version()}")
    for name in options.platform or PLATFORMS:
        asyncio.run(_measure(name, options.events, options.rounds))


async def _serve(name: str) -> None:
    """Read numbers, say so many messages each, and tell when they are said."""
    module = importlib.import_module(f"tests.platforms.{name}.platform")
    loop = asyncio.get_running_loop()
    number = 0
    async with module.platform() as platform:
        print(json.dumps(dict(platform.bot)), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            for _ in range(int(line)):
                number += 1
                await platform.say(f"message {number}", author=f"member{number % 20}")
                await asyncio.sleep(0)
            print("said", flush=True)


@asynccontextmanager
async def _stage(name: str) -> AsyncIterator[Stage]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "benchmarks.adapters", "--serve", name,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Stage(process, json.loads(await process.stdout.readline()))
    finally:
        process.kill()
        await process.wait()


async def _measure(name: str, events: int, rounds: int) -> None:
    events = LISTED if name == "reddit" else events
    pairs = []
    async with _stage(name) as stage:
        for number in range(rounds + 1):
            bare = await _paced(stage, _BARE[name], events)
            ours = await _paced(stage, _ours, events)
            if number:  # the first round only warms
                pairs.append((bare, ours))
    bare = statistics.median(one for one, _ in pairs)
    ours = statistics.median(one for _, one in pairs)
    ratio = statistics.median(one / other for other, one in pairs)
    print(f"{name:>8}  bare {bare:8.0f}/s  ours {ours:8.0f}/s  ratio {ratio:.2f}", flush=True)


Listen = Callable[[Stage, Counted], Any]


async def _paced(stage: Stage, listen: Listen, events: int) -> float:
    """Events a second, from the first that is said to the last that is taken in."""
    counted = Counted()
    async with listen(stage, counted):
        await stage.say(20)  # the connection is warm, and whatever is asked once is asked
        await asyncio.sleep(0.5)
        counted.expect(events)
        began = time.perf_counter()
        await stage.say(events)
        async with asyncio.timeout(WAIT_S):
            await counted.enough.wait()
        return events / (time.perf_counter() - began)


@asynccontextmanager
async def _ours(stage: Stage, counted: Counted) -> AsyncIterator[None]:
    """The adapter, with a real ledger's inbox behind it."""
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        adapter, ledger = _adapter(Path(folder), stage.bot), Ledger(Path(folder) / "ledger.db")

        async def take_in(event: Event) -> bool:
            is_new = await ledger.inbox.put(event)
            if event.kind is EventKind.MESSAGE_POSTED:
                counted.one()
            return is_new

        try:
            async with _beside(adapter.run(take_in)):
                await _connected(lambda: adapter.health().is_connected)
                yield
        finally:
            ledger.close()


def _adapter(folder: Path, bot: Mapping[str, Any]) -> Any:
    list(lay_out(folder, bots=[]))
    (folder / "bots").mkdir(exist_ok=True)
    text = yaml.safe_dump({"personas": {"warden": {"in": ["*"]}}, **bot})
    (folder / "bots" / "bench.yaml").write_text(text)
    deployment = gather(folder / "config.yaml").deployment
    return make_adapter(deployment.bots["bench"], deployment)


@asynccontextmanager
async def _bare_discord(stage: Stage, counted: Counted) -> AsyncIterator[None]:
    api = URL(stage.bot["endpoints"]["api"])
    discord.http.Route.BASE = str(api)
    address = api.with_scheme("ws").with_path("/gateway")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = address  # it asks the API for none
    intents = discord.Intents.default()
    intents.message_content = intents.members = True
    client = discord.Client(intents=intents, chunk_guilds_at_startup=False)
    ready = asyncio.Event()

    @client.event
    async def on_message(_: discord.Message) -> None:
        counted.one()

    @client.event
    async def on_connect() -> None:
        ready.set()

    async with _beside(client.start(stage.bot["token"])):
        await ready.wait()
        await asyncio.sleep(0.5)
        yield
        await client.close()


@asynccontextmanager
async def _bare_slack(stage: Stage, counted: Counted) -> AsyncIterator[None]:
    web = AsyncWebClient(stage.bot["token"], base_url=stage.bot["endpoints"]["api"])
    app = AsyncApp(client=web)

    @app.event("message")
    async def heard() -> None:
        counted.one()

    handler = AsyncSocketModeHandler(app, stage.bot["app_token"], web_client=web)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await asyncio.sleep(0.5)
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _bare_reddit(stage: Stage, counted: Counted) -> AsyncIterator[None]:
    """Reads the listing over and over until it has seen so many."""
    keys = {name: stage.bot[name] for name in ("client_id", "client_secret", "username")}
    ends = stage.bot["endpoints"]
    reddit = asyncpraw.Reddit(
        **keys, password=stage.bot["password"], user_agent="python:benchmark:v1",
        oauth_url=ends["oauth"], reddit_url=ends["www"], short_url=ends["www"],
        check_for_updates=False,
    )  # fmt: skip
    async with reddit, _beside(_read_listing(reddit, stage.bot, counted)):
        yield


async def _read_listing(reddit: Any, bot: Mapping[str, Any], counted: Counted) -> None:
    subreddit = await reddit.subreddit(bot["subreddits"][0])
    seen: set[str] = set()
    while True:
        async for comment in subreddit.comments(limit=1_000):
            if comment.fullname in seen:
                break
            seen.add(comment.fullname)
            counted.one()
        await asyncio.sleep(bot["poll_s"])


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that runs meanwhile; if it fails, so does the benchmark."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            yield
        finally:
            task.cancel()


async def _connected(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 (health has no event)
            await asyncio.sleep(0.05)


_BARE: Mapping[str, Listen] = {
    "discord": _bare_discord,
    "slack": _bare_slack,
    "reddit": _bare_reddit,
}


if __name__ == "__main__":
    main()
