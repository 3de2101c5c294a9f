"""Changes reach an open page, and an open page never holds the end up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from greenroom.desk import Patience, events, make_desk, serve
from greenroom.errors import ConfigError
from greenroom.ledger import Change, Ledger
from greenroom.message import Message, Precedent
from tests.desk.house import Clock, House


async def told(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, object]]:
    async for line in answer.content:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


async def greeted(answer: aiohttp.ClientResponse) -> None:
    while await answer.content.readline() != b": hello\n":
        continue


async def test_a_new_case_is_told(house: House) -> None:
    await house.sign_in()
    async with asyncio.timeout(10), house.client.get("/events") as answer:
        assert answer.content_type == "text/event-stream"
        await greeted(answer)
        case = await house.arrive()
        async for change in told(answer):
            assert (change["topic"], change["case"]) == ("case", case)
            break


async def test_a_verdict_is_told_to_colleagues(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    async with asyncio.timeout(10), house.client.get("/events") as answer:
        await greeted(answer)
        await house.judge(case, "dismiss")
        async for change in told(answer):
            assert (change["topic"], change["case"]) == ("verdict", case)
            break


async def test_messages_alone_are_not_told(house: House) -> None:
    await house.sign_in()
    async with asyncio.timeout(10), house.client.get("/events") as answer:
        await greeted(answer)
        for _ in range(1000):
            house.ledger.feed.publish(Change("message", "k"))
        house.ledger.feed.publish(Change("effect", "k\n\ndata: evil"))
        async for change in told(answer):
            assert change == {"topic": "effect", "case": None, "message": "k\n\ndata: evil"}
            break


async def test_a_quiet_stream_shows_signs_of_life(
    ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_LOOK_S", 0.01)
    async with House.open(ledger, clock, patience=Patience(keep_alive_s=0.0)) as house:
        await house.sign_in()
        async with asyncio.timeout(10), house.client.get("/events") as answer:
            await greeted(answer)
            while await answer.content.readline() != b": still here\n":
                continue


async def test_the_end_does_not_wait_for_open_pages(ledger: Ledger, clock: Clock) -> None:
    async with House.open(ledger, clock) as house:
        await house.sign_in()
        answers = [await house.client.get("/events") for _ in range(5)]
        for answer in answers:
            await greeted(answer)
        began = asyncio.get_running_loop().time()
        await house.stop()
        assert asyncio.get_running_loop().time() - began < 1.0
        for answer in answers:  # each ended whole, as its server chose to
            assert await answer.content.read() == b"\n"


async def test_there_are_only_so_many_watchers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_WATCHERS", 2)
    monkeypatch.setattr(events, "_LOOK_S", 0.01)
    await house.sign_in()
    async with house.client.get("/events") as first, house.client.get("/events") as second:
        assert (first.status, second.status) == (200, 200)
        async with house.client.get("/events") as third:
            assert third.status == 503
            assert third.headers["Retry-After"]
        first.close()  # the browser leaves, and its place is free again
        async with asyncio.timeout(10):
            while not await _is_let_in(house):
                continue


async def _is_let_in(house: House) -> bool:
    async with house.client.get("/events") as answer:
        is_in = answer.status == 200
        answer.close()
        return is_in


async def test_a_port_in_use_is_a_fault_to_mend(house: House) -> None:
    port = int(house.address.rsplit(":", 1)[1])
    other = _another(house)
    with pytest.raises(ConfigError, match=rf"port {port} on 127\.0\.0\.1 is in use\n.*desk\.port"):
        async with serve(other, port=port):
            pass


async def test_the_next_free_port_is_found_when_asked(house: House) -> None:
    port = int(house.address.rsplit(":", 1)[1])
    other = _another(house)
    async with serve(other, port=port, port_tries=20) as address:
        assert port < int(address.rsplit(":", 1)[1]) < port + 20


async def test_an_address_that_is_not_ours_is_a_fault_to_mend(house: House) -> None:
    other = _another(house)
    with pytest.raises(ConfigError, match=r"desk\.host"):
        async with serve(other, host="192.0.2.1", port=0):
            pass


def _another(house: House) -> web.Application:
    return make_desk(
        house.ledger,
        bots={},
        precedents=_none,
        explain=house.explain,
        health=dict,
        clock=house.clock,
    )


async def _none(_: Message) -> list[Precedent]:
    return []
