"""A running house, from a typed question to a record that anybody can check."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from greenroom.adapters.terminal import TerminalAdapter
from greenroom.app import House, open_house
from greenroom.company import gather, key_folder, preflight
from greenroom.errors import ConfigErrors
from greenroom.ledger import Attestation
from greenroom.message import Event, EventKind
from greenroom.provenance import CERTIFICATE, check_signature, check_text, read_binding, read_record
from greenroom.reload import Reloader
from greenroom.starter import lay_out
from tests.samples import NOON, a_message

WAIT_S = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    list(lay_out(tmp_path, bots=["terminal"]))
    config = tmp_path / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("c2pa_text: false", "c2pa_text: true")
    config.write_text(re.sub(r"port: \d+", "port: 0", text), encoding="utf-8")
    bot = tmp_path / "bots" / "terminal.yaml"
    bot.write_text(re.sub(r"mode: \w+", "mode: live", bot.read_text()))
    return tmp_path


@pytest.fixture
async def house(folder: Path) -> AsyncIterator[House]:
    async with open_house(gather(folder / "config.yaml"), port_tries=50) as opened:
        yield opened


async def answered(house: House, question: str, id: str) -> tuple[Attestation, str]:  # noqa: A002
    """The record of the answer to a question, and the text that was shown."""
    shown: list[str] = []
    adapter = house.adapters["terminal"]
    assert isinstance(adapter, TerminalAdapter)
    adapter._show, adapter._lines = shown.append, ()
    message = a_message(question, id=id, platform="terminal")
    event = Event(EventKind.MESSAGE_POSTED, "terminal", "terminal", NOON, message)
    running = asyncio.create_task(house.loop.run())
    try:
        with house.ledger.feed.watch() as changes:
            await house.loop.take_in(event)
            async with asyncio.timeout(WAIT_S):
                while not (found := await house.ledger.attestations.about(message.key)):
                    await changes.get()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    (one,) = found
    return one, shown[-1]


async def test_an_answer_is_recorded_bound_and_served(house: House, folder: Path) -> None:
    one, text = await answered(house, "how do I get the verified role?", "q1")
    record = read_record(one.record)
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{house.desk_address}/provenance/{one.id}") as answer:
            assert await answer.text() == one.record
        async with client.get(f"{house.desk_address}/provenance/key") as answer:
            keys = await answer.json(content_type=None)
    named = [method["publicKeyMultibase"] for method in keys["verificationMethod"]]
    assert all(finding.holds for finding in check_signature(record, named))
    rest, findings = read_binding(text, key_folder(house.company.deployment) / CERTIFICATE)
    assert all(finding.holds for finding in findings)
    assert len(findings) == 2
    assert check_text(record, text).holds
    assert check_text(record, rest).holds
    assert (
        record["prov:wasAttributedTo"]["schema:softwareVersion"]
        == (house.company.versions["guide"])
    )
    sources = [used["schema:name"] for used in record["prov:wasGeneratedBy"]["prov:used"]]
    assert any(source.endswith(".md") for source in sources)
    assert record["prov:wasGeneratedBy"]["prov:wasAssociatedWith"]


def test_a_missing_library_is_told_with_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(ConfigErrors) as caught:
        preflight(gather(folder / "config.yaml"))
    (fault,) = caught.value.faults
    assert fault.file == str(folder / "config.yaml")
    assert "c2pa_text: true" in (folder / "config.yaml").read_text().splitlines()[fault.line - 1]  # type: ignore[operator]  # it has a line
    assert "greenroom[c2pa]" in str(fault)


async def test_a_saved_file_is_another_version(house: House, folder: Path) -> None:
    before = house.company.versions["guide"]
    guide = folder / "personas" / "guide.yaml"
    guide.write_text(guide.read_text() + "\n# reworded\n")
    assert await Reloader(house, folder / "config.yaml").reload()
    one, _ = await answered(house, "how do I get the verified role?", "q2")
    version = read_record(one.record)["prov:wasAttributedTo"]["schema:softwareVersion"]
    assert version == house.company.versions["guide"] != before
