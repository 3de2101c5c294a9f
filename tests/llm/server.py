"""A server that speaks the OpenAI API on loopback, and says what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Chat = dict[str, Any]
"""A request's body."""


@dataclass
class Reply:
    """What the server sends.

    Attributes:
        parts: Chunks' deltas, or bytes that are sent as they are.
        status: Of the response; others than 200 have ``parts`` as their body.
        usage: Prompt and completion tokens, told in a last chunk.
        is_endless: After the parts, empty chunks until the client is gone.
        wait_s: Before the first byte.
    """

    parts: Iterable[dict[str, Any] | bytes] = ()
    status: int = 200
    usage: tuple[int, int] | None = None
    is_endless: bool = False
    wait_s: float = 0.0
    name: str = "scripted"
    version: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def says(text: str, **more: Any) -> Reply:
    """A reply in small pieces."""
    return Reply([{"content": text[at : at + 7]} for at in range(0, len(text), 7)], **more)


def calls(name: str, arguments: str, **more: Any) -> Reply:
    """A call of a tool, its arguments in two pieces."""
    half = len(arguments) // 2
    first = {"index": 0, "id": "c1", "type": "function"}
    return Reply(
        [
            {"tool_calls": [{**first, "function": {"name": name, "arguments": arguments[:half]}}]},
            {"tool_calls": [{"index": 0, "function": {"arguments": arguments[half:]}}]},
        ],
        **more,
    )


@dataclass
class ScriptedServer:
    """Answers each chat by ``script``, and remembers what it was asked.

    Attributes:
        script: The next reply to a request.
        asked: Requests' bodies.
        headers: And their headers.
        left: How many streams the client closed before their end.
    """

    script: Callable[[Chat], Reply]
    asked: list[Chat] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: int = 0

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        reply = self.script(body)
        await asyncio.sleep(reply.wait_s)
        if reply.status != 200:
            (text,) = reply.parts or (b"{}",)
            assert isinstance(text, bytes)
            return web.Response(
                status=reply.status,
                body=text,
                headers={"Content-Type": "application/json", **reply.headers},
            )
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self._send(response, reply)
        except (ConnectionResetError, asyncio.CancelledError):
            self.left += 1
            raise
        return response

    async def _send(self, response: web.StreamResponse, reply: Reply) -> None:
        for part in reply.parts:
            await response.write(part if isinstance(part, bytes) else _chunk(part, reply))
        while reply.is_endless:
            await response.write(_chunk({"content": ""}, reply))
            await asyncio.sleep(0.01)
        if reply.usage is not None:
            read, written = reply.usage
            usage = {"prompt_tokens": read, "completion_tokens": written}
            await response.write(_event({**_frame(reply), "choices": [], "usage": usage}))
        await response.write(b"data: [DONE]\n\n")


def _frame(reply: Reply) -> dict[str, Any]:
    return {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": reply.name,
        "system_fingerprint": reply.version,
    }


def _chunk(delta: dict[str, Any], reply: Reply) -> bytes:
    return _event({**_frame(reply), "choices": [{"index": 0, "delta": delta}]})


def _event(value: Any) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


@asynccontextmanager
async def serving(script: Callable[[Chat], Reply]) -> AsyncIterator[tuple[ScriptedServer, str]]:
    """The server, and the address of its API."""
    server = ScriptedServer(script)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
