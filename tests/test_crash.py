"""Kill -9 at any moment and start again: nothing lost, nothing done twice.

A real `greenroom run` process, its real Slack library, and a workspace on loopback that
redelivers what is not acknowledged, as Slack does.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from greenroom.ledger import Ledger
from tests.adapters.slack.stage import event_body, said
from tests.platforms.slack.server import (
    BOT_TOKEN,
    CHANNEL,
    MEMBER,
    SECRET,
    SlackServer,
    signed,
    slack_server,
)

MESSAGES = 64  # a multiple of the eight that come at once

POLICY = """
type: any
body (includes): "please answer"
comment: heard you
---
type: any
body (includes): "please look"
action: escalate
action_reason: somebody asked
"""


@dataclass
class Run:
    """The process that runs now, and how to start the next one."""

    config: Path
    log: Path
    process: asyncio.subprocess.Process


def lay_out(folder: Path, server: SlackServer, port: int) -> Path:
    for name in ("bots", "personas", "policies", "knowledge"):
        (folder / name).mkdir()
    (folder / "config.yaml").write_text("desk: {port: 0}\nledger: {path: ledger.db}\n")
    (folder / "policies" / "echo.yaml").write_text(POLICY)
    (folder / "personas" / "warden.yaml").write_text(
        "kind: moderator\nname: W\noperator: T\ndisclosure: Automated.\npolicies: [echo]\n"
        "limits: {replies_per_minute: 10000, per_member_per_hour: 10000}\n"
    )
    (folder / "bots" / "harbour.yaml").write_text(
        f"adapter: slack\ntoken: {BOT_TOKEN}\nsigning_secret: {SECRET}\ntransport: http\n"
        f"mode: live\nlisten: {{port: {port}}}\nendpoints: {{api: 'http://{server.url}/api/'}}\n"
        "personas: {warden: {}}\n"
    )
    return folder / "config.yaml"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def start(config: Path, log: Path) -> asyncio.subprocess.Process:
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "greenroom", "run", "--config", str(config),
            stdout=output, stderr=output,
        )  # fmt: skip


async def deliver(port: int, number: int) -> None:
    """As Slack: again with another event id until it is acknowledged."""
    event = said(text_of(number), ts_of(number))
    async with aiohttp.ClientSession() as session:
        for attempt in range(400):
            body = json.dumps(event_body(event, f"Ev{number}-{attempt}")).encode()
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with asyncio.timeout(3):
                    url = f"http://127.0.0.1:{port}/slack/events"
                    async with session.post(url, data=body, headers=signed(body)) as answer:
                        if answer.status == 200:
                            return
            await asyncio.sleep(0.1)
    raise AssertionError(f"message {number} was never acknowledged")


async def kill_and_start_again(
    run: Run, server: SlackServer, port: int, chance: random.Random, kills: int
) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(deliver_all(port))
        for _ in range(kills):
            await until_posts_grow(server, by=chance.randint(1, 12))
            run.process.send_signal(signal.SIGKILL)
            await run.process.wait()
            run.process = await start(run.config, run.log)


@pytest.mark.parametrize("kills", [2, pytest.param(4, marks=pytest.mark.slow)])
async def test_killed_at_any_moment_nothing_is_lost_or_doubled(tmp_path: Path, kills: int) -> None:
    chance = random.Random(7)
    async with slack_server() as server:
        server.users[MEMBER] = {"id": MEMBER, "name": "ada", "is_bot": False, "profile": {}}
        port = free_port()
        config, log = lay_out(tmp_path, server, port), tmp_path / "run.log"
        post_all(server)
        run = Run(config, log, await start(config, log))
        try:
            await kill_and_start_again(run, server, port, chance, kills)
            await until(lambda: len(answered_in(server)) >= MESSAGES // 2)
            await asyncio.sleep(1.0)  # anything doubled would follow now
            run.process.send_signal(signal.SIGTERM)
            assert await run.process.wait() == 0, log.read_text()
        finally:
            if run.process.returncode is None:
                run.process.kill()
                await run.process.wait()
        assert_once_each(server)
    await assert_ledger_is_whole(tmp_path / "ledger.db")


def text_of(number: int) -> str:
    return f"{('please answer', 'please look')[number % 2]} {number}"


def ts_of(number: int) -> str:
    return f"1700001{number:03}.000100"


def post_all(server: SlackServer) -> None:
    """The members' messages are in the workspace, whoever listens."""
    for number in range(MESSAGES):
        ts = ts_of(number)
        server.messages[CHANNEL][ts] = {"user": MEMBER, "text": text_of(number), "ts": ts}


async def deliver_all(port: int) -> None:
    for first in range(0, MESSAGES, 8):
        await asyncio.gather(*(deliver(port, number) for number in range(first, first + 8)))


async def until(done: object) -> None:
    async with asyncio.timeout(90):
        while not done():  # type: ignore[operator]  # a function
            await asyncio.sleep(0.05)


async def until_posts_grow(server: SlackServer, *, by: int) -> None:
    goal = len(server.called("chat.postMessage")) + by
    await until(lambda: len(server.called("chat.postMessage")) >= min(goal, MESSAGES // 2))


def answered_in(server: SlackServer) -> Counter[str]:
    """How often each message is answered; a call that a kill cut off may have answered none."""
    kept = server.messages[CHANNEL].items()
    replies = [message for ts, message in kept if message.get("thread_ts", ts) != ts]
    return Counter(str(message["thread_ts"]) for message in replies)


def assert_once_each(server: SlackServer) -> None:
    answered = answered_in(server)
    assert answered == Counter(ts_of(number) for number in range(0, MESSAGES, 2))


async def assert_ledger_is_whole(path: Path) -> None:
    ledger = Ledger(path)
    try:
        assert await ledger.inbox.depth() == 0
        assert await ledger.entries.first_broken() is None
        assert await ledger.cases.counts() == {"open": MESSAGES // 2}
        decisions = [e for e in await ledger.entries.latest(limit=10_000) if e.kind == "decision"]
        assert Counter(entry.subject for entry in decisions).most_common(1)[0][1] == 1
        assert len(decisions) == MESSAGES
    finally:
        ledger.close()
