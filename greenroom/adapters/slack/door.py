"""Where every payload comes in, over either transport: Bolt's answer, and always in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from greenroom.adapters.base import Clock
from greenroom.adapters.slack.acting import is_acting, read_acting
from greenroom.adapters.slack.asked import UNREADABLE
from greenroom.adapters.slack.forms import BLOCK, read_form
from greenroom.adapters.slack.payload import Payload
from greenroom.adapters.slack.respond import Answers
from greenroom.errors import DropMessage, RetryLater

log = logging.getLogger(__name__)

ACT_TIMEOUT_S: Final = 2.0  # Slack tells whoever acted after 3 s that the app failed
TRY_AGAIN: Final = "This takes longer than it should. If nothing follows, please try again."

Reply = Callable[[BoltResponse], Awaitable[None]]
"""Sends the acknowledgement, once; a lost connection is its own affair."""


class Door:
    """Hands payloads to Bolt, and acknowledges them."""

    def __init__(self, app: AsyncApp, answers: Answers, *, clock: Clock) -> None:
        self._app = app
        self._answers = answers
        self._clock = clock

    async def enter(self, request: AsyncBoltRequest, reply: Reply) -> None:
        """Take one payload in; returns when that is over, which may be after the reply.

        An event is acknowledged once it is stored, however long that takes: Slack delivers
        it again. Somebody who acted is told within 2 s that it takes longer, and what they
        did is stored all the same.
        """
        if not is_acting(request.body):
            await reply(await self._dispatch(request))
            return
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._dispatch(request))
            done, _ = await asyncio.wait({task}, timeout=ACT_TIMEOUT_S)
            answer = task.result() if done else BoltResponse(status=500)
            if 200 < answer.status < 500:  # not from Slack, or nothing that anybody can read
                await reply(answer)
                return
            said = answer.body if answer.status == 200 else TRY_AGAIN
            await self._acknowledge(request.body, said, reply)

    async def _dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        try:
            return await self._app.async_dispatch(request)
        except UNREADABLE as error:
            log.warning("dropped a payload from Slack that Bolt cannot read: %.200r", error)
            return BoltResponse(status=400, body="unreadable")

    async def _acknowledge(self, body: Payload, said: str, reply: Reply) -> None:
        """Acknowledge, and show ``said`` by whichever way Slack has for this payload."""
        if not said:
            await reply(BoltResponse(status=200))
        elif "command" in body:
            await reply(_shown({"response_type": "ephemeral", "text": said}))
        elif read_form(body) is not None:
            await reply(_shown({"response_action": "errors", "errors": {BLOCK: said}}))
        else:
            await reply(BoltResponse(status=200))
            await self._tell(body, said)

    async def _tell(self, body: Payload, said: str) -> None:
        acting = read_acting(body, self._clock())
        if acting is None or acting.respond.url is None:
            return
        try:
            await self._answers.post(acting.respond, {"text": said})
        except (DropMessage, RetryLater) as error:
            log.info("nobody could be told %r: %s", said, error)


def _shown(body: dict[str, object]) -> BoltResponse:
    return BoltResponse(status=200, body=body)
