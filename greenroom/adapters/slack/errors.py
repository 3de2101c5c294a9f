"""Slack's errors as ours: one table, one context manager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from greenroom.errors import ConfigError, DropMessage, GreenroomError, RetryLater

_TOKENS_PAGE = "api.slack.com/apps, your app, OAuth & Permissions"
_NEW_TOKEN = f"copy the Bot User OAuth Token (xoxb-…) from {_TOKENS_PAGE}"

CONFIG: Mapping[str, tuple[str, str]] = {
    "invalid_auth": ("does not accept the token", _NEW_TOKEN),
    "not_authed": ("was given no token", _NEW_TOKEN),
    "account_inactive": ("says the token's account is switched off", _NEW_TOKEN),
    "token_revoked": ("says the token was revoked", _NEW_TOKEN),
    "token_expired": ("says the token expired", _NEW_TOKEN),
    "not_allowed_token_type": (
        "takes another kind of token here",
        "token: xoxb-… (bot), app_token: xapp-… (Basic Information, App-Level Tokens), "
        "user_token: xoxp-… (an admin's)",
    ),
    "org_login_required": ("asks for a sign-in to the organisation", _NEW_TOKEN),
    "ekm_access_denied": ("lets nobody post: an admin suspended it", "ask a workspace admin"),
    "team_access_not_granted": ("did not grant the app this workspace", "ask an org admin"),
}

DROP: Mapping[str, str] = {
    "channel_not_found": "the channel is gone or private; invite the bot: /invite @Greenroom",
    "not_in_channel": "the bot is not in the channel; invite it: /invite @Greenroom",
    "is_archived": "the channel is archived",
    "message_not_found": "the message is gone",
    "thread_not_found": "the thread is gone",
    "cant_delete_message": "the user_token's owner may not delete it; take a workspace owner's",
    "cant_update_message": "the message is not ours",
    "compliance_exports_prevent_deletion": "the workspace's compliance exports forbid deletion",
    "restricted_action": "a workspace setting forbids it; ask a workspace admin",
    "restricted_action_read_only_channel": "the channel is read-only for the bot",
    "restricted_action_thread_locked": "the thread is locked",
    "restricted_action_non_threadable_channel": "the channel takes no replies in threads",
    "user_not_found": "the member is gone",
    "user_disabled": "the member's account is switched off",
    "user_not_visible": "the bot may not see the member",
    "cannot_dm_bot": "Slack lets bots send no messages to bots",
    "messages_tab_disabled": "the app takes no direct messages; switch on App Home, Messages Tab",
    "invalid_name": "Slack knows no emoji of that name",
    "too_many_reactions": "the message has all the reactions that Slack allows",
    "msg_too_long": "the text is too long for Slack",
    "no_text": "there is no text to send",
}

RETRY = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)


@contextmanager
def slack_errors(doing: str, *, sends: bool = False) -> Iterator[None]:
    """Translate the SDK's and aiohttp's errors; ``sends``: a lost answer may mean done."""
    try:
        yield
    except SlackApiError as error:
        raise _of_answer(error, doing, sends) from error
    except aiohttp.ClientConnectorError as error:  # never reached Slack, so nothing was done
        raise RetryLater(f"Slack cannot be reached to {doing}: {error}") from error
    except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
        raise RetryLater(
            f"Slack's answer to {doing} never came: {type(error).__name__} {error}".rstrip(),
            maybe_done=sends,
        ) from error
    except (AttributeError, ValueError) as error:  # the SDK's, on an answer that is no JSON object
        raise RetryLater(f"Slack's answer to {doing} is unreadable", maybe_done=sends) from error


def error_code(error: BaseException | None) -> str | None:
    """Slack's own word for what went wrong, such as ``message_not_found``."""
    cause = error.__cause__ if isinstance(error, GreenroomError) else error
    if not isinstance(cause, SlackApiError):
        return None
    code = _answer(cause).get("error")
    return code if isinstance(code, str) else None


def _of_answer(error: SlackApiError, doing: str, sends: bool) -> GreenroomError:
    code = error_code(error)
    status = _status(error)
    if code == "missing_scope":
        return _missing_scope(_answer(error), doing)
    if code is not None and code in CONFIG:
        what, accepted = CONFIG[code]
        return ConfigError(f"Slack {what} ({code}, on {doing})", accepted=accepted)
    if status == 429 or code in RETRY or status >= 500 or code is None:
        is_lost = sends and status != 429 and code not in {"ratelimited", "rate_limited"}
        return RetryLater(
            f"Slack cannot {doing} now ({code or f'HTTP {status}'})",
            after_s=_retry_after(error),
            maybe_done=is_lost,
        )
    return DropMessage(
        f"Slack refuses to {doing}: {DROP.get(code, 'see its documentation')} ({code})"
    )


def _missing_scope(answer: Mapping[str, Any], doing: str) -> ConfigError:
    needed = answer.get("needed") or "?"
    return ConfigError(
        f"the Slack token lacks the scope {needed}, which it needs to {doing}",
        accepted=f"add {needed} under Scopes at {_TOKENS_PAGE}, then press Reinstall to Workspace",
    )


def _status(error: SlackApiError) -> int:
    """The HTTP status, whether the SDK kept its own response or aiohttp's."""
    found = getattr(error.response, "status_code", getattr(error.response, "status", 0))
    return found if isinstance(found, int) else 0


def _answer(error: SlackApiError) -> Mapping[str, Any]:
    data = getattr(error.response, "data", None)
    return data if isinstance(data, dict) else {}


def _retry_after(error: SlackApiError) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    try:
        return float(headers.get("Retry-After", ""))
    except ValueError:
        return None
