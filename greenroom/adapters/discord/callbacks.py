"""What Discord hears of an interaction: that it came in, what is asked, what is answered.

Whoever used a command or a button sees "failed" unless Discord hears of it within three
seconds; then an answer can follow for fifteen minutes, which only they see.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord.http import Route

from greenroom.adapters.discord.custom_ids import LONGEST_LABEL
from greenroom.adapters.discord.quoting import cut
from greenroom.adapters.discord.web import DiscordWeb, clean
from greenroom.adapters.wording import split_at_sentence
from greenroom.errors import ConfigError, DropMessage, GreenroomError, RetryLater
from greenroom.message import Order, Outcome

log = logging.getLogger(__name__)

DEADLINE_S: Final = 3.0  # Discord's own
LONGEST_TYPED: Final = 1_000
LONGEST_ANSWER: Final = 2_000  # of a message; what is longer goes on in its embed
LONGEST_REST: Final = 3_900
TRY_S: Final = 0.7  # for one try; the library's own pause after a failure is longer
PAUSE_S: Final = 0.1  # before another within the deadline

_SAY, _DEFER, _ASK = 4, 5, 9
_EPHEMERAL = 1 << 6  # only who acted sees it
_ROW, _LABEL, _TEXT_INPUT, _PARAGRAPH = 1, 18, 4, 2
_ACKNOWLEDGED, _UNKNOWN_WEBHOOK = 40060, 10015
_ORIGINAL: Final = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
_LATE: Final = "Discord takes no answer any more: fifteen minutes have passed, or it was never open"


@dataclass(frozen=True, slots=True)
class Handle:
    """One interaction, as an answer needs it."""

    application: str
    id: str
    token: str

    def __str__(self) -> str:
        return f"interaction:{self.application}:{self.id}:{self.token}"

    def __repr__(self) -> str:
        return f"Handle({self.id})"  # the token opens the door: it belongs into no log


@dataclass(frozen=True, slots=True)
class Modal:
    """One question with a field to write in."""

    custom_id: str
    title: str
    label: str


def read_handle(ref: str | None) -> Handle:
    """What an event's ``respond`` stands for.

    Raises:
        DropMessage: It is none of Discord's.
    """
    kind, *rest = (ref or "").split(":", 3)
    if kind != "interaction" or len(rest) != 3 or not all(rest):
        raise DropMessage("there is nobody to answer: the event came from no command or button")
    return Handle(*rest)


class Callbacks:
    """Speaks to Discord about interactions; knows which of them it has not told of yet."""

    def __init__(self, web: DiscordWeb) -> None:
        self._web = web
        self._untold: dict[str, asyncio.Event] = {}

    def expect(self, handle: Handle) -> None:
        """An answer to it waits until Discord was told that it came in."""
        self._untold.setdefault(handle.id, asyncio.Event())

    async def defer(self, handle: Handle, until_s: float) -> None:
        """It came in, and an answer follows."""
        await self._tell(handle, {"type": _DEFER, "data": {"flags": _EPHEMERAL}}, until_s)

    async def say(self, handle: Handle, text: str, until_s: float) -> None:
        """It came in, and this is the answer; a later one takes its place."""
        data = {"content": text, "flags": _EPHEMERAL, "allowed_mentions": {"parse": []}}
        await self._tell(handle, {"type": _SAY, "data": data}, until_s)

    async def ask(self, handle: Handle, modal: Modal, until_s: float) -> None:
        """Ask for a text; it comes back as an interaction of its own.

        A compatible server may know the older layout only, in which the field has the label.
        """
        named = {"custom_id": modal.custom_id, "title": cut(modal.title, LONGEST_LABEL)}
        newer, older = (
            {"type": _ASK, "data": {**named, "components": [row]}} for row in _rows(modal)
        )
        await self._tell(handle, newer, until_s, instead=older)

    async def answer(self, order: Order) -> Outcome:
        """Put the answer where the acknowledgement stands; doing it twice changes nothing."""
        handle = read_handle(order.action.ref)
        body = _answer(order.action.text or "")
        await self._wait_until_told(handle)
        try:
            await self._reach(handle, "PATCH", _ORIGINAL, body)
        except DropMessage as error:
            if not _is_missing(error):
                raise
            return await self._follow_up(handle, order, body)
        return Outcome(ref=order.action.ref)

    async def change(self, handle: Handle, text: str) -> None:
        """Put other words where the acknowledgement stands; never fails."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._reach(handle, "PATCH", _ORIGINAL, _answer(text))
        except (GreenroomError, TimeoutError) as error:
            why = str(error) or "no answer in time"
            log.info("interaction %s keeps the words that it has: %s", handle.id, why)

    async def _wait_until_told(self, handle: Handle) -> None:
        """Until it is acknowledged, or Discord takes no acknowledgement any more."""
        untold = self._untold.get(handle.id)
        if untold is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(DEADLINE_S):
                    await untold.wait()

    async def _follow_up(self, handle: Handle, order: Order, body: Mapping[str, Any]) -> Outcome:
        """Where no acknowledgement stands; Discord knows no nonce here, so never in doubt."""
        if order.maybe_done:
            return Outcome("may have been answered by an earlier try", ref=order.action.ref)
        path = "/webhooks/{webhook_id}/{webhook_token}"
        more = {**body, "flags": _EPHEMERAL}
        await self._reach(handle, "POST", path, more, sends=True)
        return Outcome("answered by a message of its own", ref=order.action.ref)

    async def _reach(
        self,
        handle: Handle,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        sends: bool = False,
    ) -> None:
        route = Route(method, path, webhook_id=handle.application, webhook_token=handle.token)
        try:
            await self._web.respond("answer", route, body, sends=sends)
        except ConfigError as error:  # 401 means the interaction's token here, not the bot's
            raise DropMessage(_LATE) from error
        except DropMessage as error:
            if _code(error) == _UNKNOWN_WEBHOOK:
                raise DropMessage(_LATE) from error
            raise

    async def _tell(
        self,
        handle: Handle,
        body: Mapping[str, Any],
        until_s: float,
        *,
        instead: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell Discord before its deadline, or as often as it takes; never fails."""
        try:
            async with asyncio.timeout_at(until_s):
                try:
                    await self._insist(handle, body)
                except DropMessage:
                    if instead is None:
                        raise
                    await self._insist(handle, instead)
        except TimeoutError:
            log.warning("Discord did not hear in time of interaction %s", handle.id)
        except GreenroomError as error:
            log.warning("Discord does not take the answer to interaction %s: %s", handle.id, error)
        finally:
            told = self._untold.pop(handle.id, None)
            if told is not None:
                told.set()

    async def _insist(self, handle: Handle, body: Mapping[str, Any]) -> None:
        """Try until Discord has heard, or refuses."""
        while True:
            pause_s = await self._try(handle, body)
            if pause_s is None:
                return
            await asyncio.sleep(pause_s)

    async def _try(self, handle: Handle, body: Mapping[str, Any]) -> float | None:
        """One try; returns how long to wait before the next, if it needs one."""
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=handle.id,
            webhook_token=handle.token,
        )
        try:
            async with asyncio.timeout(TRY_S):
                await self._web.respond("acknowledge the interaction", route, body)
        except TimeoutError:
            return PAUSE_S
        except RetryLater as error:
            log.info("another try to acknowledge interaction %s: %s", handle.id, error)
            return max(PAUSE_S, error.after_s or 0.0)
        except DropMessage as error:
            if _code(error) != _ACKNOWLEDGED:  # by a try whose answer was lost, or before a replay
                raise
        return None


def _rows(modal: Modal) -> Sequence[Mapping[str, Any]]:
    """A modal's field under its label, and the same in Discord's older layout."""
    label = cut(modal.label, LONGEST_LABEL)
    field = {
        "type": _TEXT_INPUT,
        "custom_id": "text",
        "style": _PARAGRAPH,
        "required": False,
        "max_length": LONGEST_TYPED,
    }
    return (
        {"type": _LABEL, "label": label, "component": field},
        {"type": _ROW, "components": [{**field, "label": label}]},
    )


def _answer(text: str) -> Mapping[str, Any]:
    """One message that holds all: a second one could come twice."""
    whole = clean(text).strip()
    if not whole:
        raise DropMessage("there is no text to answer")
    head = split_at_sentence(whole, LONGEST_ANSWER, most=2)[0]
    rest = whole[len(head) :].strip()
    more = [{"description": split_at_sentence(rest, LONGEST_REST, most=1)[0]}] if rest else []
    return {"content": head, "embeds": more, "allowed_mentions": {"parse": []}}


def _is_missing(error: DropMessage) -> bool:
    """Whether there is no acknowledgement to change, although the token may still open."""
    return isinstance(error.__cause__, discord.NotFound) and _code(error) != _UNKNOWN_WEBHOOK


def _code(error: GreenroomError) -> int | None:
    cause = error.__cause__
    return cause.code if isinstance(cause, discord.HTTPException) else None
