"""The terminal: each line typed is a member's message, each reply is printed."""

from __future__ import annotations

import asyncio
import secrets
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from greenroom.adapters.base import Clock, Health, Intake, Place
from greenroom.adapters.settings import TerminalSettings
from greenroom.errors import DropMessage
from greenroom.message import (
    SPOKEN,
    ActionKind,
    Author,
    Channel,
    Community,
    Event,
    EventKind,
    Message,
    Order,
    Outcome,
)

_HERE = Place(Community("terminal", "Terminal"), Channel("chat", "chat"))
_KEPT = "\n\ufeff"
_WAITING = 100  # lines typed ahead; the reading thread waits when they are not taken in


class TerminalAdapter:
    """One member who types.

    Args:
        bot: The bot's name.
        settings: The member's name.
        lines: Where lines come from; read on a thread of its own, since a terminal blocks.
        show: Prints one event of the stage.
        clock: The time now, in UTC.
        conversation: What this run's message ids begin with; by chance unless it is given.
    """

    platform = "terminal"
    kept_length = 100_000  # what it shows is what was said: see ``KeepsText``
    capabilities = frozenset(
        {
            ActionKind.REPLY,
            ActionKind.MESSAGE,
            ActionKind.POST,
            ActionKind.REMOVE,
            ActionKind.SPAM,
            ActionKind.FILTER,
            ActionKind.APPROVE,
            ActionKind.REACT,
            ActionKind.REPORT,
        }
    )

    def __init__(
        self,
        bot: str,
        settings: TerminalSettings,
        *,
        lines: Iterable[str] = sys.stdin,
        show: Callable[[str], None] = print,
        clock: Clock = lambda: datetime.now(UTC),
        conversation: str | None = None,
        **_setup: object,
    ) -> None:
        self.bot = bot
        self._member = settings.member
        self._is_addressed = settings.addressed
        self._lines = lines
        self._show = show
        self._clock = clock
        self._conversation = conversation or secrets.token_hex(4)
        self._said = 0
        self._done: dict[str, Outcome] = {}
        self._health = Health()

    async def run(self, intake: Intake) -> None:
        """Take in lines until the input ends."""
        self._health = Health(is_connected=True, since=self._clock())
        queue: asyncio.Queue[str | None] = asyncio.Queue(_WAITING)
        loop = asyncio.get_running_loop()
        ended = threading.Event()
        threading.Thread(target=self._read, args=(loop, queue, ended), daemon=True).start()
        try:
            while (line := await queue.get()) is not None:
                if line.strip():
                    await intake(self._event(line.rstrip("\n")))
            self._health = Health(detail="the input has ended")
        finally:
            ended.set()
            self._health = replace(self._health, is_connected=False)

    async def perform(self, order: Order) -> Outcome:
        """Print what was done; the same key is done once."""
        if order.action.kind not in self.capabilities:
            raise DropMessage(f"the terminal cannot {order.action.kind}")
        if order.key not in self._done:
            self._show(_told(order))
            self._done[order.key] = Outcome(ref=order.key)
        return self._done[order.key]

    async def places(self) -> tuple[Place, ...]:
        """The one channel that there is; see :class:`HasPlaces`."""
        return (_HERE,)

    def health(self) -> Health:
        return self._health

    def _read(
        self,
        loop: asyncio.AbstractEventLoop,
        queue: asyncio.Queue[str | None],
        ended: threading.Event,
    ) -> None:
        """On its own daemon thread: a blocked read cannot be cancelled, only abandoned."""
        try:
            for line in chain(self._lines, (None,)):
                if ended.is_set():
                    return
                _hand_over(line, queue, loop)
        except RuntimeError:  # the loop has closed meanwhile: nobody listens any more
            return

    def _event(self, text: str) -> Event:
        self._said += 1
        now = self._clock()
        message = Message(
            platform=self.platform,
            community=_HERE.community,
            channel=_HERE.channel,
            id=f"{self._conversation}-{self._said}",
            author=Author(self._member, self._member),
            text=text,
            mentions_me=text.startswith("@") or self._is_addressed,
            posted_at=now,
        )
        return Event(EventKind.MESSAGE_POSTED, self.bot, self.platform, now, message)


def _hand_over(
    line: str | None, queue: asyncio.Queue[str | None], loop: asyncio.AbstractEventLoop
) -> None:
    """Wait, on another thread, until the loop has room for a line."""
    putting = queue.put(line)
    try:
        asyncio.run_coroutine_threadsafe(putting, loop).result()
    finally:
        putting.close()  # where the loop has closed it was never begun


def _told(order: Order) -> str:
    action = order.action
    if action.kind in SPOKEN:
        return printable(action.said)
    return f"[{action.kind}] {printable(order.message.text[:80])}"


def printable(text: str) -> str:
    """``text`` without the control characters that could drive a terminal.

    U+FEFF is drawn as nothing and drives nothing; a text's own manifest begins with it.
    """
    return "".join(char if char.isprintable() or char in _KEPT else "�" for char in text)
