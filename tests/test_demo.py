"""The demo as a newcomer meets it: two personas, the desk in a browser, Ctrl-C, and again."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from greenroom.ledger import Ledger

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Demo:
    """A running `greenroom demo`, and what it has printed."""

    process: asyncio.subprocess.Process
    printed: str = ""

    async def until(self, pattern: str) -> str:
        """Read on until ``pattern`` is printed; its first group."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while (found := re.search(pattern, self.printed)) is None:
                line = await self.process.stdout.readline()
                assert line, f"it ended: {self.printed}"
                self.printed += line.decode()
        return found[found.re.groups]

    def say(self, text: str) -> None:
        """Type a line as a member."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())

    async def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(15):
            return await self.process.wait()


@asynccontextmanager
async def a_demo(folder: Path, *words: str) -> AsyncIterator[Demo]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "greenroom", "demo", "--data", str(folder), "--port", "0"),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield Demo(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_chatting_shows_answers_and_reasons(tmp_path: Path) -> None:
    async with a_demo(tmp_path, "--chat") as demo:
        await demo.until("You are a member now")
        demo.say("how do I get the verified role?")
        await demo.until(r"\[guide\] reply, because: answered from faq\.md")
        await demo.until(r"Source: faq\.md")
        demo.say("shut up you worthless piece of shit")
        await demo.until(r"\[warden\] filter, because: insult")
        demo.say("/human")
        await demo.until(r"because: asked for a person")
        assert await demo.stop() == 0


async def test_it_ends_on_ctrl_c_and_goes_on_with_the_same_data(tmp_path: Path) -> None:
    seen: list[int] = []
    for _ in range(2):
        async with a_demo(tmp_path) as demo:
            await demo.until("Cases arrive")
            await asyncio.sleep(2)
            assert await demo.stop() == 0
        ledger = Ledger(tmp_path / "data" / "ledger.db")
        seen.append(sum((await ledger.cases.counts()).values()))
        assert await ledger.entries.first_broken() is None
        decisions = [e for e in await ledger.entries.latest(limit=999) if e.kind == "decision"]
        assert len({entry.subject for entry in decisions}) == len(decisions)
        ledger.close()
    assert 0 < seen[0] <= seen[1]


@pytest.mark.browser
async def test_a_verdict_changes_what_becomes_of_a_message(tmp_path: Path) -> None:
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: .ci/run installs it")
        pytest.skip("NOT CHECKED: no Chromium on this machine")
    async with a_demo(tmp_path) as demo, async_playwright() as playwright:
        address = await demo.until(r"Sign in[^:]*: (\S+)")
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        page = await browser.new_page()
        await overturn_a_removal(page, address)
        await browser.close()
        assert await demo.stop() == 0
    await assert_it_was_put_back(tmp_path / "data" / "ledger.db")


async def overturn_a_removal(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("button").first.click()
    await page.get_by_text("gift bait").first.click(timeout=20_000)
    await page.get_by_text("removed").first.wait_for()
    first = page.url
    await page.keyboard.press("o")
    await page.wait_for_url(lambda url: url != first)
    await page.goto(first)
    await page.get_by_text("Overturned").or_(page.get_by_text("overturn")).first.wait_for()


async def assert_it_was_put_back(path: Path) -> None:
    ledger = Ledger(path)
    try:
        ((case, message),) = await ledger.cases.queue(state="closed")
        assert (case.verdict, case.moderator) == ("overturn", "demo")
        kept = await ledger.messages.get(message.key)
        assert kept is not None
        assert kept.state == "visible"
        kinds = [entry.kind for entry in await ledger.entries.about(message.key)]
        assert kinds == ["decision", "case", "effect", "verdict", "effect"]
    finally:
        ledger.close()
