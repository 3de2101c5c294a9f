"""A saved file is checked, then taken over between two messages; a broken one is refused."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from greenroom.app import House, open_house
from greenroom.company import gather
from greenroom.message import Decision, Signals
from greenroom.personas.base import Cue
from greenroom.personas.moderator import ModeratorPersona
from greenroom.policies import Policy, load_policy
from greenroom.reload import Reloader
from greenroom.starter import lay_out
from tests.samples import NOON, a_message

RULES = "body: cat\naction: filter\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    list(lay_out(tmp_path, bots=["terminal"]))
    for name in ("civility", "spam", "help"):
        (tmp_path / "policies" / f"{name}.yaml").write_text(RULES, encoding="utf-8")
    config = tmp_path / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"port: \d+", "port: 0", text), encoding="utf-8")
    return tmp_path


@pytest.fixture
async def house(folder: Path) -> AsyncIterator[House]:
    async with open_house(gather(folder / "config.yaml"), port_tries=50) as opened:
        yield opened


def decided(house: House, text: str) -> Decision:
    """What the terminal's moderator makes of a text right now."""
    message = a_message(text)
    (warden,) = [
        one
        for one in house.loop._stages["terminal"].performers(message)
        if isinstance(one, ModeratorPersona)
    ]
    return warden.decide(Cue(message, Signals(), NOON))


def write(folder: Path, text: str, name: str = "policies/civility.yaml") -> None:
    (folder / name).write_text(text, encoding="utf-8")


async def test_a_saved_policy_counts_from_the_next_message(house: House, folder: Path) -> None:
    assert decided(house, "a dog").actions == ()
    write(folder, "body: dog\naction: remove\n")
    assert await Reloader(house, folder / "config.yaml").reload()
    assert [action.kind for action in decided(house, "a dog").actions] == ["remove"]
    assert house.notices == []


async def test_a_broken_file_is_refused_and_told_with_its_line(
    house: House, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, "body: dog\nactoin: remove\n")
    with caplog.at_level(logging.ERROR):
        assert not await Reloader(house, folder / "config.yaml").reload()
    assert [action.kind for action in decided(house, "a cat").actions] == ["filter"]
    assert "policies/civility.yaml:2:1: unknown key `actoin`" in caplog.text
    assert house.notices[0] == "A change was not taken over; what was there goes on."
    assert house.notices[1] == "policies/civility.yaml:2:1: unknown key `actoin`"
    write(folder, RULES)
    assert await Reloader(house, folder / "config.yaml").reload()
    assert house.notices == []


async def test_the_desk_shows_what_was_refused(house: House, folder: Path) -> None:
    write(folder, "body: dog\n'<b>': remove\n")
    await Reloader(house, folder / "config.yaml").reload()
    token = await house.ledger.people.invite("sam")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        form = await (await client.get(f"{house.desk_address}/sign-in?token={token}")).text()
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        await client.post(f"{house.desk_address}/sign-in", data=fields)
        page = await (await client.get(house.desk_address)).text()
    assert "A change was not taken over" in page
    assert "unknown key `&lt;b&gt;`" in page


async def test_mode_placement_and_limits_change_at_once(house: House, folder: Path) -> None:
    bot = (folder / "bots" / "terminal.yaml").read_text(encoding="utf-8")
    write(folder, bot.replace("mode: live", "mode: shadow"), "bots/terminal.yaml")
    assert await Reloader(house, folder / "config.yaml").reload()
    assert house.loop._stages["terminal"].mode == "shadow"
    assert house.bots["terminal"].is_shadow
    assert house.notices == []


async def test_what_needs_a_restart_is_told(house: House, folder: Path) -> None:
    bot = (folder / "bots" / "terminal.yaml").read_text(encoding="utf-8")
    write(folder, bot, "bots/another.yaml")
    write(folder, f"{bot}\nmember: someone\n", "bots/terminal.yaml")
    config = (folder / "config.yaml").read_text(encoding="utf-8")
    write(folder, f"{config}\nloop: {{workers: 3}}\n", "config.yaml")
    assert await Reloader(house, folder / "config.yaml").reload()
    assert house.notices == [
        "config.yaml has changed: it counts from the next start",
        "bots/another.yaml is new: it comes on stage at the next start",
        "bots/terminal.yaml connects otherwise: that counts from the next start",
    ]
    assert list(house.bots) == ["terminal"]


async def test_a_saved_file_of_knowledge_is_found(house: House, folder: Path) -> None:
    question = "Who feeds the llama in the courtyard?"

    async def best() -> str:
        reading = await house.senses.triage.read(question)
        assert reading.embedding is not None
        found = await house.senses.knowledge.search(
            reading.embedding, sources=["."], text=question, limit=1
        )
        return found[0].text

    assert "llama" not in await best()
    write(
        folder, "<h1>The llama</h1><p>Robin feeds the llama in the courtyard.", "knowledge/a.html"
    )
    assert await Reloader(house, folder / "config.yaml").reload()
    assert await best() == "Robin feeds the llama in the courtyard."
    (folder / "knowledge" / "a.html").unlink()
    assert await Reloader(house, folder / "config.yaml").reload()
    assert "llama" not in await best()


async def test_an_unreadable_file_of_knowledge_is_refused(house: House, folder: Path) -> None:
    (folder / "knowledge" / "a.pdf").write_bytes(b"no PDF")
    assert not await Reloader(house, folder / "config.yaml").reload()
    assert house.notices[1].startswith("knowledge/a.pdf: is no PDF that can be read")


async def test_saving_is_enough(house: House, folder: Path) -> None:
    (folder / "policies" / "lists").mkdir()
    write(folder, "cow\n", "policies/lists/animals.txt")
    write(folder, "body: {list: animals}\naction: remove\n")
    reloader = Reloader(house, folder / "config.yaml")
    await reloader.reload()
    with house.ledger.feed.watch() as changes:
        task = asyncio.create_task(reloader.run())
        await asyncio.sleep(1)  # until it watches
        write(folder, "cow\nhen\n", "policies/lists/animals.txt")
        async with asyncio.timeout(30):
            while (await changes.get()).topic != "files":
                continue
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [action.kind for action in decided(house, "a hen").actions] == ["remove"]


def test_a_file_that_did_not_change_is_not_compiled_anew(tmp_path: Path) -> None:
    file, shelf = tmp_path / "rules.yaml", tmp_path / "lists" / "words.txt"
    shelf.parent.mkdir()
    shelf.write_text("cat\n", encoding="utf-8")
    file.write_text("body: {list: words}\naction: report\n", encoding="utf-8")

    def load() -> Policy:
        return load_policy(file, heads=("spam",), intents=())

    first = load()
    assert load() is first
    shelf.write_text("dog\n", encoding="utf-8")
    assert load() is not first
    file.write_text("body: cow\naction: report\n", encoding="utf-8")
    assert load().rules[0].digest != first.rules[0].digest
