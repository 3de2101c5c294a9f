"""The terminal's part in the conformance suite."""

from __future__ import annotations

import queue
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from greenroom.adapters.settings import TerminalSettings
from greenroom.adapters.terminal import TerminalAdapter
from greenroom.message import ActionKind
from tests.adapters.contract import Sent, Stage
from tests.adapters.local_stage import local_stage

_DID = re.compile(r"\[([a-z_]+)\] ")


@asynccontextmanager
async def contract_stage() -> AsyncIterator[Stage]:
    """Somebody at a keyboard, and a screen."""
    keys: queue.Queue[str | None] = queue.Queue()
    screen: list[str] = []

    def lines() -> Iterator[str]:
        while (line := keys.get()) is not None:
            yield line

    def speak(text: str, number: int) -> str:
        keys.put(text)
        return f"talk-{number}"

    def shown() -> Sequence[Sent]:
        return [_sent(text) for text in screen]

    adapter = TerminalAdapter(
        "acme", TerminalSettings(), lines=lines(), show=screen.append, conversation="talk"
    )
    async with local_stage(adapter, speak, shown) as stage:
        try:
            yield stage
        finally:
            keys.put(None)


def _sent(text: str) -> Sent:
    did = _DID.match(text)
    return Sent(ActionKind(did[1]), None) if did else Sent(ActionKind.REPLY, None, text)
