"""A reply that a model words, from a member's message to the record, the desk and the metrics."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from greenroom.app import House, open_house, swap
from greenroom.clock import utc_now
from greenroom.company import gather, preflight
from greenroom.errors import ConfigErrors
from greenroom.ledger import Decided
from greenroom.lint import warnings_of
from greenroom.message import Event
from greenroom.starter import lay_out
from tests.llm.server import Chat, Reply, ScriptedServer, says, serving
from tests.samples import a_message, an_event

QUESTION = "how do I get the verified role?"
GOOD = "The bot gives you the verified role within a minute [1]."


def lay_out_at(folder: Path, url: str | None, **more: object) -> Path:
    """The starter's terminal bot, with Guide's replies worded by the model at ``url``."""
    list(lay_out(folder, bots=["terminal"]))
    config = folder / "config.yaml"
    text = re.sub(r"\nllm:\n(?:  .*\n)+", "\n", config.read_text(encoding="utf-8"))
    text = re.sub(r"port: \d+", "port: 0", text)
    if url is not None:
        text += f"\nllm: {json.dumps({'url': url, 'model': 'scripted', **more})}\n"
    config.write_text(text, encoding="utf-8")
    guide = folder / "personas" / "guide.yaml"
    guide.write_text(guide.read_text("utf-8").replace("from: grounded", "from: llm"), "utf-8")
    return config


@asynccontextmanager
async def a_house(
    folder: Path, script: Callable[[Chat], Reply], **more: object
) -> AsyncIterator[tuple[House, ScriptedServer]]:
    async with serving(script) as (server, url):
        company = gather(lay_out_at(folder, url, **more))
        async with open_house(company, port_tries=50) as house:
            yield house, server


def asked(text: str = QUESTION, *, id: str = "m1") -> Event:  # noqa: A002
    return replace(an_event(a_message(text, id=id)), bot="terminal", received_at=utc_now())


async def decided(house: House, event: Event) -> Decided:
    """What came of an event, as it is recorded."""
    assert event.message is not None
    await house.loop.take_in(event)
    (pending,) = await house.ledger.inbox.pending(after=0, limit=9)
    await house.loop.handle(pending)
    found = await house.ledger.record.decisions(event.message.key)
    return next(one for one in found if one.decision.persona == "guide")


async def test_who_worded_a_reply_is_recorded_and_counted(tmp_path: Path) -> None:
    reply = says(GOOD, usage=(400, 20), version="fp_9")
    async with a_house(tmp_path, lambda chat: reply) as (house, server):
        found = await decided(house, asked())
        assert found.decision.model == "scripted@fp_9"
        assert "within a minute.\n\nSource: faq.md" in (found.decision.actions[0].text or "")
        assert len(server.asked) == 1
        today = datetime.now(UTC).date().isoformat()
        assert await house.ledger.tokens.used(today) == {"guide": 420}
        async with aiohttp.ClientSession() as client:
            metrics = await (await client.get(f"{house.desk_address}/metrics")).text()
    for line in (
        'greenroom_llm_replies_total{outcome="composed"} 1.0',
        "greenroom_llm_calls_total 1.0",
        'greenroom_llm_tokens_total{direction="read"} 400.0',
        'greenroom_llm_tokens_total{direction="written"} 20.0',
        "greenroom_llm_paused 0.0",
        "greenroom_llm_seconds_count 1.0",
    ):
        assert line in metrics, line


async def test_every_metric_of_the_model_is_documented(tmp_path: Path) -> None:
    docs = (Path(__file__).parents[1] / "docs" / "operations.md").read_text("utf-8")
    async with (
        a_house(tmp_path, lambda chat: says(GOOD)) as (house, _),
        aiohttp.ClientSession() as client,
    ):
        await decided(house, asked())
        metrics = await (await client.get(f"{house.desk_address}/metrics")).text()
    names = set(re.findall(r"^# TYPE (greenroom_llm_\w+)", metrics, re.MULTILINE))
    assert len(names) >= 5
    for name in names:
        assert f"| `{name}` |" in docs, name


async def test_a_model_that_is_away_costs_the_quotation_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, lambda chat: Reply([b"{}"], status=503)) as (house, server):
        for number in range(5):
            found = await decided(house, asked(id=f"m{number}"))
            assert (found.decision.actions[0].text or "").startswith("> Introduce yourself")
        assert len(server.asked) == 3  # then it is left alone
        assert found.decision.notes[0].startswith("not worded by the model, paused")


async def test_a_change_of_file_counts_from_the_next_message(tmp_path: Path) -> None:
    async with a_house(tmp_path, lambda chat: says(GOOD)) as (house, server):
        guide = tmp_path / "personas" / "guide.yaml"
        guide.write_text(guide.read_text("utf-8").replace("from: llm", "from: grounded"), "utf-8")
        swap(house, gather(tmp_path / "config.yaml"))
        found = await decided(house, asked())
        assert (found.decision.model, server.asked) == (None, [])


def test_a_persona_that_wants_a_model_where_there_is_none_is_told(tmp_path: Path) -> None:
    config = lay_out_at(tmp_path, None)
    with pytest.raises(ConfigErrors) as caught:
        gather(config)
    (fault,) = caught.value.faults
    assert re.search(r"personas/guide.yaml:\d+:3: guide wants its replies worded by", str(fault))
    assert "set llm.url and llm.model in config.yaml" in str(fault)


def test_an_address_without_a_model_is_told(tmp_path: Path) -> None:
    config = lay_out_at(tmp_path, None)
    config.write_text(config.read_text("utf-8") + "\nllm: {url: 'http://127.0.0.1:1/v1'}\n")
    with pytest.raises(ConfigErrors, match=r"config.yaml:\d+:1: `llm`: url and model go together"):
        gather(config)


def test_a_key_is_not_shown_when_it_is_wrong(tmp_path: Path) -> None:
    config = lay_out_at(tmp_path, "http://127.0.0.1:1/v1", api_key=["my-key"])
    with pytest.raises(ConfigErrors) as caught:
        gather(config)
    assert "my-key" not in str(caught.value)


def test_what_members_write_should_not_travel_in_the_clear(tmp_path: Path) -> None:
    company = gather(lay_out_at(tmp_path, "http://models.example.org/v1"))
    preflight(company)
    told = [str(one) for one in warnings_of(company) if "llm" in str(one) or "clear" in str(one)]
    assert len(told) == 1
    assert re.search(r"config.yaml:\d+:\d+: what members write goes to models.example.org", told[0])
    near = gather(lay_out_at(tmp_path / "near", "http://127.0.0.1:1/v1"))
    assert not [one for one in warnings_of(near) if "clear" in str(one)]


def test_a_trial_knows_the_key_where_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = lay_out_at(tmp_path, "http://127.0.0.1:1/v1", api_key="${SOME_MODELS_KEY}")
    unknown = gather(config, secrets=False).deployment.config.llm.api_key
    assert unknown is not None
    assert unknown.get_secret_value() == "${SOME_MODELS_KEY}"
    monkeypatch.setenv("SOME_MODELS_KEY", "found")
    known = gather(config, secrets=False).deployment.config.llm.api_key
    assert known is not None
    assert known.get_secret_value() == "found"
