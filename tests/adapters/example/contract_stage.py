"""The part of docs/adapters.md's example in the conformance suite, with the server it talks to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from greenroom.adapters.base import Adapter
from greenroom.message import ActionKind
from tests.adapters.contract import MEMBER, WAIT_S, Inbox, Sent, Stage
from tests.adapters.example.page import load

BOT = "acme"


@dataclass(slots=True)
class ChatServer:
    """A chat server that speaks JSON lines, and does one key once."""

    effects: list[Sent] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)
    acks: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    writer: asyncio.StreamWriter | None = None
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    refuse_next: int | None = None
    is_next_lost: bool = False
    said: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.writer = writer
        self.connected.set()
        while line := await reader.readline():
            asked = json.loads(line)
            if "stored" in asked:
                await self.acks.put(asked["stored"])
                continue
            answer = self._do(asked)
            if self.is_next_lost:
                self.is_next_lost = False
            else:
                self.send({"key": asked["key"], **answer})
        writer.close()

    def send(self, value: dict[str, Any]) -> None:
        assert self.writer is not None
        self.writer.write(json.dumps(value).encode() + b"\n")

    def _do(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.refuse_next is not None:
            status, self.refuse_next = self.refuse_next, None
            return {"refused": status}
        if asked["key"] not in self.done:
            self.done[asked["key"]] = f"r{len(self.done)}"
            self.effects.append(Sent(ActionKind(asked["do"]), asked["to"], asked["text"]))
        return {"id": self.done[asked["key"]]}


@dataclass(slots=True)
class ExampleStage:
    """The page's adapter and its server, as the suite sees them."""

    adapter: Adapter
    inbox: Inbox
    run: asyncio.Task[None]
    server: ChatServer
    is_remote: bool = True

    @property
    def acks(self) -> asyncio.Queue[str]:
        return self.server.acks

    async def say(self, text: str, *, author: str = MEMBER) -> str:
        self.server.said += 1
        name = "ada" if author == MEMBER else BOT
        said = {"id": f"m{self.server.said}", "room": "help", "from": name, "text": text}
        self.server.send({**said, "at": 1_700_000_000})
        return str(said["id"])

    def sent(self) -> Sequence[Sent]:
        return self.server.effects

    def fail_next(self, status: int) -> None:
        self.server.refuse_next = status

    def lose_next(self) -> None:
        self.server.is_next_lost = True


@asynccontextmanager
async def contract_stage() -> AsyncIterator[Stage]:
    """The page's adapter, connected."""
    page, chat, inbox = load(), ChatServer(), Inbox()
    server = await asyncio.start_server(chat.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    adapter = page.JsonLinesAdapter(BOT, page.JsonLinesSettings(port=port, timeout_s=0.5))
    async with server, asyncio.TaskGroup() as group:
        task = group.create_task(adapter.run(inbox))
        try:
            async with asyncio.timeout(WAIT_S):
                await chat.connected.wait()
            yield ExampleStage(adapter, inbox, task, chat)
        finally:
            task.cancel()
            server.close()
