"""The Bolt app in front of the readers: verifies, authorises, and acknowledges late."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack.acting import is_acting
from greenroom.adapters.slack.payload import Payload
from greenroom.adapters.slack.web import SlackWeb, quiet

Take = Callable[[Payload], Awaitable[None]]
"""Takes one event in, durably, before it returns; raises if it could not."""

Act = Callable[[Payload], Awaitable[str | None]]
"""The same for what somebody did; returns what they are to be told at once."""


def bolt_app(settings: SlackSettings, web: SlackWeb, *, take: Take, act: Act) -> AsyncApp:
    """A Bolt app that hands on every payload and acknowledges once it is taken.

    What ``take`` and ``act`` raise, Bolt logs with its traceback and answers with status
    500, so that Slack delivers an event again.
    """
    secret = settings.signing_secret

    async def authorize(**_: Any) -> AuthorizeResult:
        # We signed in already, and Bolt calls nothing for us: its way asks Slack inside the 3 s.
        return AuthorizeResult(enterprise_id=None, team_id=None)

    app = AsyncApp(
        name=quiet.name,  # Bolt sets the level of the logger that has this name
        logger=quiet,
        client=web.client(None),
        authorize=authorize,
        before_authorize=_Acts(act),
        signing_secret="" if secret is None else secret.get_secret_value(),
        process_before_response=True,  # acknowledge after the listener, not before
        request_verification_enabled=settings.transport == "http",
        ignoring_self_events_enabled=False,  # our own messages are events too, marked is_self
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
    )

    async def listener(body: Payload) -> None:
        await take(body)

    app.event(re.compile(""))(listener)
    return app


class _Acts(AsyncMiddleware):
    """Stands before the rest of Bolt, which fails on a button or a form that lacks a field."""

    def __init__(self, act: Act) -> None:
        self._act = act

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt gives this by name
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt gives this by name
    ) -> BoltResponse:
        """Take what somebody did; hand on what is an event."""
        if not is_acting(req.body):
            return await next()
        return BoltResponse(status=200, body=await self._act(req.body) or "")
