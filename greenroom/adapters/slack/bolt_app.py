"""The Bolt app in front of the event reader: verifies, authorises, and acknowledges late."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from greenroom.adapters.settings import SlackSettings
from greenroom.adapters.slack.web import SlackWeb, Workspace, quiet

Take = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Takes one payload in, durably, before it returns; raises if it could not."""

UNREADABLE = (TypeError, AttributeError, KeyError, ValueError)
"""What Bolt raises before it dispatches, on a payload with fields of types it doesn't expect."""


def bolt_app(settings: SlackSettings, web: SlackWeb, workspace: Workspace, take: Take) -> AsyncApp:
    """A Bolt app that hands every event to ``take`` and acknowledges once it returned.

    What ``take`` raises, Bolt logs with its traceback and answers with status 500, so
    that Slack delivers again.
    """
    secret, who = settings.signing_secret, _identity(settings, workspace)

    async def authorize(**_: Any) -> AuthorizeResult:
        return who  # we signed in already; Bolt's own way asks Slack inside the 3 s

    app = AsyncApp(
        name=quiet.name,  # Bolt sets the level of the logger that has this name
        logger=quiet,
        client=web.client(None),  # its token comes with `authorize`
        authorize=authorize,
        signing_secret="" if secret is None else secret.get_secret_value(),
        process_before_response=True,  # acknowledge after the listener, not before
        request_verification_enabled=settings.transport == "http",
        ignoring_self_events_enabled=False,  # our own messages are events too, marked is_self
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
    )

    async def listener(body: Mapping[str, Any]) -> None:
        await take(body)

    app.event(re.compile(""))(listener)
    return app


def _identity(settings: SlackSettings, workspace: Workspace) -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=None,
        team_id=workspace.team_id,
        bot_user_id=workspace.user_id,
        bot_id=workspace.bot_id,
        bot_token=settings.token.get_secret_value(),
    )
