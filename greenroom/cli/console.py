"""What commands print: results to stdout, progress and trouble to stderr."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

T = TypeVar("T")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@asynccontextmanager
async def opening(what: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """``what``, with a sign of life while it opens: the first start embeds the knowledge."""
    async with AsyncExitStack() as stack:
        with err.status("opening: model, knowledge, ledger"):
            opened = await stack.enter_async_context(what)
        yield opened


def put_json(value: Mapping[str, Any]) -> None:
    """One JSON object on a line of its own."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode())
    sys.stdout.write("\n")


def fault(text: str) -> None:
    """An error for a person; never read as markup, since it may quote anything."""
    err.print(harmless(text), markup=False, soft_wrap=True)


def harmless(text: str) -> str:
    """Text without control characters: what strangers wrote must not drive a terminal."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else f"\\u{ord(char):04x}" for char in text
    )


class SafeFormatter(logging.Formatter):
    """Log lines without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


def set_up_logging(*, level: str = "INFO", file: Path | None = None) -> None:
    """Log to stderr, or to a file where the terminal is used for something else."""
    handler: logging.Handler = logging.StreamHandler()
    if file is not None:
        handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("aiohttp.access", "slack_bolt", "slack_sdk", "discord", "watchfiles"):
        logging.getLogger(chatty).setLevel("WARNING")
