"""Commands, buttons and modals: stored first, and acknowledged in time whatever the load."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from greenroom.adapters.base import Intake
from greenroom.adapters.discord.acts import GONE, Act, ActReader
from greenroom.adapters.discord.callbacks import DEADLINE_S, Callbacks
from greenroom.adapters.discord.errors import UNREADABLE
from greenroom.adapters.discord.payload import part
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Event

log = logging.getLogger(__name__)

PATIENCE_S: Final = 2.0  # for storing; then Discord must hear something
MOST: Final = 500  # under way; one more is not acknowledged, and Discord tells whoever acted

SLOW: Final = "This takes longer than usual. If nothing follows here soon, please try again."
BUSY: Final = "I cannot look at that just now. Please try again in a minute."


class Interactions:
    """Takes interactions beside the channels' lanes, so that no backlog holds them up.

    Args:
        reader: What somebody did.
        callbacks: Tells Discord.
        intake: Stores events.
        group: Owns what is under way; a failure of the intake ends it.
        patience_s: How long storing may take before Discord is told anyhow.
    """

    def __init__(
        self,
        reader: ActReader,
        callbacks: Callbacks,
        intake: Intake,
        group: asyncio.TaskGroup,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._reader = reader
        self._callbacks = callbacks
        self._intake = intake
        self._group = group
        self._patience_s = patience_s
        self._under_way: set[asyncio.Task[None]] = set()

    def take(self, payload: Any) -> None:
        """Start on one; returns at once."""
        act = self._read(payload)
        if act is None:
            return
        if len(self._under_way) >= MOST:
            log.warning("interaction %s was passed over: %d are under way", act.handle.id, MOST)
            return
        task = self._group.create_task(self._act(act))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Wait until what was taken is stored and told, as long as Discord would."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=DEADLINE_S)

    def _read(self, payload: Any) -> Act | None:
        try:
            return self._reader.read(part(payload))
        except UNREADABLE:
            log.exception("an interaction was passed over: Discord sent it without what it needs")
            return None

    async def _act(self, act: Act) -> None:
        until_s = asyncio.get_running_loop().time() + DEADLINE_S
        if act.asks is not None:
            await self._callbacks.ask(act.handle, act.asks, until_s)
        elif act.event is not None:
            self._callbacks.expect(act.handle)
            await self._store_and_tell(act, act.event, until_s)
        elif act.says is not None:
            await self._callbacks.say(act.handle, act.says, until_s)

    async def _store_and_tell(
        self, act: Act, event: Callable[[], Awaitable[Event]], until_s: float
    ) -> None:
        storing = self._group.create_task(self._store(event))
        done, _ = await asyncio.wait({storing}, timeout=self._patience_s)
        said = (storing.result() or act.says) if done else SLOW
        if said is None:
            await self._callbacks.defer(act.handle, until_s)
        else:
            await self._callbacks.say(act.handle, said, until_s)
        if done:
            return
        await asyncio.wait({storing})  # its place is taken until it is stored
        known = storing.result() or act.says
        if known is not None:
            await self._callbacks.change(act.handle, known)

    async def _store(self, event: Callable[[], Awaitable[Event]]) -> str | None:
        """Make the event and store it; where that cannot be, what to tell instead."""
        try:
            found = await event()
        except DropMessage as error:
            log.info("an interaction came to nothing: %s", error)
            return GONE
        except RetryLater as error:
            log.warning("an interaction came to nothing: %s", error)
            return BUSY
        except UNREADABLE:
            log.exception("an interaction was passed over: Discord sent it without what it needs")
            return BUSY
        await self._intake(found)
        return None
