"""Every error of Slack's libraries, and every error that Slack documents, is one of ours."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import slack_bolt.error
import slack_sdk.errors
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from greenroom.adapters.slack.errors import MOST_PAUSE_S, error_code, seconds, slack_errors
from greenroom.adapters.slack.refusals import CONFIG, DROP, RETRY
from greenroom.errors import ConfigError, DropMessage, GreenroomError, RetryLater
from tests.adapters.library_errors import below, made

_URL = URL("https://slack.test/api/")

_ANYWHERE = """
access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied
enterprise_is_restricted fatal_error internal_error invalid_arg_name invalid_arguments
invalid_array_arg invalid_auth invalid_charset invalid_form_data invalid_json invalid_post_type
is_bot json_not_object method_deprecated missing_charset missing_post_type missing_scope
no_permission not_allowed_token_type not_authed org_login_required rate_limited ratelimited
request_timeout service_unavailable superfluous_charset team_access_not_granted
team_added_to_org token_expired token_revoked two_factor_setup_required unknown_method
upgrade_required
"""
_POSTING = """
as_user_not_supported attachment_payload_limit_exceeded cannot_reply_to_message
channel_not_found invalid_attachments invalid_blocks invalid_blocks_format
invalid_metadata_format invalid_metadata_schema is_archived markdown_text_conflict
message_limit_exceeded messages_tab_disabled metadata_must_be_sent_from_app metadata_too_large
msg_blocks_too_long msg_too_long no_text not_in_channel restricted_action
slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked team_not_found
too_many_attachments
"""

# As https://docs.slack.dev/reference/methods lists them.
DOCUMENTED = {
    "every method": _ANYWHERE,
    "apps.connections.open": "forbidden_team insecure_request missing_args",
    "chat.delete": "cant_delete_message channel_not_found compliance_exports_prevent_deletion "
    "message_not_found",
    "chat.postEphemeral": f"{_POSTING} user_not_in_channel",
    "chat.postMessage": f"""{_POSTING} app_access_restricted draft_already_deleted
        draft_already_sent draft_has_conflict draft_not_found duplicate_channel_not_found
        duplicate_message_not_found missing_file_data restricted_action_non_threadable_channel
        restricted_action_read_only_channel restricted_action_thread_locked
        restricted_action_thread_only_channel send_on_behalf_not_allowed
        slack_connect_lists_sharing_blocked too_many_contact_cards""",
    "chat.update": f"""{_POSTING} block_mismatch blocked_file_type cant_broadcast_message
        cant_update_message edit_window_closed external_channel_migrating file_deleted
        file_is_deleted file_not_found file_share_limit_reached is_inactive
        max_file_sharing_exceeded message_not_found no_dual_broadcast_content_update
        posting_to_channel_denied slack_connect_blocked_file_type
        slack_connect_clip_sharing_blocked slack_connect_file_upload_sharing_blocked
        streaming_state_conflict unable_to_share_files update_failed""",
    "conversations.history": "channel_is_limited_access channel_not_found invalid_cursor "
    "invalid_metadata_filter_keys invalid_ts_latest invalid_ts_oldest not_in_channel",
    "conversations.info": "channel_is_limited_access channel_not_found",
    "conversations.join": "channel_is_limited_access channel_not_found is_archived "
    "method_not_supported_for_channel_type too_many_members user_is_bot user_is_restricted "
    "user_is_ultra_restricted",
    "conversations.kick": "cant_kick_from_general cant_kick_self channel_not_found "
    "restricted_action user_not_found",
    "conversations.list": "invalid_cursor invalid_limit invalid_types missing_argument "
    "method_not_supported_for_channel_type",
    "conversations.members": "channel_not_found fetch_members_failed invalid_cursor invalid_limit",
    "conversations.open": "channel_not_found invalid_user_combination not_enough_users "
    "too_many_users user_disabled user_not_found user_not_visible users_list_not_supplied",
    "conversations.replies": "channel_not_found invalid_cursor list_record_comment_fetch_failed "
    "method_not_supported_for_channel_type thread_not_found",
    "oauth.v2.access": "bad_client_secret bad_redirect_uri cannot_install_an_org_installed_app "
    "invalid_client_id invalid_code invalid_code_verifier invalid_grant_type "
    "invalid_refresh_token no_scopes oauth_authorization_url_mismatch pkce_not_allowed "
    "preview_feature_not_available user_email_unverified",
    "reactions.add": "already_reacted bad_timestamp invalid_name message_not_found no_access "
    "no_item_specified not_reactable thread_locked too_many_emoji too_many_reactions",
    "reactions.remove": "file_comment_not_found file_not_found no_reaction",
    "users.conversations": "invalid_types missing_argument",
    "users.info": "too_many_users user_not_found user_not_visible",
    "views.open": "duplicate_external_id exchanged_trigger_id expired_trigger_id "
    "invalid_trigger_id view_too_large",
}


def _answer(code: Any, status: int = 200, **headers: str) -> SlackApiError:
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data={"ok": False, "error": code},
        headers=headers,
        status_code=status,
    )
    make: Any = SlackApiError  # it carries no types
    found: SlackApiError = make("said so", response)
    return found


def _translated(error: BaseException, *, sends: bool = False) -> GreenroomError:
    with pytest.raises(GreenroomError) as caught, slack_errors("try it", sends=sends):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


_FACTS: dict[str, Any] = {
    "response": None,
    "api_error": _answer("invalid_refresh_token"),
    "request": None,
    "current_response": None,
}


def _library_errors() -> Iterator[type[BaseException]]:
    for module in (slack_sdk.errors, slack_bolt.error):
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, Exception):
                yield found
    yield aiohttp.ClientError
    yield from below(aiohttp.ClientError)


@pytest.mark.parametrize("kind", list(dict.fromkeys(_library_errors())))
def test_every_error_of_the_libraries_is_one_of_ours(kind: type[BaseException]) -> None:
    if kind is slack_bolt.error.BoltUnhandledRequestError:
        error: BaseException = kind.__new__(kind)
    else:
        error = made(kind, _URL, _FACTS)
    assert isinstance(_translated(error), RetryLater | ConfigError | DropMessage)


@pytest.mark.parametrize(
    "error", [aiohttp.ServerDisconnectedError(), TimeoutError(), OSError("reset")]
)
def test_what_was_sent_and_never_answered_may_be_done(error: Exception) -> None:
    lost = _translated(error, sends=True)
    assert isinstance(lost, RetryLater)
    assert lost.maybe_done
    again = _translated(error)
    assert isinstance(again, RetryLater)
    assert not again.maybe_done


def test_what_never_reached_slack_is_not_done() -> None:
    for kind in (aiohttp.ClientConnectorDNSError, aiohttp.ConnectionTimeoutError):
        error = _translated(made(kind, _URL, _FACTS), sends=True)
        assert isinstance(error, RetryLater)
        assert not error.maybe_done


def test_text_that_cannot_be_sent_is_not_tried_again() -> None:
    error = UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    assert isinstance(_translated(error, sends=True), DropMessage)


@pytest.mark.parametrize("method", DOCUMENTED)
def test_every_documented_error_says_what_to_do(method: str) -> None:
    for code in DOCUMENTED[method].split():
        error = _translated(_answer(code))
        assert error_code(error) == code
        assert isinstance(error, RetryLater | ConfigError | DropMessage)
        assert "see its documentation" not in str(error), code
        assert code in str(error) or code == "missing_scope"


def test_an_error_is_in_one_place_only() -> None:
    assert not set(CONFIG) & set(DROP)
    assert not (set(CONFIG) | set(DROP)) & RETRY


def test_unknown_words_of_slack_are_dropped_and_shown() -> None:
    error = _translated(_answer("invented\nyesterday"))
    assert isinstance(error, DropMessage)
    assert r"'invented\nyesterday'" in str(error)


@pytest.mark.parametrize("code", [None, 7, {}, ["x"]])
def test_an_answer_without_a_word_is_tried_again(code: object) -> None:
    assert isinstance(_translated(_answer(code, status=503)), RetryLater)


@pytest.mark.parametrize(
    ("header", "expected"),
    [("30", 30.0), ("0.5", 0.5), ("-1", None), ("soon", None), ("nan", None), (None, None)],
)
def test_retry_after_is_read_or_unknown(header: str | None, expected: float | None) -> None:
    assert seconds(header) == expected


def test_retry_after_has_a_bound() -> None:
    assert seconds("1e12") == MOST_PAUSE_S
    error = _translated(_answer("ratelimited", status=429, **{"Retry-After": "9"}), sends=True)
    assert isinstance(error, RetryLater)
    assert (error.after_s, error.maybe_done) == (9.0, False)
