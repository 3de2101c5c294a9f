"""The real client library against a server on loopback that does what servers do, and worse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from greenroom.llm import Answer, Said, Unanswered, Why
from greenroom.llm.base import MAX_ANSWER
from greenroom.llm.client import MAX_BYTES, ChatServer
from greenroom.llm.tools import SEARCH
from tests.llm.server import Chat, Reply, ScriptedServer, calls, says, serving

CHAT = [Said("system", "Be brief."), Said("user", "hello")]


@asynccontextmanager
async def a_client(
    script: Callable[[Chat], Reply] | Reply, **options: object
) -> AsyncIterator[tuple[ChatServer, ScriptedServer]]:
    told = (lambda chat: script) if isinstance(script, Reply) else script
    async with serving(told) as (server, url):
        client = ChatServer(url, "scripted", **options)  # type: ignore[arg-type]  # as named
        try:
            yield client, server
        finally:
            await client.close()


async def ask(script: Callable[[Chat], Reply] | Reply, **options: object) -> Answer:
    async with a_client(script, **options) as (client, _):
        return await client.ask(CHAT)


async def refused(script: Callable[[Chat], Reply] | Reply, **options: object) -> Unanswered:
    with pytest.raises(Unanswered) as caught:
        await ask(script, **options)
    return caught.value


async def test_an_answer_is_put_together_from_its_pieces() -> None:
    answer = await ask(says("Read the rules first. [1]", usage=(120, 9), version="fp_1"))
    assert answer == Answer(
        "Read the rules first. [1]", model="scripted@fp_1", tokens=129, written=9
    )


async def test_what_is_asked_is_what_was_to_be_asked() -> None:
    async with a_client(says("hi"), key="a-key", max_tokens=77) as (client, server):
        await client.ask(CHAT, [SEARCH])
    (asked,) = server.asked
    assert [one["content"] for one in asked["messages"]] == ["Be brief.", "hello"]
    assert (asked["model"], asked["max_tokens"], asked["stream"]) == ("scripted", 77, True)
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["search_knowledge"]
    assert server.headers[0]["Authorization"] == "Bearer a-key"


async def test_a_call_of_a_tool_is_put_together() -> None:
    answer = await ask(calls("search_knowledge", '{"query": "roles"}'))
    (call,) = answer.calls
    assert (call.id, call.name, call.arguments) == ("c1", "search_knowledge", '{"query": "roles"}')


async def test_a_long_answer_is_cut_and_the_stream_left() -> None:
    async with a_client(says("word " * 2_000)) as (client, server):
        answer = await client.ask(CHAT)
        assert (len(answer.text), answer.is_cut) == (MAX_ANSWER, True)
    assert len(server.asked) == 1


async def test_a_stream_without_end_is_left_at_the_deadline() -> None:
    async with a_client(says("well", is_endless=True)) as (client, server):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.ask(CHAT)
        async with asyncio.timeout(5):
            while not server.left:
                await asyncio.sleep(0.01)


async def test_a_server_that_says_nothing_is_slow() -> None:
    error = await refused(says("late", wait_s=5), deadline_s=0.2)
    assert error.fault.why is Why.SLOW


async def test_an_endless_line_is_not_kept_in_memory() -> None:
    flood = Reply([b"data: " + b"x" * 100_000] * (2 * MAX_BYTES // 100_000))
    error = await refused(flood)
    assert error.fault.why is Why.AWAY
    assert error.has_spent


BROKEN = {
    "no JSON": b"data: {not json}\n\n",
    "no chunk": b'data: "a text"\n\n',
    "a list": b"data: [1, 2]\n\n",
    "wrong types": b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n',
    "choices are none": b'data: {"choices": "many"}\n\n',
    "an error": b'data: {"error": {"message": "CUDA"}}\n\n',
    "no UTF-8": b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n',
    "negative usage": b'data: {"choices": [], "usage": {"prompt_tokens": -5}}\n\n',
    "nested": b"data: " + b"[" * 50_000 + b"\n\n",
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_cannot_be_read_is_no_answer(what: str) -> None:
    error = await refused(Reply([{"content": "Hello"}, BROKEN[what]]))
    assert error.fault.why is Why.AWAY


async def test_a_broken_connection_is_no_answer() -> None:
    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n"
        writer.write(head + b'data: {"choices"')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = ChatServer(f"http://127.0.0.1:{port}/v1", "m")
    with pytest.raises(Unanswered) as caught:
        await client.ask(CHAT)
    await client.close()
    server.close()
    assert caught.value.fault.why is Why.AWAY


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, Why.REFUSED), (403, Why.REFUSED), (404, Why.REFUSED), (400, Why.REFUSED),
     (429, Why.AWAY), (500, Why.AWAY), (503, Why.AWAY)],
)  # fmt: skip
async def test_a_status_says_what_can_be_done(status: int, why: Why) -> None:
    asked = 0

    def script(chat: Chat) -> Reply:
        nonlocal asked
        asked += 1
        return Reply([b'{"error": {"message": "no"}}'], status=status)

    error = await refused(script)
    assert (error.fault.why, asked) == (why, 1)  # nothing is repeated
    assert not error.has_spent


async def test_nobody_listens() -> None:
    client = ChatServer("http://127.0.0.1:9/v1", "m")
    with pytest.raises(Unanswered) as caught:
        await client.ask(CHAT)
    await client.close()
    assert caught.value.fault.why is Why.AWAY


async def test_a_redirect_is_not_followed() -> None:
    """It could lead a key, and what members wrote, to anybody."""
    moved = Reply([b"{}"], status=307, headers={"Location": "http://127.0.0.1:9/"})
    assert (await refused(moved)).fault.why is Why.REFUSED


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await ask(says("direct"))).text == "direct"


@pytest.mark.parametrize(
    ("unknown", "said", "absent", "present"),
    [
        ("stream_options", "unknown field stream_options", "stream_options", "max_tokens"),
        ("temperature", "temperature does not support 0", "temperature", "max_tokens"),
        ("max_tokens", "use max_completion_tokens instead of max_tokens", "max_tokens",
         "max_completion_tokens"),
    ],
)  # fmt: skip
async def test_what_a_server_does_not_take_is_left_out(
    unknown: str, said: str, absent: str, present: str
) -> None:
    def script(chat: Chat) -> Reply:
        if unknown in chat:
            return Reply([f'{{"error": {{"message": "{said}"}}}}'.encode()], status=400)
        return says("fine")

    async with a_client(script) as (client, server):
        assert (await client.ask(CHAT)).text == "fine"
        assert (await client.ask(CHAT)).text == "fine"
    assert len(server.asked) == 3  # and it is remembered
    assert absent not in server.asked[-1]
    assert present in server.asked[-1]


async def test_a_file_as_the_models_name_does_not_show_where_it_lies() -> None:
    answer = await ask(says("hi", name="/srv/someone/models/tiny.gguf"))
    assert answer.model == "tiny.gguf"


async def test_what_a_server_calls_itself_is_cleaned() -> None:
    answer = await ask(says("hi", name="<b>\u202egpt</b>" + "x" * 500))
    assert "<" not in answer.model
    assert len(answer.model) <= 80
