"""What ``greenroom demo`` plays: a sample of real messages, and platforms on loopback.

``SOURCES.md`` says whose the messages are. The platforms are those that the tests use: a
checkout has them in ``tests/platforms``, a wheel in ``greenroom/demo/platforms``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final, Protocol

PLATFORMS: Final = ("discord", "slack", "reddit")

_CHECKOUT: Final = Path(__file__).parents[2] / "tests"
if (_CHECKOUT / "platforms" / "base.py").is_file():
    __path__.append(str(_CHECKOUT))


class Said(Protocol):
    """One message of the bot's that stands on the platform."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...


class Platform(Protocol):
    """A community on loopback, which speaks its platform's wire."""

    @property
    def bot(self) -> Mapping[str, Any]:
        """The keys of a bot's file that connect to it, ``adapter`` included."""

    async def say(self, text: str, *, author: str = "ada", channel: str = "help") -> str:
        """A member posts; returns the message's id."""

    def said_by_bot(self) -> Sequence[Said]:
        """What the bot posted and still stands, oldest first."""


def open_platform(name: str) -> AbstractAsyncContextManager[Platform]:
    """One of ``PLATFORMS``, on a free port of loopback until the block ends."""
    module = importlib.import_module(f"greenroom.demo.platforms.{name}.platform")
    found: AbstractAsyncContextManager[Platform] = module.platform()
    return found
